//! The zips of code and layers, named by their content: written once, whole or not at all, then only read. They are on disk,
//! but for small zips of a process that keeps nothing.

mod small_zips;
mod sweep;

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use bytes::Bytes;
use fakecloud_artifacts::{ArchiveError, DigestWriter, Limits, Remark, Sha256Digest, ZipSummary, check_zip};
use fakecloud_durable::{self as durable, Limit, Quota};
use tempfile::{NamedTempFile, TempDir};

use self::small_zips::SmallZips;
use self::sweep::Holds;
pub(crate) use self::sweep::{Hold, Occasion};

/// What is longer than all of its entries together may be is not worth looking into.
const ZIP_BYTES_MAX: u64 = 262_144_000;

/// What such a zip unpacks to, a thousand times as much at most, is read in a few milliseconds.
const SMALL_BYTES_MAX: usize = 4 << 10;

/// The folder of all artifacts.
pub(crate) struct Blobs {
    zips: PathBuf,
    /// What all that lies in the root counts towards.
    quota: Quota,
    /// What would lie in `zips`.
    in_memory: SmallZips,
    /// Since when nothing has needed a file. A file that is asked for again is not in here.
    unneeded: Mutex<HashMap<PathBuf, Instant>>,
    /// The files of calls under way. The lock is taken under that of `unneeded` alone.
    holds: Mutex<Holds>,
    /// Keeps every other process out of the folder; the kernel lets go of it however this one ends.
    _lock: File,
    /// Deletes the folder at the end where nobody asked to keep it.
    temporary: Option<TempDir>,
}

/// A zip that was checked and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredZip {
    pub(crate) digest: Sha256Digest,
    pub(crate) bytes: u64,
    pub(crate) unzipped_bytes: u64,
    /// What its owner should hear of.
    pub(crate) remarks: Vec<Remark>,
    /// Keeps the zip until a record names it.
    pub(crate) hold: Hold,
}

/// A zip, wherever it is.
pub(crate) trait Zip: Read + Seek + Send {}

impl<T: Read + Seek + Send> Zip for T {}

/// Why a zip was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PutError {
    #[error("the archive is refused")]
    Archive(#[from] ArchiveError),
    #[error("the archive is longer than {ZIP_BYTES_MAX} bytes")]
    TooLong,
    #[error("the archive could not be received")]
    Source(#[source] io::Error),
    #[error("the archive cannot be written to {dir}", dir = .dir.display())]
    Disk { dir: PathBuf, source: io::Error },
}

impl Blobs {
    /// Artifacts below `data_dir`, which no other process may be using, or in a temporary folder that ends with the
    /// process.
    pub(crate) fn open(data_dir: Option<&Path>, limit: Limit) -> io::Result<Self> {
        let temporary = match data_dir {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("fakecloud-").tempdir()?),
        };
        let root = data_dir.or_else(|| temporary.as_ref().map(TempDir::path)).expect("one of the two is there");
        let lock = lock(root)?;
        let zips = root.join("zips");
        durable::create_folder(&zips)?;
        remove_unfinished(&zips)?;
        remove_layer_tars(&root.join("layers"))?;
        let (in_memory, quota) = (SmallZips::default(), Quota::of(root, limit)?);
        let (unneeded, holds) = (Mutex::default(), Mutex::default());
        Ok(Self { zips, quota, in_memory, unneeded, holds, _lock: lock, temporary })
    }

    /// The folder that the artifacts' folders lie in, for what else is kept in files.
    pub(crate) fn root(&self) -> &Path {
        self.zips.parent().expect("zips lie in a folder of the root")
    }

    /// What all that lies in the [root](Self::root) counts towards.
    pub(crate) fn quota(&self) -> &Quota {
        &self.quota
    }

    /// Whether [`Self::put_zip`] takes less time than handing it to a thread that may block does: the zip is small, and
    /// nothing outlives the process.
    pub(crate) fn stores_in_no_time(&self, zip: &Bytes) -> bool {
        self.temporary.is_some() && zip.len() <= SMALL_BYTES_MAX
    }

    /// Checks an uploaded zip to its last byte and stores it. Blocks: run it where that is allowed.
    pub(crate) fn put_zip(&self, zip: &Bytes) -> Result<StoredZip, PutError> {
        let summary = check_zip(&mut Cursor::new(zip), &Limits::default())?;
        let digest = Sha256Digest::of(zip);
        let path = self.zip(&digest.hex());
        let hold = self.hold(&path);
        let is_in_memory = self.stores_in_no_time(zip) && self.in_memory.keep(&path, zip);
        if !is_in_memory && !self.has(&path) {
            let disk = |source| PutError::Disk { dir: self.zips.clone(), source };
            self.quota.take(zip.len() as u64).map_err(disk)?;
            let file = NamedTempFile::new_in(&self.zips).map_err(disk)?;
            file.as_file().write_all(zip).and_then(|()| self.put_in_place(file, &path)).map_err(disk)?;
        }
        let ZipSummary { unzipped_bytes, remarks, .. } = summary;
        Ok(StoredZip { digest, bytes: zip.len() as u64, unzipped_bytes, remarks, hold })
    }

    /// Receives a zip piece by piece, and checks and stores it as [`Self::put_zip`] does; no more than a piece of it is in
    /// memory. Blocks.
    pub(crate) fn receive_zip(
        &self,
        pieces: impl IntoIterator<Item = io::Result<Bytes>>,
    ) -> Result<StoredZip, PutError> {
        let disk = |source| PutError::Disk { dir: self.zips.clone(), source };
        let file = NamedTempFile::new_in(&self.zips).map_err(disk)?;
        let mut writer = DigestWriter::new(file.as_file());
        let mut left = ZIP_BYTES_MAX;
        for piece in pieces {
            let piece = piece.map_err(PutError::Source)?;
            left = left.checked_sub(piece.len() as u64).ok_or(PutError::TooLong)?;
            self.quota.take(piece.len() as u64).and_then(|()| writer.write_all(&piece)).map_err(disk)?;
        }
        let (_file, digest, bytes) = writer.finish();
        let mut zip = BufReader::new(file.as_file());
        zip.rewind().map_err(disk)?;
        let summary = check_zip(&mut zip, &Limits::default())?;
        let path = self.zip(&digest.hex());
        let hold = self.hold(&path);
        if !self.has(&path) {
            durable::put_in_place(file, &path).map_err(disk)?;
        }
        let ZipSummary { unzipped_bytes, remarks, .. } = summary;
        Ok(StoredZip { digest, bytes, unzipped_bytes, remarks, hold })
    }

    /// Where the zip with this digest is, unless it is [in memory](Self::in_memory).
    pub(crate) fn zip(&self, sha256_hex: &str) -> PathBuf {
        self.zips.join(format!("{sha256_hex}.zip"))
    }

    /// The zip that is in memory instead of at this path.
    pub(crate) fn in_memory(&self, path: &Path) -> Option<Bytes> {
        self.in_memory.get(path)
    }

    fn has(&self, path: &Path) -> bool {
        self.in_memory.get(path).is_some() || path.exists()
    }

    /// Opens the zip at this path, wherever it is.
    pub(crate) fn open_zip(&self, path: &Path) -> io::Result<Box<dyn Zip>> {
        Ok(match self.in_memory(path) {
            Some(zip) => Box::new(Cursor::new(zip)),
            None => Box::new(BufReader::new(File::open(path)?)),
        })
    }

    /// Moves a complete file to its place. Where the folder ends with the process, nothing is flushed to the disk: that
    /// takes longer than all the rest of a create.
    fn put_in_place(&self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        match self.temporary {
            Some(_) => file.persist(path).map(drop).map_err(|error| error.error),
            None => durable::put_in_place(file, path),
        }
    }
}

/// Takes a folder for this process alone: two would remove each other's unfinished files and overwrite their records.
fn lock(dir: &Path) -> io::Result<File> {
    durable::create_folder(dir)?;
    let path = dir.join("lock");
    let file = File::create(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another fakecloud is using it: end that one, or give each a directory of its own",
        )),
        Err(TryLockError::Error(error)) => {
            Err(io::Error::new(error.kind(), format!("{} cannot be locked: {error}", path.display())))
        }
    }
}

/// Earlier versions kept the tars of layers, which are made while they are sent today. All else in the folder is the
/// operator's, who may have put layers there.
fn remove_layer_tars(dir: &Path) -> io::Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if is_layer_tar(&path) || path.is_file() && durable::is_unfinished(&path) {
            std::fs::remove_file(path)?;
        }
    }
    // It stays where it holds anything else, or is a volume of its own.
    drop(std::fs::remove_dir(dir));
    Ok(())
}

fn is_layer_tar(path: &Path) -> bool {
    let digest = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".tar"));
    digest.is_some_and(|digest| Sha256Digest::from_hex(digest).is_ok())
}

/// Removes what a process that was killed was writing.
fn remove_unfinished(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if durable::is_unfinished(&path) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
