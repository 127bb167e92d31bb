//! `cargo xtask deny`: licences, bans, sources and advisories of the dependencies, by cargo-deny and deny.toml.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{paths, shell};

/// The release that is installed. Debian has none, and PyPI's last one (0.14.2) panics on today's `cargo metadata`.
const VERSION: &str = "0.20.2";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Check the advisories, and nothing else; needs git and github.com
    #[arg(long)]
    advisories: bool,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let Args { advisories } = args;
    if advisories {
        fetch_advisories()?;
        shell::run(cargo_deny()?.args(["check", "--disable-fetch", "advisories"]))
    } else {
        shell::run(cargo_deny()?.args(["check", "licenses", "bans", "sources"]))
    }
}

/// Brings the RustSec database up to date.
///
/// # Errors
/// When it cannot be fetched, with git's reason.
pub(crate) fn fetch_advisories() -> Result<()> {
    let mut fetch = cargo_deny()?;
    // No question about a password, and no minutes of waiting where a firewall drops packets.
    fetch.env("GIT_TERMINAL_PROMPT", "0").env("GIT_HTTP_LOW_SPEED_LIMIT", "1000").env("GIT_HTTP_LOW_SPEED_TIME", "30");
    shell::step("fetching the advisory database");
    shell::output(fetch.args(["fetch", "db"])).map(drop).context("cannot fetch https://github.com/RustSec/advisory-db")
}

/// cargo-deny for this workspace; compiled on first use where `PATH` has none of this release.
fn cargo_deny() -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.args(["--locked", "--all-features"]).current_dir(paths::repo());
    Ok(command)
}

fn binary() -> Result<PathBuf> {
    if let Some(path) = shell::which("cargo-deny").filter(|path| is_release(path)) {
        return Ok(path);
    }
    let root = paths::cache()?.join(format!("cargo-deny-{VERSION}"));
    let path = root.join("bin/cargo-deny");
    if !path.is_file() {
        shell::step(&format!("compiling cargo-deny {VERSION}, which takes minutes, into {}", root.display()));
        // Unoptimised, it compiles in half the time and still checks within seconds.
        let install = ["install", "cargo-deny", "--version", VERSION, "--locked", "--profile", "dev", "--root"];
        shell::run(Command::new("cargo").args(install).arg(&root))?;
    }
    Ok(path)
}

fn is_release(path: &Path) -> bool {
    let version = shell::output(Command::new(path).arg("--version"));
    version.is_ok_and(|it| it == format!("cargo-deny {VERSION}"))
}
