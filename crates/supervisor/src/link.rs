//! The connection to fakecloud, which the supervisor dials.
//!
//! 1. `GET /_fakecloud/lambda/environment` with the token fetches what is to run ([`crate::assignment`]).
//! 2. When the initialisation is over, `GET /_fakecloud/lambda/environment/connection` tells how it ended and asks for an
//!    upgrade to `fakecloud-environment`. Behind the 101, fakecloud is the HTTP/1.1 client and the supervisor the server.
//! 3. `POST /invocation` runs the function ([`crate::requests`]). The next request is read when the environment is free.
//!
//! Where the assignment asks for it, `POST /_fakecloud/lambda/environment/logs` brings batches of the log, each over a connection
//! of its own: `[{"timestamp": milliseconds, "message": line}]`.
//!
//! A connection that breaks is dialled again, and is the same environment.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakecloud_runtime_api::FunctionError;

use crate::http::{Connection, ResponseHead, response};
use crate::settings::Settings;

const ASSIGNMENT: &str = "/_fakecloud/lambda/environment";
const CONNECTION: &str = "/_fakecloud/lambda/environment/connection";
const LOGS: &str = "/_fakecloud/lambda/environment/logs";
const PROTOCOL: &str = "fakecloud-environment";

/// The time for each step of a dial.
const STEP_MAX: Duration = Duration::from_secs(5);

/// The time between two dials.
const RETRY: Duration = Duration::from_millis(500);

/// The most bytes of an assignment.
const ASSIGNMENT_BYTES_MAX: u64 = 1024 * 1024;

/// The state of the connection.
#[derive(Debug)]
pub(crate) enum Link {
    /// The initialisation is not over.
    Waiting,
    /// The connection is being dialled.
    Dialling { since: Instant },
    /// The last dial has failed.
    Down { since: Instant, retry_at: Instant },
    /// fakecloud is connected.
    Up(Connection),
}

/// What a dial came to: the connection and the bytes that came behind the upgrade.
pub(crate) type Dialled = Result<(TcpStream, Vec<u8>), String>;

// === impl Link ===

impl Link {
    /// The moment from which on nobody was connected.
    pub(crate) fn down_since(&self) -> Option<Instant> {
        match self {
            Self::Waiting | Self::Up(_) => None,
            Self::Dialling { since } | Self::Down { since, .. } => Some(*since),
        }
    }

    /// The state after a dial that failed or a connection that broke.
    pub(crate) fn broken(&self, now: Instant) -> Self {
        Self::Down { since: self.down_since().unwrap_or(now), retry_at: now + RETRY }
    }
}

/// The fields that tell how the initialisation ended.
pub(crate) fn init_fields(failure: Option<&FunctionError>) -> Vec<(&'static str, String)> {
    match failure {
        None => vec![("Fakecloud-Init", "done".to_owned())],
        Some(error) => vec![
            ("Fakecloud-Init", "failed".to_owned()),
            ("Fakecloud-Error-Type", error.kind.clone()),
            ("Fakecloud-Error-Body", STANDARD.encode(&error.payload)),
        ],
    }
}

/// Fetches the assignment.
///
/// # Errors
/// The sentence says what failed.
pub(crate) fn fetch(settings: &Settings) -> Result<Vec<u8>, String> {
    let mut stream = connect(&settings.server)?;
    let (head, mut body) = request(&mut stream, settings, ASSIGNMENT, &[("Connection", "close".to_owned())], None)?;
    if head.status != 200 {
        return Err(format!("{} answers {} to GET {ASSIGNMENT}", settings.server, head.status));
    }
    stream.take(ASSIGNMENT_BYTES_MAX).read_to_end(&mut body).map_err(|error| failed(settings, &error))?;
    Ok(body)
}

/// Dials on a thread of its own.
pub(crate) fn dial(
    settings: Settings,
    fields: Vec<(&'static str, String)>,
    then: impl FnOnce(Dialled) + Send + 'static,
) {
    thread::spawn(move || then(upgrade(&settings, fields)));
}

fn upgrade(settings: &Settings, mut fields: Vec<(&'static str, String)>) -> Dialled {
    let mut stream = connect(&settings.server)?;
    fields.extend([("Connection", "Upgrade".to_owned()), ("Upgrade", PROTOCOL.to_owned())]);
    let (head, rest) = request(&mut stream, settings, CONNECTION, &fields, None)?;
    if head.status != 101 {
        return Err(format!("{} answers {} to GET {CONNECTION}", settings.server, head.status));
    }
    let open = stream.set_read_timeout(None).and_then(|()| stream.set_write_timeout(None));
    open.map_err(|error| failed(settings, &error))?;
    keep_alive(&stream).map_err(|error| failed(settings, &error))?;
    Ok((stream, rest))
}

/// Brings a batch of the log, on a thread of its own, and tells whether it was taken.
pub(crate) fn ship(settings: Settings, batch: Bytes, then: impl FnOnce(bool) + Send + 'static) {
    thread::spawn(move || then(bring(&settings, &batch).is_ok()));
}

fn bring(settings: &Settings, batch: &[u8]) -> Result<(), String> {
    let mut stream = connect(&settings.server)?;
    let fields = [
        ("Connection", "close".to_owned()),
        ("Content-Type", "application/json".to_owned()),
        ("Content-Length", batch.len().to_string()),
    ];
    let (head, _) = request(&mut stream, settings, LOGS, &fields, Some(batch))?;
    match head.status {
        200..300 => Ok(()),
        status => Err(format!("{} answers {status} to POST {LOGS}", settings.server)),
    }
}

fn connect(server: &str) -> Result<TcpStream, String> {
    let addresses = server.to_socket_addrs().map_err(|error| format!("{server} has no address: {error}"))?;
    let mut last = format!("{server} has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, STEP_MAX) {
            Ok(stream) => {
                let limited = stream.set_read_timeout(Some(STEP_MAX));
                let limited = limited.and_then(|()| stream.set_write_timeout(Some(STEP_MAX)));
                return limited.map(|()| stream).map_err(|error| format!("{server}: {error}"));
            }
            Err(error) => last = format!("{server} cannot be reached at {address}: {error}"),
        }
    }
    Err(last)
}

/// Makes a request and gives the answer's head and the bytes behind it.
fn request(
    stream: &mut TcpStream,
    settings: &Settings,
    path: &str,
    fields: &[(&str, String)],
    body: Option<&[u8]>,
) -> Result<(ResponseHead, Vec<u8>), String> {
    let Settings { server, token, .. } = settings;
    let method = if body.is_some() { "POST" } else { "GET" };
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n");
    fields.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str("\r\n");
    let bytes = [head.as_bytes(), body.unwrap_or_default()].concat();
    stream.write_all(&bytes).map_err(|error| failed(settings, &error))?;
    let mut input = Vec::new();
    loop {
        let mut piece = [0; 4_096];
        let bytes = stream.read(&mut piece).map_err(|error| failed(settings, &error))?;
        if bytes == 0 {
            return Err(format!("{server} hangs up"));
        }
        input.extend_from_slice(&piece[..bytes]);
        let parsed = response(&input).map_err(|error| format!("{server} does not speak HTTP: {error}"))?;
        if let Some(head) = parsed {
            let rest = input.split_off(head.bytes);
            return Ok((head, rest));
        }
    }
}

/// A node that drops packets in silence is noticed within seconds.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(5))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(2))?;
    sockopt::set_tcp_keepcnt(stream, 3)?;
    sockopt::set_tcp_user_timeout(stream, 10_000)?;
    Ok(())
}

fn failed(settings: &Settings, error: &io::Error) -> String {
    format!("{}: {error}", settings.server)
}
