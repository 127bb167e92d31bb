//! Cold starts: through fakecloud, and of bare Pods like the function's.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::bare::BarePod;
use super::functions::{self, Code};
use super::namespace::Namespace;
use super::report::{Aim, Row};
use super::samples::Samples;
use super::server::{Server, Setup};
use crate::shell;

const FUNCTION: &str = "cold";
const ONE_POD: &str = "a bare Pod's port opens";

/// How often each is measured, and how many Pods a burst has.
pub(crate) struct Amount {
    pub(crate) tries: usize,
    pub(crate) bursts: usize,
    pub(crate) burst_pods: usize,
    /// A burst as large as a node bears, beside as many bare Pods that one call of kubectl creates.
    pub(crate) crowd_pods: usize,
}

/// Measures cold starts one at a time, of a function without a runtime of AWS's and of one in Python; then bursts of the
/// latter.
///
/// # Errors
/// Any answer but the event; a Pod that does not start.
pub(crate) fn measure(setup: &Setup<'_>, dir: &Path, amount: &Amount) -> Result<Vec<Row>> {
    let (server, namespace) = (&Server::start(setup)?, setup.namespace);
    let provided = Code::provided(dir, 1 << 10)?;
    let (mut rows, _) = one_at_a_time(server, setup, ("provided", &provided), amount.tries)?;
    functions::delete(server, FUNCTION)?;
    namespace.settle()?;
    let (python, bare) = one_at_a_time(server, setup, ("python", &Code::python(1 << 10)?), amount.tries)?;
    rows.extend(python);
    rows.extend(bursts(server, namespace, &bare, amount)?);
    rows.push(crowd(server, namespace, &bare, amount)?);
    functions::delete(server, FUNCTION)?;
    namespace.settle()?;
    Ok(rows)
}

/// Alternates between cold starts of one function and of bare Pods like its Pod, on a quiet node; gives the rows and the
/// bare Pod, and leaves the function.
fn one_at_a_time(
    server: &Server,
    setup: &Setup<'_>,
    (what, code): (&'static str, &Code),
    tries: usize,
) -> Result<(Vec<Row>, BarePod)> {
    let namespace = setup.namespace;
    functions::create(server, FUNCTION, code)?;
    // The first start, which is not counted, brings everything from the disk.
    functions::invoke(&mut server.client()?, &functions::invoke_path(FUNCTION))?;
    let bare = BarePod::like(what, &namespace.pod_of(FUNCTION)?)?;

    shell::step(&format!("cold starts, {what}, one at a time: {tries} of each kind"));
    let (mut answered, mut opened) = (Samples::default(), Samples::default());
    for round in 0..tries {
        functions::make_cold(server, FUNCTION, round)?;
        namespace.settle()?;
        thread::sleep(phase(round));
        answered.push(invoke_at_once(server, &[FUNCTION.to_owned()])?);
        functions::make_cold(server, FUNCTION, round + tries)?;
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
    Ok((rows, bare))
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

fn bursts(server: &Server, namespace: &Namespace<'_>, bare: &BarePod, amount: &Amount) -> Result<Vec<Row>> {
    let count = amount.burst_pods;
    shell::step(&format!("bursts of {count} cold starts: {} of each kind", amount.bursts));
    let (mut functions_at_once, mut of_one, mut bare_at_once) =
        (Samples::default(), Samples::default(), Samples::default());
    let many: Vec<String> = (0..count).map(|number| format!("{FUNCTION}-{number}")).collect();
    let one = vec![FUNCTION.to_owned(); count];
    let code = Code::python(1 << 10)?;
    for round in 0..amount.bursts {
        bare_at_once.push(bare.time_to_open_all(namespace, count)?);
        namespace.settle()?;
        many.iter().try_for_each(|name| functions::create(server, name, &code))?;
        functions_at_once.push(invoke_at_once(server, &many)?);
        many.iter().try_for_each(|name| functions::delete(server, name))?;
        namespace.settle()?;
        of_one.push(invoke_at_once(server, &one)?);
        functions::make_cold(server, FUNCTION, usize::MAX - round)?;
        namespace.settle()?;
    }
    let beside = format!("{count} bare Pods' ports open");
    let row =
        |name: String, samples: &Samples| Row::ms(name, samples.median_ms()).beside(&beside, bare_at_once.median_ms());
    Ok(vec![
        row(format!("{count} cold functions at once, all answered"), &functions_at_once),
        row(format!("{count} parallel invokes of one cold function, all answered"), &of_one),
    ])
}

fn crowd(server: &Server, namespace: &Namespace<'_>, bare: &BarePod, amount: &Amount) -> Result<Row> {
    let count = amount.crowd_pods;
    shell::step(&format!("{count} cold functions at once: {} times, and as many bare Pods", amount.bursts));
    let (mut answered, mut opened) = (Samples::default(), Samples::default());
    let names: Vec<String> = (0..count).map(|number| format!("{FUNCTION}-{number}")).collect();
    let code = Code::python(1 << 10)?;
    for _ in 0..amount.bursts {
        opened.push(bare.time_to_open_all_by_kubectl(namespace, count)?);
        namespace.settle()?;
        names.iter().try_for_each(|name| functions::create(server, name, &code))?;
        answered.push(invoke_at_once(server, &names)?);
        names.iter().try_for_each(|name| functions::delete(server, name))?;
        namespace.settle()?;
    }
    Ok(Row::ms(format!("{count} cold functions at once, all answered"), answered.median_ms())
        .beside(&format!("{count} bare Pods of one kubectl call open"), opened.median_ms())
        .aim(Some(Aim::Ratio(1.1))))
}

/// Invokes all functions in the same moment, each on a connection of its own: the time until the last has answered.
fn invoke_at_once(server: &Server, functions: &[String]) -> Result<Duration> {
    let clients = functions.iter().map(|_| server.client()).collect::<Result<Vec<_>>>()?;
    let began = Instant::now();
    thread::scope(|scope| {
        let invocations: Vec<_> = clients
            .into_iter()
            .zip(functions)
            .map(|(mut client, name)| {
                scope.spawn(move || functions::invoke(&mut client, &functions::invoke_path(name)))
            })
            .collect();
        invocations.into_iter().try_for_each(|it| it.join().expect("a measurement does not panic"))
    })?;
    Ok(began.elapsed())
}
