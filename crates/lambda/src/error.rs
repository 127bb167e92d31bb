//! AWS's errors, and how they are answered.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use crate::shapes::ErrorCode;

/// The most bytes of an error's text. AWS repeats in it what it refuses, which may be megabytes.
const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// The seconds that a throttled caller is asked to wait. AWS gives no figure; with one SDKs do not guess.
const RETRY_AFTER_S: &str = "1";

/// An answer, ready to be sent; the caller adds `x-amzn-RequestId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers that the operation defines.
    pub headers: HeaderMap,
    /// The body; empty where AWS sends none.
    pub body: Bytes,
}

/// An error in AWS's own code and words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.name())]
pub struct Error {
    code: ErrorCode,
    message: String,
    reason: Option<&'static str>,
    /// True if the body says whose fault it is. A few of AWS's errors do not.
    typed: bool,
}

// === impl Response ===

impl Response {
    /// A JSON body.
    pub(crate) fn json(status: u16, body: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("wire structs have string keys and finite numbers");
        let mut response = Self::empty(status);
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.body = body.into();
        response
    }

    /// No body.
    pub(crate) fn empty(status: u16) -> Self {
        let status = StatusCode::from_u16(status).expect("the service model's statuses are valid");
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }
}

// === impl Error ===

impl Error {
    /// An error of this kind with this text, or its first 64 KiB.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: bounded(message.into()), reason: None, typed: true }
    }

    /// More invocations than the function may have at once. `reason` is one of AWS's throttle reasons, such as
    /// `ConcurrentInvocationLimitExceeded`.
    pub fn throttled(reason: &'static str) -> Self {
        Self { reason: Some(reason), ..Self::new(ErrorCode::TooManyRequests, "Rate Exceeded.") }
    }

    /// No execution environment could be started for the invocation; the text says why, in the cluster's own words.
    ///
    /// AWS has no such error. Its status is 424 because every SDK retries 500, 502, 503 and 504 by itself, for up to a
    /// minute, and would show the reason only then.
    pub fn environment_not_started(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::EnvironmentNotStarted, message)
    }

    /// A failure that is not the caller's; the text says what failed.
    pub fn service(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Service, message)
    }

    /// The same without the member `Type`, as AWS answers from some places.
    pub(crate) fn untyped(self) -> Self {
        Self { typed: false, ..self }
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParameterValue, message)
    }

    /// The kind of the error.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// `CodeStorageExceededException` for a limit of the caller's, which `cause` words.
    pub fn storage_full(cause: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::CodeStorageExceeded, format!("Code storage limit exceeded: {cause}"))
    }

    /// The text of the error as the caller sees it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The answer that carries this error.
    pub fn to_response(&self) -> Response {
        let mut body = json!({ self.code.message_key(): self.message });
        if self.typed {
            body["Type"] = if self.code.service_fault() { "Service" } else { "User" }.into();
        }
        if let Some(reason) = self.reason {
            body["Reason"] = reason.into();
        }
        let mut response = Response::json(self.code.status(), &body);
        if self.reason.is_some() {
            response.headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        response.headers.insert("x-amzn-ErrorType", HeaderValue::from_static(self.code.name()));
        response
    }
}

fn bounded(mut message: String) -> String {
    if message.len() > MAX_MESSAGE_BYTES {
        let end = (0..=MAX_MESSAGE_BYTES).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
        message.truncate(end);
        message.push('…');
        message.shrink_to_fit();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_whole_character() {
        let whole = "x".repeat(MAX_MESSAGE_BYTES);
        assert_eq!(Error::service(whole.as_str()).message(), whole);
        let cut = Error::service(format!("x{}", "ä".repeat(MAX_MESSAGE_BYTES)));
        assert_eq!(cut.message(), format!("x{}…", "ä".repeat(MAX_MESSAGE_BYTES / 2 - 1)));
    }
}
