//! Which zips are deleted, and when. A zip is needed while a record names it, an environment may still fetch it, or the call
//! that stored it is under way.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, Weak};
use std::time::{Duration, Instant};

use super::Blobs;

/// Clients may still be about to get the zip from an address that the API has told them.
const UNNEEDED_KEPT: Duration = Duration::from_secs(15 * 60);

/// Why files that nothing needs are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// It is time to.
    Regular,
    /// There is no room for more.
    NoRoom,
}

/// Keeps a file until it is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold(Arc<()>);

/// The files that are held, and some that were.
pub(super) type Holds = HashMap<PathBuf, Weak<()>>;

impl Occasion {
    /// The time for which a file is kept after nothing needs it any more.
    fn kept(self) -> Duration {
        match self {
            Self::Regular => UNNEEDED_KEPT,
            Self::NoRoom => Duration::ZERO,
        }
    }
}

impl Blobs {
    /// Deletes the files that nothing needs: where there is room, a quarter of an hour after that was first seen. `needed` says
    /// what is needed by others than those who hold a file. Blocks.
    pub(crate) fn sweep(
        &self,
        now: Instant,
        needed: impl FnOnce() -> BTreeSet<PathBuf>,
        occasion: Occasion,
    ) -> io::Result<usize> {
        let mut paths = self.in_memory.paths();
        let entries = std::fs::read_dir(&self.zips)?.map(|entry| Ok(entry?.path()));
        paths.extend(entries.collect::<io::Result<Vec<_>>>()?);
        self.mark(now, &paths);
        // After the marks: a record that is made meanwhile names a file that was held then, which has no mark.
        let needed = needed();
        let mut deleted = 0;
        for path in paths {
            deleted += usize::from(self.sweep_file(now, path, &needed, occasion)?);
        }
        Ok(deleted)
    }

    /// Notes of each file that nobody holds that it may be unneeded from now on, if not from an earlier time.
    fn mark(&self, now: Instant, paths: &[PathBuf]) {
        let mut unneeded = self.unneeded();
        let mut holds = self.holds();
        holds.retain(|_, hold| hold.strong_count() > 0);
        for path in paths.iter().filter(|path| !holds.contains_key(*path)) {
            unneeded.entry(path.clone()).or_insert(now);
        }
    }

    /// Whether it deleted the file. The lock is held over the deletion: a file is either kept or seen to be gone.
    fn sweep_file(
        &self,
        now: Instant,
        path: PathBuf,
        needed: &BTreeSet<PathBuf>,
        occasion: Occasion,
    ) -> io::Result<bool> {
        let mut unneeded = self.unneeded();
        if needed.contains(&path) {
            unneeded.remove(&path);
            return Ok(false);
        }
        // Without a mark, a call holds the file or has held it since the others were marked.
        let since = unneeded.get(&path);
        if since.is_none_or(|since| now.saturating_duration_since(*since) < occasion.kept()) {
            return Ok(false);
        }
        unneeded.remove(&path);
        if self.in_memory.remove(&path) {
            return Ok(true);
        }
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            // A write that has just been finished under its final name.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Keeps the file at this path, which a call has stored or is about to. If it is there now, it stays.
    pub(super) fn hold(&self, path: &Path) -> Hold {
        let mut unneeded = self.unneeded();
        unneeded.remove(path);
        let mut holds = self.holds();
        let shared = holds.get(path).and_then(Weak::upgrade).unwrap_or_default();
        holds.insert(path.to_owned(), Arc::downgrade(&shared));
        Hold(shared)
    }

    /// Says whether a panic has left the state behind this lock in an unknown condition.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.unneeded.is_poisoned() || self.holds.is_poisoned() || self.in_memory.is_poisoned()
    }

    fn holds(&self) -> MutexGuard<'_, Holds> {
        self.holds.lock().expect("no holder of this lock panics")
    }

    fn unneeded(&self) -> MutexGuard<'_, HashMap<PathBuf, Instant>> {
        self.unneeded.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests;
