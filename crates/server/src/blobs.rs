//! Code zips and layer tars on disk, named by their content: written once, whole or not at all, then only read.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fakecloud_artifacts::{ArchiveError, LayersError, Limits, Sha256Digest, check_zip, write_layer_tar};
use tempfile::{NamedTempFile, TempDir};

use crate::store::sync_parent;

/// The folder of all artifacts.
pub(crate) struct Blobs {
    zips: PathBuf,
    layers: PathBuf,
    /// Deletes the folder at the end where nobody asked to keep it.
    _temporary: Option<TempDir>,
}

/// A zip that was checked and is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredZip {
    pub(crate) digest: Sha256Digest,
    pub(crate) bytes: u64,
    pub(crate) unzipped_bytes: u64,
}

/// Why a zip was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PutError {
    #[error("the archive is refused")]
    Archive(#[from] ArchiveError),
    #[error("the archive cannot be written to {dir}", dir = .dir.display())]
    Disk { dir: PathBuf, source: io::Error },
}

/// Why the layers of a function could not be merged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeError {
    #[error("the layers cannot be merged")]
    Layers(#[from] LayersError),
    #[error("a layer archive cannot be read or merged on disk")]
    Disk(#[from] io::Error),
}

impl Blobs {
    /// Artifacts below `data_dir`, or in a temporary folder that ends with the process.
    pub(crate) fn open(data_dir: Option<&Path>) -> io::Result<Self> {
        let temporary = match data_dir {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("fakecloud-").tempdir()?),
        };
        let root = data_dir.or_else(|| temporary.as_ref().map(TempDir::path)).expect("one of the two is there");
        let (zips, layers) = (root.join("zips"), root.join("layers"));
        std::fs::create_dir_all(&zips)?;
        std::fs::create_dir_all(&layers)?;
        Ok(Self { zips, layers, _temporary: temporary })
    }

    /// Checks an uploaded zip to its last byte and stores it. Blocks: run it where that is allowed.
    pub(crate) fn put_zip(&self, zip: &Bytes) -> Result<StoredZip, PutError> {
        let summary = check_zip(&mut Cursor::new(zip), &Limits::default())?;
        let digest = Sha256Digest::of(zip);
        let path = self.zip(&digest.hex());
        if !path.exists() {
            let disk = |source| PutError::Disk { dir: self.zips.clone(), source };
            self.write_zip(&path, zip).map_err(disk)?;
        }
        Ok(StoredZip { digest, bytes: zip.len() as u64, unzipped_bytes: summary.unzipped_bytes })
    }

    fn write_zip(&self, path: &Path, zip: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.zips)?;
        file.write_all(zip)?;
        put_in_place(file, path)
    }

    /// Where the zip with this digest is.
    pub(crate) fn zip(&self, sha256_hex: &str) -> PathBuf {
        self.zips.join(format!("{sha256_hex}.zip"))
    }

    /// Merges stored layer zips, in attach order, into one tar, unless that was done before. Blocks.
    pub(crate) fn layers_tar(&self, digests: &[&str]) -> Result<PathBuf, MergeError> {
        let name = Sha256Digest::of(digests.join("\n").as_bytes());
        let path = self.layers.join(format!("{name}.tar"));
        if !path.exists() {
            let open = |digest: &&str| File::open(self.zip(digest)).map(BufReader::new);
            let mut zips = digests.iter().map(open).collect::<io::Result<Vec<_>>>()?;
            let file = NamedTempFile::new_in(&self.layers)?;
            let mut writer = BufWriter::new(file.as_file());
            write_layer_tar(&mut zips, &Limits::default(), &mut writer)?;
            writer.flush()?;
            drop(writer);
            put_in_place(file, &path)?;
        }
        Ok(path)
    }
}

/// Flushes a file and moves it to its place, so that a file with its final name is complete.
fn put_in_place(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_parent(path)
}
