//! What fakecloud itself takes: the time to start, and memory.

use anyhow::Result;

use super::functions::{self, Code};
use super::memory::Memory;
use super::report::{Aim, Row};
use super::samples::Samples;
use super::server::{Server, Setup};
use crate::shell;

/// Functions in the second look at memory.
const FUNCTIONS: usize = 1000;

/// Starts fakecloud `starts` times, and fills the last one with functions.
///
/// # Errors
/// When it does not start, or refuses a function.
pub(crate) fn measure(setup: &Setup<'_>, starts: usize) -> Result<Vec<Row>> {
    shell::step(&format!("starting fakecloud {starts} times"));
    let startups = (0..starts).map(|_| Ok(Server::start(setup)?.startup)).collect::<Result<Samples>>()?;
    let mut rows = vec![Row::ms("start until /readyz is 200, p50".to_owned(), startups.median_ms())];

    let server = Server::start(setup)?;
    // The watch on Pods has begun by then, and its buffers are there.
    std::thread::sleep(std::time::Duration::from_secs(2));
    rows.extend(memory("idle", server.memory()?, Some(Aim::AtMost(20.0))));
    shell::step(&format!("creating {FUNCTIONS} functions"));
    for number in 0..FUNCTIONS {
        functions::create(&server, &format!("function-{number}"), &Code::python(1 << 10)?)?;
    }
    rows.extend(memory(&format!("with {FUNCTIONS} functions"), server.memory()?, None));
    Ok(rows)
}

/// Memory as it stands, in rows.
pub(crate) fn memory(when: &str, memory: Memory, aim: Option<Aim>) -> [Row; 2] {
    [
        Row::mb(format!("resident memory, {when}"), memory.resident_kib).aim(aim),
        Row::mb(format!("of which not the program's file, {when}"), memory.anonymous_kib),
    ]
}
