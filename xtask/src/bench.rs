//! `cargo xtask bench`: fakecloud beside the bare Pods it runs, in one run on the native cluster.

mod bare;
mod bursts;
mod cold;
mod control_plane;
mod docker_registry;
mod footprint;
mod functions;
mod http;
mod machine;
mod memory;
mod moto;
mod namespace;
mod peer;
mod picture;
mod pool;
mod registry;
mod report;
mod samples;
mod server;
mod siege;
mod throughput;
mod warm;
mod warm_pods;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use self::functions::Code;
use self::machine::Machine;
use self::namespace::Namespace;
use self::report::{Report, Row};
use self::server::{Server, Setup};
use crate::cluster::{self, Provider};
use crate::program::{self, Profile};
use crate::{images, paths, shell};

const HOW: &str = "\
fakecloud runs on this host, built as it is shipped, in a namespace of its own on the native cluster: kind's Pods have no \
address that a host reaches. Each figure stands beside the same without fakecloud, measured in turns in the same run; \
calls of the control plane stand beside moto's server, which ends the connection after each answer, and its registry \
beside Debian's docker-registry. \
The figures go to standard output as a Markdown table, to target/bench/bench.json, and as a picture to \
target/bench/bench.svg. A quiet machine gives \
steadier figures; so does `nice -n -10`.";

#[derive(clap::Args)]
#[command(after_help = HOW)]
pub(crate) struct Args {
    /// A tenth of the measurements: minutes become one, and figures less steady
    #[arg(long)]
    quick: bool,
    /// Measure one thing alone
    #[arg(long, value_enum, conflicts_with = "update_readme")]
    only: Option<Part>,
    /// Replace the table between `<!-- bench -->` and `<!-- /bench -->` in README.md, and the picture in docs/bench.svg
    #[arg(long)]
    update_readme: bool,
}

/// What can be measured by itself.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Warm invocations
    Warm,
    /// Warm invocations of many clients at once
    Throughput,
    /// Cold starts, one at a time
    Cold,
    /// Many cold starts at once
    Bursts,
    /// The server's memory and the time it takes to start
    Footprint,
    /// Functions created, read and listed, beside moto
    ControlPlane,
    /// Images pushed and pulled, beside Debian's docker-registry
    Registry,
    /// The pool's decisions
    Pool,
}

/// How often things are measured.
struct Amounts {
    warm: usize,
    rounds: usize,
    round: Duration,
    starts: usize,
    cold_tries: usize,
    bursts: usize,
    /// As many cold functions at once as a node bears, and how often.
    crowd: (usize, usize),
    /// More than it does.
    surge: (usize, usize),
    /// Calls to moto a round, which is slower by far.
    moto: usize,
    /// How often many pull an image at once.
    pulls: usize,
}

const FULL: Amounts = Amounts {
    warm: 3000,
    rounds: 5,
    round: Duration::from_secs(4),
    starts: 10,
    cold_tries: 30,
    bursts: 3,
    crowd: (50, 3),
    surge: (150, 1),
    moto: 30,
    pulls: 5,
};
const QUICK: Amounts = Amounts {
    warm: 500,
    rounds: 1,
    round: Duration::from_secs(2),
    starts: 3,
    cold_tries: 3,
    bursts: 1,
    crowd: (20, 1),
    surge: (60, 1),
    moto: 5,
    pulls: 1,
};

/// A zip as small as functions come, and one that no warm invocation should feel.
const SMALL_BYTES: u64 = 1 << 10;
const LARGE_BYTES: u64 = 40 << 20;

#[expect(clippy::print_stdout, reason = "the table is the result")]
pub(crate) fn run(args: Args) -> Result<()> {
    let Args { quick, only, update_readme } = args;
    let readme = paths::repo().join("README.md");
    // Before minutes of measurements, not after them.
    let old = update_readme.then(|| report::read_readme(&readme)).transpose()?;
    let report = measure(only, if quick { &QUICK } else { &FULL })?;
    let table = report.markdown();
    println!("{table}");
    if let Some(old) = old {
        fs::write(&readme, report::replace_block(&old, &table)?).context("cannot write README.md")?;
        let picture = paths::repo().join("docs/bench.svg");
        fs::create_dir_all(paths::repo().join("docs"))?;
        fs::write(picture, picture::draw(&report)).context("cannot write docs/bench.svg")?;
        shell::step("README.md and docs/bench.svg have the new figures");
    }
    Ok(())
}

fn measure(only: Option<Part>, amounts: &Amounts) -> Result<Report> {
    let wanted = |part: Part| only.is_none_or(|only| only == part);
    let cluster = cluster::ensure_up(Some(Provider::Native))?;
    images::ensure_loaded(&cluster)?;
    let program = program::build(Profile::Dist)?;
    let dir = paths::target()?.join("bench");
    fs::create_dir_all(&dir)?;

    let machine = Machine::before()?;
    let namespace = Namespace::make(&cluster)?;
    let (program, log) = (&program, dir.join("fakecloud.log"));
    let setup = Setup { program, cluster: &cluster, namespace: &namespace, log };
    let mut rows = Vec::new();
    // Before there are Pods: those that are still being deleted would be in the server's first list.
    if wanted(Part::Footprint) {
        rows.extend(footprint::measure(&setup, amounts.starts)?);
        rows.push(siege::measure(&setup)?);
        rows.push(warm_pods::measure()?);
    }
    if wanted(Part::Warm) {
        rows.extend(warm_invocations(&setup, &dir, amounts.warm)?);
    }
    if wanted(Part::Throughput) {
        let code = Code::provided(&dir, SMALL_BYTES)?;
        rows.push(throughput::measure(&setup, &code, amounts.rounds, amounts.round)?);
    }
    if wanted(Part::Cold) {
        for kind in kinds(&dir)? {
            rows.extend(cold::measure(&setup, (kind.0, &kind.1), amounts.cold_tries)?);
        }
    }
    if wanted(Part::Bursts) {
        let [provided, python] = kinds(&dir)?;
        rows.extend(bursts::measure(&setup, (python.0, &python.1), amounts.bursts)?);
        for kind in [provided, python] {
            for (crowd, rounds) in [amounts.crowd, amounts.surge] {
                rows.extend(bursts::measure_crowd(&setup, (kind.0, &kind.1), crowd, rounds)?);
            }
        }
    }
    if wanted(Part::ControlPlane) {
        rows.extend(control_plane::measure(&setup, &dir, amounts.moto)?);
    }
    if wanted(Part::Registry) {
        rows.extend(registry::measure(&setup, &dir, amounts.pulls)?);
    }
    if wanted(Part::Pool) {
        rows.extend(pool::measure()?);
    }
    let report = Report { machine: machine.after()?, rows };
    let (json, svg) = (dir.join("bench.json"), dir.join("bench.svg"));
    report.write_json(&json)?;
    fs::write(&svg, picture::draw(&report)).with_context(|| format!("cannot write {}", svg.display()))?;
    shell::step(&format!("figures are in {} and {}", json.display(), svg.display()));
    Ok(report)
}

/// A program without a runtime, and a function of the runtime that is used most.
fn kinds(dir: &Path) -> Result<[(&'static str, Code); 2]> {
    Ok([("provided", Code::provided(dir, SMALL_BYTES)?), ("python", Code::python(SMALL_BYTES)?)])
}

fn warm_invocations(setup: &Setup<'_>, dir: &Path, count: usize) -> Result<Vec<Row>> {
    let (server, namespace) = (Server::start(setup)?, setup.namespace);
    let mut rows = Vec::new();
    for (size, bytes) in [("1 KB zip", SMALL_BYTES), ("40 MB zip", LARGE_BYTES)] {
        let (provided, python) = (format!("provided, {size}"), format!("python, {size}"));
        rows.extend(warm::measure(&server, namespace, (&provided, &Code::provided(dir, bytes)?), count)?);
        rows.extend(warm::measure(&server, namespace, (&python, &Code::python(bytes)?), count)?);
    }
    rows.push(warm::measure_http(&server, count)?);
    rows.extend(footprint::memory("after the invocations above", server.memory()?, None));
    Ok(rows)
}
