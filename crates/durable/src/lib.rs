//! Files that are whole or not there, and stay what they are once a call returns, whenever process or power ends.

mod quota;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

pub use quota::{Limit, LimitReached, Quota};

/// What the names of files begin with that are being written: that of temporary files.
const UNFINISHED: &str = ".tmp";

/// What the names of folders end with whose content is still to be deleted.
const REMOVED: &str = "removed";

/// Writes a file whole, over an older one if need be, and makes its folder where it is missing.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    change(&[Change { path: path.to_owned(), content: Some(bytes) }])
}

/// Removes a file; one that is not there is as good.
pub fn remove(path: &Path) -> io::Result<()> {
    change(&[Change { path: path.to_owned(), content: None }])
}

/// What becomes of one file.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// Where it is.
    pub path: PathBuf,
    /// Its new content; without one it is gone, and one that was not there is as good.
    pub content: Option<&'a [u8]>,
}

/// So many files at most are open at the same time.
const OPEN_MAX: usize = 64;

/// Makes all changes in this order; files are replaced whole, and missing folders made. Each folder is flushed once for 64
/// changes, however many of its files change: that takes half as long as one change after the other. Those 64 are on the disk
/// before the next ones begin.
pub fn change(changes: &[Change<'_>]) -> io::Result<()> {
    changes.chunks(OPEN_MAX).try_for_each(change_at_once)
}

fn change_at_once(changes: &[Change<'_>]) -> io::Result<()> {
    let contents =
        changes.iter().map(|change| change.content.map(|content| written(&change.path, content)).transpose());
    let contents = contents.collect::<io::Result<Vec<Option<NamedTempFile>>>>()?;
    for file in contents.iter().flatten() {
        file.as_file().sync_all()?;
    }
    let mut folders = BTreeSet::new();
    for (Change { path, .. }, file) in changes.iter().zip(contents) {
        let is_changed = match file {
            Some(file) => file.persist(path).map(|_file| true).map_err(|error| error.error)?,
            None => removed_file(path)?,
        };
        if is_changed {
            folders.insert(folder(path));
        }
    }
    folders.into_iter().try_for_each(sync)
}

/// A file that is not in its place yet, with all its content.
fn written(path: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    let folder = folder(path);
    create_folder(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    Ok(file)
}

/// Whether there was a file to remove.
fn removed_file(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Flushes a file and moves it to its place in the same folder, so that a file with its final name is complete.
pub fn put_in_place(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Whether a file is one that a process was writing when it was killed.
pub fn is_unfinished(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes()))
}

/// Empties a folder in one step: whenever the process ends, all is there or nothing is.
pub fn empty_folder(path: &Path) -> io::Result<()> {
    let removed = take_folder_away(path)?;
    create_folder(path)?;
    remove_all(&removed)
}

/// Takes a folder away in one step: whenever the process ends, all is there or nothing is. One that is not there is as good.
/// Gives where its old content lies then, which is still to be deleted.
pub fn take_folder_away(path: &Path) -> io::Result<PathBuf> {
    let removed = taken_away(path);
    remove_all(&removed)?;
    match fs::rename(path, &removed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => sync_folder(path)?,
    }
    Ok(removed)
}

/// Whether a folder is old content that [`take_folder_away`] has left.
pub fn is_taken_away(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == REMOVED)
}

/// Opens a folder, making it where it is missing, and finishes what [`empty_folder`] had begun when its process ended.
pub fn open_folder(path: &Path) -> io::Result<()> {
    create_folder(path)?;
    remove_all(&taken_away(path))
}

/// Where the content of a folder that [`take_folder_away`] took lies until it is deleted.
pub fn taken_away(path: &Path) -> PathBuf {
    path.with_extension(REMOVED)
}

fn remove_all(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes a folder and those above it where they are missing; each new one is durable only once the one above it is. A folder
/// that is there is taken for durable.
pub fn create_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    create_folder(folder(path))?;
    match fs::create_dir(path) {
        // Somebody else was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        created => created?,
    }
    sync_folder(path)
}

/// A rename, a removal or a new folder is durable once the folder it lies in is.
fn sync_folder(path: &Path) -> io::Result<()> {
    sync(folder(path))
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_replaced_whole_in_folders_made_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c.json");
        write(&path, b"old and long").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path().join("a/b")).unwrap().count(), 1, "nothing temporary is left");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn changes_are_made_in_their_order() {
        let dir = tempfile::tempdir().unwrap();
        let change_of = |name: &str, content| Change { path: dir.path().join(name), content };
        let kept = [change_of("a", Some(&b"1"[..])), change_of("a", None), change_of("a", Some(b"2"))];
        let removed = [change_of("b", Some(&b"1"[..])), change_of("b", None), change_of("b", None)];
        change(&kept).unwrap();
        change(&removed).unwrap();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["a"]);
        assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"2");
    }

    #[test]
    fn emptied_folder_is_there_and_what_a_killed_process_left_of_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("records");
        write(&folder.join("a/b.json"), b"1").unwrap();
        empty_folder(&folder).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        write(&taken_away(&folder).join("a/b.json"), b"1").unwrap();
        open_folder(&folder).unwrap();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [folder]);
    }

    #[test]
    fn folder_under_a_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        write(&path, b"1").unwrap();
        assert!(create_folder(&path.join("below")).is_err());
        assert!(create_folder(&path).is_err());
    }

    #[test]
    fn relative_path_lies_in_the_working_directory() {
        assert_eq!(folder(Path::new("data")), Path::new("."));
        assert_eq!(folder(Path::new("/")), Path::new("/"));
        assert_eq!(folder(Path::new("/data")), Path::new("/"));
    }
}
