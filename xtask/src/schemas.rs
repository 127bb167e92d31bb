//! `cargo xtask schemas`: validates every Pod snapshot and every file of `deploy/` against the Kubernetes schemas.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths;
use crate::shell::{output, step};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The versions of Kubernetes to validate against, all that are supported by default
    #[arg(value_delimiter = ',', default_values = SUPPORTED)]
    versions: Vec<String>,
}

/// The versions of Kubernetes on which fakecloud runs.
const SUPPORTED: [&str; 10] = ["1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"];

/// PyPI's package with the schemas; its version is that of the newest Kubernetes it knows.
const PACKAGE: &str = "kubernetes-validate";
const PACKAGE_VERSION: &str = "1.37.0";

const SCRIPT: &str = include_str!("schemas.py");

const SNAPSHOTS: &str = "crates/podspec/tests/snapshots";
const MANIFESTS: &str = "deploy";
/// Read by kustomize alone, so no schema of Kubernetes has it.
const KUSTOMIZATION: &str = "kustomization.yaml";

pub(crate) fn run(args: Args) -> Result<()> {
    let Args { versions } = args;
    let snapshots = files(&paths::repo().join(SNAPSHOTS), "snap")?;
    if snapshots.is_empty() {
        bail!("no Pod snapshots in {SNAPSHOTS}: run `cargo test -p fakecloud-podspec` first");
    }
    let deploy = paths::repo().join(MANIFESTS);
    let manifests = if deploy.is_dir() { files(&deploy, "yaml")? } else { Vec::new() };

    let python = python()?;
    step(&format!("validating {} snapshots and {} manifests", snapshots.len(), manifests.len()));
    let status = Command::new(&python)
        .args(["-c", SCRIPT])
        .arg(versions.join(","))
        .args(snapshots)
        .args(manifests)
        .status()
        .with_context(|| format!("cannot start {}", python.display()))?;
    if !status.success() {
        bail!("not all objects are valid Kubernetes objects, see above");
    }
    Ok(())
}

/// The files with this extension below a directory, in order.
fn files(dir: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|it| it == extension) && !path.ends_with(KUSTOMIZATION) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A Python that has the package, in an environment of its own; made at the first run and whenever it is broken.
fn python() -> Result<PathBuf> {
    let venv = paths::cache()?.join(format!("{PACKAGE}-{PACKAGE_VERSION}"));
    let python = venv.join("bin/python");
    if output(Command::new(&python).args(["-c", "import kubernetes_validate"])).is_ok() {
        return Ok(python);
    }
    step(&format!("installing {PACKAGE} {PACKAGE_VERSION} into {}", venv.display()));
    output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))
        .context("cannot make a Python environment (on Debian: `apt-get install python3-venv`)")?;
    let package = format!("{PACKAGE}=={PACKAGE_VERSION}");
    output(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package]))
        .with_context(|| format!("cannot install {package} from PyPI"))?;
    Ok(python)
}
