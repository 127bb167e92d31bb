//! Warm invocations: through fakecloud, and straight to the same Pod's emulator.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result};

use super::bare::RIE_PORT;
use super::functions::{self, Code};
use super::http::Client;
use super::namespace::Namespace;
use super::report::{Aim, Row};
use super::samples::Samples;
use super::server::Server;
use crate::shell;

/// The emulator's only function.
pub(crate) const RIE_PATH: &str = "/2015-03-31/functions/function/invocations";

/// So many invocations one way, then as many the other, so that the machine's moods meet both alike.
const BLOCK: usize = 10;

/// Invocations before the first that counts.
pub(crate) const WARM_UP: usize = 50;

/// Times of both ways, one after another: the emulator ends when two invocations overlap.
struct Both {
    through: Samples,
    direct: Samples,
}

/// Creates the function, invokes it `count` times each way, and deletes it.
///
/// # Errors
/// Any answer but the event.
pub(crate) fn measure(
    server: &Server,
    namespace: &Namespace<'_>,
    (what, code): (&str, &Code),
    count: usize,
) -> Result<Vec<Row>> {
    shell::step(&format!("warm invocations, {what}: {count} each way"));
    let function = "warm";
    functions::create(server, function, code)?;
    let mut lambda = server.client()?;
    let path = functions::invoke_path(function);
    functions::invoke(&mut lambda, &path)?;
    let mut rie = Client::connect(rie_of(namespace, function)?)?;
    alternate(&mut lambda, &path, &mut rie, WARM_UP)?;
    let both = alternate(&mut lambda, &path, &mut rie, count)?;
    functions::delete(server, function)?;
    namespace.settle()?;

    let row = |percent: usize, aim: Option<Aim>| {
        let name = format!("warm invoke, {what}, p{percent}");
        Row::ms(name, both.through.percentile_ms(percent))
            .beside("POST to the same Pod", both.direct.percentile_ms(percent))
            .aim(aim)
    };
    Ok(vec![row(50, Some(Aim::Difference(0.15))), row(99, Some(Aim::Difference(0.5)))])
}

/// A request that fakecloud answers itself: the part of a warm invocation that is HTTP with its client.
///
/// # Errors
/// When it is not answered.
pub(crate) fn measure_http(server: &Server, count: usize) -> Result<Row> {
    let mut client = server.client()?;
    let mut ask = || -> Result<_> {
        let began = Instant::now();
        client.send("GET", "/livez", "", b"")?.success()?;
        Ok(began.elapsed())
    };
    for _ in 0..WARM_UP {
        ask()?;
    }
    let samples = (0..count).map(|_| ask()).collect::<Result<Samples>>()?;
    Ok(Row::ms("GET /livez, p50".to_owned(), samples.median_ms()))
}

fn rie_of(namespace: &Namespace<'_>, function: &str) -> Result<SocketAddr> {
    let pod = namespace.pod_of(function)?;
    let ip = namespace.ip_of(pod["metadata"]["name"].as_str().context("a Pod has a name")?)?;
    Ok(SocketAddr::new(ip, RIE_PORT))
}

fn alternate(lambda: &mut Client, path: &str, rie: &mut Client, count: usize) -> Result<Both> {
    let mut both = Both { through: Samples::default(), direct: Samples::default() };
    while both.direct.len() < count {
        invoke_block(lambda, path, &mut both.through)?;
        invoke_block(rie, RIE_PATH, &mut both.direct)?;
    }
    Ok(both)
}

fn invoke_block(client: &mut Client, path: &str, samples: &mut Samples) -> Result<()> {
    for _ in 0..BLOCK {
        let began = Instant::now();
        functions::invoke(client, path)?;
        samples.push(began.elapsed());
    }
    Ok(())
}
