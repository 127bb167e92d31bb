//! Pulls the real images with Docker, as archives for a cluster whose own Docker engine is at hand (kind).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{oci, shell};

/// What the tests and the demo run. The cluster brings its own pause image.
const IMAGES: [&str; 5] = [
    "docker.io/library/busybox:1.36",
    "public.ecr.aws/lambda/provided:al2023",
    "public.ecr.aws/lambda/python:3.12",
    "public.ecr.aws/lambda/python:3.11",
    "public.ecr.aws/lambda/nodejs:20",
];

/// Pulls every image and saves it below `dir`.
///
/// # Errors
/// No Docker engine, or no way from it to the registries.
pub(crate) fn pull(dir: &Path) -> Result<Vec<PathBuf>> {
    IMAGES.iter().enumerate().map(|(index, image)| pull_one(image, dir.join(format!("{index}.tar")))).collect()
}

fn pull_one(image: &str, to: PathBuf) -> Result<PathBuf> {
    shell::step(&format!("pulling {image}"));
    let platform = format!("linux/{}", oci::architecture()?);
    shell::output(Command::new("docker").args(["pull", "--quiet", "--platform", &platform, image]))?;
    shell::output(Command::new("docker").args(["save", "--output"]).arg(&to).arg(image))?;
    Ok(to)
}
