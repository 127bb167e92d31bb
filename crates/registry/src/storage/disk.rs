//! How files come to be and go: whole or not at all, and flushed to the disk where that is asked for.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use fakecloud_durable as durable;
use tempfile::NamedTempFile;

/// Whether files outlive a failure of power, or just the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    /// What a call has done is on the disk when it returns.
    Flushed,
    /// The operating system writes it when it likes.
    Cached,
}

impl Disk {
    /// Writes a small file, over an older one if need be, and makes its folder where it is missing.
    pub(crate) fn write(self, path: &Path, content: &[u8]) -> io::Result<()> {
        let folder = path.parent().expect("files of the registry lie in its folder");
        self.create_folder(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        self.put_in_place(file, path)
    }

    /// Gives a complete file its final name in the same file system.
    pub(crate) fn put_in_place(self, file: NamedTempFile, path: &Path) -> io::Result<()> {
        match self {
            Self::Flushed => durable::put_in_place(file, path),
            Self::Cached => file.persist(path).map(drop).map_err(|error| error.error),
        }
    }

    /// Makes a folder and those above it where they are missing.
    pub(crate) fn create_folder(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Flushed => durable::create_folder(path),
            Self::Cached => fs::create_dir_all(path),
        }
    }

    /// Removes a file; one that is not there is as good.
    pub(crate) fn remove(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Flushed => durable::remove(path),
            Self::Cached => match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                Ok(()) | Err(_) => Ok(()),
            },
        }
    }
}
