//! A directory for the duration of one step, on the file system of the cache.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result};

use crate::paths;

/// Removed with all its content when dropped. Its name is fixed, so that what a killed run left is removed by the
/// next; the lock on the cluster keeps two runs from sharing it.
pub(super) struct Scratch(PathBuf);

// === impl Scratch ===

impl Scratch {
    pub(super) fn new(name: &str) -> Result<Self> {
        let path = paths::cache()?.join(format!("scratch-{name}"));
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot empty {}", path.display()));
            }
            Ok(()) | Err(_) => {}
        }
        fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A failure here must not hide the step's own; the next run removes it.
        let _ = fs::remove_dir_all(&self.0);
    }
}
