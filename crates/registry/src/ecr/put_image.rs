//! Images that a client puts together itself: a manifest over layers that it has uploaded.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Caller, Target, no_repository, read};
use super::error::{Error, ErrorCode};
use super::image_id::ImageIdentifier;
use super::layers::no_layers;
use super::upstream;
use crate::catalog::{NewManifest, PushError, Repository, RepositoryKey};
use crate::digest::{Algorithm, Digest};
use crate::manifest::Manifest;
use crate::push::ManifestError;
use crate::reference::Tag;
use crate::registry::Registry;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(flatten)]
    target: Target,
    image_manifest: String,
    image_manifest_media_type: Option<String>,
    image_tag: Option<String>,
    image_digest: Option<String>,
}

/// An image with its manifest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image {
    registry_id: String,
    repository_name: String,
    image_id: ImageIdentifier,
    image_manifest: String,
    image_manifest_media_type: String,
}

/// PutImage
pub(super) async fn put(registry: &Registry, caller: &Caller, request: Value) -> Result<Value, Error> {
    let request: Request = read(request)?;
    let key = caller.key(&request.target);
    if registry.catalog().repository(&key).is_none() {
        return Err(no_repository(&key));
    }
    upstream::refuse_push(registry, &key).await?;
    let tag = request.image_tag.as_deref().map(tag).transpose()?;
    let content = request.image_manifest.as_bytes();
    let manifest = Manifest::parse(request.image_manifest_media_type.as_deref(), content)
        .map_err(|error| Error::invalid("imageManifest", error))?;
    let digest = digest(request.image_digest.as_deref(), content)?;
    {
        let catalog = registry.catalog();
        let repository = catalog.repository(&key).ok_or_else(|| no_repository(&key))?;
        refuse_repetition(&key, repository, &digest, tag.as_ref())?;
    }
    let image = Image::new(&key, &digest, tag.as_ref(), &manifest.media_type, request.image_manifest.clone());
    let content = Bytes::from(request.image_manifest);
    let new = NewManifest { digest, size: content.len() as u64, manifest, tags: tag.into_iter().collect() };
    let put = registry.put_manifest(key.clone(), content, new).await;
    put.map_err(|error| refused(&key, error))?;
    Ok(json!({ "image": image }))
}

impl Image {
    pub(super) fn new(
        key: &RepositoryKey,
        digest: &Digest,
        tag: Option<&Tag>,
        media_type: &str,
        content: String,
    ) -> Self {
        Self {
            registry_id: key.scope.account().to_owned(),
            repository_name: key.name.to_string(),
            image_id: ImageIdentifier::of(digest, tag),
            image_manifest: content,
            image_manifest_media_type: media_type.to_owned(),
        }
    }
}

fn tag(text: &str) -> Result<Tag, Error> {
    text.parse()
        .map_err(|_| Error::invalid("imageTag", "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,127}'"))
}

/// The digest of a manifest, by the algorithm of the one that is expected.
fn digest(expected: Option<&str>, content: &[u8]) -> Result<Digest, Error> {
    let Some(expected) = expected else { return Ok(Digest::of(content)) };
    let expected: Digest = expected.parse().map_err(|error| Error::invalid("imageDigest", error))?;
    let algorithm: Algorithm = expected.algorithm();
    let digest = Digest::with(algorithm, content);
    if digest != expected {
        let message = format!("The image manifest has the digest '{digest}' and not the specified '{expected}'");
        return Err(Error::new(ErrorCode::ImageDigestDoesNotMatch, message));
    }
    Ok(digest)
}

/// Refuses what would change nothing.
fn refuse_repetition(
    key: &RepositoryKey,
    repository: &Repository,
    digest: &Digest,
    tag: Option<&Tag>,
) -> Result<(), Error> {
    let tagged = tag.is_none_or(|tag| repository.tags.get(tag) == Some(digest));
    if !tagged || !repository.manifests.contains_key(digest) {
        return Ok(());
    }
    let (name, account) = (&key.name, key.scope.account());
    let and_tag = tag.map(|tag| format!(" and tag '{tag}'")).unwrap_or_default();
    let message = format!(
        "Image with digest '{digest}'{and_tag} already exists in the repository with name '{name}' in registry with \
         id '{account}'"
    );
    Err(Error::new(ErrorCode::ImageAlreadyExists, message))
}

fn refused(key: &RepositoryKey, error: ManifestError) -> Error {
    let texts = |digests: Vec<Digest>| digests.iter().map(ToString::to_string).collect::<Vec<_>>();
    match error {
        ManifestError::Refused(PushError::NoRepository(key)) => no_repository(&key),
        ManifestError::Refused(PushError::MissingBlobs(digests)) => no_layers(key, &texts(digests)),
        ManifestError::Refused(PushError::MissingManifests(digests)) => {
            let (name, account, digests) = (&key.name, key.scope.account(), texts(digests).join(", "));
            let message = format!(
                "Images with digests '[{digests}]' required for pushing image into repository with name '{name}' in \
                 the registry with id '{account}' do not exist"
            );
            Error::new(ErrorCode::ReferencedImagesNotFound, message)
        }
        ManifestError::Refused(immutable @ PushError::ImmutableTag { .. }) => {
            Error::new(ErrorCode::ImageTagAlreadyExists, immutable.to_string())
        }
        ManifestError::Refused(other @ PushError::OtherSize { .. }) => Error::invalid("imageManifest", other),
        ManifestError::Disk(error) => Error::disk("the manifest could not be written", &error),
    }
}
