//! `cargo xtask images`: the images that tests and the demo run, in the cluster.

mod official;
mod packages;
mod rootfs;
mod standins;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

pub(crate) use self::packages::{Python, ca_certificates, debian, pypi};
use self::standins::Cached;
use crate::cluster::{self, Cluster, Provider};
use crate::shell;

/// What the images are; the stand-ins say so wherever they could be mistaken for the real ones.
const WHICH: &str = "\
The images are pause, busybox:1.36, and AWS's provided:al2023, python:3.12, python:3.11 and nodejs:20. \
A kind cluster gets the real ones where they can be pulled. \
Every other gets stand-ins under the same names, built from Debian, PyPI and npm packages around AWS's own Runtime \
Interface Emulator: python is Debian's 3.11 with boto3, busybox is 1.35, nodejs carries the clients of the AWS SDK that are used most.";

#[derive(clap::Args)]
#[command(after_help = WHICH)]
pub(crate) struct Args {
    /// The kind of cluster to load them into [default: what this machine has]
    #[arg(long, value_enum)]
    provider: Option<Provider>,
    /// Build the stand-ins again, from the packages of today
    #[arg(long)]
    rebuild: bool,
    /// Build the stand-ins, print the directory that holds them, and touch no cluster
    #[arg(long, conflicts_with = "provider")]
    build_only: bool,
}

#[expect(clippy::print_stdout, reason = "the directory is the result, for scripts to read")]
pub(crate) fn run(args: Args) -> Result<()> {
    let Args { provider, rebuild, build_only } = args;
    let cached = if rebuild { Cached::Rebuild } else { Cached::Use };
    if build_only {
        println!("{}", standins::ensure(cached)?.display());
        return Ok(());
    }
    let cluster = cluster::ensure_up(provider)?;
    load(&cluster, cached)
}

/// Loads the images into the cluster, building or pulling what is missing; a cluster that has them is left alone.
///
/// # Errors
/// What stands in the way of pulling, building or loading.
pub(crate) fn ensure_loaded(cluster: &Cluster) -> Result<()> {
    load(cluster, Cached::Use)
}

fn load(cluster: &Cluster, cached: Cached) -> Result<()> {
    let identity = identity(cluster)?;
    match cluster.provider {
        Provider::Native => load_standins(cluster, &identity, cached),
        Provider::Kind => load_official(cluster, &identity).or_else(|error| {
            shell::step(&format!("cannot use the real images, building stand-ins instead: {error:#}"));
            load_standins(cluster, &identity, cached)
        }),
    }
}

fn load_standins(cluster: &Cluster, identity: &str, cached: Cached) -> Result<()> {
    let dir = standins::ensure(cached)?;
    load_files(cluster, identity, &dir, || Ok(standins::FILES.map(|file| dir.join(file)).to_vec()))
}

fn load_official(cluster: &Cluster, identity: &str) -> Result<()> {
    let dir = crate::paths::cache()?.join("official-images");
    std::fs::create_dir_all(&dir)?;
    let scratch = tempfile::tempdir_in(&dir)?;
    load_files(cluster, identity, &dir, || official::pull(scratch.path()))
}

/// Loads what `files` makes, and notes in `dir` which cluster has it, so that the next run need not.
fn load_files(
    cluster: &Cluster,
    identity: &str,
    dir: &Path,
    files: impl FnOnce() -> Result<Vec<PathBuf>>,
) -> Result<()> {
    let note = dir.join("loaded-into");
    if std::fs::read_to_string(&note).is_ok_and(|noted| noted == identity) {
        shell::step("the cluster has the images");
        return Ok(());
    }
    for file in files()? {
        shell::step(&format!("loading {} into the cluster", file.display()));
        cluster.load_image(&file)?;
    }
    Ok(std::fs::write(note, identity)?)
}

/// Tells this cluster from every other, even one built later under the same address.
fn identity(cluster: &Cluster) -> Result<String> {
    let uid = "--output=jsonpath={.metadata.uid}";
    let uid = shell::output(cluster.kubectl().args(["get", "namespace", "kube-system", uid]))?;
    if uid.is_empty() {
        bail!("the cluster's namespace kube-system has no uid");
    }
    Ok(uid)
}
