//! Small zips in memory, under the paths they would have on disk: a file for each takes as long as all the rest of a create.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;

/// All of them together; what comes when this is reached goes to disk.
const BYTES_MAX: usize = 16 << 20;

/// What is kept in memory, as long as it is needed or the process runs.
#[derive(Default)]
pub(super) struct SmallZips(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    zips: HashMap<PathBuf, Bytes>,
    bytes: usize,
}

impl SmallZips {
    /// Whether the zip is kept: not where all together would be too long.
    pub(super) fn keep(&self, path: &Path, zip: &[u8]) -> bool {
        let mut kept = self.kept();
        let is_new = !kept.zips.contains_key(path);
        if is_new && kept.bytes + zip.len() > BYTES_MAX {
            return false;
        }
        if is_new {
            kept.bytes += zip.len();
            kept.zips.insert(path.to_owned(), Bytes::copy_from_slice(zip));
        }
        true
    }

    pub(super) fn get(&self, path: &Path) -> Option<Bytes> {
        self.kept().zips.get(path).cloned()
    }

    /// Whether it was there.
    pub(super) fn remove(&self, path: &Path) -> bool {
        let mut kept = self.kept();
        let removed = kept.zips.remove(path);
        kept.bytes -= removed.as_ref().map_or(0, Bytes::len);
        removed.is_some()
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.kept().zips.keys().cloned().collect()
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.0.is_poisoned()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zips_are_kept_up_to_the_limit() {
        let (zips, half) = (SmallZips::default(), vec![0; BYTES_MAX / 2]);
        let [a, b, c] = ["a", "b", "c"].map(Path::new);
        assert!(zips.keep(a, &half) && zips.keep(b, &half));
        assert!(zips.keep(a, &half), "it is there already");
        assert!(!zips.keep(c, b"1"));
        assert_eq!((zips.get(a).unwrap(), zips.get(c)), (half.clone().into(), None));
        assert!(zips.remove(a) && !zips.remove(a));
        assert!(zips.keep(c, b"1") && !zips.keep(a, &half));
        let mut paths = zips.paths();
        paths.sort();
        assert_eq!(paths, [b, c]);
    }
}
