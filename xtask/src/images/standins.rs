//! Builds stand-ins for the images that tests and the demo run, from packages alone, for clusters that pull nothing.
//!
//! A stand-in keeps the contract of the image whose name it bears (`/lambda-entrypoint.sh HANDLER`, the real Runtime
//! Interface Emulator, `/var/runtime/bootstrap`, Lambda's directories), so that Pods are the same with either. It is
//! not that image: `python:3.12` runs Debian's Python 3.11, `nodejs:20` carries the most used clients of the AWS SDK alone,
//! and `busybox:1.36` is Debian's Busybox 1.35. Bash and curl are there, and boto3 in Python's.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::rootfs;
use crate::oci::{Config, Image, Layer, sha256};
use crate::{paths, shell};

/// An image's file, and the names it bears.
struct StandIn {
    file: &'static str,
    names: &'static [&'static str],
}

const PAUSE: StandIn =
    StandIn { file: "pause.tar", names: &["registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.6"] };
const BUSYBOX: StandIn = StandIn { file: "busybox.tar", names: &["docker.io/library/busybox:1.36"] };
const PROVIDED: StandIn = StandIn { file: "provided.tar", names: &["public.ecr.aws/lambda/provided:al2023"] };
const PYTHON: StandIn =
    StandIn { file: "python.tar", names: &["public.ecr.aws/lambda/python:3.12", "public.ecr.aws/lambda/python:3.11"] };
const NODEJS: StandIn = StandIn { file: "nodejs.tar", names: &["public.ecr.aws/lambda/nodejs:20"] };

/// The files that [`ensure`] makes.
pub(crate) const FILES: [&str; 5] = [PAUSE.file, BUSYBOX.file, PROVIDED.file, PYTHON.file, NODEJS.file];

/// The program that makes the images: with [`rootfs::ASSETS`] and the architecture, all they depend on.
const PROGRAM: [&str; 5] = [
    include_str!("standins.rs"),
    include_str!("rootfs.rs"),
    include_str!("packages.rs"),
    include_str!("../debian.rs"),
    include_str!("../oci.rs"),
];

/// The environment of the AWS images, as `docker inspect` shows it.
const LAMBDA_ENV: [&str; 6] = [
    "LANG=en_US.UTF-8",
    "TZ=:/etc/localtime",
    "PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
    "LAMBDA_TASK_ROOT=/var/task",
    "LAMBDA_RUNTIME_DIR=/var/runtime",
];

/// Whether images of an earlier run will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cached {
    Use,
    Rebuild,
}

/// Builds all images, unless an earlier run of the same program did, and returns the directory that holds [`FILES`].
///
/// # Errors
/// A registry that cannot be reached, a package that is not what was pinned, or no space; what is missing is named,
/// and nothing half is left.
pub(crate) fn ensure(cached: Cached) -> Result<PathBuf> {
    let images = paths::cache()?.join("images");
    fs::create_dir_all(&images)?;
    // Held until the end: two runs would clear away each other's scratch space.
    let lock = File::create(images.join(".lock"))?;
    lock.lock().with_context(|| format!("cannot lock {}", images.display()))?;

    let finished = images.join(key()?);
    if finished.is_dir() && cached == Cached::Use {
        return Ok(finished);
    }
    clear(&images)?;
    let unfinished = images.join(".unfinished");
    fs::create_dir(&unfinished)?;
    build(&unfinished)?;
    fs::rename(&unfinished, &finished)?;
    Ok(finished)
}

/// Removes the images of earlier programs, and scratch space of runs that were broken off.
fn clear(images: &Path) -> Result<()> {
    for entry in fs::read_dir(images)? {
        let path = entry?.path();
        if path.is_dir() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// A hash of everything the images depend on, except the day's Debian packages.
fn key() -> Result<String> {
    let inputs = [&PROGRAM[..], &rootfs::ASSETS[..], &[std::env::consts::ARCH]].concat().join("\0");
    let mut key = sha256(inputs.as_bytes())?;
    key.truncate(16);
    Ok(key)
}

fn build(to: &Path) -> Result<()> {
    let trees = to.join("trees");
    let make = |name: &str, tree: &dyn Fn(&Path) -> Result<()>| -> Result<Layer> {
        shell::step(&format!("gathering the files of {name}"));
        let dir = trees.join(name);
        fs::create_dir_all(&dir)?;
        tree(&dir).with_context(|| format!("cannot gather the files of {name}"))?;
        Layer::pack(&dir, trees.join(format!("{name}.layer")))
    };
    let pause = make("pause", &rootfs::pause)?;
    let busybox = make("busybox", &rootfs::busybox)?;
    let base = make("the Lambda base", &rootfs::lambda_base)?;
    let python = make("python", &|dir| rootfs::python(dir, &trees.join("the Lambda base")))?;
    let nodejs = make("nodejs", &rootfs::nodejs)?;

    let lambda = lambda_config();
    write(to, &PAUSE, &pause_config(), &[&pause])?;
    write(to, &BUSYBOX, &busybox_config(), &[&busybox])?;
    write(to, &PROVIDED, &lambda, &[&base])?;
    write(to, &PYTHON, &lambda, &[&base, &python])?;
    write(to, &NODEJS, &lambda, &[&base, &nodejs])?;
    Ok(fs::remove_dir_all(trees)?)
}

fn write(dir: &Path, stand_in: &StandIn, config: &Config, layers: &[&Layer]) -> Result<()> {
    let StandIn { file, names } = *stand_in;
    let to = dir.join(file);
    Image { names, config, layers }.write(&to)?;
    shell::step(&format!("built {} ({} KiB)", names.join(", "), fs::metadata(&to)?.len().div_ceil(1024)));
    Ok(())
}

fn lambda_config() -> Config {
    Config {
        env: LAMBDA_ENV.map(str::to_owned).to_vec(),
        entrypoint: vec!["/lambda-entrypoint.sh".to_owned()],
        working_dir: "/var/task".to_owned(),
        ..Config::default()
    }
}

fn busybox_config() -> Config {
    Config { env: vec!["PATH=/bin".to_owned()], cmd: vec!["sh".to_owned()], ..Config::default() }
}

fn pause_config() -> Config {
    Config {
        user: "65535:65535".to_owned(),
        entrypoint: vec!["/pause".to_owned(), "-P".to_owned()],
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_belongs_to_one_image() {
        let mut names = [PAUSE, BUSYBOX, PROVIDED, PYTHON, NODEJS].map(|it| it.names).concat();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }

    #[test]
    fn names_are_full_as_containerd_needs_them() {
        for name in [PAUSE, BUSYBOX, PROVIDED, PYTHON, NODEJS].map(|it| it.names).concat() {
            let (registry, rest) = name.split_once('/').unwrap();
            assert!(registry.contains('.'), "{name} names no registry");
            assert!(rest.contains(':'), "{name} has no tag");
        }
    }
}
