//! Packages of PyPI in the cache, for tasks that run a Python program or read what a package holds.

use std::env::consts::ARCH;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::images::{Python, pypi};
use crate::oci::sha256;
use crate::{paths, shell};

/// The directory that holds the wheels of a pip requirements file, for `PYTHONPATH`; installed unless an earlier run did.
///
/// # Errors
/// No `python3`, a registry that cannot be reached, or a package that is not what was pinned; nothing half is left.
pub(crate) fn ensure(name: &str, requirements: &str) -> Result<PathBuf> {
    let all = paths::cache()?.join("python");
    fs::create_dir_all(&all)?;
    // Held until the end: of two runs at once the second finds what the first installed.
    let lock = File::create(all.join(".lock"))?;
    lock.lock().with_context(|| format!("cannot lock {}", all.display()))?;

    let python = shell::output(Command::new("python3").arg("--version"))?;
    let mut key = sha256([requirements, ARCH, &python].join("\0").as_bytes())?;
    key.truncate(16);
    let dir = all.join(format!("{name}-{key}"));
    if !dir.is_dir() {
        shell::step(&format!("installing {name} from PyPI"));
        let unfinished = tempfile::tempdir_in(&all)?;
        let installed = unfinished.path().join("installed");
        pypi(requirements, Python::Machine, &installed)?;
        fs::rename(installed, &dir)?;
    }
    Ok(dir)
}
