//! Programs that push, pull and serve container images, for the tests and the benchmark: skopeo, Docker's daemon and
//! Debian's `docker-registry` from Debian's packages, oras from PyPI; into the cache, installed nowhere.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{debian, paths, python, shell};

const ORAS_WHEELS: &str = include_str!("../assets/oras/requirements.txt");

/// The packages; what they depend on comes along unless this machine has it.
const PACKAGES: [&str; 3] = ["docker.io", "docker-registry", "skopeo"];

/// Programs and libraries in Debian's layout.
pub(crate) struct ImageTools {
    /// The root below which the packages are unpacked. A program that it lacks is installed on this machine.
    pub(crate) root: PathBuf,
}

/// Fetches the programs, unless an earlier run did.
///
/// # Errors
/// A machine without apt, or one whose apt cannot get the packages; nothing half is left.
pub(crate) fn ensure() -> Result<ImageTools> {
    let all = paths::cache()?.join("image-tools");
    fs::create_dir_all(&all)?;
    // Held until the end: of two runs at once the second finds what the first fetched.
    let lock = File::create(all.join(".lock"))?;
    lock.lock().with_context(|| format!("cannot lock {}", all.display()))?;

    let root = all.join("root");
    if !root.is_dir() {
        shell::step(&format!("unpacking the Debian packages {}", PACKAGES.join(" ")));
        let unfinished = tempfile::tempdir_in(&all)?;
        let (packages, unpacked) = (unfinished.path().join("packages"), unfinished.path().join("root"));
        debian::download_missing(&PACKAGES, &packages)?;
        debian::unpack(&packages, &unpacked)?;
        fs::rename(&unpacked, &root).with_context(|| format!("cannot create {}", root.display()))?;
    }
    Ok(ImageTools { root })
}

/// The directory for `PYTHONPATH` with which `import oras` works.
///
/// # Errors
/// Those of [`python::ensure`].
pub(crate) fn ensure_oras() -> Result<PathBuf> {
    python::ensure("oras", ORAS_WHEELS)
}

// === impl ImageTools ===

impl ImageTools {
    /// A program that needs no library but those that every machine has.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let unpacked = self.root.join("usr/bin").join(name);
        if unpacked.is_file() { unpacked } else { name.into() }
    }
}
