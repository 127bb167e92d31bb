//! The program `fakecloud`, compiled for the host.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{paths, shell};

/// The profile of cargo that it is compiled in.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    /// Optimised, for what runs on this machine only.
    Release,
    /// The same with link-time optimisation, which takes minutes more: for what others deploy, and for what is measured.
    Dist,
}

/// Compiles it and says where it is.
///
/// # Errors
/// What does not compile.
pub(crate) fn build(profile: Profile) -> Result<PathBuf> {
    let (name, time) = match profile {
        Profile::Release => ("release", "some minutes the first time"),
        Profile::Dist => ("dist", "about ten minutes the first time, for link-time optimisation"),
    };
    shell::step(&format!("compiling fakecloud ({time})"));
    shell::run(Command::new("cargo").args(["build", "--profile", name, "--package", "fakecloud-server"]))?;
    Ok(paths::target()?.join(name).join("fakecloud"))
}
