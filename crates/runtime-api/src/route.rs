//! Which call of the HTTP API a request is.

use crate::Request;

/// A call of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// The runtime asks for an event.
    Next,
    /// The runtime answers the invocation with this id.
    Response(String),
    /// The runtime tells an error of the invocation with this id.
    InvocationError(String),
    /// The runtime tells an error of its initialisation.
    InitError,
    /// The runtime is ready for a snapshot, and waits for the restore.
    RestoreNext,
    /// The runtime tells an error of its hooks.
    RestoreError,
    /// An extension registers.
    Register,
    /// An extension asks for an event.
    EventNext,
    /// An extension tells an error of its initialisation.
    ExtensionInitError,
    /// An extension tells an error, and ends.
    ExtensionExitError,
    /// An extension subscribes to telemetry.
    Telemetry,
    /// An extension subscribes to logs.
    Logs,
    /// The path has other methods.
    WrongMethod,
    /// There is no such path.
    NotFound,
}

const RUNTIME: &str = "/2018-06-01/runtime/";
const EXTENSION: &str = "/2020-01-01/extension/";

pub(crate) fn route(request: &Request) -> Route {
    let path = request.path.strip_suffix('/').unwrap_or(&request.path);
    let Some((method, route)) = known(path) else { return Route::NotFound };
    if method == request.method { route } else { Route::WrongMethod }
}

/// The route of a path and the method that it has.
fn known(path: &str) -> Option<(&'static str, Route)> {
    match path {
        "/2022-07-01/telemetry" => return Some(("PUT", Route::Telemetry)),
        "/2020-08-15/logs" => return Some(("PUT", Route::Logs)),
        _ => {}
    }
    if let Some(rest) = path.strip_prefix(EXTENSION) {
        return match rest {
            "register" => Some(("POST", Route::Register)),
            "event/next" => Some(("GET", Route::EventNext)),
            "init/error" => Some(("POST", Route::ExtensionInitError)),
            "exit/error" => Some(("POST", Route::ExtensionExitError)),
            _ => None,
        };
    }
    match path.strip_prefix(RUNTIME)? {
        "invocation/next" => Some(("GET", Route::Next)),
        "init/error" => Some(("POST", Route::InitError)),
        "restore/next" => Some(("GET", Route::RestoreNext)),
        "restore/error" => Some(("POST", Route::RestoreError)),
        rest => match rest.strip_prefix("invocation/")?.split_once('/')? {
            (id, "response") => Some(("POST", Route::Response(id.to_owned()))),
            (id, "error") => Some(("POST", Route::InvocationError(id.to_owned()))),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(method: &str, path: &str) -> Route {
        route(&Request { method: method.to_owned(), path: path.to_owned(), headers: Vec::new() })
    }

    #[test]
    fn every_call_has_its_route() {
        for (method, path, expected) in [
            ("GET", "/2018-06-01/runtime/invocation/next", Route::Next),
            ("POST", "/2018-06-01/runtime/invocation/a-b/response", Route::Response("a-b".to_owned())),
            ("POST", "/2018-06-01/runtime/invocation/a-b/error", Route::InvocationError("a-b".to_owned())),
            ("POST", "/2018-06-01/runtime/init/error", Route::InitError),
            ("GET", "/2018-06-01/runtime/restore/next", Route::RestoreNext),
            ("POST", "/2018-06-01/runtime/restore/error", Route::RestoreError),
            ("POST", "/2020-01-01/extension/register", Route::Register),
            ("GET", "/2020-01-01/extension/event/next", Route::EventNext),
            ("POST", "/2020-01-01/extension/init/error", Route::ExtensionInitError),
            ("POST", "/2020-01-01/extension/exit/error", Route::ExtensionExitError),
            ("PUT", "/2022-07-01/telemetry", Route::Telemetry),
            ("PUT", "/2022-07-01/telemetry/", Route::Telemetry),
            ("PUT", "/2020-08-15/logs", Route::Logs),
        ] {
            assert_eq!(routed(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn anything_else_has_none() {
        for (method, path, expected) in [
            ("POST", "/2018-06-01/runtime/invocation/next", Route::WrongMethod),
            ("get", "/2018-06-01/runtime/invocation/next", Route::WrongMethod),
            ("GET", "/", Route::NotFound),
            ("GET", "", Route::NotFound),
            ("POST", "/2018-06-01/runtime/invocation/response", Route::NotFound),
            ("POST", "/2018-06-01/runtime/invocation/a/b/response", Route::NotFound),
            ("GET", "/2019-01-01/runtime/invocation/next", Route::NotFound),
            ("PUT", "/2020-01-01/extension/", Route::NotFound),
        ] {
            assert_eq!(routed(method, path), expected, "{method} {path}");
        }
    }
}
