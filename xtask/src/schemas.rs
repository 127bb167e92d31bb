//! `cargo xtask schemas`: validates every Pod snapshot and every file of `deploy/` against the Kubernetes schemas.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::step;
use crate::{paths, python};

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
const WHEELS: &str = include_str!("../assets/schemas/requirements.txt");

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

    let packages = python::ensure(PACKAGE, WHEELS)?;
    step(&format!("validating {} snapshots and {} manifests", snapshots.len(), manifests.len()));
    let status = Command::new("python3")
        .env("PYTHONPATH", packages)
        .args(["-c", SCRIPT])
        .arg(versions.join(","))
        .args(snapshots)
        .args(manifests)
        .status()
        .context("cannot start python3")?;
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
