//! A registry of container images and the ECR API over it.
//!
//! [`Registry::router`] serves the OCI Distribution Specification below `/v2`, [`Registry::ecr`] AWS's API. Both act on
//! the same repositories: `catalog` decides, without any IO, `storage` keeps blobs and records on disk. A blob, manifest or
//! tag that was acknowledged is there after a crash as well, and nothing is there that is not whole.

mod bounded;
mod catalog;
mod config;
mod digest;
mod distribution;
mod ecr;
mod failure;
mod find;
mod garbage;
mod image;
mod manifest;
mod name;
mod push;
mod reference;
mod registry;
mod request_body;
mod scope;
mod storage;
mod token;
mod upstream;
mod uuid;

pub use config::Config;
pub use digest::{Algorithm, Digest, Hasher, InvalidDigest, UnknownAlgorithm};
pub use find::{FindError, FoundImage};
pub use garbage::{Collected, UNUSED_KEPT, UNUSED_KEPT_WITHOUT_ROOM};
pub use image::{ImageName, InvalidImageName};
pub use manifest::{Descriptor, InvalidManifest, Manifest, Platform, media_type};
pub use name::{InvalidName, RepositoryName, RepositoryPath};
pub use reference::{InvalidReference, InvalidTag, Reference, Tag};
pub use registry::Registry;
pub use scope::Scope;
pub use token::Token;
pub use upstream::{InvalidUpstream, Upstream};
