//! The content of blobs and manifests on disk, under its digest: written once, whole or not at all, then only read.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fakecloud_durable::Quota;
use tempfile::NamedTempFile;

use crate::digest::{Algorithm, Digest};
use crate::storage::{Disk, Writer};

/// Longer than any push takes between the end of its last upload and the manifest that refers to it.
const UNNEEDED_KEPT: Duration = Duration::from_secs(15 * 60);

/// The folder of all content: `sha256/ba/<64 digits>`.
pub(crate) struct Blobs {
    folder: PathBuf,
    /// Where content is that is being received, or removed: in the same file system.
    receiving: PathBuf,
    disk: Disk,
    quota: Quota,
    /// Since when nothing has needed content. What is asked for again is not in here.
    unneeded: Mutex<HashMap<Digest, Instant>>,
}

/// Why content was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the content's digest is {actual}")]
    OtherDigest { actual: Digest },
    #[error("the content cannot be stored")]
    Disk(#[from] io::Error),
}

impl Blobs {
    /// Opens the folders, making them where they are missing, and removes what was on its way in or out when a process ended.
    pub(crate) fn open(folder: PathBuf, receiving: PathBuf, disk: Disk, quota: Quota) -> io::Result<Self> {
        disk.create_folder(&folder)?;
        disk.create_folder(&receiving)?;
        for entry in fs::read_dir(&receiving)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(Self { folder, receiving, disk, quota, unneeded: Mutex::default() })
    }

    /// Begins to receive content; the digest is taken by this algorithm meanwhile. Blocks.
    pub(crate) fn receive(&self, algorithm: Algorithm) -> io::Result<Writer> {
        Ok(Writer::new(NamedTempFile::new_in(&self.receiving)?, algorithm, self.quota.clone()))
    }

    /// Puts what was received in its place; content that has another digest is gone. Gives the length in bytes. Blocks.
    pub(crate) fn store(&self, received: Writer, expected: &Digest) -> Result<u64, StoreError> {
        let length = received.length();
        let (file, actual) = received.finish(expected.algorithm())?;
        if actual != *expected {
            return Err(StoreError::OtherDigest { actual });
        }
        if !self.keeps(expected) {
            let path = self.path(expected);
            self.disk.create_folder(path.parent().expect("content lies on a shelf"))?;
            self.disk.put_in_place(file, &path)?;
        }
        Ok(length)
    }

    /// Opens content. Blocks.
    pub(crate) fn file(&self, digest: &Digest) -> io::Result<File> {
        File::open(self.path(digest))
    }

    /// Reads content that is known to be small. Blocks.
    pub(crate) fn read(&self, digest: &Digest) -> io::Result<Vec<u8>> {
        fs::read(self.path(digest))
    }

    /// Notes that somebody counts on the content: if it is there, it stays for at least [`UNNEEDED_KEPT`].
    pub(crate) fn need(&self, digest: &Digest) {
        self.unneeded().remove(digest);
    }

    /// Whether the content is there; if so it stays for at least [`UNNEEDED_KEPT`].
    fn keeps(&self, digest: &Digest) -> bool {
        self.need(digest);
        self.path(digest).exists()
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let (shelf, _) = hex.split_at(2);
        self.folder.join(digest.algorithm().to_string()).join(shelf).join(&hex)
    }

    fn unneeded(&self) -> MutexGuard<'_, HashMap<Digest, Instant>> {
        self.unneeded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What garbage collection is made of.
impl Blobs {
    /// Whether nothing has needed the content for [`UNNEEDED_KEPT`], as far as was looked: the first look begins it.
    pub(crate) fn is_due(&self, now: Instant, digest: &Digest) -> bool {
        let since = *self.unneeded().entry(*digest).or_insert(now);
        now.saturating_duration_since(since) >= UNNEEDED_KEPT
    }

    /// All content there is. Blocks.
    pub(crate) fn list(&self) -> io::Result<Vec<Digest>> {
        let mut digests = Vec::new();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let shelves = match fs::read_dir(self.folder.join(algorithm.to_string())) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                shelves => shelves?,
            };
            for shelf in shelves {
                for entry in fs::read_dir(shelf?.path())? {
                    let name = entry?.file_name();
                    let digest: Option<Digest> =
                        name.to_str().and_then(|hex| format!("{algorithm}:{hex}").parse().ok());
                    digests.extend(digest);
                }
            }
        }
        Ok(digests)
    }

    /// Deletes content if it is still due, and gives the number of its bytes. Whoever asks for it meanwhile either keeps it
    /// or sees that it is gone. Blocks.
    pub(crate) fn delete_due(&self, now: Instant, digest: &Digest) -> io::Result<Option<u64>> {
        let removed = self.receiving.join(format!("{}.removed", digest.hex()));
        {
            let mut unneeded = self.unneeded();
            let is_due =
                unneeded.get(digest).is_some_and(|since| now.saturating_duration_since(*since) >= UNNEEDED_KEPT);
            if !is_due {
                return Ok(None);
            }
            unneeded.remove(digest);
            // To remove a large file takes long, and requests wait for this lock; another name is as good as none.
            fs::rename(self.path(digest), &removed)?;
        }
        let length = fs::metadata(&removed)?.len();
        fs::remove_file(&removed)?;
        Ok(Some(length))
    }
}
