//! Subscriptions to telemetry and to logs: bodies of `PUT /2022-07-01/telemetry` and `PUT /2020-08-15/logs`.

use std::time::Duration;

use serde::Deserialize;

use crate::Destination;
use crate::event::Api;

/// The host that stands for the sandbox itself.
const SANDBOX_HOSTS: [&str; 2] = ["sandbox.localdomain", "sandbox"];

const HOLD: Duration = Duration::from_secs(1);
const ITEMS: usize = 10_000;
const BYTES: usize = 256 * 1024;
const HOLD_MS: std::ops::RangeInclusive<u64> = 25..=30_000;
const ITEMS_RANGE: std::ops::RangeInclusive<usize> = 1_000..=10_000;
const BYTES_RANGE: std::ops::RangeInclusive<usize> = 256 * 1024..=1024 * 1024;

/// A subscription that is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) api: Api,
    /// Never empty, each kind once.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) destination: Destination,
    pub(crate) buffering: Buffering,
    /// Whether a line that is a JSON object is passed on as an object.
    pub(crate) json_lines: bool,
    /// Whether the schema has `platform.runtimeDone` and `platform.initRuntimeDone`.
    pub(crate) runtime_done: bool,
}

/// A kind of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Platform,
    Function,
    Extension,
}

/// The limits at which a batch is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buffering {
    pub(crate) hold: Duration,
    pub(crate) items: usize,
    pub(crate) bytes: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    schema_version: Option<String>,
    types: Option<Vec<String>>,
    destination: Option<DestinationBody>,
    buffering: Option<BufferingBody>,
}

#[derive(Deserialize)]
struct DestinationBody {
    protocol: Option<String>,
    #[serde(alias = "URI")]
    uri: Option<String>,
    port: Option<u16>,
    method: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BufferingBody {
    max_items: Option<usize>,
    max_bytes: Option<usize>,
    timeout_ms: Option<u64>,
}

/// Reads a subscription's body. `own_port` is the port of the HTTP API itself, where nobody else can listen.
///
/// # Errors
/// The sentence says which member is wrong.
pub(crate) fn parse(api: Api, body: &[u8], own_port: Option<u16>) -> Result<Subscription, String> {
    let body: Body = serde_json::from_slice(body).map_err(|error| format!("the body is no subscription: {error}"))?;
    let schema = body.schema_version.as_deref();
    let (json_lines, runtime_done) = match (api, schema) {
        (Api::Telemetry, Some("2022-07-01") | None) => (false, true),
        (Api::Telemetry, Some("2022-12-13" | "2025-01-29")) => (true, true),
        (Api::Logs, Some("2020-08-15") | None) => (false, false),
        (Api::Logs, Some("2021-03-18")) => (false, true),
        (_, Some(other)) => return Err(format!("schemaVersion {other:?} is not supported")),
    };
    let kinds = kinds(body.types.unwrap_or_default())?;
    let destination = destination(body.destination.ok_or("destination is missing")?, own_port)?;
    let buffering = buffering(body.buffering)?;
    Ok(Subscription { api, kinds, destination, buffering, json_lines, runtime_done })
}

fn kinds(names: Vec<String>) -> Result<Vec<Kind>, String> {
    let mut kinds = Vec::new();
    for name in names {
        let kind = match name.as_str() {
            "platform" => Kind::Platform,
            "function" => Kind::Function,
            "extension" => Kind::Extension,
            _ => return Err(format!("types has {name:?}: expected platform, function or extension")),
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() { Err("types is missing or empty".to_owned()) } else { Ok(kinds) }
}

fn destination(body: DestinationBody, own_port: Option<u16>) -> Result<Destination, String> {
    let free = |port: u16| match port {
        0 => Err("destination has port 0".to_owned()),
        _ if Some(port) == own_port => Err(format!("destination has port {port}, which is the API's own")),
        _ => Ok(port),
    };
    match body.protocol.as_deref() {
        Some("HTTP") => {
            let uri = body.uri.ok_or("destination has no URI")?;
            let (port, path) = http_uri(&uri).ok_or_else(|| {
                format!("destination has the URI {uri:?}: expected http://sandbox.localdomain:PORT and a path")
            })?;
            let method = match body.method.as_deref() {
                None | Some("POST") => "POST",
                Some("PUT") => "PUT",
                Some(other) => return Err(format!("destination has the method {other:?}: expected POST or PUT")),
            };
            Ok(Destination::Http { port: free(port)?, path, method })
        }
        Some("TCP") => Ok(Destination::Tcp { port: free(body.port.ok_or("destination has no port")?)? }),
        other => Err(format!("destination has the protocol {other:?}: expected HTTP or TCP")),
    }
}

/// The port and the path of a URI inside the sandbox.
fn http_uri(uri: &str) -> Option<(u16, String)> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, 80),
    };
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    (SANDBOX_HOSTS.contains(&host) && is_plain).then(|| (port, path.to_owned()))
}

fn buffering(body: Option<BufferingBody>) -> Result<Buffering, String> {
    let Some(body) = body else { return Ok(Buffering::default()) };
    let default = Buffering::default();
    let hold = match body.timeout_ms {
        Some(ms) if !HOLD_MS.contains(&ms) => return Err(format!("timeoutMs is {ms}: expected 25 to 30000")),
        Some(ms) => Duration::from_millis(ms),
        None => default.hold,
    };
    let items = body.max_items.unwrap_or(default.items);
    if !ITEMS_RANGE.contains(&items) {
        return Err(format!("maxItems is {items}: expected 1000 to 10000"));
    }
    let bytes = body.max_bytes.unwrap_or(default.bytes);
    if !BYTES_RANGE.contains(&bytes) {
        return Err(format!("maxBytes is {bytes}: expected 262144 to 1048576"));
    }
    Ok(Buffering { hold, items, bytes })
}

// === impl Buffering ===

impl Default for Buffering {
    fn default() -> Self {
        Self { hold: HOLD, items: ITEMS, bytes: BYTES }
    }
}

// === impl Kind ===

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Function => "function",
            Self::Extension => "extension",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Platform => "Platform",
            Self::Function => "Function",
            Self::Extension => "Extension",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> Result<Subscription, String> {
        parse(Api::Telemetry, body.as_bytes(), Some(9001))
    }

    fn with_destination(destination: &str) -> Result<Subscription, String> {
        parsed(&format!(r#"{{"schemaVersion":"2022-12-13","types":["platform"],"destination":{destination}}}"#))
    }

    fn with_buffering(buffering: &str) -> Result<Subscription, String> {
        parsed(&format!(
            r#"{{"types":["function"],"destination":{{"protocol":"TCP","port":8080}},"buffering":{buffering}}}"#
        ))
    }

    #[test]
    fn uri_inside_the_sandbox_is_taken_with_its_path() {
        let subscription = with_destination(r#"{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080/a?b=c"}"#);
        let destination = Destination::Http { port: 8080, path: "/a?b=c".to_owned(), method: "POST" };
        assert_eq!(subscription.unwrap().destination, destination);
        let subscription = with_destination(r#"{"protocol":"HTTP","uri":"http://sandbox","method":"PUT"}"#);
        let destination = Destination::Http { port: 80, path: "/".to_owned(), method: "PUT" };
        assert_eq!(subscription.unwrap().destination, destination);
    }

    #[test]
    fn destination_outside_the_sandbox_or_at_the_api_is_refused() {
        for destination in [
            "{}",
            r#"{"protocol":"HTTP"}"#,
            r#"{"protocol":"HTTP","URI":"http://example.com:8080"}"#,
            r#"{"protocol":"HTTP","URI":"https://sandbox.localdomain:8080"}"#,
            r#"{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080/a b"}"#,
            r#"{"protocol":"HTTP","URI":"http://sandbox.localdomain:99999"}"#,
            r#"{"protocol":"HTTP","URI":"http://sandbox.localdomain:9001"}"#,
            r#"{"protocol":"HTTP","URI":"http://sandbox:8080","method":"GET"}"#,
            r#"{"protocol":"TCP"}"#,
            r#"{"protocol":"TCP","port":0}"#,
            r#"{"protocol":"TCP","port":70000}"#,
            r#"{"protocol":"UDP","port":8080}"#,
        ] {
            assert!(with_destination(destination).is_err(), "{destination}");
        }
    }

    #[test]
    fn buffering_is_taken_at_its_limits_and_refused_beyond() {
        assert_eq!(with_buffering("{}").unwrap().buffering, Buffering::default());
        for limits in [
            r#"{"maxItems":1000,"maxBytes":262144,"timeoutMs":25}"#,
            r#"{"maxItems":10000,"maxBytes":1048576,"timeoutMs":30000}"#,
        ] {
            assert!(with_buffering(limits).is_ok(), "{limits}");
        }
        for beyond in [
            r#"{"maxItems":999}"#,
            r#"{"maxItems":10001}"#,
            r#"{"maxBytes":262143}"#,
            r#"{"maxBytes":1048577}"#,
            r#"{"timeoutMs":24}"#,
            r#"{"timeoutMs":30001}"#,
            r#"{"timeoutMs":-1}"#,
        ] {
            assert!(with_buffering(beyond).is_err(), "{beyond}");
        }
    }

    #[test]
    fn body_that_is_no_subscription_is_refused() {
        for body in
            ["", "null", "[]", "{}", r#"{"types":[]}"#, r#"{"types":["x"]}"#, r#"{"schemaVersion":"2019-01-01"}"#]
        {
            assert!(parsed(body).is_err(), "{body}");
        }
    }
}
