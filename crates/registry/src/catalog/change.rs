//! What can become of the catalog: each change is one record on disk, written, replaced or removed.

use crate::catalog::record::{ManifestRecord, Settings};
use crate::digest::Digest;
use crate::name::RepositoryName;
use crate::reference::Tag;
use crate::scope::Scope;

/// Which repository it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RepositoryKey {
    pub(crate) scope: Scope,
    pub(crate) name: RepositoryName,
}

/// One step. Steps that were decided on together are written and applied in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) repository: RepositoryKey,
    pub(crate) what: What,
}

/// What becomes of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// It is there, with these settings.
    Put(Box<Settings>),
    /// It is gone with all that is in it.
    Delete,
    /// The manifest is in it.
    PutManifest(Digest, Box<ManifestRecord>),
    DeleteManifest(Digest),
    /// The tag points at this manifest.
    PutTag(Tag, Digest),
    DeleteTag(Tag),
    /// The blob of this many bytes is in it.
    PutBlob(Digest, u64),
    DeleteBlob(Digest),
}

impl std::fmt::Display for RepositoryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.scope, self.name)
    }
}

impl RepositoryKey {
    /// Says what becomes of it.
    pub(crate) fn change(&self, what: What) -> Change {
        Change { repository: self.clone(), what }
    }

    /// Says that it is there, with these settings.
    pub(crate) fn put(&self, settings: Settings) -> Change {
        self.change(What::Put(Box::new(settings)))
    }
}
