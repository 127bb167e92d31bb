//! Repositories whose images come from the registries that this one stands before.

use super::error::Error;
use super::image_id::{ImageFailure, ImageIdentifier};
use crate::catalog::{Asked, RepositoryKey};
use crate::name::RepositoryPath;
use crate::reference::Reference;
use crate::registry::Registry;
use crate::upstream::{Problem, Source, UpstreamError, Wish};

/// Where a repository's images come from, unless they are pushed here.
pub(super) fn source(registry: &Registry, key: &RepositoryKey) -> Option<Source> {
    let path = RepositoryPath { scope: Some(key.scope.clone()), name: key.name.clone() };
    registry.upstreams().source(&Asked { path, hint: None }, None)
}

/// Sees to it that an image is here. What is no tag or digest is left to those who look for it.
pub(super) async fn fetch(registry: &Registry, source: &Source, id: &ImageIdentifier) -> Result<(), ImageFailure> {
    let reference = id.image_digest.as_ref().or(id.image_tag.as_ref()).map(|it| it.parse::<Reference>());
    let Some(Ok(reference)) = reference else { return Ok(()) };
    let granted = registry.grant(source, Wish::Manifest(reference)).await;
    granted.map(drop).map_err(|error| id.failure(code(&error), error.to_string()))
}

/// Refuses what would put something beside what the upstream has.
///
/// # Errors
///
/// `InvalidParameterException` naming the upstream.
pub(super) async fn refuse_push(registry: &Registry, key: &RepositoryKey) -> Result<(), Error> {
    let Some(source) = source(registry, key) else { return Ok(()) };
    let granted = registry.grant(&source, Wish::Push).await;
    granted.map(drop).map_err(|error| Error::invalid("repositoryName", error))
}

/// What ECR calls the failure.
fn code(error: &UpstreamError) -> &'static str {
    match error.problem {
        Problem::Missing(_) => "ImageNotFound",
        Problem::Refused(_) => "UpstreamAccessDenied",
        Problem::TooManyRequests { .. } => "UpstreamTooManyRequests",
        Problem::Unreachable(_)
        | Problem::BadAnswer(_)
        | Problem::Broken(_)
        | Problem::Push(_)
        | Problem::Full(_)
        | Problem::Storage(_) => "UpstreamUnavailable",
    }
}
