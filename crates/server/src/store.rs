//! The control plane's records on disk: one small JSON file a record, written whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A folder of records. A file either has its old content or its new one, whenever the process dies.
pub(crate) struct Store {
    dir: PathBuf,
}

impl Store {
    /// Opens the folder, making it where it is missing.
    pub(crate) fn open(dir: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        Ok(Self { dir })
    }

    /// Every record, as key and content, in the order of the keys.
    pub(crate) fn load(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut records = Vec::new();
        collect(&self.dir, &self.dir, &mut records)?;
        records.sort();
        Ok(records)
    }

    /// Writes one record; it is on disk when this returns. `key` is a relative path of safe file names.
    pub(crate) fn put(&self, key: &str, json: &[u8]) -> io::Result<()> {
        write_atomically(&self.path(key), json)
    }

    /// Removes one record; one that is not there is as good.
    pub(crate) fn delete(&self, key: &str) -> io::Result<()> {
        let path = self.path(key);
        match std::fs::remove_file(&path) {
            Ok(()) => sync_parent(&path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.dir.join(key)
    }
}

/// Writes a file beside its place, flushes it, and moves it there.
fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().expect("a record's path has a folder");
    std::fs::create_dir_all(parent)?;
    let mut file = NamedTempFile::new_in(parent)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_parent(path)
}

/// A rename or a removal is durable once the folder is.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    std::fs::File::open(path.parent().expect("a file's path has a folder"))?.sync_all()
}

fn collect(root: &Path, dir: &Path, records: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, records)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let relative = path.strip_prefix(root).expect("a folder's entries lie in it");
            records.push((relative.to_string_lossy().into_owned(), std::fs::read(&path)?));
        }
        // Anything else is a temporary file of a write that did not end.
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().to_owned()).unwrap();
        store.put("us-east-1/b.json", b"2").unwrap();
        store.put("us-east-1/a.json", b"0").unwrap();
        store.put("us-east-1/a.json", b"1").unwrap();
        store.put("us-east-1/c.d.json", b"3").unwrap();
        store.delete("us-east-1/b.json").unwrap();
        store.delete("us-east-1/never-there.json").unwrap();

        let reopened = Store::open(dir.path().to_owned()).unwrap();
        let expected =
            [("us-east-1/a.json".to_owned(), b"1".to_vec()), ("us-east-1/c.d.json".to_owned(), b"3".to_vec())];
        assert_eq!(reopened.load().unwrap(), expected);
    }

    #[test]
    fn write_that_was_cut_off_is_no_record() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().to_owned()).unwrap();
        store.put("a.json", b"1").unwrap();
        std::fs::write(dir.path().join(".tmpX1Y2Z3"), b"{half").unwrap();
        assert_eq!(store.load().unwrap(), [("a.json".to_owned(), b"1".to_vec())]);
    }
}
