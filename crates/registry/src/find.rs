//! Images for those who are to run them.

use std::io;

use crate::catalog::{Asked, RepositoryKey, Unknown, Wanted};
use crate::digest::Digest;
use crate::image::ImageName;
use crate::manifest::{Manifest, Platform};
use crate::registry::Registry;
use crate::scope::Scope;
use crate::upstream::{Problem, Source, UpstreamError, Wish};

/// An image that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundImage {
    /// Whose repository it is in.
    pub scope: Scope,
    /// What the name means now, and this stays.
    pub digest: Digest,
    /// The media type of its manifest or index.
    pub media_type: String,
    /// What it runs on; several where it is an index, none where it is no image but some artifact.
    pub platforms: Vec<Platform>,
    /// Whether it is an index that lists an attestation beside its images, as BuildKit makes them by default.
    pub has_attestation: bool,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is no such repository, or several.
    #[error("{0}")]
    Repository(String),
    /// There is nothing under this tag or digest.
    #[error("repository {repository} has no image {reference}")]
    Reference {
        /// The repository, with account and region.
        repository: String,
        /// The tag or digest.
        reference: String,
    },
    /// The registry that it is to come from has none; says which.
    #[error("{0}")]
    MissingUpstream(String),
    /// The registry that it is to come from does not give it; says which and why.
    #[error("{0}")]
    Upstream(String),
    /// Its configuration cannot be read.
    #[error("the image's configuration cannot be read")]
    Disk(#[from] io::Error),
}

/// Longer ones are not the configuration of an image: those of large images have some ten kilobytes.
const CONFIG_BYTES_MAX: u64 = 4 << 20;

/// What is noted beside images, such as their provenance, runs nowhere
/// (<https://docs.docker.com/build/metadata/attestations/attestation-storage/>).
fn is_image(platform: &Platform) -> bool {
    platform.architecture != "unknown"
}

impl FindError {
    fn of_upstream(error: &UpstreamError) -> Self {
        let is_missing = matches!(error.problem, Problem::Missing(_));
        if is_missing { Self::MissingUpstream(error.to_string()) } else { Self::Upstream(error.to_string()) }
    }
}

impl Registry {
    /// The image that a name means, whatever its host.
    ///
    /// # Errors
    /// [`FindError`] where there is none.
    pub async fn find_image(&self, image: &ImageName) -> Result<FoundImage, FindError> {
        let asked = Asked { path: image.path.clone(), hint: image.scope() };
        let source = self.upstreams().source(&asked, None);
        let asked = source.as_ref().map_or(asked, Source::asked);
        if let Some(source) = &source {
            let fetched = self.grant(source, Wish::Manifest(image.reference.clone())).await;
            fetched.map_err(|error| FindError::of_upstream(&error))?;
        }
        let (key, digest, manifest) = {
            let catalog = self.catalog();
            let found = catalog.find(&asked, Wanted::manifest(&image.reference));
            let (key, repository) = found.map_err(|error: Unknown| FindError::Repository(error.to_string()))?;
            let missing =
                || FindError::Reference { repository: key.to_string(), reference: image.reference.to_string() };
            let (digest, record) = repository.manifest(&image.reference).ok_or_else(missing)?;
            (key, digest, record.manifest.clone())
        };
        if let (Some(source), Some(config)) = (&source, &manifest.config) {
            self.fetch_blob(source, &config.digest).await.map_err(|error| FindError::of_upstream(&error))?;
        }
        let platforms = self.platforms(&key, &manifest).await?;
        let has_attestation = manifest.manifests.iter().filter_map(|it| it.platform.as_ref()).any(|it| !is_image(it));
        Ok(FoundImage { scope: key.scope, digest, media_type: manifest.media_type, platforms, has_attestation })
    }

    /// What an image runs on, as its configuration says, or the images of an index, as it says itself.
    async fn platforms(&self, key: &RepositoryKey, manifest: &Manifest) -> io::Result<Vec<Platform>> {
        if manifest.is_index() {
            return Ok(manifest.manifests.iter().filter_map(|it| it.platform.clone()).filter(is_image).collect());
        }
        let Some(digest) = manifest.config.as_ref().map(|config| config.digest) else { return Ok(Vec::new()) };
        // What the manifest says of its length is the word of whoever made it.
        let size = self.catalog().repository(key).and_then(|repository| repository.blobs.get(&digest).copied());
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("there is no blob {digest} in {key}"));
        if size.ok_or_else(missing)? > CONFIG_BYTES_MAX {
            return Ok(Vec::new());
        }
        let content = self.content(digest).await?;
        Ok(Platform::of_config(&content).into_iter().collect())
    }
}
