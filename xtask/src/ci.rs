//! `cargo xtask ci`: every check of the project, exactly as CI runs it.
//!
//! A machine that has never booted the native cluster compiles Kubernetes first, which takes minutes; the steps that
//! need no cluster run in the meantime. All steps run even when one fails, and the summary names each that failed.

mod background;
mod report;
mod slowest;
mod step;

use anyhow::Result;
use background::Boot;
use clap::ValueEnum;
use report::Report;
use step::Step;

use crate::cluster::Provider;
use crate::{deny, msrv};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The kind of cluster to test on [default: what this machine has]
    #[arg(long, value_enum)]
    provider: Option<Provider>,
    /// Leave out the cluster tests
    #[arg(long, conflicts_with = "provider")]
    no_cluster: bool,
    /// Fail, instead of saying so, when the advisory database cannot be fetched
    #[arg(long)]
    advisories: bool,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let Args { provider, no_cluster, advisories } = args;
    let mut boot = if no_cluster { None } else { Some(Boot::start(provider_args(provider))?) };
    let mut report = Report::start();
    slowest::remove_report()?;
    for step in without_cluster() {
        report.run(step.yielding());
        if let Some(boot) = &mut boot {
            boot.say_progress();
        }
    }
    check_advisories(&mut report, advisories);
    check_msrv(&mut report)?;
    match boot {
        Some(boot) => test_on_cluster(&mut report, boot, provider),
        None => report.not_checked("k8s-test", "left out by --no-cluster"),
    }
    slowest::print()?;
    report.finish()
}

/// The steps that need nothing but cargo, Python and the package registries; the quick ones first.
fn without_cluster() -> Vec<Step> {
    vec![
        Step::cargo("fmt", "fmt --all --check"),
        Step::cargo("fmt (fuzz)", "fmt --manifest-path fuzz/Cargo.toml --check"),
        Step::cargo("clippy", "clippy --workspace --all-targets --locked -- --deny warnings"),
        Step::cargo(
            "clippy (k8s tests)",
            "clippy --package fakecloud-server --all-targets --features k8s-integration --locked -- --deny warnings",
        ),
        unit_tests(),
        Step::cargo("doc tests", "test --workspace --doc --locked"),
        Step::cargo("docs", "doc --workspace --no-deps --locked").env("RUSTDOCFLAGS", "--deny warnings"),
        Step::xtask("codegen", "codegen --check"),
        Step::xtask("purity", "purity"),
        Step::xtask("schemas", "schemas"),
        Step::xtask("deny", "deny"),
    ]
}

/// The unit tests, of which `tidy` in xtask is one: with cargo-nextest where it is installed, for it is quicker.
fn unit_tests() -> Step {
    if Step::cargo("nextest", "nextest --version").succeeds() {
        Step::cargo("tests", "nextest run --workspace --locked --no-fail-fast --profile ci")
    } else {
        Step::cargo("tests", "test --workspace --lib --bins --tests --examples --locked --no-fail-fast")
    }
}

/// The advisory database is a git repository on GitHub, which not every machine reaches.
fn check_advisories(report: &mut Report, mandatory: bool) {
    let check = Step::xtask("advisories", "deny --advisories").yielding();
    match deny::fetch_advisories() {
        Err(error) if !mandatory => {
            let cause = error.root_cause().to_string();
            let cause = cause.lines().last().unwrap_or_default();
            report.not_checked("advisories", &format!("{error}: {cause} (an error with --advisories)"));
        }
        Ok(()) | Err(_) => report.run(check),
    }
}

/// The oldest Rust that fakecloud supports, where rustup has it.
fn check_msrv(report: &mut Report) -> Result<()> {
    let version = msrv::declared()?;
    if msrv::installed(&version) {
        report.run(Step::xtask("msrv", "msrv").yielding());
    } else {
        let reason = format!("Rust {version} is not installed: rustup toolchain install {version} --profile minimal");
        report.not_checked("msrv", &reason);
    }
    Ok(())
}

/// Runs the cluster tests, then stops the cluster if it is this run that booted it.
fn test_on_cluster(report: &mut Report, boot: Boot, provider: Option<Provider>) {
    let was_up = boot.was_up();
    let up = report.run_with("cluster", "cargo xtask cluster up", || boot.wait());
    if up {
        report.run(Step::xtask("k8s-test", "k8s-test").args(provider_args(provider)));
    } else {
        report.not_checked("k8s-test", "there is no cluster to run it on");
    }
    if !was_up {
        report.run(Step::xtask("cluster down", "cluster down").args(provider_args(provider)));
    }
}

fn provider_args(provider: Option<Provider>) -> Vec<String> {
    let value = provider.and_then(|it| it.to_possible_value());
    value.map(|it| vec!["--provider".to_owned(), it.get_name().to_owned()]).unwrap_or_default()
}
