//! `cargo xtask purity`: the crates that decide depend on nothing that does.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{paths, shell};

/// The crates without IO.
const PURE: [&str; 7] = [
    "fakecloud-artifacts",
    "fakecloud-events",
    "fakecloud-iam",
    "fakecloud-lambda",
    "fakecloud-podspec",
    "fakecloud-pool",
    "fakecloud-runtime-api",
];

/// What brings a runtime, sockets, a clock, logs or processes with it. (getrandom is missing for zip, which would take
/// from it what encrypted archives need and links it even without them.)
const IMPURE: [&str; 19] = [
    "anyhow",
    "async-std",
    "axum",
    "clap",
    "futures-util",
    "hyper",
    "hyper-util",
    "kube",
    "kube-client",
    "mio",
    "rand",
    "reqwest",
    "rustix",
    "smol",
    "socket2",
    "tempfile",
    "tokio",
    "tower",
    "tracing",
];

/// The crates of this workspace that may not be beneath a pure crate: all.
const OURS: &str = "fakecloud-";

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> Result<()> {
    let mut found = Vec::new();
    for pure in PURE {
        shell::step(&format!("what {pure} depends on"));
        let tree = ["tree", "--package", pure, "--edges", "normal", "--target", "all", "--all-features", "--locked"];
        let listing =
            shell::output(Command::new("cargo").args(tree).args(["--prefix", "none"]).current_dir(paths::repo()))?;
        found.extend(impurities(pure, &listing)?);
    }
    if !found.is_empty() {
        bail!(
            "{}; see why by `cargo tree --package <crate> --edges normal --invert <dependency>`, \
             and move what needs it to crates/server",
            found.join(", ")
        );
    }
    Ok(())
}

/// The forbidden dependencies in what `cargo tree --prefix none` prints, which begins with the crate itself.
fn impurities(pure: &str, listing: &str) -> Result<Vec<String>> {
    let mut names = listing.lines().filter_map(|line| line.split(' ').next());
    if names.next() != Some(pure) {
        bail!("unexpected output of `cargo tree --package {pure}`: {listing}");
    }
    let forbidden = |name: &&str| IMPURE.contains(name) || (name.starts_with(OURS) && *name != pure);
    let mut found: Vec<&str> = names.filter(forbidden).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found.into_iter().map(|name| format!("{pure} depends on {name}")).collect())
}

#[cfg(test)]
mod tests {
    use super::impurities;

    #[test]
    fn a_runtime_is_found_at_any_depth_and_named_once() {
        let listing = "fakecloud-pool v0.1.0 (/src/pool)\nserde v1.0.0\ntokio v1.54.1\nserde v1.0.0 (*)\ntokio v1.54.1";
        assert_eq!(impurities("fakecloud-pool", listing).unwrap(), ["fakecloud-pool depends on tokio"]);
    }

    #[test]
    fn pure_crates_do_not_know_each_other() {
        let listing = "fakecloud-pool v0.1.0 (/src/pool)\nfakecloud-lambda v0.1.0 (/src/lambda)";
        assert_eq!(impurities("fakecloud-pool", listing).unwrap(), ["fakecloud-pool depends on fakecloud-lambda"]);
    }

    #[test]
    fn names_are_compared_whole() {
        let listing = "fakecloud-pool v0.1.0 (/src/pool)\ntokio-free v1.0.0\nmy-tokio v1.0.0";
        assert!(impurities("fakecloud-pool", listing).unwrap().is_empty());
    }

    #[test]
    fn another_output_is_no_clean_bill() {
        assert!(impurities("fakecloud-pool", "").is_err());
        assert!(impurities("fakecloud-pool", "fakecloud-lambda v0.1.0 (/src/lambda)").is_err());
    }
}
