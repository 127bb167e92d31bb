//! libfaketime, which sets the wall clock of a single process, for the tests: from Debian's packages into the cache.

use std::env::consts::ARCH;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::images::debian;
use crate::paths;

/// The library, for `LD_PRELOAD`; fetched unless an earlier run did.
///
/// # Errors
/// A machine that cannot download packages of Debian; nothing half is left.
pub(crate) fn ensure() -> Result<PathBuf> {
    let cache = paths::cache()?;
    let dir = cache.join("libfaketime");
    if !dir.is_dir() {
        let unfinished = tempfile::tempdir_in(&cache)?;
        debian(&["libfaketime"], unfinished.path())?;
        fs::rename(unfinished.path(), &dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    Ok(dir.join(format!("usr/lib/{ARCH}-linux-gnu/faketime/libfaketime.so.1")))
}
