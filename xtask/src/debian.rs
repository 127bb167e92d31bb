//! Packages of Debian, from apt's archives into a directory: nothing of them is installed on this machine.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::shell;

/// Downloads exactly these packages, in the versions of this machine's release.
///
/// # Errors
/// A machine without apt, or one whose apt cannot get the packages.
pub(crate) fn download(packages: &[&str], dir: &Path) -> Result<()> {
    let mut apt = apt_get();
    apt.args(["download", "-qq"]).current_dir(dir);
    run(&mut apt, packages)
}

/// Downloads the packages and what they depend on, but for what is installed on this machine.
///
/// # Errors
/// Those of [`download`].
pub(crate) fn download_missing(packages: &[&str], dir: &Path) -> Result<()> {
    fs::create_dir_all(dir.join("partial"))?;
    let mut archives = OsString::from("Dir::Cache::archives=");
    archives.push(dir);
    let mut apt = apt_get();
    apt.args(["install", "-qq", "--yes", "--download-only", "--no-install-recommends", "-o"]).arg(&archives);
    // Nothing is installed: no lock of the system is needed.
    apt.args(["-o", "Debug::NoLocking=1"]);
    run(&mut apt, packages)
}

/// Unpacks all packages that lie in `from` over one another, without their installation scripts; in the order of their
/// names, so that where two hold the same path, the same one wins every time.
pub(crate) fn unpack(from: &Path, into: &Path) -> Result<()> {
    fs::create_dir_all(into)?;
    let files = fs::read_dir(from)?.map(|entry| Ok(entry?.path())).collect::<Result<BTreeSet<_>>>()?;
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "deb")) {
        shell::output(Command::new("dpkg-deb").arg("--extract").arg(file).arg(into))?;
    }
    Ok(())
}

/// Has apt read what its archives hold now, once a run.
pub(crate) fn update_lists() -> Result<()> {
    static UPDATED: OnceLock<()> = OnceLock::new();
    if UPDATED.get().is_none() {
        shell::step("updating the package lists (apt-get update)");
        shell::output(apt_get().args(["update", "-qq"]))?;
        UPDATED.get_or_init(|| ());
    }
    Ok(())
}

/// apt-get that asks nothing and waits for another run of itself.
pub(crate) fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]);
    command
}

/// Downloads; a second time if the lists may be older than what the archives hold.
fn run(apt: &mut Command, packages: &[&str]) -> Result<()> {
    let named = packages.join(", ");
    if !shell::exists("apt-get") {
        bail!("{named} are packages of Debian 12, and this machine has no apt-get");
    }
    // As root, apt would download as the user _apt, who may not write where the packages go.
    let apt = apt.args(["-o", "APT::Sandbox::User=root"]).args(packages);
    if shell::output(apt).is_err() {
        update_lists()
            .and_then(|()| shell::output(apt))
            .with_context(|| format!("cannot download {named}, which are packages of Debian 12"))?;
    }
    Ok(())
}
