//! A limit for all that a folder keeps.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
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

struct Counted {
    folder: PathBuf,
    limit: Limit,
    state: Mutex<State>,
    /// One caller at a time collects.
    collector: Mutex<Collector>,
    /// Something may be unneeded that was needed when the collector last ran.
    has_freed: AtomicBool,
}

/// Deletes what nothing needs.
struct Collector {
    run: Option<Box<dyn Fn() + Send>>,
    /// When it ran last because something was about to be refused, or the folder was measured as if it had.
    ran: Option<Instant>,
}

/// As it was measured, and what has come since.
#[derive(Debug, Clone, Copy)]
struct State {
    used: u64,
    max: u64,
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

/// Between two measurements, and collections before them, because of a refusal at least: files may have gone meanwhile.
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
        // It was measured just now.
        let collector = Mutex::new(Collector { run: None, ran: Some(Instant::now()) });
        Ok(Self(Some(Arc::new(Counted {
            folder: folder.to_owned(),
            limit,
            state,
            collector,
            has_freed: AtomicBool::new(false),
        }))))
    }

    /// Has `collect` delete what nothing needs before anything is refused. It may block; it may not ask this quota for room.
    pub fn collect_with(&self, collect: impl Fn() + Send + 'static) {
        if let Some(counted) = &self.0 {
            *counted.collector() = Collector { run: Some(Box::new(collect)), ran: None };
        }
    }

    /// Says that something may be unneeded from now on: the next refusal is preceded by a collection, however soon it comes.
    pub fn freed(&self) {
        if let Some(counted) = &self.0 {
            counted.has_freed.store(true, Ordering::Release);
        }
    }

    /// Counts what is about to be written, in bytes. Where that is more than fits, what nothing needs is collected first, and the
    /// folder is measured again: this blocks.
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

    /// The same once what nothing needs is collected, unless that was done a moment ago. Blocks.
    pub fn measure_again(&self) {
        if let Some(counted) = &self.0 {
            counted.measure_again();
        }
    }
}

// === impl Counted ===

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counted").field("folder", &self.folder).field("limit", &self.limit).finish_non_exhaustive()
    }
}

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
        // Held to the end, so that all who are about to be refused have what one of them collects.
        let mut collector = self.collector();
        let has_freed = self.has_freed.swap(false, Ordering::AcqRel);
        if !has_freed && collector.ran.is_some_and(|ran| ran.elapsed() < MEASURED_FOR) {
            return;
        }
        if let Some(run) = &collector.run {
            run();
        }
        collector.ran = Some(Instant::now());
        if let Ok(state) = measured(&self.folder, self.limit) {
            *self.state() = state;
        }
    }

    fn reached(&self) -> LimitReached {
        let State { used, max } = *self.state();
        LimitReached { used, max }
    }

    fn collector(&self) -> MutexGuard<'_, Collector> {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
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
    Ok(State { used, max })
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

impl fmt::Display for LimitReached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the {} bytes that FAKECLOUD_DATA_LIMIT lets this server keep are used up ({} are taken): delete functions, \
             layer versions or images, or set a higher limit",
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
    fn what_nothing_needs_makes_room_before_anything_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let unneeded = dir.path().join("unneeded");
        fs::write(&unneeded, vec![1; 200_000]).unwrap();
        let quota = Quota::of(dir.path(), Limit::Bytes(300_000)).unwrap();
        let removed = unneeded.clone();
        quota.collect_with(move || drop(fs::remove_file(&removed)));
        quota.take(50_000).unwrap();
        assert!(unneeded.exists(), "there is room");
        quota.take(250_000).unwrap();
        assert!(!unneeded.exists());
        fs::write(&unneeded, vec![1; 200_000]).unwrap();
        assert!(quota.take(250_000).is_err(), "it was looked for a moment ago");
        quota.freed();
        quota.take(40_000).unwrap();
        assert!(unneeded.exists(), "there is room");
        quota.take(250_000).unwrap();
        assert!(!unneeded.exists());
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
