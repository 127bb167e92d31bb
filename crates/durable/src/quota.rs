//! A limit for all that a folder keeps.

use std::error::Error;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most that a folder may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// In bytes.
    Bytes(u64),
    /// In per cent, from 1 to 100, of the room on the folder's volume: of what the folder keeps and what is free.
    Percent(u8),
}

/// Counts what a folder keeps, and refuses what would be too much. Clones count together.
#[derive(Debug, Clone)]
pub struct Quota(Option<Arc<Counted>>);

#[derive(Debug)]
struct Counted {
    folder: PathBuf,
    limit: Limit,
    state: Mutex<State>,
}

/// As it was measured, and what has come since.
#[derive(Debug, Clone, Copy)]
struct State {
    used: u64,
    max: u64,
    measured: Instant,
}

/// A folder keeps as much as it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitReached {
    used: u64,
    max: u64,
}

/// A file takes whole blocks of a file system; this is the size of most.
const BLOCK_BYTES: u64 = 4096;

/// What is left below this is no room: the next records would not fit.
const RESERVE_BYTES: u64 = 64 << 10;

/// Between two measurements because of a refusal at least: files may have gone meanwhile.
const MEASURED_FOR: Duration = Duration::from_secs(1);

// === impl Quota ===

impl Quota {
    /// Counts nothing and refuses nothing.
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// Measures a folder, which exists. Blocks.
    ///
    /// # Errors
    ///
    /// A folder or volume that cannot be read.
    pub fn of(folder: &Path, limit: Limit) -> io::Result<Self> {
        let state = Mutex::new(measured(folder, limit)?);
        Ok(Self(Some(Arc::new(Counted { folder: folder.to_owned(), limit, state }))))
    }

    /// Counts what is about to be written, in bytes. Blocks where the folder has to be measured again.
    ///
    /// # Errors
    ///
    /// [`LimitReached`], as an error of the kind `StorageFull`, where that is more than fits.
    pub fn take(&self, bytes: u64) -> io::Result<()> {
        let Some(counted) = &self.0 else { return Ok(()) };
        if counted.take(bytes) {
            return Ok(());
        }
        counted.measure_again();
        match counted.take(bytes) {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::StorageFull, counted.reached())),
        }
    }

    /// Counts what is written in any case, in bytes.
    pub fn note(&self, bytes: u64) {
        if let Some(counted) = &self.0 {
            counted.state().used += in_blocks(bytes);
        }
    }

    /// Refuses where no further record fits, as far as is known: it does not measure.
    ///
    /// # Errors
    ///
    /// [`LimitReached`].
    pub fn check(&self) -> Result<(), LimitReached> {
        match &self.0 {
            Some(counted) if !counted.has_room(RESERVE_BYTES) => Err(counted.reached()),
            _ => Ok(()),
        }
    }

    /// Looks at what is really there. Blocks.
    pub fn measure(&self) {
        if let Some(counted) = &self.0
            && let Ok(state) = measured(&counted.folder, counted.limit)
        {
            *counted.state() = state;
        }
    }

    /// The same, unless that was done a moment ago. Blocks.
    pub fn measure_again(&self) {
        if let Some(counted) = &self.0 {
            counted.measure_again();
        }
    }
}

// === impl Counted ===

impl Counted {
    fn take(&self, bytes: u64) -> bool {
        let mut state = self.state();
        let used = state.used.saturating_add(in_blocks(bytes));
        let fits = used <= state.max;
        if fits {
            state.used = used;
        }
        fits
    }

    fn has_room(&self, bytes: u64) -> bool {
        let state = self.state();
        state.used.saturating_add(bytes) <= state.max
    }

    fn measure_again(&self) {
        if self.state().measured.elapsed() < MEASURED_FOR {
            return;
        }
        if let Ok(state) = measured(&self.folder, self.limit) {
            *self.state() = state;
        }
    }

    fn reached(&self) -> LimitReached {
        let State { used, max, .. } = *self.state();
        LimitReached { used, max }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn measured(folder: &Path, limit: Limit) -> io::Result<State> {
    let used = used(folder)?;
    let max = match limit {
        Limit::Bytes(bytes) => bytes,
        Limit::Percent(percent) => {
            let volume = rustix::fs::statvfs(folder)?;
            let room = used.saturating_add(volume.f_bavail.saturating_mul(volume.f_frsize));
            room / 100 * u64::from(percent)
        }
    };
    Ok(State { used, max, measured: Instant::now() })
}

/// What all files below a folder take on the disk, in bytes. A file that has just gone takes nothing.
fn used(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => sum += unless_gone(used(&entry.path()))?,
            Ok(metadata) => sum += metadata.blocks() * 512,
            Err(error) => sum += unless_gone(Err(error))?,
        }
    }
    Ok(sum)
}

fn unless_gone(bytes: io::Result<u64>) -> io::Result<u64> {
    match bytes {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        bytes => bytes,
    }
}

fn in_blocks(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK_BYTES).saturating_mul(BLOCK_BYTES)
}

// === impl LimitReached ===

impl LimitReached {
    /// The limit that is behind an error, if it is one.
    pub fn behind<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Self> {
        let of_io = error.downcast_ref().and_then(|error: &io::Error| error.get_ref());
        let itself = of_io.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref());
        let next = of_io.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
        itself.or_else(|| next.and_then(Self::behind))
    }
}

impl std::fmt::Display for LimitReached {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "the {} bytes that FAKECLOUD_DATA_LIMIT lets this server keep are used up ({} are taken): delete functions, \
             layer versions or images, whose files go within 20 minutes, or set a higher limit",
            self.max, self.used
        )
    }
}

impl Error for LimitReached {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_counts_and_what_would_be_too_much_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("below")).unwrap();
        fs::write(dir.path().join("below/file"), vec![1; 100_000]).unwrap();
        let quota = Quota::of(dir.path(), Limit::Bytes(300_000)).unwrap();
        quota.take(100_000).unwrap();
        assert_eq!(quota.check(), Ok(()));
        let error = quota.take(100_000).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let wrapped = io::Error::other(error);
        let reached = LimitReached::behind(&wrapped).unwrap().to_string();
        assert!(reached.starts_with("the 300000 bytes that FAKECLOUD_DATA_LIMIT"), "{reached}");
        assert_eq!(LimitReached::behind(&io::Error::from(io::ErrorKind::StorageFull)), None);
        quota.note(50_000);
        assert!(quota.check().is_err(), "no record fits any more");

        // Nothing of that was written.
        quota.measure();
        quota.take(100_000).unwrap();
        fs::remove_file(dir.path().join("below/file")).unwrap();
        quota.measure();
        quota.take(290_000).unwrap();
    }

    #[test]
    fn per_cent_are_those_of_what_is_kept_and_what_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let max = |percent| Quota::of(dir.path(), Limit::Percent(percent)).unwrap().0.unwrap().reached().max;
        let (tenth, all) = (max(10), max(100));
        assert!(all > 0 && tenth < all / 5, "{tenth} of {all}");
        assert_eq!(Quota::unlimited().check(), Ok(()));
        Quota::unlimited().take(u64::MAX).unwrap();
    }
}
