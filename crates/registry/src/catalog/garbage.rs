//! What nothing refers to.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Repository, RepositoryKey};
use crate::digest::Digest;

impl Catalog {
    /// The blobs that are in a repository, but that no manifest of it refers to.
    pub(crate) fn unreferenced_blobs(&self) -> Vec<(RepositoryKey, Digest)> {
        let mut unreferenced = Vec::new();
        for (scope, name, repository) in self.repositories() {
            let referenced: BTreeSet<&Digest> = repository.referenced().collect();
            let key = RepositoryKey { scope: scope.clone(), name: name.clone() };
            let loose = repository.blobs.keys().filter(|digest| !referenced.contains(digest));
            unreferenced.extend(loose.map(|digest| (key.clone(), *digest)));
        }
        unreferenced
    }

    /// The digests of all manifests, and of the blobs that they refer to.
    pub(crate) fn referenced(&self) -> BTreeSet<Digest> {
        let repositories = self.repositories().map(|(_, _, repository)| repository);
        repositories.flat_map(|it| it.manifests.keys().chain(it.referenced())).copied().collect()
    }

    /// The digests of all manifests and blobs that are in some repository.
    pub(crate) fn content(&self) -> BTreeSet<Digest> {
        let repositories = self.repositories().map(|(_, _, repository)| repository);
        repositories.flat_map(|it| it.manifests.keys().chain(it.blobs.keys())).copied().collect()
    }
}

impl Repository {
    /// The blobs that manifests refer to; those that can be had elsewhere as well, where somebody has pushed them
    /// nevertheless.
    fn referenced(&self) -> impl Iterator<Item = &Digest> {
        let manifests = self.manifests.values().map(|record| &record.manifest);
        manifests.flat_map(|manifest| manifest.config.iter().chain(&manifest.layers)).map(|blob| &blob.digest)
    }
}
