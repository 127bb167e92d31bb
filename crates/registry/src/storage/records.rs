//! The catalog's records: one small JSON file for each repository, manifest, tag and blob of a repository.
//!
//! A repository's lie in `<account>/<region>/<SHA-256 of its name>`: names may be longer than file names.

use std::io;
use std::path::{Path, PathBuf};

use fakecloud_durable::{self as durable, Quota};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::catalog::{Change, ManifestRecord, RepositoryKey, Settings, What};
use crate::digest::Digest;
use crate::name::RepositoryName;
use crate::scope::Scope;
use crate::storage::Disk;

/// The folder of all records.
pub(crate) struct Records {
    folder: PathBuf,
    disk: Disk,
    quota: Quota,
}

/// The file of a repository itself; without it there is none.
const REPOSITORY: &str = "repository.json";
const MANIFESTS: &str = "manifests";
const TAGS: &str = "tags";
const BLOBS: &str = "blobs";

/// What is in [`REPOSITORY`].
#[derive(Serialize, Deserialize)]
struct RepositoryFile {
    name: RepositoryName,
    #[serde(flatten)]
    settings: Settings,
}

#[derive(Serialize, Deserialize)]
struct TagFile {
    digest: Digest,
}

#[derive(Serialize, Deserialize)]
struct BlobFile {
    size: u64,
}

// === impl Records ===

impl Records {
    /// Opens the folder, making it where it is missing.
    pub(crate) fn open(folder: PathBuf, disk: Disk, quota: Quota) -> io::Result<Self> {
        durable::open_folder(&folder)?;
        Ok(Self { folder, disk, quota })
    }

    /// Everything that was written, as changes that make it again. Removes what a process that was killed was writing.
    pub(crate) fn load(&self) -> io::Result<Vec<Change>> {
        let mut changes = Vec::new();
        for (account, folder) in entries(&self.folder)? {
            for (region, folder) in entries(&folder)? {
                let scope = Scope::new(&account, &region).ok_or_else(|| unexpected(&folder))?;
                for (_, folder) in entries(&folder)? {
                    match durable::is_taken_away(&folder) {
                        true => remove_rest(&folder),
                        false => load_repository(&scope, &folder, &mut changes)?,
                    }
                }
            }
        }
        Ok(changes)
    }

    /// Writes, replaces or removes a record; a repository's removal takes all of its records away in one step.
    pub(crate) fn write(&self, change: &Change) -> io::Result<()> {
        let folder = self.repository(&change.repository);
        let put = |path: PathBuf, json: io::Result<Vec<u8>>| {
            let json = json?;
            self.quota.take(json.len() as u64)?;
            self.disk.write(&path, &json)
        };
        match &change.what {
            What::Put(settings) => {
                let file = RepositoryFile { name: change.repository.name.clone(), settings: (**settings).clone() };
                put(folder.join(REPOSITORY), json(&file))
            }
            What::Delete => self.delete(&folder),
            What::PutManifest(digest, record) => put(manifest(&folder, digest), json(record)),
            What::DeleteManifest(digest) => self.disk.remove(&manifest(&folder, digest)),
            What::PutTag(name, digest) => put(tag(&folder, name.as_str()), json(&TagFile { digest: *digest })),
            What::DeleteTag(name) => self.disk.remove(&tag(&folder, name.as_str())),
            What::PutBlob(digest, size) => put(blob(&folder, digest), json(&BlobFile { size: *size })),
            What::DeleteBlob(digest) => self.disk.remove(&blob(&folder, digest)),
        }
    }

    /// Removes all records, in one step.
    pub(crate) fn clear(&self) -> io::Result<()> {
        self.disk.empty_folder(&self.folder)
    }

    /// The repository is gone once its folder is; what is left of that is removed now or at the next start.
    fn delete(&self, folder: &Path) -> io::Result<()> {
        remove_rest(&self.disk.take_folder_away(folder)?);
        Ok(())
    }

    fn repository(&self, key: &RepositoryKey) -> PathBuf {
        let name = Digest::of(key.name.as_str().as_bytes()).hex();
        self.folder.join(key.scope.account()).join(key.scope.region()).join(name)
    }
}

/// Removes what a deleted repository has left, whose deletion does not fail with this.
fn remove_rest(folder: &Path) {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            warn!(%error, folder = %folder.display(), "records of a deleted repository cannot be removed");
        }
        Ok(()) | Err(_) => {}
    }
}

fn load_repository(scope: &Scope, folder: &Path, changes: &mut Vec<Change>) -> io::Result<()> {
    let path = folder.join(REPOSITORY);
    if !path.exists() {
        return std::fs::remove_dir_all(folder);
    }
    let RepositoryFile { name, settings } = read(&path)?;
    let repository = RepositoryKey { scope: scope.clone(), name };
    changes.push(repository.put(settings));
    for (digest, path) in records::<Digest>(&folder.join(BLOBS))? {
        let BlobFile { size } = read(&path)?;
        changes.push(repository.change(What::PutBlob(digest, size)));
    }
    for (digest, path) in records::<Digest>(&folder.join(MANIFESTS))? {
        let record: ManifestRecord = read(&path)?;
        changes.push(repository.change(What::PutManifest(digest, Box::new(record))));
    }
    for (tag, path) in records(&folder.join(TAGS))? {
        let TagFile { digest } = read(&path)?;
        changes.push(repository.change(What::PutTag(tag, digest)));
    }
    Ok(())
}

fn manifest(folder: &Path, digest: &Digest) -> PathBuf {
    folder.join(MANIFESTS).join(format!("{digest}.json"))
}

fn tag(folder: &Path, tag: &str) -> PathBuf {
    folder.join(TAGS).join(format!("{tag}.json"))
}

fn blob(folder: &Path, digest: &Digest) -> PathBuf {
    folder.join(BLOBS).join(format!("{digest}.json"))
}

/// The records of a folder by what their names say; unfinished ones are removed.
fn records<T: std::str::FromStr>(folder: &Path) -> io::Result<Vec<(T, PathBuf)>> {
    let named = |(name, path): (String, PathBuf)| {
        let parsed = name.strip_suffix(".json").and_then(|name| name.parse().ok());
        parsed.map(|parsed| (parsed, path.clone())).ok_or_else(|| unexpected(&path))
    };
    entries(folder)?.into_iter().map(named).collect()
}

/// What lies in a folder, by name; nothing if there is no folder. Unfinished files are removed.
fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let listing = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing?,
    };
    let mut entries = Vec::new();
    for entry in listing {
        let path = entry?.path();
        if durable::is_unfinished(&path) {
            std::fs::remove_file(&path)?;
        } else {
            let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| unexpected(&path))?;
            entries.push((name.to_owned(), path));
        }
    }
    entries.sort();
    Ok(entries)
}

fn json(record: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(record).map_err(io::Error::other)
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    serde_json::from_slice(&std::fs::read(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display())))
}

fn unexpected(path: &Path) -> io::Error {
    let problem = format!("{} is none of the registry's files: move it elsewhere", path.display());
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
