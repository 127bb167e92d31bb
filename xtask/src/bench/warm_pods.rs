//! The server's memory with many warm Pods, by its own benchmark with simulated Pods: a node bears a hundred at most.

use std::process::Command;

use anyhow::{Context, Result};

use super::report::{Aim, Row};
use crate::{paths, shell};

/// What the benchmark prints before the figure.
const FIGURE: &str = "resident KiB: ";

/// Memory with 1,000 warm Pods.
///
/// # Errors
/// When the benchmark does not compile, or prints no figure.
pub(crate) fn measure() -> Result<Row> {
    shell::step("memory with 1,000 simulated Pods");
    let run = ["bench", "--quiet", "--package", "fakecloud-server", "--bench", "warm_pods"];
    let said = shell::output(Command::new("cargo").args(run).current_dir(paths::repo()))?;
    let figure = said.lines().find_map(|line| line.strip_prefix(FIGURE)?.trim().parse().ok());
    let kib = figure.with_context(|| format!("the benchmark said no {FIGURE:?} but:\n{said}"))?;
    Ok(Row::mb("resident memory, with 1000 warm Pods (simulated)".to_owned(), kib).aim(Some(Aim::AtMost(64.0))))
}
