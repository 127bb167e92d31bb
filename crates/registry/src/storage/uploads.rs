//! Uploads that go over several requests.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::catalog::RepositoryKey;
use crate::storage::Writer;
use crate::uuid;

/// What is idle for so long ends: its client has gone.
const IDLE_MAX: Duration = Duration::from_secs(60 * 60);

/// So many may be open at a time: each has a file, and nobody is known to push more layers at once.
const OPEN_MAX: usize = 1_000;

/// One that has been idle for so long makes way for another where as many are open as may be.
const YIELDS_AFTER: Duration = Duration::from_secs(10);

/// Names an upload, in the form of a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct UploadId(u128);

/// All uploads under way.
pub(crate) struct Uploads {
    all: Mutex<HashMap<UploadId, Arc<Upload>>>,
    open_max: usize,
    yields_after: Duration,
}

/// An upload under way.
pub(crate) struct Upload {
    pub(crate) repository: RepositoryKey,
    /// Empty once the upload has ended.
    content: Mutex<Option<Writer>>,
    parts: Mutex<Parts>,
    is_busy: AtomicBool,
    /// Since when no request has added to it, as far as was looked: the first look after a request begins it.
    idle_since: Mutex<Option<Instant>>,
    /// When a request last ended to add to it, or its beginning.
    used: Mutex<Instant>,
}

/// The parts that an upload was made of, where its client counts in parts. In bytes.
#[derive(Default)]
struct Parts {
    last: Option<u64>,
    smallest_before: Option<u64>,
}

/// The one request that may add to an upload, until it is dropped.
pub(crate) struct Turn(Arc<Upload>);

/// An upload that ends with this, if it has not before.
pub(crate) struct Passing<'a> {
    uploads: &'a Uploads,
    id: UploadId,
}

/// Why an upload was not begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    #[error("{open_max} uploads are open, which is as many as there may be: end some, or push again later")]
    TooMany { open_max: usize },
    #[error("an upload cannot be begun")]
    Disk(#[from] io::Error),
    #[error("an upload cannot be named")]
    Random(#[from] getrandom::Error),
}

/// Why a request may not have an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UploadError {
    #[error("there is no such upload: it has ended, was idle for an hour, or made way for others")]
    Unknown,
    #[error("another request is adding to this upload")]
    Busy,
}

// === impl Uploads ===

impl Uploads {
    /// Begins an upload. Where as many are open as may be, the one that has been idle for longest makes way.
    ///
    /// # Errors
    /// None of the others has been idle for [`YIELDS_AFTER`].
    pub(crate) fn begin(&self, repository: RepositoryKey, content: Writer) -> Result<UploadId, BeginError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let id = UploadId(u128::from_le_bytes(random));
        let upload = Upload {
            repository,
            content: Mutex::new(Some(content)),
            parts: Mutex::default(),
            is_busy: AtomicBool::new(false),
            idle_since: Mutex::default(),
            used: Mutex::new(Instant::now()),
        };
        let mut all = self.all();
        if all.len() >= self.open_max {
            let idle = all.iter().filter_map(|(id, upload)| Some((upload.unused_for()?, *id)));
            let idlest = idle.filter(|(idle, _)| *idle >= self.yields_after).max_by_key(|(idle, _)| *idle);
            let (_, yields) = idlest.ok_or(BeginError::TooMany { open_max: self.open_max })?;
            all.remove(&yields);
        }
        all.insert(id, Arc::new(upload));
        Ok(id)
    }

    /// The upload, to look at.
    pub(crate) fn get(&self, id: UploadId) -> Result<Arc<Upload>, UploadError> {
        self.all().get(&id).cloned().ok_or(UploadError::Unknown)
    }

    /// The upload, to add to; for one request at a time.
    pub(crate) fn take(&self, id: UploadId) -> Result<Turn, UploadError> {
        let upload = self.get(id)?;
        match upload.is_busy.swap(true, Ordering::AcqRel) {
            true => Err(UploadError::Busy),
            false => Ok(Turn(upload)),
        }
    }

    /// Ends an upload, whose content is dropped unless it was taken before.
    pub(crate) fn end(&self, id: UploadId) -> Option<Arc<Upload>> {
        self.all().remove(&id)
    }

    /// Makes an upload one that ends when what is given is dropped.
    pub(crate) fn passing(&self, id: UploadId) -> Passing<'_> {
        Passing { uploads: self, id }
    }

    /// The repositories that something is on its way to.
    pub(crate) fn repositories(&self) -> BTreeSet<RepositoryKey> {
        self.all().values().map(|upload| upload.repository.clone()).collect()
    }

    /// Ends those that have been idle for [`IDLE_MAX`], as far as was looked.
    pub(crate) fn end_idle(&self, now: Instant) -> usize {
        let mut all = self.all();
        let before = all.len();
        all.retain(|_, upload| upload.idle_for(now) < IDLE_MAX);
        before - all.len()
    }

    /// Ends those that no request has added to for so long.
    pub(crate) fn end_unused(&self, unused: Duration) -> usize {
        let mut all = self.all();
        let before = all.len();
        all.retain(|_, upload| upload.unused_for().is_none_or(|time| time < unused));
        before - all.len()
    }

    /// Ends all.
    pub(crate) fn clear(&self) {
        self.all().clear();
    }

    fn all(&self) -> MutexGuard<'_, HashMap<UploadId, Arc<Upload>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Uploads {
    fn default() -> Self {
        Self { all: Mutex::default(), open_max: OPEN_MAX, yields_after: YIELDS_AFTER }
    }
}

// === impl Upload ===

impl Upload {
    /// The bytes received so far.
    pub(crate) fn length(&self) -> Result<u64, UploadError> {
        self.content().as_ref().map(Writer::length).ok_or(UploadError::Unknown)
    }

    /// The length in bytes of the shortest part that another one followed.
    pub(crate) fn smallest_part_but_the_last(&self) -> Option<u64> {
        self.parts().smallest_before
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle_for(&self, now: Instant) -> Duration {
        if self.is_busy.load(Ordering::Acquire) {
            return Duration::ZERO;
        }
        now.saturating_duration_since(*self.idle_since().get_or_insert(now))
    }

    /// The time since a request last added to it; none while one does.
    fn unused_for(&self) -> Option<Duration> {
        let is_busy = self.is_busy.load(Ordering::Acquire);
        (!is_busy).then(|| self.used().elapsed())
    }

    fn used(&self) -> MutexGuard<'_, Instant> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle_since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.idle_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn content(&self) -> MutexGuard<'_, Option<Writer>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Turn ===

impl Turn {
    /// The upload.
    pub(crate) fn upload(&self) -> &Arc<Upload> {
        &self.0
    }

    /// Adds pieces. Blocks.
    pub(crate) fn write<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> io::Result<()> {
        let mut content = self.0.content();
        let writer = content.as_mut().ok_or_else(|| io::Error::other(UploadError::Unknown))?;
        pieces.into_iter().try_for_each(|piece| writer.write(piece))
    }

    /// Adds a part as a whole. Blocks.
    pub(crate) fn write_part(&self, part: &[u8]) -> io::Result<()> {
        self.write([part])?;
        let mut parts = self.0.parts();
        let before = parts.last.replace(part.len() as u64);
        parts.smallest_before = parts.smallest_before.into_iter().chain(before).min();
        Ok(())
    }

    /// Takes the content out, which ends the upload for all others.
    pub(crate) fn finish(&self) -> Result<Writer, UploadError> {
        self.0.content().take().ok_or(UploadError::Unknown)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.idle_since() = None;
        *self.0.used() = Instant::now();
        self.0.is_busy.store(false, Ordering::Release);
    }
}

// === impl Passing ===

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        self.uploads.end(self.id);
    }
}

// === impl UploadId ===

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&uuid::form(&format!("{:032x}", self.0)))
    }
}

impl FromStr for UploadId {
    type Err = UploadError;

    fn from_str(text: &str) -> Result<Self, UploadError> {
        let id = u128::from_str_radix(&text.replace('-', ""), 16).map(Self).map_err(|_| UploadError::Unknown)?;
        if id.to_string() == text { Ok(id) } else { Err(UploadError::Unknown) }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;
    use crate::digest::Algorithm;
    use crate::scope::Scope;

    fn begin(uploads: &Uploads) -> Result<UploadId, BeginError> {
        let scope = Scope::new("000000000000", "us-east-1").unwrap();
        let repository = RepositoryKey { scope, name: "app".parse().unwrap() };
        uploads.begin(
            repository,
            Writer::new(NamedTempFile::new().unwrap(), Algorithm::Sha256, fakecloud_durable::Quota::unlimited()),
        )
    }

    #[test]
    fn no_more_uploads_are_open_than_may_be() {
        assert_eq!(Uploads::default().open_max, 1_000);
        let uploads = Uploads { open_max: 2, ..Uploads::default() };
        let first = begin(&uploads).unwrap();
        begin(&uploads).unwrap();
        assert!(matches!(begin(&uploads), Err(BeginError::TooMany { open_max: 2 })));
        uploads.end(first).unwrap();
        begin(&uploads).unwrap();
    }

    #[test]
    fn uploads_that_no_request_adds_to_make_room() {
        let uploads = Uploads::default();
        let (busy, unused) = (begin(&uploads).unwrap(), begin(&uploads).unwrap());
        let _turn = uploads.take(busy).unwrap();
        assert_eq!(uploads.end_unused(Duration::from_secs(3_600)), 0);
        assert_eq!(uploads.end_unused(Duration::ZERO), 1);
        uploads.get(busy).unwrap();
        assert_eq!(uploads.get(unused).err(), Some(UploadError::Unknown));
    }

    #[test]
    fn idlest_upload_makes_way_and_none_that_is_being_added_to() {
        let uploads = Uploads { open_max: 2, yields_after: Duration::ZERO, ..Uploads::default() };
        let (busy, idle) = (begin(&uploads).unwrap(), begin(&uploads).unwrap());
        let turn = uploads.take(busy).unwrap();
        let next = begin(&uploads).unwrap();
        assert_eq!(uploads.get(idle).err(), Some(UploadError::Unknown));
        drop(turn);
        begin(&uploads).unwrap();
        assert_eq!(uploads.get(next).err(), Some(UploadError::Unknown), "the other one was used after it");
        uploads.get(busy).unwrap();
    }
}
