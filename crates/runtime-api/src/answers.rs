//! Answers to calls of the HTTP API, in AWS's words.

use bytes::Bytes;
use serde::Serialize;

use crate::{Answer, PAYLOAD_BYTES_MAX};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    error_message: &'a str,
    error_type: &'a str,
}

// === impl Answer ===

impl Answer {
    /// An answer of JSON.
    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        let headers = vec![("Content-Type", "application/json".to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// What was brought is taken. An empty body breaks .NET's client.
    pub(crate) fn accepted() -> Self {
        Self::json(202, Bytes::from_static(b"{\"status\":\"OK\"}\n"))
    }

    /// A subscription is taken.
    pub(crate) fn subscribed() -> Self {
        let headers = vec![("Content-Type", "text/plain; charset=utf-8".to_owned())];
        Self { status: 200, headers, body: Bytes::from_static(b"\"OK\"") }
    }

    /// A refusal.
    pub(crate) fn error(status: u16, kind: &str, message: &str) -> Self {
        let body = serde_json::to_vec(&ErrorBody { error_message: message, error_type: kind });
        Self::json(status, body.unwrap_or_default())
    }

    /// A refusal of a call that the caller may not make, now or ever.
    pub(crate) fn forbidden(kind: &str, message: &str) -> Self {
        Self::error(403, kind, message)
    }

    /// A call of the runtime in a state that it may not make the call in.
    pub(crate) fn wrong_runtime_state(from: &str, to: &str) -> Self {
        let message =
            format!("State transition from {from} to {to} failed for runtime. Error: State transition is not allowed");
        Self::forbidden("InvalidStateTransition", &message)
    }

    /// A call of an extension in a state that it may not make the call in.
    pub(crate) fn wrong_extension_state(from: &str, to: &str, extension: &str) -> Self {
        let message = format!(
            "State transition from {from} to {to} failed for extension {extension}. Error: State transition is not allowed"
        );
        Self::forbidden("Extension.InvalidExtensionState", &message)
    }

    /// An answer to an invocation that the runtime does not have.
    pub(crate) fn invalid_request_id() -> Self {
        Self::error(400, "InvalidRequestID", "Invalid request ID")
    }

    /// An answer of more than 6 MiB.
    pub(crate) fn too_large(bytes_max: u64) -> Self {
        let message = format!("Exceeded maximum allowed payload size ({bytes_max} bytes).");
        Self::error(413, "RequestEntityTooLarge", &message)
    }

    /// A buffered answer of more than 6 MiB.
    pub(crate) fn payload_too_large() -> Self {
        Self::too_large(PAYLOAD_BYTES_MAX as u64)
    }

    /// A path that the API does not have.
    pub(crate) fn not_found() -> Self {
        let headers = vec![("Content-Type", "text/plain; charset=utf-8".to_owned())];
        Self { status: 404, headers, body: Bytes::from_static(b"404 page not found\n") }
    }

    /// A path that the API has, with another method.
    pub(crate) fn wrong_method() -> Self {
        Self { status: 405, headers: Vec::new(), body: Bytes::new() }
    }

    /// A call too many.
    pub(crate) fn too_many_calls() -> Self {
        Self::error(429, "TooManyRequests", "Too many calls wait for an answer")
    }

    /// A call of an environment whose processes end.
    pub(crate) fn ending() -> Self {
        Self::forbidden("InvalidStateTransition", "The environment is being reset or shut down")
    }
}

/// A header's value without the characters that end a header.
pub(crate) fn header_value(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_cannot_end_the_header() {
        assert_eq!(header_value("a\r\nb: c\0"), "ab: c");
        assert_eq!(header_value(r#"{"ä":1}"#), r#"{"ä":1}"#);
    }
}
