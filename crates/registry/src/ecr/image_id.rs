//! How requests name images: by a tag, by a digest, or by both.

use serde::{Deserialize, Serialize};

use super::error::{Error, ErrorCode};
use crate::catalog::{ManifestRecord, Repository, RepositoryKey};
use crate::digest::Digest;
use crate::reference::Tag;

/// A tag, a digest, or both, which then must belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageIdentifier {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_tag: Option<String>,
}

/// The image that an identifier means.
#[derive(Debug)]
pub(super) struct Identified<'r> {
    pub(super) digest: Digest,
    /// None where the identifier is a digest alone.
    pub(super) tag: Option<Tag>,
    pub(super) record: &'r ManifestRecord,
}

/// What became of one image of a request that named several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageFailure {
    pub(super) image_id: ImageIdentifier,
    pub(super) failure_code: &'static str,
    pub(super) failure_reason: String,
}

impl ImageIdentifier {
    pub(super) fn of(digest: &Digest, tag: Option<&Tag>) -> Self {
        Self { image_digest: Some(digest.to_string()), image_tag: tag.map(ToString::to_string) }
    }

    /// The image that is meant.
    pub(super) fn find<'r>(&self, repository: &'r Repository) -> Result<Identified<'r>, ImageFailure> {
        let digest = self.image_digest.as_deref().map(|digest| self.digest(digest)).transpose()?;
        let tag = self.image_tag.as_deref().map(|tag| self.tag(tag)).transpose()?;
        let digest = match (digest, &tag) {
            (None, None) => {
                let reason = "Invalid request parameters: both tag and digest cannot be null";
                return Err(self.failure("MissingDigestAndTag", reason));
            }
            (Some(digest), None) => digest,
            (digest, Some(tag)) => {
                let tagged = *repository.tags.get(tag).ok_or_else(|| self.not_found())?;
                if digest.is_some_and(|digest| digest != tagged) {
                    let reason = format!("Requested image tag '{tag}' belongs to the image with digest '{tagged}'");
                    return Err(self.failure("ImageTagDoesNotMatchDigest", reason));
                }
                tagged
            }
        };
        let record = repository.manifests.get(&digest).ok_or_else(|| self.not_found())?;
        Ok(Identified { digest, tag, record })
    }

    pub(super) fn failure(&self, code: &'static str, reason: impl Into<String>) -> ImageFailure {
        ImageFailure { image_id: self.clone(), failure_code: code, failure_reason: reason.into() }
    }

    fn digest(&self, text: &str) -> Result<Digest, ImageFailure> {
        text.parse().map_err(|_| {
            let reason = "Invalid request parameters: image digest should satisfy the regex \
                          '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'";
            self.failure("InvalidImageDigest", reason)
        })
    }

    fn tag(&self, text: &str) -> Result<Tag, ImageFailure> {
        text.parse().map_err(|_| {
            let reason = "Invalid request parameters: image tag should satisfy the regex \
                          '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,127}'";
            self.failure("InvalidImageTag", reason)
        })
    }

    fn not_found(&self) -> ImageFailure {
        self.failure("ImageNotFound", "Requested image not found")
    }
}

impl ImageFailure {
    /// The error of an operation that fails as a whole.
    pub(super) fn into_error(self, key: &RepositoryKey) -> Error {
        if self.failure_code != "ImageNotFound" {
            return Error::invalid("imageIds", self.failure_reason);
        }
        let shown = |text: Option<String>| text.unwrap_or_else(|| "null".to_owned());
        let (digest, tag) = (shown(self.image_id.image_digest), shown(self.image_id.image_tag));
        let (name, account) = (&key.name, key.scope.account());
        let message = format!(
            "The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository \
             with name '{name}' in the registry with id '{account}'"
        );
        Error::new(ErrorCode::ImageNotFound, message)
    }
}
