//! What manifests refer to: of Docker's and OCI's formats, read without any IO.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bounded;
use crate::digest::Digest;

/// The media types of manifests whose content the registry knows.
pub mod media_type {
    /// An image, by the OCI image specification.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// Several images, by the OCI image specification.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// An artifact, by release candidates of the OCI image specification 1.1.
    pub const OCI_ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";
    /// An image, as Docker writes it.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// Several images, as Docker writes them.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// Docker's first format, with and without signatures.
    pub(super) const DOCKER_SCHEMA_1: [&str; 2] = [
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    ];
}

/// What a manifest says of itself and refers to. Those of unknown media types refer to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The media type that it was pushed with.
    pub media_type: String,
    /// The configuration of an image, or what stands in its place in an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Descriptor>,
    /// Layers of an image, in their order, or blobs of an artifact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Descriptor>,
    /// The manifests that an index lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one is about: it is a referrer of that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// What kind of artifact it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Whatever its maker noted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A reference to content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the content is.
    #[serde(default)]
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Where else it can be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "bounded::list::<_, _, URLS_MAX>")]
    pub urls: Vec<String>,
    /// What the image that an index lists runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

/// What an image runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Such as `amd64` and `arm64`.
    #[serde(default)]
    pub architecture: String,
    /// Such as `linux`.
    #[serde(default)]
    pub os: String,
    /// Such as `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum InvalidManifest {
    /// The media type is one of Docker's first format.
    #[error(
        "manifests of Docker's schema 1 ({media_type}) are not supported: push with a client that writes schema 2 or OCI"
    )]
    SchemaOne {
        /// It.
        media_type: String,
    },
    /// It is no JSON, or lacks something.
    #[error("the manifest is no valid {media_type}: {problem}")]
    Content {
        /// What it should be.
        media_type: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It says that it is something else than the request says.
    #[error("the manifest's mediaType is {inside}, but the request's Content-Type is {outside}")]
    OtherType {
        /// What the manifest says.
        inside: String,
        /// What the request says.
        outside: String,
    },
    /// Nobody says what it is.
    #[error("the manifest has no mediaType and the request no Content-Type that names one")]
    NoType,
}

/// The members that the known formats have between them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    schema_version: Option<u64>,
    media_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Descriptors>,
    blobs: Option<Descriptors>,
    manifests: Option<Descriptors>,
    subject: Option<Descriptor>,
    artifact_type: Option<String>,
    annotations: Option<bounded::Texts<ANNOTATIONS_MAX>>,
}

/// The most layers, blobs or manifests of a manifest; images have at most 127 layers.
const DESCRIPTORS_MAX: usize = 10_000;
type Descriptors = bounded::List<Descriptor, DESCRIPTORS_MAX>;

/// The most places where content can be had elsewhere; layers of Windows images have one or two.
const URLS_MAX: usize = 16;

/// The most annotations of a manifest.
const ANNOTATIONS_MAX: usize = 1000;

/// What clients send as Content-Type that know nothing better.
const GENERIC: [&str; 4] = ["", "application/json", "application/octet-stream", "text/plain"];

// === impl Manifest ===

impl Manifest {
    /// Reads a manifest that came with this Content-Type, if any.
    ///
    /// # Errors
    /// [`InvalidManifest`] for what its specification refuses. Whatever has an unknown media type is taken as it is.
    pub fn parse(content_type: Option<&str>, content: &[u8]) -> Result<Self, InvalidManifest> {
        let outside = content_type.map(essence).filter(|outside| !GENERIC.contains(outside));
        match outside {
            Some(outside) if media_type::DOCKER_SCHEMA_1.contains(&outside) => {
                Err(InvalidManifest::SchemaOne { media_type: outside.to_owned() })
            }
            Some(outside) if !is_known(outside) => Ok(Self::opaque(outside)),
            Some(outside) => {
                let members = members(outside, content)?;
                match &members.media_type {
                    Some(inside) if inside != outside => {
                        Err(InvalidManifest::OtherType { inside: inside.clone(), outside: outside.to_owned() })
                    }
                    Some(_) | None => members.manifest(outside),
                }
            }
            None => {
                let members = members("manifest", content)?;
                let inside = members.media_type.clone().or_else(|| members.guess().map(str::to_owned));
                let inside = inside.ok_or(InvalidManifest::NoType)?;
                match is_known(&inside) {
                    true => members.manifest(&inside),
                    // Such a type would be looked for inside again.
                    false if GENERIC.contains(&essence(&inside)) => Err(InvalidManifest::NoType),
                    false => Self::parse(Some(&inside), content),
                }
            }
        }
    }

    /// The blobs that must be there before it is: all but those that can be had elsewhere.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(self.layers.iter().filter(|layer| !layer.is_foreign()))
    }

    /// Whether it lists manifests instead of being an image.
    pub fn is_index(&self) -> bool {
        matches!(self.media_type.as_str(), media_type::OCI_INDEX | media_type::DOCKER_LIST)
    }

    /// What lists of referrers call its `artifactType`: its own, else the media type of an image's configuration.
    pub fn referrer_type(&self) -> Option<&str> {
        self.artifact_type.as_deref().or_else(|| self.config.as_ref().map(|config| config.media_type.as_str()))
    }

    fn opaque(media_type: &str) -> Self {
        Self {
            media_type: media_type.to_owned(),
            config: None,
            layers: Vec::new(),
            manifests: Vec::new(),
            subject: None,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }
}

impl Descriptor {
    /// Whether its content need not be in the registry, because it says where else it can be had.
    pub fn is_foreign(&self) -> bool {
        !self.urls.is_empty()
    }
}

// === impl Platform ===

impl Platform {
    /// What an image runs on as its configuration says, whose members Docker and OCI share; `None` where it says nothing.
    /// A configuration may have megabytes: nothing of it is kept but that.
    pub fn of_config(content: &[u8]) -> Option<Self> {
        let platform: Option<Self> = serde_json::from_slice(content).ok();
        platform.filter(|platform| !platform.architecture.is_empty())
    }
}

// === impl Members ===

impl Members {
    /// What a manifest is that does not say it.
    fn guess(&self) -> Option<&'static str> {
        match (&self.manifests, &self.layers) {
            (Some(_), None) => Some(media_type::OCI_INDEX),
            (None, Some(_)) => Some(media_type::OCI_MANIFEST),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    fn manifest(self, media_type: &str) -> Result<Manifest, InvalidManifest> {
        let refuse = |problem: &str| {
            Err(InvalidManifest::Content { media_type: media_type.to_owned(), problem: problem.to_owned() })
        };
        let is_artifact = media_type == media_type::OCI_ARTIFACT;
        let is_index = matches!(media_type, media_type::OCI_INDEX | media_type::DOCKER_LIST);
        if !is_artifact && self.schema_version != Some(2) {
            return refuse("its schemaVersion must be 2");
        }
        // A manifest that can be read as either would be one image to one client and another to the next.
        match (is_artifact, is_index) {
            (false, true) if self.manifests.is_none() => return refuse("it has no list of manifests"),
            (false, true) if self.layers.is_some() || self.config.is_some() => {
                return refuse("an index has neither config nor layers");
            }
            (false, false) if self.config.is_none() => return refuse("it has no config"),
            (false, false) if self.layers.is_none() => return refuse("it has no list of layers"),
            (false, false) if self.manifests.is_some() => return refuse("an image lists no manifests"),
            _ => {}
        }
        let layers = if is_artifact { self.blobs } else { self.layers };
        Ok(Manifest {
            media_type: media_type.to_owned(),
            config: self.config.filter(|_| !is_artifact),
            layers: layers.map_or_else(Vec::new, |layers| layers.0),
            manifests: self.manifests.filter(|_| is_index).map_or_else(Vec::new, |manifests| manifests.0),
            subject: self.subject,
            artifact_type: self.artifact_type.filter(|it| !it.is_empty()),
            annotations: self.annotations.map_or_else(BTreeMap::new, |annotations| annotations.0),
        })
    }
}

fn members(media_type: &str, content: &[u8]) -> Result<Members, InvalidManifest> {
    serde_json::from_slice(content)
        .map_err(|error| InvalidManifest::Content { media_type: media_type.to_owned(), problem: error.to_string() })
}

fn is_known(media_type: &str) -> bool {
    use media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_ARTIFACT, OCI_INDEX, OCI_MANIFEST};

    [OCI_MANIFEST, OCI_INDEX, OCI_ARTIFACT, DOCKER_MANIFEST, DOCKER_LIST].contains(&media_type)
}

/// A media type without its parameters.
fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests;
