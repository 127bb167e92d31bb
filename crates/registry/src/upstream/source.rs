//! A repository of an upstream, and the one here that it is cached in.

use http::{HeaderMap, Method};

use super::client::Ask;
use super::error::Problem;
use super::setting::Upstream;
use crate::catalog::{Asked, Catalog, RepositoryKey, UnixMillis, What};
use crate::digest::Digest;
use crate::name::RepositoryPath;
use crate::reference::Reference;
use crate::registry::{ChangeError, Registry};

/// A repository of an upstream, and the one that it is cached in.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(super) upstream: Upstream,
    /// Its name there.
    pub(super) repository: String,
    pub(super) key: RepositoryKey,
}

// === impl Source ===

impl Source {
    /// Where it is cached.
    pub(crate) fn key(&self) -> &RepositoryKey {
        &self.key
    }

    /// Where it comes from.
    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// How to ask for what is cached.
    pub(crate) fn asked(&self) -> Asked {
        let path = RepositoryPath { scope: None, name: self.key.name.clone() };
        Asked { path, hint: Some(self.key.scope.clone()) }
    }

    pub(super) fn ask(&self, method: Method, resource: String) -> Ask<'_> {
        Ask { upstream: &self.upstream, repository: &self.repository, method, resource, headers: HeaderMap::new() }
    }

    /// Whether the repository here has this blob.
    pub(super) fn has_blob(&self, registry: &Registry, digest: &Digest) -> bool {
        let catalog = registry.catalog();
        catalog.repository(&self.key).is_some_and(|repository| repository.blobs.contains_key(digest))
    }

    /// What a reference means in the repository here.
    pub(super) fn manifest(&self, registry: &Registry, reference: &Reference) -> Option<Digest> {
        registry.catalog().repository(&self.key)?.manifest(reference).map(|(digest, _)| digest)
    }

    /// Takes a blob over that is in any repository here; says its length in bytes.
    pub(super) async fn adopt(&self, registry: &Registry, digest: &Digest) -> Result<Option<u64>, Problem> {
        registry.blobs().need(digest);
        let known = registry.catalog().blob_size(digest);
        if let Some(size) = known {
            self.put(registry, vec![What::PutBlob(*digest, size)]).await?;
        }
        Ok(known)
    }

    /// Puts content that has its place already into the repository here, and makes that first if need be.
    pub(super) async fn put(&self, registry: &Registry, content: Vec<What>) -> Result<(), Problem> {
        let key = self.key.clone();
        let changed = registry.change(move |catalog: &Catalog| {
            let mut changes = catalog.creation(UnixMillis::now(), &key);
            changes.extend(content.into_iter().map(|what| key.change(what)));
            Ok::<_, std::convert::Infallible>(((), changes))
        });
        changed.await.map_err(|error| match error {
            ChangeError::Refused(never) => match never {},
            ChangeError::Disk(error) => Problem::of_disk(&error),
        })
    }
}
