//! The most memory that hostile clients make fakecloud take.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::report::{Aim, Row};
use super::server::{Server, Setup};
use crate::shell;

/// Connections over which nothing is ever sent.
const SILENT: usize = 1_000;

/// Uploads that have begun and go on for as long as they may.
const SLOW: usize = 50;

/// What a slow upload has sent, in bytes.
const SENT_BYTES: usize = 64 << 10;

/// The length of each of the worst bodies, in bytes.
const WORST_BYTES: usize = 9 << 20;

/// An answer to a body that is refused takes no longer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The worst bodies: path, beginning, what is repeated, and end. Lists of the smallest elements there are make the most of
/// their bytes.
const WORST: [(&str, &str, &str, &str); 4] = [
    ("/2015-03-31/functions", r#"{"FileSystemConfigs":["#, "{},", "{}]}"),
    ("/2015-03-31/functions", r#"{"Layers":["#, "\"\",", "\"\"]}"),
    ("/2018-10-31/layers/l/versions", r#"{"CompatibleRuntimes":["#, "\"\",", "\"\"]}"),
    ("/2015-03-31/event-source-mappings", r#"{"Queues":["#, "[],", "[]]}"),
];

/// Measures the peak of a fresh server under all of it at once, in megabytes.
///
/// # Errors
/// A server that does not start, or that does not refuse the worst bodies.
pub(crate) fn measure(setup: &Setup<'_>) -> Result<Row> {
    shell::step(&format!("{SILENT} silent connections, {SLOW} slow uploads and the worst bodies at once"));
    raise_descriptors()?;
    let server = Server::start(setup)?;
    let connect = || TcpStream::connect(server.address()).context("a connection was refused");
    let silent = (0..SILENT).map(|_| connect()).collect::<Result<Vec<_>>>()?;
    let slow = (0..SLOW).map(|_| begin_upload(connect()?)).collect::<Result<Vec<_>>>()?;
    let sending: Vec<_> = WORST
        .into_iter()
        .map(|worst| connect().map(|stream| thread::spawn(move || send_worst(stream, worst))))
        .collect::<Result<_>>()?;
    for sent in sending {
        let answer = sent.join().expect("a client does not panic")?;
        ensure!(answer.starts_with("HTTP/1.1 4"), "a body that is refused got {answer}");
    }
    let peak = server.memory()?.peak_kib;
    drop((silent, slow));
    let what = format!("peak memory, {SILENT} silent connections, {SLOW} slow uploads, the worst bodies");
    Ok(Row::mb(what, peak).aim(Some(Aim::AtMost(64.0))))
}

fn begin_upload(mut stream: TcpStream) -> Result<TcpStream> {
    let head = "POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    write!(stream, "{head}{SENT_BYTES:x}\r\n{}\r\n", "a".repeat(SENT_BYTES))?;
    Ok(stream)
}

/// Sends a body, and gives the beginning of the answer.
fn send_worst(mut stream: TcpStream, (path, beginning, repeated, end): (&str, &str, &str, &str)) -> Result<String> {
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    let body = format!("{beginning}{}{end}", repeated.repeat(WORST_BYTES / repeated.len()));
    write!(stream, "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
    let mut answer = [0; 256];
    let bytes = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..bytes]).into_owned())
}

/// Makes room for this process's own ends of the connections.
fn raise_descriptors() -> Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).context("the limit on open files stays as it is")
}
