//! What may be pushed, and what becomes of the catalog then.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Change, ManifestRecord, Repository, RepositoryKey, Settings, UnixMillis, What};
use crate::digest::Digest;
use crate::manifest::{Manifest, media_type};
use crate::reference::Tag;

/// Whether a push to a repository that is not there makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Create {
    IfMissing,
    Never,
}

/// A manifest on its way into a repository.
#[derive(Debug, Clone)]
pub(crate) struct NewManifest {
    pub(crate) digest: Digest,
    /// The length of its content in bytes.
    pub(crate) size: u64,
    pub(crate) manifest: Manifest,
    /// The tags that are to point at it.
    pub(crate) tags: Vec<Tag>,
}

/// Why a push is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PushError {
    #[error("The repository with name '{name}' does not exist in the registry with id '{account}'", name = .0.name, account = .0.scope.account())]
    NoRepository(RepositoryKey),
    #[error("the manifest refers to blobs that are not in the repository")]
    MissingBlobs(Vec<Digest>),
    #[error("the index refers to manifests that are not in the repository")]
    MissingManifests(Vec<Digest>),
    #[error("the manifest says {said} bytes in {field}, but the blob {digest} has {actual}: put its real size there")]
    OtherSize { field: String, digest: Digest, said: u64, actual: u64 },
    #[error(
        "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the tag is immutable."
    )]
    ImmutableTag { tag: Tag, name: String },
}

impl Catalog {
    /// Whether something may be pushed to a repository, which may have to be made.
    pub(crate) fn allow_push(&self, key: &RepositoryKey, create: Create) -> Result<(), PushError> {
        match (self.repository(key), create) {
            (Some(_), _) | (None, Create::IfMissing) => Ok(()),
            (None, Create::Never) => Err(PushError::NoRepository(key.clone())),
        }
    }

    /// Puts a blob into a repository.
    pub(crate) fn put_blob(
        &self,
        now: UnixMillis,
        key: &RepositoryKey,
        blob: (Digest, u64),
        create: Create,
    ) -> Result<Vec<Change>, PushError> {
        self.allow_push(key, create)?;
        let mut changes = self.creation(now, key);
        let (digest, size) = blob;
        if self.repository(key).is_none_or(|repository| !repository.blobs.contains_key(&digest)) {
            changes.push(key.change(What::PutBlob(digest, size)));
        }
        Ok(changes)
    }

    /// Puts a manifest into a repository and points tags at it. What it refers to must be there; blobs may be in a
    /// repository of the same name under another account or region as well, where clients that name neither may have seen
    /// them.
    pub(crate) fn put_manifest(
        &self,
        now: UnixMillis,
        key: &RepositoryKey,
        new: &NewManifest,
        create: Create,
    ) -> Result<Vec<Change>, PushError> {
        self.allow_push(key, create)?;
        let mut changes = self.creation(now, key);
        let repository = self.repository(key);
        let adopted = self.adopted_blobs(key, &new.manifest)?;
        let size = |blob: &Digest| adopted.get(blob).or_else(|| repository?.blobs.get(blob)).copied();
        check_sizes(&new.manifest, size)?;
        changes.extend(adopted.iter().map(|(digest, size)| key.change(What::PutBlob(*digest, *size))));
        let is_here = |digest: &Digest| repository.is_some_and(|it| it.manifests.contains_key(digest));
        let missing: Vec<Digest> =
            new.manifest.manifests.iter().map(|child| child.digest).filter(|child| !is_here(child)).collect();
        if !missing.is_empty() {
            return Err(PushError::MissingManifests(missing));
        }
        let known = repository.and_then(|repository| repository.manifests.get(&new.digest));
        if known.is_none_or(|known| known.manifest != new.manifest) {
            let record = ManifestRecord {
                size: new.size,
                pushed_at: known.map_or(now, |known| known.pushed_at),
                pulled_at: known.and_then(|known| known.pulled_at),
                fetched: false,
                manifest: new.manifest.clone(),
            };
            changes.push(key.change(What::PutManifest(new.digest, Box::new(record))));
        }
        for tag in &new.tags {
            changes.extend(tagged(key, repository, tag, new.digest)?);
        }
        Ok(changes)
    }

    /// Makes the repository where it is missing.
    pub(crate) fn creation(&self, now: UnixMillis, key: &RepositoryKey) -> Vec<Change> {
        match self.repository(key) {
            Some(_) => Vec::new(),
            None => vec![key.put(Settings::new(now))],
        }
    }

    /// The blobs of a manifest that only a namesake of the repository has, with their sizes.
    fn adopted_blobs(&self, key: &RepositoryKey, manifest: &Manifest) -> Result<BTreeMap<Digest, u64>, PushError> {
        let here = self.repository(key).map(|repository| &repository.blobs);
        let mut adopted = BTreeMap::new();
        let mut missing = Vec::new();
        for blob in manifest.blobs().filter(|blob| here.is_none_or(|here| !here.contains_key(&blob.digest))) {
            let namesakes = self.of_name(&key.name);
            match namesakes.iter().find_map(|(_, namesake)| namesake.blobs.get(&blob.digest)) {
                Some(size) => drop(adopted.insert(blob.digest, *size)),
                None => missing.push(blob.digest),
            }
        }
        if !missing.is_empty() {
            return Err(PushError::MissingBlobs(missing));
        }
        Ok(adopted)
    }
}

/// Refuses a manifest that says another size of a blob than it has: clients would fail to pull it.
fn check_sizes(manifest: &Manifest, size: impl Fn(&Digest) -> Option<u64>) -> Result<(), PushError> {
    let list = if manifest.media_type == media_type::OCI_ARTIFACT { "blobs" } else { "layers" };
    let config = manifest.config.iter().map(|config| ("config.size".to_owned(), config));
    let layers = manifest.layers.iter().enumerate().map(|(at, layer)| (format!("{list}[{at}].size"), layer));
    for (field, blob) in config.chain(layers.filter(|(_, layer)| !layer.is_foreign())) {
        let (digest, said) = (blob.digest, blob.size);
        match size(&digest) {
            Some(actual) if actual != said => return Err(PushError::OtherSize { field, digest, said, actual }),
            Some(_) | None => {}
        }
    }
    Ok(())
}

/// Points a tag at a manifest, unless it does already.
fn tagged(
    key: &RepositoryKey,
    repository: Option<&Repository>,
    tag: &Tag,
    digest: Digest,
) -> Result<Option<Change>, PushError> {
    let before = repository.and_then(|repository| Some((repository, repository.tags.get(tag)?)));
    match before {
        Some((_, before)) if *before == digest => Ok(None),
        Some((repository, _)) if repository.settings.mutability.is_immutable(tag.as_str()) => {
            Err(PushError::ImmutableTag { tag: tag.clone(), name: key.name.to_string() })
        }
        Some(_) | None => Ok(Some(key.change(What::PutTag(tag.clone(), digest)))),
    }
}
