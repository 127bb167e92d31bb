//! Images that were fetched from an upstream and that nobody has pulled for long.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Change, Repository, RepositoryKey, Settings, UnixMillis, What};
use crate::digest::Digest;
use crate::reference::Reference;

impl Catalog {
    /// Takes the manifests that were fetched, and neither fetched nor pulled since then, out of the repositories that can
    /// fetch them again, and then the repositories in which nothing is left that was made or set by anybody. The images with
    /// these digests stay, with those that they list.
    pub(crate) fn unused(
        &self,
        since: UnixMillis,
        named: &BTreeSet<Digest>,
        has_upstream: impl Fn(&RepositoryKey) -> bool,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        for (scope, name, repository) in self.repositories() {
            let key = RepositoryKey { scope: scope.clone(), name: name.clone() };
            if !has_upstream(&key) {
                continue;
            }
            if repository.is_unused(since) {
                changes.push(key.change(What::Delete));
            }
            for digest in repository.unused_manifests(since, named) {
                let deleted = repository.delete(&key, &Reference::Digest(digest));
                changes.extend(deleted.expect("it is in the repository"));
            }
        }
        changes
    }
}

impl Repository {
    /// Whether it has been empty for so long, as a fetch makes it.
    fn is_unused(&self, since: UnixMillis) -> bool {
        let is_empty = self.manifests.is_empty() && self.tags.is_empty() && self.blobs.is_empty();
        is_empty && self.settings.created_at < since && self.settings == Settings::new(self.settings.created_at)
    }

    fn unused_manifests(&self, since: UnixMillis, named: &BTreeSet<Digest>) -> Vec<Digest> {
        let here = named.iter().filter_map(|digest| self.manifests.get(digest));
        let listed: BTreeSet<Digest> =
            here.flat_map(|record| &record.manifest.manifests).map(|one| one.digest).collect();
        let unused = self.manifests.iter().filter(|(digest, record)| {
            let used_at = record.pulled_at.max(Some(record.pushed_at));
            record.fetched && used_at < Some(since) && !named.contains(digest) && !listed.contains(digest)
        });
        unused.map(|(digest, _)| *digest).collect()
    }
}
