//! The content of blobs and manifests on disk, under its digest: written once, whole or not at all, then only read.

use std::io;
use std::path::PathBuf;

use tempfile::NamedTempFile;

use crate::digest::Digest;
use crate::storage::Disk;

/// The folder of all content: `sha256/ba/<64 digits>`.
pub(crate) struct Blobs {
    folder: PathBuf,
    disk: Disk,
}

impl Blobs {
    /// Opens the folder, making it where it is missing.
    pub(crate) fn open(folder: PathBuf, disk: Disk) -> io::Result<Self> {
        disk.create_folder(&folder)?;
        Ok(Self { folder, disk })
    }

    /// Where content with this digest is, if it is there.
    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let (shelf, _) = hex.split_at(2);
        self.folder.join(digest.algorithm().to_string()).join(shelf).join(&hex)
    }

    /// The length of content in bytes, if it is there. Blocks.
    pub(crate) fn size(&self, digest: &Digest) -> io::Result<Option<u64>> {
        match std::fs::metadata(self.path(digest)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads content that is known to be small. Blocks.
    pub(crate) fn read(&self, digest: &Digest) -> io::Result<Vec<u8>> {
        std::fs::read(self.path(digest))
    }

    /// Gives a complete file, whose content has this digest, its place. Blocks.
    pub(crate) fn put(&self, digest: &Digest, file: NamedTempFile) -> io::Result<()> {
        let path = self.path(digest);
        self.disk.create_folder(path.parent().expect("content lies on a shelf"))?;
        self.disk.put_in_place(file, &path)
    }
}
