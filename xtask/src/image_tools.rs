//! Programs that push, pull and serve container images, for the tests and the benchmark: skopeo, Docker's daemon and
//! Debian's `docker-registry` from Debian's packages, oras from PyPI; into the cache, installed nowhere.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{paths, python, shell};

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
        if !shell::exists("apt-get") {
            bail!("{} are packages of Debian and Ubuntu, and this machine has no apt-get", PACKAGES.join(", "));
        }
        shell::step(&format!("unpacking the Debian packages {}", PACKAGES.join(" ")));
        let unfinished = tempfile::tempdir_in(&all)?;
        let unpacked = unfinished.path().join("root");
        fs::create_dir(&unpacked)?;
        for package in download(&unfinished.path().join("packages"))? {
            shell::output(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&unpacked))?;
        }
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

/// Downloads what apt would install for the packages, and gives the files.
fn download(dir: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(dir.join("partial"))?;
    let mut archives = std::ffi::OsString::from("Dir::Cache::archives=");
    archives.push(dir);
    let install = || {
        let mut apt = Command::new("apt-get");
        apt.args(["install", "-qq", "--yes", "--download-only", "--no-install-recommends", "-o"]).arg(&archives);
        // Nothing is installed: no lock of the system is needed. As root, apt would download as a user who may not
        // write here.
        apt.args(["-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root"]);
        shell::output(apt.args(PACKAGES))
    };
    if install().is_err() {
        shell::step("updating Debian's package lists");
        shell::output(Command::new("apt-get").args(["update", "-qq"]))
            .and_then(|_| install())
            .with_context(|| format!("cannot download the packages {}", PACKAGES.join(", ")))?;
    }
    let mut files = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "deb"));
    files.sort();
    Ok(files)
}

// === impl ImageTools ===

impl ImageTools {
    /// A program that needs no library but those that every machine has.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let unpacked = self.root.join("usr/bin").join(name);
        if unpacked.is_file() { unpacked } else { name.into() }
    }
}
