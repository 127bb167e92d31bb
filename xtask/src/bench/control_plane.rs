//! The control plane: functions created, read and listed over one connection that is kept alive.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::functions::{self, Code};
use super::http::Client;
use super::report::{Aim, Row};
use super::server::{Server, Setup};
use crate::shell;

/// As many as a large account has.
const FUNCTIONS: usize = 10_000;

/// 8 KB for each of them.
const FUNCTIONS_MB_MAX: f64 = 80.0;

const FUNCTIONS_PATH: &str = "/2015-03-31/functions";

/// Creates 10,000 functions, reads one after another and lists them all.
///
/// # Errors
/// When fakecloud refuses a call, or lists another number of functions.
pub(crate) fn measure(setup: &Setup<'_>) -> Result<Vec<Row>> {
    shell::step(&format!("creating, reading and listing {FUNCTIONS} functions"));
    let server = Server::start(setup)?;
    let mut client = server.client()?;
    let code = Code::python(1 << 10)?;
    let idle_kib = server.memory()?.anonymous_kib;
    let created = per_second(|number| {
        let request = functions::creation(&name(number), &code).to_string();
        client.send("POST", FUNCTIONS_PATH, functions::HEADERS, request.as_bytes())?.success()?;
        Ok(())
    })?;
    let full_kib = server.memory()?.anonymous_kib;
    let read = per_second(|number| {
        let path = format!("{FUNCTIONS_PATH}/{}", name(number));
        client.send("GET", &path, functions::HEADERS, b"")?.success()?;
        Ok(())
    })?;
    let began = Instant::now();
    let listed = list(&mut client)?;
    let listing = began.elapsed();
    ensure!(listed == FUNCTIONS, "ListFunctions gave {listed} functions instead of {FUNCTIONS}");
    let memory = Row::mb(format!("memory of {FUNCTIONS} functions"), full_kib.saturating_sub(idle_kib));
    Ok(vec![
        Row::per_second("CreateFunction, 1 KB zip, one connection".to_owned(), created),
        Row::per_second("GetFunction, one connection".to_owned(), read),
        Row::ms(format!("ListFunctions, all pages of {FUNCTIONS}"), listing.as_secs_f64() * 1e3),
        memory.aim(Some(Aim::AtMost(FUNCTIONS_MB_MAX))),
    ])
}

/// How often a call succeeds in a second, once for each function.
fn per_second(mut call: impl FnMut(usize) -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    for number in 0..FUNCTIONS {
        call(number)?;
    }
    Ok(FUNCTIONS as f64 / began.elapsed().as_secs_f64())
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

fn name(number: usize) -> String {
    format!("function-{number}")
}
