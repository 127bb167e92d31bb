//! The control plane's records on disk: one small JSON file a record, written whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

use fakecloud_durable::{self as durable, Change, Quota};

/// The folder of IAM's records; all others are Lambda's.
pub(crate) const IAM: &str = "iam/";

/// What a reset removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cleared {
    /// All records.
    All,
    /// All but IAM's.
    Lambda,
}

/// What becomes of one record.
pub(crate) struct Write {
    /// A relative path of safe file names.
    key: String,
    /// The new content; without one the record is gone.
    json: Option<Vec<u8>>,
}

/// A folder of records. A file either has its old content or its new one, whenever the process dies.
pub(crate) struct Store {
    dir: PathBuf,
    quota: Quota,
}

impl Store {
    /// Opens the folder, making it where it is missing.
    pub(crate) fn open(dir: PathBuf, quota: Quota) -> io::Result<Self> {
        durable::open_folder(&dir)?;
        Ok(Self { dir, quota })
    }

    /// Every record, as key and content, in the order of the keys. Removes what a process that was killed was writing.
    pub(crate) fn load(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let read = |key: String| std::fs::read(self.dir.join(&key)).map(|json| (key, json));
        self.keys()?.into_iter().map(read).collect()
    }

    /// Writes or removes records, in this order; all of that is on disk when this returns. Whether there is room was asked
    /// before the state changed, so that nothing is refused here.
    pub(crate) fn write<'a>(&self, writes: impl IntoIterator<Item = &'a Write>) -> io::Result<()> {
        let change = |write: &'a Write| {
            self.quota.note(write.json.as_deref().map_or(0, <[u8]>::len) as u64);
            Change { path: self.dir.join(&write.key), content: write.json.as_deref() }
        };
        durable::change(&writes.into_iter().map(change).collect::<Vec<_>>())
    }

    /// Removes records: all of them in one step, those of one service one after the other.
    pub(crate) fn clear(&self, what: Cleared) -> io::Result<()> {
        match what {
            Cleared::All => durable::empty_folder(&self.dir),
            Cleared::Lambda => {
                let of_lambda = self.keys()?.into_iter().filter(|key| !key.starts_with(IAM));
                let gone: Vec<Write> = of_lambda.map(|key| Write { key, json: None }).collect();
                self.write(&gone)
            }
        }
    }

    fn keys(&self) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        collect(&self.dir, &self.dir, &mut keys)?;
        keys.sort();
        Ok(keys)
    }
}

impl From<fakecloud_lambda::Change> for Write {
    fn from(change: fakecloud_lambda::Change) -> Self {
        match change {
            fakecloud_lambda::Change::Put { key, json } => Self { key, json: Some(json) },
            fakecloud_lambda::Change::Delete { key } => Self { key, json: None },
        }
    }
}

impl From<fakecloud_iam::Change> for Write {
    fn from(change: fakecloud_iam::Change) -> Self {
        match change {
            fakecloud_iam::Change::Put { key, json } => Self { key: format!("{IAM}{key}"), json: Some(json) },
            fakecloud_iam::Change::Delete { key } => Self { key: format!("{IAM}{key}"), json: None },
        }
    }
}

fn collect(root: &Path, dir: &Path, keys: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, keys)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let relative = path.strip_prefix(root).expect("a folder's entries lie in it");
            keys.push(relative.to_string_lossy().into_owned());
        } else if durable::is_unfinished(&path) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, json: &[u8]) -> Write {
        Write { key: key.to_owned(), json: Some(json.to_vec()) }
    }

    fn delete(key: &str) -> Write {
        Write { key: key.to_owned(), json: None }
    }

    #[test]
    fn records_come_back_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().to_owned(), Quota::unlimited()).unwrap();
        let first = [put("us-east-1/b.json", b"2"), put("us-east-1/a.json", b"0"), put("us-east-1/a.json", b"1")];
        store.write(&first).unwrap();
        let then = [put("eu-west-1/c.d.json", b"3"), delete("us-east-1/b.json"), delete("us-east-1/never-there.json")];
        store.write(&then).unwrap();

        let reopened = Store::open(dir.path().to_owned(), Quota::unlimited()).unwrap();
        let expected =
            [("eu-west-1/c.d.json".to_owned(), b"3".to_vec()), ("us-east-1/a.json".to_owned(), b"1".to_vec())];
        assert_eq!(reopened.load().unwrap(), expected);
    }

    #[test]
    fn records_of_iam_are_left_where_only_those_of_lambda_go() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().to_owned(), Quota::unlimited()).unwrap();
        let keys = ["000000000000/us-east-1/functions/f.json", "iam/000000000000/roles/r.json", "iamb.json"];
        store.write(&keys.map(|key| put(key, b"1"))).unwrap();
        store.clear(Cleared::Lambda).unwrap();
        assert_eq!(store.load().unwrap(), [(keys[1].to_owned(), b"1".to_vec())]);
        store.clear(Cleared::All).unwrap();
        assert_eq!(store.load().unwrap(), []);
    }

    #[test]
    fn write_that_was_cut_off_is_no_record() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().to_owned(), Quota::unlimited()).unwrap();
        store.write(&[put("a.json", b"1")]).unwrap();
        let unfinished = dir.path().join(".tmpX1Y2Z3");
        std::fs::write(&unfinished, b"{half").unwrap();
        assert_eq!(store.load().unwrap(), [("a.json".to_owned(), b"1".to_vec())]);
        assert!(!unfinished.exists());
    }
}
