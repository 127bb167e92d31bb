//! `cargo xtask msrv`: fakecloud compiles with the oldest Rust it declares.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{paths, shell};

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> Result<()> {
    let version = declared()?;
    ensure!(
        installed(&version),
        "Rust {version}, the rust-version of Cargo.toml, is not installed: \
         rustup toolchain install {version} --profile minimal"
    );
    shell::step(&format!("compiling with Rust {version}"));
    let check = ["run", &version, "cargo", "check", "--workspace", "--all-targets", "--locked"];
    shell::run(Command::new("rustup").args(check).current_dir(paths::repo()))
}

/// The `rust-version` of the workspace.
///
/// # Errors
/// When the root Cargo.toml declares none.
pub(crate) fn declared() -> Result<String> {
    let path = paths::repo().join("Cargo.toml");
    let manifest = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "));
    Ok(version.context("Cargo.toml has no line `rust-version = …`")?.trim_matches('"').to_owned())
}

/// Whether rustup has this Rust; nothing is installed.
pub(crate) fn installed(version: &str) -> bool {
    let toolchains = shell::output(Command::new("rustup").args(["toolchain", "list"])).unwrap_or_default();
    toolchains.lines().any(|line| is(line, version))
}

/// Whether a line of `rustup toolchain list` is this version's; to rustup, `1.89` and `1.89.0` are two toolchains.
fn is(toolchain: &str, version: &str) -> bool {
    toolchain.strip_prefix(version).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::{declared, is};

    #[test]
    fn the_workspace_declares_a_version() {
        let version = declared().unwrap();
        assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "{version}");
    }

    #[test]
    fn a_toolchain_is_known_by_its_version() {
        assert!(is("1.89-x86_64-unknown-linux-gnu", "1.89"));
        assert!(!is("1.8-x86_64-unknown-linux-gnu", "1.89"));
        assert!(!is("1.89.1-x86_64-unknown-linux-gnu", "1.89"));
        assert!(!is("nightly-x86_64-unknown-linux-gnu (default)", "1.89"));
    }
}
