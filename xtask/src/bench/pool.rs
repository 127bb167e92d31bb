//! The pool alone, by its own example.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::report::{Aim, Row};
use crate::{paths, shell};

/// Decisions a second, for every size the example measures.
///
/// # Errors
/// When the example does not compile, or prints something else than its table.
pub(crate) fn measure() -> Result<Vec<Row>> {
    shell::step("the pool's decisions");
    let run = ["run", "--quiet", "--release", "--package", "fakecloud-pool", "--example", "throughput"];
    rows(&shell::output(Command::new("cargo").args(run).current_dir(paths::repo()))?)
}

/// Reads the table of the example: functions, instances, decisions a second, ns a decision.
fn rows(table: &str) -> Result<Vec<Row>> {
    let lines = table.lines().filter(|line| line.trim_start().starts_with(|first: char| first.is_ascii_digit()));
    let rows = lines.map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [functions, pods, per_second, _ns] = columns[..] else {
            anyhow::bail!("not four columns in the pool example's line {line:?}");
        };
        let rate = per_second.parse().with_context(|| format!("no number in the pool example's line {line:?}"))?;
        let what = format!("pool decisions, {functions} functions, {pods} Pods");
        Ok(Row::per_second(what, rate).aim(Some(Aim::AtLeast(1e6))))
    });
    let rows = rows.collect::<Result<Vec<_>>>()?;
    ensure!(!rows.is_empty(), "the pool example printed no figures:\n{table}");
    Ok(rows)
}
