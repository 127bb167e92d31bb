//! Where things are: the repository, and what the tasks keep between runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// The root of the repository.
pub(crate) fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository's root")
}

/// What costs minutes to make again (Kubernetes binaries, downloaded packages): `$XDG_CACHE_HOME/fakecloud`,
/// else `$HOME/.cache/fakecloud`. Created when missing.
pub(crate) fn cache() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(dir) => PathBuf::from(dir),
        None => {
            PathBuf::from(std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?).join(".cache")
        }
    };
    let dir = base.join("fakecloud");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    Ok(dir)
}

/// Where cargo puts what it builds.
///
/// # Errors
/// When cargo does not say.
pub(crate) fn target() -> Result<PathBuf> {
    let format = ["metadata", "--format-version=1", "--no-deps", "--offline"];
    let metadata = shell::output(Command::new("cargo").args(format).current_dir(repo()))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    Ok(metadata["target_directory"].as_str().context("cargo metadata names no target directory")?.into())
}
