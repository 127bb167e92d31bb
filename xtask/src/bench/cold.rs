//! Cold starts one at a time: through fakecloud, and of bare Pods like the function's.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::bare::BarePod;
use super::functions::{self, Code};
use super::report::{Aim, Row};
use super::samples::Samples;
use super::server::{Server, Setup};
use crate::shell;

const ONE_POD: &str = "a bare Pod's port opens";

/// Alternates between cold starts of one function and of bare Pods like its Pod, `tries` of each, on a quiet node.
///
/// # Errors
/// Any answer but the event; a Pod that does not start.
pub(crate) fn measure(setup: &Setup<'_>, (what, code): (&str, &Code), tries: usize) -> Result<Vec<Row>> {
    shell::step(&format!("cold starts, {what}, one at a time: {tries} of each kind"));
    let (server, namespace) = (&Server::start(setup)?, setup.namespace);
    let function = format!("cold-{what}");
    let bare = BarePod::of_function(server, namespace, &function, code)?;
    let (mut answered, mut opened) = (Samples::default(), Samples::default());
    for round in 0..tries {
        functions::make_cold(server, &function, round)?;
        namespace.settle()?;
        thread::sleep(phase(round));
        answered.push(functions::invoke_at_once(server, std::slice::from_ref(&function))?);
        functions::make_cold(server, &function, round + tries)?;
        namespace.settle()?;
        thread::sleep(phase(round));
        opened.push(bare.time_to_open(namespace)?);
    }
    let mut rows = vec![
        Row::ms(format!("cold start, {what}, until the answer, p50"), answered.median_ms())
            .beside(ONE_POD, opened.median_ms())
            .aim(Some(Aim::Ratio(1.05))),
    ];
    rows.extend(timeline(&setup.log, what, tries, opened.median_ms())?);
    functions::delete(server, &function)?;
    namespace.settle()?;
    Ok(rows)
}

/// The kubelet looks at its containers once a second, and the node settles at the same point of that second each time.
/// Waiting a part of it, another one in each round, lets both kinds meet the kubelet in the same, evenly spread phases.
fn phase(round: usize) -> Duration {
    // Multiples of the golden ratio's fraction spread evenly however many there are.
    let parts = (round * 618) % 1_000;
    Duration::from_millis(u64::try_from(parts).expect("below 1,000"))
}

/// The steps of the last `count` cold starts, as fakecloud's log tells them.
fn timeline(log: &Path, what: &str, count: usize, opened_ms: f64) -> Result<Vec<Row>> {
    let log = std::fs::read_to_string(log)?;
    // Each start is told twice: when the Pod listens, without its first byte yet, and when it has answered.
    let told = log.lines().filter_map(|line| line.split_once("timeline=").map(|(_, steps)| steps));
    let lines: Vec<&str> = told.filter(|steps| !steps.contains("=-")).collect();
    let counted = lines.len().checked_sub(count).context("the log has fewer timelines than there were cold starts")?;
    let mut steps: BTreeMap<u8, (&str, Samples)> = BTreeMap::new();
    for line in &lines[counted..] {
        for (order, step) in (0..).zip(line.split_whitespace()) {
            if let Some((name, ms)) = step.split_once('=')
                && let Ok(ms) = ms.parse()
            {
                let (_, samples) = steps.entry(order).or_insert_with(|| (name, Samples::default()));
                samples.push(Duration::from_millis(ms));
            }
        }
    }
    let rows = steps.into_values().map(|(name, samples)| {
        let row = Row::ms(format!("cold start, {what}, until {name}, p50"), samples.median_ms());
        if name == "opened" { row.beside(ONE_POD, opened_ms) } else { row }
    });
    Ok(rows.collect())
}
