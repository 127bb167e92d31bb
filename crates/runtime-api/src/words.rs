//! The words of what goes wrong with a function, as AWS has them.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use crate::event::Status;
use crate::time::seconds;
use crate::{Exit, FunctionError, PAYLOAD_BYTES_MAX, SpawnFailure};

/// The type of an error that the function's time ended.
pub(crate) const TIMED_OUT: &str = "Sandbox.Timedout";

/// The type of an answer that is cut off.
pub(crate) const TRUNCATED: &str = "Runtime.TruncatedResponse";

/// The type of an answer that is too long.
pub(crate) const TOO_LARGE: &str = "Function.ResponseSizeTooLarge";

const SIGNALS: [(i32, &str); 13] = [
    (1, "hangup"),
    (2, "interrupt"),
    (3, "quit"),
    (4, "illegal instruction"),
    (5, "trace/breakpoint trap"),
    (6, "aborted"),
    (7, "bus error"),
    (8, "floating point exception"),
    (9, "killed"),
    (11, "segmentation fault"),
    (13, "broken pipe"),
    (14, "alarm clock"),
    (15, "terminated"),
];

/// An error object, its members in AWS's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorObject<'a> {
    error_type: &'a str,
    error_message: &'a str,
}

/// A fatal error: the error that callers get, and the status that logs and telemetry name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fatal {
    pub(crate) error: FunctionError,
    pub(crate) status: Status,
    /// The lines that a text log has of it.
    pub(crate) lines: Vec<String>,
}

// === impl FunctionError ===

impl FunctionError {
    /// An error that the platform words.
    pub(crate) fn new(kind: &str, message: &str) -> Self {
        let object = ErrorObject { error_type: kind, error_message: message };
        let payload = serde_json::to_vec(&object).unwrap_or_default();
        Self { kind: kind.to_owned(), payload: payload.into() }
    }

    /// An error that the runtime words. Without words the payload has the type alone.
    pub(crate) fn told(kind: String, payload: Bytes) -> Self {
        if payload.is_empty() { Self::new(&kind, "") } else { Self { kind, payload } }
    }
}

// === impl Fatal ===

impl Fatal {
    /// An error of an initialisation or a hook that the runtime words.
    pub(crate) fn told(error: FunctionError) -> Self {
        let status = Status::Error(error.kind.clone());
        Self { error, status, lines: Vec::new() }
    }

    fn new(kind: &str, request_id: Option<&str>, text: &str) -> Self {
        let message = match request_id {
            Some(id) => format!("RequestId: {id} Error: {text}"),
            None => format!("Error: {text}"),
        };
        let error = FunctionError::new(kind, &message);
        Self { error, status: Status::Error(kind.to_owned()), lines: vec![message, kind.to_owned()] }
    }
}

/// The end of the function's time.
pub(crate) fn timed_out(time: &str, request_id: &str, timeout: Duration) -> Fatal {
    let text = format!("Task timed out after {} seconds", seconds(timeout));
    let mut fatal = Fatal::new(TIMED_OUT, Some(request_id), &text);
    fatal.status = Status::Timeout;
    fatal.lines = vec![format!("{time} {request_id} {text}")];
    fatal
}

/// The end of the time for an initialisation or a restore that no invocation waits for.
pub(crate) fn phase_timed_out(phase: &str, kind: &str, limit: Duration) -> Fatal {
    let mut fatal = Fatal::new(kind, None, &format!("{phase} timed out after {} seconds", seconds(limit)));
    fatal.status = Status::Timeout;
    fatal.lines = Vec::new();
    fatal
}

/// The end of the runtime's process.
pub(crate) fn runtime_exited(request_id: Option<&str>, exit: Exit) -> Fatal {
    let text = match exit {
        Exit::Status(0) => "Runtime exited without providing a reason".to_owned(),
        Exit::Status(_) | Exit::Signal(_) | Exit::OutOfMemory => format!("Runtime exited with error: {}", reason(exit)),
    };
    Fatal::new("Runtime.ExitError", request_id, &text)
}

/// The end of an external extension's process.
pub(crate) fn extension_exited(request_id: Option<&str>, exit: Exit) -> Fatal {
    let text = match exit {
        Exit::Status(0) => "exit code 0".to_owned(),
        Exit::Status(_) | Exit::Signal(_) | Exit::OutOfMemory => reason(exit),
    };
    Fatal::new("Extension.Crash", request_id, &text)
}

/// An extension that says so itself, in its initialisation or later.
pub(crate) fn extension_failed(kind: &str, request_id: Option<&str>, name: &str, told: &str) -> Fatal {
    Fatal::new(kind, request_id, &format!("{name}: {told}"))
}

/// A runtime that could not be started.
pub(crate) fn runtime_not_started(request_id: Option<&str>, failure: &SpawnFailure) -> Fatal {
    match failure {
        SpawnFailure::NoBootstrap { candidates } => {
            let text = format!("Couldn't find valid bootstrap(s): [{}]", candidates.join(" "));
            Fatal::new("Runtime.InvalidEntrypoint", request_id, &text)
        }
        SpawnFailure::Program { path, reason } => {
            Fatal::new("Runtime.InvalidEntrypoint", request_id, &format!("fork/exec {path}: {reason}"))
        }
        SpawnFailure::WorkingDirectory { path, reason } => {
            Fatal::new("Runtime.InvalidWorkingDir", request_id, &format!("chdir {path}: {reason}"))
        }
    }
}

/// An external extension that could not be started.
pub(crate) fn extension_not_started(request_id: Option<&str>, failure: &SpawnFailure) -> Fatal {
    let text = match failure {
        SpawnFailure::NoBootstrap { candidates } => format!("no such file: {}", candidates.join(" ")),
        SpawnFailure::Program { path, reason } => format!("fork/exec {path}: {reason}"),
        SpawnFailure::WorkingDirectory { path, reason } => format!("chdir {path}: {reason}"),
    };
    Fatal::new("Extension.LaunchError", request_id, &text)
}

/// A buffered answer of more than 6 MiB.
pub(crate) fn too_large() -> FunctionError {
    let message = format!("Response payload size exceeded maximum allowed payload size ({PAYLOAD_BYTES_MAX} bytes).");
    FunctionError::new(TOO_LARGE, &message)
}

/// A streamed answer of more than 200 MiB.
pub(crate) fn stream_too_large(bytes_max: u64) -> FunctionError {
    let message = format!("Response payload size exceeded maximum allowed payload size ({bytes_max} bytes).");
    FunctionError::new(TOO_LARGE, &message)
}

/// A streamed answer that is cut off.
pub(crate) fn truncated(request_id: &str) -> FunctionError {
    FunctionError::new(TRUNCATED, &format!("RequestId: {request_id} Error: Response is truncated"))
}

/// An answer in a mode that AWS does not know.
pub(crate) fn invalid_response_mode(request_id: &str) -> FunctionError {
    let message = format!("RequestId: {request_id} Error: Invalid function response mode");
    FunctionError::new("Runtime.InvalidResponseModeHeader", &message)
}

/// The type that a runtime gives an error, where AWS would keep it: `Runtime.` or `Function.`, and a name of letters
/// that opens with a capital.
pub(crate) fn error_kind(given: Option<&str>) -> String {
    let given = given.unwrap_or_default();
    match given.split_once('.') {
        Some(("Runtime" | "Function", name)) if is_name(name) => given.to_owned(),
        Some(("Runtime", _)) => "Runtime.Unknown".to_owned(),
        _ => "Function.Unknown".to_owned(),
    }
}

fn is_name(name: &str) -> bool {
    name.len() >= 2
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphabetic())
}

fn reason(exit: Exit) -> String {
    match exit {
        Exit::Status(status) => format!("exit status {status}"),
        Exit::OutOfMemory => "signal: killed".to_owned(),
        Exit::Signal(number) => match SIGNALS.iter().find(|(it, _)| *it == number) {
            Some((_, name)) => format!("signal: {name}"),
            None => format!("signal: signal {number}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_kept_only_in_the_form_that_aws_keeps() {
        for kept in ["Runtime.ImportModuleError", "Function.MyError", "Runtime.Ab"] {
            assert_eq!(error_kind(Some(kept)), kept);
        }
        for (given, kind) in [
            (None, "Function.Unknown"),
            (Some(""), "Function.Unknown"),
            (Some("TypeError"), "Function.Unknown"),
            (Some("Function.lower"), "Function.Unknown"),
            (Some("Function.A1"), "Function.Unknown"),
            (Some("Function.A"), "Function.Unknown"),
            (Some("Runtime.x"), "Runtime.Unknown"),
            (Some("Runtime.A.B"), "Runtime.Unknown"),
            (Some("Runtime."), "Runtime.Unknown"),
            (Some("Sandbox.Timedout"), "Function.Unknown"),
        ] {
            assert_eq!(error_kind(given), kind, "{given:?}");
        }
    }

    #[test]
    fn exits_are_told_as_aws_tells_them() {
        let said = |exit: Exit| String::from_utf8(runtime_exited(Some("id"), exit).error.payload.to_vec()).unwrap();
        assert_eq!(
            said(Exit::Status(127)),
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: Runtime exited with error: exit status 127"}"#
        );
        assert!(said(Exit::Status(0)).contains("RequestId: id Error: Runtime exited without providing a reason"));
        for killed in [Exit::Signal(9), Exit::OutOfMemory] {
            assert!(said(killed).contains("Runtime exited with error: signal: killed\""), "{killed:?}");
        }
        assert!(said(Exit::Signal(11)).contains("signal: segmentation fault"));
        assert!(said(Exit::Signal(64)).contains("signal: signal 64"));
    }

    #[test]
    fn programs_that_do_not_start_are_told_with_their_path() {
        let said = |failure: SpawnFailure| runtime_not_started(None, &failure).lines.join(" / ");
        let candidates = vec!["/var/task/bootstrap".to_owned(), "/opt/bootstrap".to_owned()];
        assert_eq!(
            said(SpawnFailure::NoBootstrap { candidates }),
            "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap] / Runtime.InvalidEntrypoint"
        );
        let (path, reason) = ("/x".to_owned(), "exec format error".to_owned());
        assert_eq!(
            said(SpawnFailure::Program { path, reason }),
            "Error: fork/exec /x: exec format error / Runtime.InvalidEntrypoint"
        );
        let (path, reason) = ("/w".to_owned(), "no such file or directory".to_owned());
        assert_eq!(
            said(SpawnFailure::WorkingDirectory { path, reason }),
            "Error: chdir /w: no such file or directory / Runtime.InvalidWorkingDir"
        );
    }
}
