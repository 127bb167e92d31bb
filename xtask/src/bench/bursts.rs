//! Many cold starts at once: through fakecloud, and of as many bare Pods like the functions'.

use std::time::Duration;

use anyhow::Result;

use super::bare::BarePod;
use super::functions::{self, Code};
use super::namespace::Namespace;
use super::report::{Aim, Row};
use super::samples::Samples;
use super::server::{Server, Setup};
use crate::shell;

/// How many tests that run in parallel call at once.
const BURST: usize = 10;

/// Measures bursts of ten invocations, of as many functions and of one alone, `rounds` times.
///
/// # Errors
/// Any answer but the event; a Pod that does not start.
pub(crate) fn measure(setup: &Setup<'_>, (what, code): (&str, &Code), rounds: usize) -> Result<Vec<Row>> {
    shell::step(&format!("bursts of {BURST} cold starts, {what}: {rounds} of each kind"));
    let (server, namespace) = (&Server::start(setup)?, setup.namespace);
    let function = &format!("burst-{what}");
    let bare = BarePod::of_function(server, namespace, function, code)?;
    functions::make_cold(server, function, 0)?;
    namespace.settle()?;
    let (mut functions_at_once, mut of_one, mut bare_at_once) =
        (Samples::default(), Samples::default(), Samples::default());
    for round in 1..=rounds {
        bare_at_once.push(bare.time_to_open_all(namespace, BURST)?);
        namespace.settle()?;
        functions_at_once.push(answered(server, namespace, function, code, BURST)?);
        of_one.push(functions::invoke_at_once(server, &vec![function.clone(); BURST])?);
        functions::make_cold(server, function, round)?;
        namespace.settle()?;
    }
    functions::delete(server, function)?;
    let beside = format!("{BURST} bare Pods' ports open");
    let row =
        |name: String, samples: &Samples| Row::ms(name, samples.median_ms()).beside(&beside, bare_at_once.median_ms());
    Ok(vec![
        row(format!("{BURST} cold functions at once, {what}, all answered"), &functions_at_once),
        row(format!("{BURST} parallel invokes of one cold function, {what}, all answered"), &of_one),
    ])
}

/// Measures a burst as large as a node bears, or larger, beside as many bare Pods that one call of kubectl creates, and beside one
/// start alone, `rounds` times.
///
/// # Errors
/// Any answer but the event; a Pod that does not start.
pub(crate) fn measure_crowd(
    setup: &Setup<'_>,
    (what, code): (&str, &Code),
    crowd: usize,
    rounds: usize,
) -> Result<Vec<Row>> {
    shell::step(&format!("{crowd} cold functions at once, {what}: {rounds} times, and as many bare Pods"));
    let (server, namespace) = (&Server::start(setup)?, setup.namespace);
    let function = format!("crowd-{crowd}-{what}");
    let bare = BarePod::of_function(server, namespace, &function, code)?;
    functions::delete(server, &function)?;
    namespace.settle()?;
    let (mut first, mut half, mut last) = (Samples::default(), Samples::default(), Samples::default());
    let (mut alone, mut opened) = (Samples::default(), Samples::default());
    for _ in 0..rounds {
        // Before the crowd: a node that still clears away a hundred Pods starts none at its usual speed.
        alone.push(answered(server, namespace, &function, code, 1)?);
        let bare_took = bare.time_to_open_all_by_kubectl(namespace, crowd)?;
        namespace.settle()?;
        let answers = answers(server, namespace, &function, code, crowd)?;
        let took = answers[crowd - 1];
        shell::step(&format!("{crowd} functions {took:.1?}, {crowd} bare Pods {bare_took:.1?}"));
        opened.push(bare_took);
        first.push(answers[0]);
        half.push(answers[crowd / 2]);
        last.push(took);
    }
    let row = |answers: &str, samples: &Samples, beside: &str, value: &Samples, ratio: f64| {
        Row::ms(format!("{crowd} cold functions at once, {what}, {answers}"), samples.median_ms())
            .beside(beside, value.median_ms())
            .aim(Some(Aim::Ratio(ratio)))
    };
    Ok(vec![
        row("the first answered", &first, "one alone", &alone, 2.0),
        row("half of them answered", &half, "all of them answered", &last, 0.6),
        row("all answered", &last, &format!("{crowd} bare Pods of one kubectl call open"), &opened, 1.05),
    ])
}

/// Time until as many new functions, invoked at once, have all answered. They are deleted then.
fn answered(server: &Server, namespace: &Namespace<'_>, name: &str, code: &Code, count: usize) -> Result<Duration> {
    Ok(answers(server, namespace, name, code, count)?.into_iter().max().unwrap_or_default())
}

/// The times until they have answered, shortest first.
fn answers(server: &Server, namespace: &Namespace<'_>, name: &str, code: &Code, count: usize) -> Result<Vec<Duration>> {
    let names: Vec<String> = (0..count).map(|number| format!("{name}-{number}")).collect();
    names.iter().try_for_each(|name| functions::create(server, name, code))?;
    let mut took = functions::answers_at_once(server, &names)?;
    names.iter().try_for_each(|name| functions::delete(server, name))?;
    namespace.settle()?;
    took.sort_unstable();
    Ok(took)
}
