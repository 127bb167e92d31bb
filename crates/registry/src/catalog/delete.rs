//! What may be deleted, and what becomes of the catalog then.

use crate::catalog::{Change, Repository, RepositoryKey, What};
use crate::digest::Digest;
use crate::reference::{Reference, Tag};

/// Why a deletion is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeleteError {
    #[error("there is no such manifest in the repository")]
    NoManifest,
    #[error("there is no such blob in the repository")]
    NoBlob,
    #[error("the blob is part of the manifest {manifest}: delete that first")]
    BlobInUse { manifest: Digest },
}

impl Repository {
    /// Deletes what a reference names: a tag alone, or a manifest with all its tags.
    pub(crate) fn delete(&self, key: &RepositoryKey, reference: &Reference) -> Result<Vec<Change>, DeleteError> {
        match reference {
            Reference::Tag(tag) => self.delete_tag(key, tag),
            Reference::Digest(digest) => self.delete_manifest(key, digest),
        }
    }

    fn delete_tag(&self, key: &RepositoryKey, tag: &Tag) -> Result<Vec<Change>, DeleteError> {
        match self.tags.contains_key(tag) {
            true => Ok(vec![key.change(What::DeleteTag(tag.clone()))]),
            false => Err(DeleteError::NoManifest),
        }
    }

    /// The tags go first: none of them ever points at what is not there.
    fn delete_manifest(&self, key: &RepositoryKey, digest: &Digest) -> Result<Vec<Change>, DeleteError> {
        if !self.manifests.contains_key(digest) {
            return Err(DeleteError::NoManifest);
        }
        let tags = self.tags_of(digest).map(|tag| What::DeleteTag(tag.clone()));
        Ok(tags.chain([What::DeleteManifest(*digest)]).map(|what| key.change(what)).collect())
    }

    /// Takes a blob out of the repository, unless a manifest needs it.
    pub(crate) fn delete_blob(&self, key: &RepositoryKey, digest: &Digest) -> Result<Vec<Change>, DeleteError> {
        if !self.blobs.contains_key(digest) {
            return Err(DeleteError::NoBlob);
        }
        let refers = |manifest: &crate::manifest::Manifest| manifest.blobs().any(|blob| blob.digest == *digest);
        match self.manifests.iter().find(|(_, record)| refers(&record.manifest)) {
            Some((manifest, _)) => Err(DeleteError::BlobInUse { manifest: *manifest }),
            None => Ok(vec![key.change(What::DeleteBlob(*digest))]),
        }
    }
}
