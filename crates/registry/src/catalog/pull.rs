//! When images were pulled.

use crate::catalog::{Catalog, Change, ManifestRecord, RepositoryKey, UnixMillis, What};
use crate::digest::Digest;

/// One pull is as good as another soon after it: each takes a write to the disk. ECR is a day behind at most.
const NOTED_EVERY_MS: u64 = 60_000;

impl Catalog {
    /// Notes that a manifest is being pulled, unless one was noted a moment ago.
    pub(crate) fn note_pull(&self, now: UnixMillis, key: &RepositoryKey, digest: &Digest) -> Option<Change> {
        let record = self.repository(key)?.manifests.get(digest)?;
        if record.pulled_at.is_some_and(|last| now.0 < last.0.saturating_add(NOTED_EVERY_MS)) {
            return None;
        }
        let record = ManifestRecord { pulled_at: Some(now), ..record.clone() };
        Some(key.change(What::PutManifest(*digest, Box::new(record))))
    }
}
