//! The control plane: functions created, read and listed one call after the other, beside moto where it can do the same.

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::functions::{self, Code};
use super::http::Client;
use super::moto;
use super::report::{Aim, Row};
use super::samples::median;
use super::server::{Server, Setup};
use crate::shell;

/// As many as a large account has.
const FUNCTIONS: usize = 10_000;
const ROUNDS: usize = 10;

/// 8 KB for each function, in bytes.
const FUNCTION_KB_MAX: f64 = 8.0;

const FUNCTIONS_PATH: &str = "/2015-03-31/functions";

/// What stands beside: moto's server closes each connection after its answer, whatever the client asks for.
const MOTO: &str = "moto's server, the same requests";

/// Calls a second in each round.
#[derive(Default)]
struct Rates {
    fakecloud: Vec<f64>,
    moto: Vec<f64>,
}

/// Creates 10,000 functions and reads each, in turns with `moto_calls` of the same calls to moto, and lists them all.
///
/// # Errors
/// When one of the two refuses a call, or fakecloud lists another number of functions.
pub(crate) fn measure(setup: &Setup<'_>, dir: &Path, moto_calls: usize) -> Result<Vec<Row>> {
    shell::step(&format!("creating, reading and listing {FUNCTIONS} functions, beside moto"));
    let (server, moto) = (Server::start(setup)?, moto::start(&dir.join("moto.log"))?);
    let (mut fakecloud, mut moto) = (server.client()?, moto.client()?);
    warm_up(&mut fakecloud)?;
    warm_up(&mut moto)?;
    let idle = server.memory()?.anonymous_kib;
    let (mut created, mut read) = (Rates::default(), Rates::default());
    for round in 0..ROUNDS {
        let (many, few) = (numbers(round, FUNCTIONS / ROUNDS), numbers(round, moto_calls));
        created.fakecloud.push(creations_per_second(&mut fakecloud, many.clone())?);
        created.moto.push(creations_per_second(&mut moto, few.clone())?);
        read.fakecloud.push(per_second(many, |number| call(&mut fakecloud, "GET", &name(number)))?);
        read.moto.push(per_second(few, |number| call(&mut moto, "GET", &name(number)))?);
    }
    let grown = server.memory()?.anonymous_kib.saturating_sub(idle);
    let began = Instant::now();
    let listed = list(&mut fakecloud)?;
    let listing = began.elapsed();
    ensure!(listed == FUNCTIONS, "ListFunctions gave {listed} functions instead of {FUNCTIONS}");
    let each = Row::kb(format!("memory per function, of {FUNCTIONS}"), grown as f64 * 1024.0 / FUNCTIONS as f64);
    Ok(vec![
        created.row("CreateFunction, 1 KB zip, one connection"),
        read.row("GetFunction, one connection"),
        Row::ms(format!("ListFunctions, all pages of {FUNCTIONS}"), listing.as_secs_f64() * 1e3),
        each.aim(Some(Aim::AtMost(FUNCTION_KB_MAX))),
    ])
}

/// Leaves no function, but all that a server loads or keeps from its first calls on.
fn warm_up(client: &mut Client) -> Result<()> {
    create(client, &creation("warm-up")?)?;
    call(client, "GET", "warm-up")?;
    call(client, "DELETE", "warm-up")
}

/// Each function gets code of its own, as in an account: no server gains from having stored it before.
fn creations_per_second(client: &mut Client, numbers: Range<usize>) -> Result<f64> {
    let requests = numbers.map(|number| creation(&name(number))).collect::<Result<Vec<_>>>()?;
    per_second(requests.into_iter(), |request| create(client, &request))
}

fn creation(name: &str) -> Result<String> {
    Ok(functions::creation(name, &Code::python(1 << 10)?).to_string())
}

fn create(client: &mut Client, request: &str) -> Result<()> {
    client.send("POST", FUNCTIONS_PATH, functions::HEADERS, request.as_bytes())?.success()?;
    Ok(())
}

fn call(client: &mut Client, method: &str, name: &str) -> Result<()> {
    client.send(method, &format!("{FUNCTIONS_PATH}/{name}"), functions::HEADERS, b"")?.success()?;
    Ok(())
}

/// How often a call succeeds in a second, once for each of `things`.
fn per_second<T>(mut things: impl ExactSizeIterator<Item = T>, call: impl FnMut(T) -> Result<()>) -> Result<f64> {
    let (began, calls) = (Instant::now(), things.len());
    things.try_for_each(call)?;
    Ok(calls as f64 / began.elapsed().as_secs_f64())
}

/// How many functions all pages have together.
fn list(client: &mut Client) -> Result<usize> {
    let (mut count, mut path) = (0, FUNCTIONS_PATH.to_owned());
    loop {
        let page: Value = serde_json::from_slice(&client.send("GET", &path, functions::HEADERS, b"")?.success()?)?;
        count += page["Functions"].as_array().context("a page has functions")?.len();
        let Some(marker) = page["NextMarker"].as_str() else { return Ok(count) };
        path = format!("{FUNCTIONS_PATH}?Marker={marker}");
    }
}

/// The functions of a round.
fn numbers(round: usize, each: usize) -> Range<usize> {
    round * each..(round + 1) * each
}

fn name(number: usize) -> String {
    format!("function-{number}")
}

// === impl Rates ===

impl Rates {
    fn row(self, what: &str) -> Row {
        let row = Row::per_second(what.to_owned(), median(self.fakecloud)).beside(MOTO, median(self.moto));
        row.aim(Some(Aim::RatioAtLeast(20.0)))
    }
}
