//! All repositories, in memory: what is in them, and the rules of what may become of them.
//!
//! Nothing here does any IO. Methods that decide take `&self` and give the answer with the [`Change`]s that carry it out;
//! the shell writes those to disk and then has them applied. What is loaded at the start is applied the same way.

mod change;
mod delete;
mod garbage;
mod listing;
#[cfg(test)]
mod props;
mod pull;
mod push;
mod record;
mod referrers;
mod resolve;
mod unused;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

pub(crate) use self::change::{Change, RepositoryKey, What};
pub(crate) use self::delete::DeleteError;
use self::listing::Listing;
pub(crate) use self::push::{Create, NewManifest, PushError};
pub(crate) use self::record::{Encryption, ManifestRecord, Mutability, Settings, UnixMillis};
pub(crate) use self::resolve::{Asked, Unknown, Wanted};
use crate::digest::Digest;
use crate::name::RepositoryName;
use crate::reference::{Reference, Tag};
use crate::scope::Scope;

/// All repositories.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    scopes: BTreeMap<Scope, BTreeMap<RepositoryName, Repository>>,
    listing: Listing,
}

/// What is in a repository. Every tag points at a manifest of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    pub(crate) settings: Settings,
    pub(crate) manifests: BTreeMap<Digest, ManifestRecord>,
    pub(crate) tags: BTreeMap<Tag, Digest>,
    /// The same by manifest, for lists of images: none is empty.
    tagged: BTreeMap<Digest, BTreeSet<Tag>>,
    /// Their lengths in bytes.
    pub(crate) blobs: BTreeMap<Digest, u64>,
}

// === impl Catalog ===

impl Catalog {
    /// Lets a change happen. One for a repository that is not there, other than its creation, does nothing.
    pub(crate) fn apply(&mut self, change: Change) {
        let is_new = matches!(change.what, What::Put(_)) && self.repository(&change.repository).is_none();
        if !is_new && change.what != What::Delete {
            return self.change(change);
        }
        let name = change.repository.name.clone();
        let before = self.paths_of(&name);
        self.change(change);
        let now = self.paths_of(&name);
        self.listing.follow(before, now);
    }

    fn change(&mut self, change: Change) {
        let Change { repository: RepositoryKey { scope, name }, what } = change;
        let Entry::Occupied(mut repositories) = self.scopes.entry(scope.clone()) else {
            if let What::Put(settings) = what {
                self.scopes.insert(scope, BTreeMap::from([(name, Repository::new(*settings))]));
            }
            return;
        };
        if what == What::Delete {
            repositories.get_mut().remove(&name);
            if repositories.get().is_empty() {
                repositories.remove();
            }
            return;
        }
        match (repositories.get_mut().entry(name), what) {
            (Entry::Occupied(mut repository), what) => repository.get_mut().apply(what),
            (Entry::Vacant(place), What::Put(settings)) => drop(place.insert(Repository::new(*settings))),
            (Entry::Vacant(_), _) => {}
        }
    }

    /// The repository with exactly this key.
    pub(crate) fn repository(&self, key: &RepositoryKey) -> Option<&Repository> {
        self.scopes.get(&key.scope)?.get(&key.name)
    }

    /// The repositories of a scope, in the order of their names.
    pub(crate) fn repositories_in(&self, scope: &Scope) -> impl Iterator<Item = (&RepositoryName, &Repository)> {
        self.scopes.get(scope).into_iter().flatten()
    }

    /// The length in bytes of a blob that is in any repository.
    pub(crate) fn blob_size(&self, digest: &Digest) -> Option<u64> {
        self.repositories().find_map(|(_, _, any)| any.blobs.get(digest).copied())
    }

    /// All repositories, in the order of their scopes and names.
    pub(crate) fn repositories(&self) -> impl Iterator<Item = (&Scope, &RepositoryName, &Repository)> {
        self.scopes.iter().flat_map(|(scope, all)| all.iter().map(move |(name, repository)| (scope, name, repository)))
    }
}

// === impl Repository ===

impl Repository {
    fn new(settings: Settings) -> Self {
        Self {
            settings,
            manifests: BTreeMap::new(),
            tags: BTreeMap::new(),
            tagged: BTreeMap::new(),
            blobs: BTreeMap::new(),
        }
    }

    /// The digest that a reference means, and the manifest under it.
    pub(crate) fn manifest(&self, reference: &Reference) -> Option<(Digest, &ManifestRecord)> {
        let digest = match reference {
            Reference::Tag(tag) => *self.tags.get(tag)?,
            Reference::Digest(digest) => *digest,
        };
        self.manifests.get(&digest).map(|record| (digest, record))
    }

    /// The tags that point at a manifest.
    pub(crate) fn tags_of(&self, digest: &Digest) -> impl Iterator<Item = &Tag> {
        self.tagged.get(digest).into_iter().flatten()
    }

    /// The manifests in the order of their digests, from this one on if one is given.
    pub(crate) fn manifests_from(&self, first: Option<Digest>) -> impl Iterator<Item = (&Digest, &ManifestRecord)> {
        let first = first.map_or(Bound::Unbounded, Bound::Included);
        self.manifests.range((first, Bound::Unbounded))
    }

    fn apply(&mut self, what: What) {
        match what {
            What::Put(settings) => self.settings = *settings,
            What::PutManifest(digest, record) => drop(self.manifests.insert(digest, *record)),
            What::DeleteManifest(digest) => {
                for tag in self.tagged.remove(&digest).into_iter().flatten() {
                    self.tags.remove(&tag);
                }
                self.manifests.remove(&digest);
            }
            What::PutTag(tag, digest) => {
                self.untag(&tag);
                self.tagged.entry(digest).or_default().insert(tag.clone());
                self.tags.insert(tag, digest);
            }
            What::DeleteTag(tag) => self.untag(&tag),
            What::PutBlob(digest, size) => drop(self.blobs.insert(digest, size)),
            What::DeleteBlob(digest) => drop(self.blobs.remove(&digest)),
            What::Delete => {}
        }
    }

    fn untag(&mut self, tag: &Tag) {
        let Some(digest) = self.tags.remove(tag) else { return };
        if let Some(tags) = self.tagged.get_mut(&digest) {
            tags.remove(tag);
            if tags.is_empty() {
                self.tagged.remove(&digest);
            }
        }
    }
}
