//! How files come to be and go: whole or not at all, and flushed to the disk where that is asked for.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

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
            Self::Cached => unless_missing(fs::remove_file(path)),
        }
    }

    /// Takes a folder away in one step; one that is not there is as good. Gives where its old content lies then, which is
    /// still to be deleted.
    pub(crate) fn take_folder_away(self, path: &Path) -> io::Result<PathBuf> {
        match self {
            Self::Flushed => durable::take_folder_away(path),
            Self::Cached => {
                let removed = durable::taken_away(path);
                unless_missing(fs::remove_dir_all(&removed))?;
                unless_missing(fs::rename(path, &removed))?;
                Ok(removed)
            }
        }
    }

    /// Empties a folder in one step: whenever the process ends, all is there or nothing is.
    pub(crate) fn empty_folder(self, path: &Path) -> io::Result<()> {
        let removed = self.take_folder_away(path)?;
        self.create_folder(path)?;
        unless_missing(fs::remove_dir_all(removed))
    }
}

/// What is not there is as good as what was removed.
fn unless_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn folders_go_in_the_same_way_whether_they_are_flushed_or_not() {
        for disk in [Disk::Flushed, Disk::Cached] {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join("records");
            for content in ["old", "new"] {
                disk.write(&folder.join(content), b"1").unwrap();
                let removed = disk.take_folder_away(&folder).unwrap();
                assert!(durable::is_taken_away(&removed));
                assert_eq!((names(dir.path()).len(), names(&removed)), (1, vec![content.to_owned()]), "{disk:?}");
            }
            disk.write(&folder.join("a/b"), b"1").unwrap();
            disk.empty_folder(&folder).unwrap();
            assert_eq!((names(dir.path()), names(&folder).len()), (vec!["records".to_owned()], 0), "{disk:?}");
            fs::remove_dir(&folder).unwrap();
            disk.take_folder_away(&folder).unwrap();
            assert_eq!(names(dir.path()).len(), 0, "{disk:?}");
        }
    }
}
