//! Stored zips as environments get them: unpacked one after the other, as one tar that is made whenever it is asked for.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use fakecloud_artifacts::{LayersError, Limits, Unpacked};

use crate::common::words::chain;
use crate::disk::blobs::{Blobs, Zip};

/// The zips of one tar: a function's code, or its layers in attach order.
#[derive(Debug)]
pub(crate) struct Bundle {
    zips: Vec<PathBuf>,
    /// The index, as long as anybody makes a tar by it: all environments that start at the same time share one.
    index: Mutex<Weak<Index>>,
}

/// The bundles that anybody has: those of current deployments, and of superseded ones as long as an environment runs or waits
/// for its start.
#[derive(Debug, Default)]
pub(crate) struct Bundles(Mutex<Vec<Weak<Bundle>>>);

/// `Unpacked`, which shows nothing.
struct Index(Unpacked);

/// A tar that is about to be made.
pub(crate) struct Tar {
    index: Arc<Index>,
    zips: Vec<Box<dyn Zip>>,
}

// === impl Bundle ===

impl Bundle {
    pub(crate) fn new(zips: Vec<PathBuf>) -> Self {
        Self { zips, index: Mutex::default() }
    }

    /// The zips' paths, at one of which there may be none because it is in memory.
    pub(crate) fn zips(&self) -> &[PathBuf] {
        &self.zips
    }

    /// Opens and indexes the zips. Blocks.
    ///
    /// # Errors
    /// In words, why one of them cannot be read.
    pub(crate) fn open(&self, blobs: &Blobs) -> Result<Tar, String> {
        let zips = self.zips.iter().map(|path| blobs.open_zip(path)).collect::<io::Result<Vec<_>>>();
        let mut zips = zips.map_err(|error| error.to_string())?;
        // Held while the index is made: those who wait for it would make the same one.
        let mut shared = self.index.lock().expect("no holder of this lock panics");
        let index = match shared.upgrade() {
            Some(index) => index,
            None => {
                let unpacked = Unpacked::index(&mut zips, &Limits::default())
                    .map_err(|error| in_words(&error, self.zips.len()))?;
                let index = Arc::new(Index(unpacked));
                *shared = Arc::downgrade(&index);
                index
            }
        };
        Ok(Tar { index, zips })
    }
}

// === impl Bundles ===

impl Bundles {
    pub(crate) fn add<'a>(&self, bundles: impl IntoIterator<Item = &'a Arc<Bundle>>) {
        self.all().extend(bundles.into_iter().map(Arc::downgrade));
    }

    /// The paths of their zips, which environments may still fetch.
    pub(crate) fn zips(&self) -> Vec<PathBuf> {
        let mut all = self.all();
        all.retain(|bundle| bundle.strong_count() > 0);
        all.iter().filter_map(Weak::upgrade).flat_map(|bundle| bundle.zips().to_vec()).collect()
    }

    /// Says whether a panic has left the state behind this lock in an unknown condition.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.0.is_poisoned()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Weak<Bundle>>> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

// === impl Tar ===

impl Tar {
    /// Bytes that [`write`](Self::write) writes.
    pub(crate) fn bytes(&self) -> u64 {
        self.index.0.tar_bytes()
    }

    /// Makes the tar. Blocks. A writer that fails has nobody behind it any more, and needs to hear nothing.
    ///
    /// # Errors
    /// In words, why a zip cannot be read: its disk fails, or it is no more what it was when it was stored.
    pub(crate) fn write(mut self, out: impl Write) -> Result<(), String> {
        match self.index.0.write_tar(&mut self.zips, out) {
            Ok(_) | Err(LayersError::Write(_)) => Ok(()),
            Err(error) => Err(in_words(&error, self.zips.len())),
        }
    }
}

/// Names the layer where there are several zips.
fn in_words(error: &LayersError, zips: usize) -> String {
    if let (LayersError::Layer { source, .. }, 1) = (error, zips) { chain(source) } else { chain(error) }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Cursor;
    use std::time::{Duration, Instant};

    use bytes::Bytes;
    use tempfile::TempDir;
    use zip::write::SimpleFileOptions;

    use fakecloud_durable::Limit;

    use super::*;
    use crate::disk::blobs::Occasion;

    fn zip_of(files: &[(&str, &[u8])]) -> Bytes {
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, stored).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner().into()
    }

    /// Stored zips, and their paths.
    fn stored(zips: &[Bytes]) -> (TempDir, Blobs, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(Some(dir.path()), Limit::Percent(100)).unwrap();
        let paths = zips.iter().map(|zip| blobs.zip(&blobs.put_zip(zip).unwrap().digest.hex())).collect();
        (dir, blobs, paths)
    }

    fn tar(bundle: &Bundle, blobs: &Blobs) -> Vec<u8> {
        let (tar, mut bytes) = (bundle.open(blobs).unwrap(), Vec::new());
        let promised = tar.bytes();
        tar.write(&mut bytes).unwrap();
        assert_eq!(promised, bytes.len() as u64);
        bytes
    }

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn later_zip_wins() {
        let (_dir, blobs, paths) = stored(&[zip_of(&[("v", b"first")]), zip_of(&[("v", b"second")])]);
        let forward = tar(&Bundle::new(paths.clone()), &blobs);
        let backward = tar(&Bundle::new(paths.into_iter().rev().collect()), &blobs);
        assert!(contains(&forward, b"second") && !contains(&forward, b"first"));
        assert!(contains(&backward, b"first") && !contains(&backward, b"second"));
    }

    #[test]
    fn small_zips_of_a_process_that_keeps_nothing_are_found_in_memory() {
        let blobs = Blobs::open(None, Limit::Percent(100)).unwrap();
        let path = blobs.zip(&blobs.put_zip(&zip_of(&[("a", b"content")])).unwrap().digest.hex());
        assert!(!path.exists() && contains(&tar(&Bundle::new(vec![path]), &blobs), b"content"));
    }

    #[test]
    fn index_is_shared_by_those_who_read_at_the_same_time_and_kept_by_nobody() {
        let (_dir, blobs, paths) = stored(&[zip_of(&[("a", b"1")])]);
        let bundle = Bundle::new(paths);
        let (first, second) = (bundle.open(&blobs).unwrap(), bundle.open(&blobs).unwrap());
        assert!(Arc::ptr_eq(&first.index, &second.index));
        drop((first, second));
        assert!(bundle.index.lock().unwrap().upgrade().is_none());
    }

    #[test]
    fn zip_of_a_superseded_deployment_stays_as_long_as_a_start_waits() {
        let (_dir, blobs, paths) = stored(&[zip_of(&[("a", b"1")])]);
        let bundles = Bundles::default();
        let waiting = Arc::new(Bundle::new(paths.clone()));
        bundles.add([&waiting]);
        let mut now = Instant::now();
        let mut sweep = |occasion| {
            now += Duration::from_secs(60 * 60);
            blobs.sweep(now, || bundles.zips().into_iter().collect(), occasion).unwrap()
        };
        for occasion in [Occasion::Regular, Occasion::Regular, Occasion::NoRoom] {
            assert_eq!(sweep(occasion), 0, "{occasion:?}");
        }
        tar(&waiting, &blobs);
        drop(waiting);
        assert_eq!(sweep(Occasion::Regular) + sweep(Occasion::Regular), 1);
        assert!(!paths[0].exists() && bundles.all().is_empty());
    }

    #[test]
    fn damage_on_the_disk_is_told_by_layer_and_entry() {
        let content = b"content of layer two";
        let (_dir, blobs, paths) = stored(&[zip_of(&[("a", b"1")]), zip_of(&[("b", content)])]);
        let mut bytes = fs::read(&paths[1]).unwrap();
        let at = bytes.windows(content.len()).position(|window| window == content).unwrap();
        bytes[at] ^= 1;
        fs::write(&paths[1], bytes).unwrap();
        let bundle = Bundle::new(paths.clone());
        let cause = bundle.open(&blobs).unwrap().write(io::sink()).unwrap_err();
        assert!(cause.starts_with("layer 2 cannot be used: entry \"b\" is damaged: "), "{cause}");
        fs::remove_file(&paths[0]).unwrap();
        let cause = bundle.open(&blobs).map(drop).unwrap_err();
        assert!(cause.contains("No such file"), "{cause}");
    }
}
