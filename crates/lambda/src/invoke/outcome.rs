//! Outcomes of invocations, derived from the answers of the Runtime Interface Emulator in the Pod.
//!
//! The emulator marks a failed function by nothing but the form of the body, answers 200 in plain text to a timeout, and
//! 502 without a body to a runtime that ended without a word. This file is the one place that knows so.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use serde::Serialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::{
    Error,
    members::{members, string},
};

/// The most bytes that a function may answer.
const MAX_RESPONSE_BYTES: usize = 6_291_556;

/// The `errorType`s of what ends an invocation from outside the runtime.
const TIMED_OUT: &str = "Sandbox.Timedout";
const EXITED: &str = "Runtime.ExitError";
const TOO_LARGE: &str = "Function.ResponseSizeTooLarge";

/// The end of the emulator's message about a runtime that got a SIGKILL.
const KILLED: &str = "signal: killed";

/// AWS's name for every error of a function that the caller hears of.
pub(crate) const UNHANDLED: &str = "Unhandled";

/// The keys of the error objects that AWS's runtime clients send (Python, Node.js, Java, .NET, Ruby, Go, Rust).
const ERROR_KEYS: [&str; 7] = ["cause", "causes", "errorMessage", "errorType", "requestId", "stackTrace", "trace"];

/// The end that an invocation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function answered.
    Success {
        /// The function's answer.
        payload: Bytes,
    },
    /// The handler raised, or the runtime could not start the handler.
    FunctionError {
        /// The error object as the runtime gave it.
        payload: Bytes,
    },
    /// The function was stopped at its timeout.
    TimedOut {
        /// The invocation's id.
        request_id: String,
        /// The function's timeout in seconds.
        timeout_s: u32,
    },
    /// The runtime's process ended during the invocation.
    Exited {
        /// The invocation's id.
        request_id: String,
        /// The way in which it ended, in the words of AWS: `exit status 1`, `signal: killed`; `None` when nobody knows.
        reason: Option<String>,
    },
    /// The answer exceeds 6,291,556 bytes.
    TooLarge,
    /// The Pod's answer is none that the emulator gives.
    Unexpected {
        /// Its HTTP status.
        status: u16,
        /// The beginning of its body.
        excerpt: String,
        /// A hint at what the Pod may lack.
        advice: Option<String>,
    },
}

/// An error that AWS words itself, its members in AWS's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeError<'a> {
    error_type: &'static str,
    error_message: &'a str,
}

impl Outcome {
    /// Reads the emulator's answer to the invocation with this id, of a function with this timeout in seconds.
    pub fn from_rie(status: u16, body: Bytes, request_id: &str, timeout_s: u32) -> Self {
        let request_id = || request_id.to_owned();
        match status {
            200 if body.len() > MAX_RESPONSE_BYTES => Self::TooLarge,
            200 if !Self::may_fail(status, &body, timeout_s) => Self::Success { payload: body },
            200 if body == timeout_text(timeout_s) => Self::TimedOut { request_id: request_id(), timeout_s },
            200 if is_error_object(&body) => Self::FunctionError { payload: body },
            200 => Self::Success { payload: body },
            502 if body.is_empty() => Self::Exited { request_id: request_id(), reason: None },
            502 if says_too_large(&body) => Self::TooLarge,
            502 if is_object(&body) => Self::FunctionError { payload: body },
            _ => {
                let excerpt = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
                Self::Unexpected { status, excerpt, advice: None }
            }
        }
    }

    /// With what the Pod may lack, where its answer is none that the emulator gives.
    #[must_use]
    pub fn with_advice(mut self, find: impl FnOnce() -> Option<String>) -> Self {
        if let Self::Unexpected { advice, .. } = &mut self {
            *advice = find();
        }
        self
    }

    /// Tells whether an answer with this status that begins with `begin` may still turn out to be anything but a
    /// success. No part of such an answer may be passed on before its end is seen. The first few bytes decide, unless
    /// they are those of an error.
    pub fn may_fail(status: u16, begin: &[u8], timeout_s: u32) -> bool {
        // Only what begins so can be the text of a timeout, which need not be made for any other answer.
        let like_a_timeout = begin.first().is_none_or(|first| *first == b'T');
        if status != 200 || like_a_timeout && timeout_text(timeout_s).as_bytes().starts_with(begin) {
            return true;
        }
        let Some(inside) = begin.trim_ascii_start().strip_prefix(b"{") else { return begin.trim_ascii().is_empty() };
        let Some(key) = inside.trim_ascii_start().strip_prefix(b"\"") else { return inside.trim_ascii().is_empty() };
        match key.iter().position(|byte| *byte == b'"') {
            Some(end) => ERROR_KEYS.iter().any(|known| known.as_bytes() == &key[..end]),
            None => ERROR_KEYS.iter().any(|known| known.as_bytes().starts_with(key)),
        }
    }

    /// The `errorType` of an invocation that failed; `None` when it succeeded.
    pub fn error_type(&self) -> Option<String> {
        match self {
            Self::Success { .. } => None,
            Self::FunctionError { payload } => {
                let [kind] = members(payload, ["errorType"]).unwrap_or_default();
                Some(kind.and_then(string).unwrap_or_else(|| UNHANDLED.to_owned()))
            }
            Self::TimedOut { .. } => Some(TIMED_OUT.to_owned()),
            Self::Exited { .. } => Some(EXITED.to_owned()),
            Self::TooLarge => Some(TOO_LARGE.to_owned()),
            Self::Unexpected { status, .. } => Some(format!("HTTP {status}")),
        }
    }

    /// Tells whether the runtime ended and the emulator says nothing more, as it does when a runtime ends while it
    /// initialises and no handler has run. The next event that the emulator is sent initialises the runtime anew. A
    /// runtime that answers an event with no byte at all and ends then looks the same, and so does every end of a
    /// runtime that was initialised anew.
    pub fn is_silent_exit(&self) -> bool {
        matches!(self, Self::Exited { reason: None, .. })
    }

    /// Tells whether an emulator answers so too when it is stopped itself, right before it ends: with status 200 and no
    /// byte at all, or with the end of the runtime that it has stopped. An emulator whose function answers no byte, as
    /// functions may, lives on.
    pub fn may_be_last_words(&self) -> bool {
        match self {
            Self::Success { payload } => payload.is_empty(),
            Self::Exited { .. } => true,
            Self::FunctionError { .. } => self.error_type().is_some_and(|kind| kind == EXITED),
            Self::TimedOut { .. } | Self::TooLarge | Self::Unexpected { .. } => false,
        }
    }

    /// Tells whether the emulator saw the runtime end by a SIGKILL. The kernel sends one to a process in a container
    /// that needs more than its memory. Neither the answer nor Kubernetes says more where the emulator lives on.
    pub fn is_killed_runtime(&self) -> bool {
        let Self::FunctionError { payload } = self else { return false };
        let [kind, message] = members(payload, ["errorType", "errorMessage"]).unwrap_or_default();
        kind.and_then(string).is_some_and(|kind| kind == EXITED)
            && message.and_then(string).is_some_and(|message| message.ends_with(KILLED))
    }

    /// The body that AWS answers, and whether it is an error of the function.
    pub(crate) fn into_payload(self) -> Result<(Bytes, bool), Error> {
        let (kind, message) = match self {
            Self::Success { payload } => return Ok((payload, false)),
            Self::FunctionError { payload } => return Ok((payload, true)),
            Self::TimedOut { request_id, timeout_s } => {
                (TIMED_OUT, format!("RequestId: {request_id} Error: {}", timeout_text(timeout_s)))
            }
            Self::Exited { request_id, reason: Some(reason) } => {
                (EXITED, format!("RequestId: {request_id} Error: Runtime exited with error: {reason}"))
            }
            Self::Exited { request_id, reason: None } => {
                (EXITED, format!("RequestId: {request_id} Error: Runtime exited without providing a reason"))
            }
            Self::TooLarge => (
                TOO_LARGE,
                format!("Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."),
            ),
            Self::Unexpected { status, excerpt, advice } => {
                let message = format!("the function's Pod answered with HTTP {status}: {excerpt}");
                return Err(match advice {
                    // Another Pod would answer the same, so that clients need not try again.
                    Some(advice) => Error::environment_not_started(format!("{message} ({advice})")),
                    None => Error::service(message),
                });
            }
        };
        let error = RuntimeError { error_type: kind, error_message: &message };
        Ok((serde_json::to_vec(&error).expect("two texts are serializable").into(), true))
    }
}

fn timeout_text(timeout_s: u32) -> String {
    format!("Task timed out after {timeout_s}.00 seconds")
}

/// Tells whether a body is an object of `errorMessage` and `errorType` with nothing beside them but what runtime
/// clients add. An answer that merely contains the key `errorMessage` is none.
fn is_error_object(body: &[u8]) -> bool {
    let mut json = serde_json::Deserializer::from_slice(body);
    json.deserialize_map(ErrorObject).is_ok_and(|found| found) && json.end().is_ok()
}

/// Tells whether a body is a JSON object, which is enough where the status already tells of an error.
fn is_object(body: &[u8]) -> bool {
    members(body, []).is_some()
}

/// Tells whether a body is the emulator's error for too long an answer, whose text is not AWS's.
fn says_too_large(body: &[u8]) -> bool {
    let [kind] = members(body, ["errorType"]).unwrap_or_default();
    kind.and_then(string).is_some_and(|kind| kind == TOO_LARGE)
}

struct ErrorObject;

impl<'de> Visitor<'de> for ErrorObject {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<bool, A::Error> {
        let (mut message, mut kind) = (false, false);
        while let Some(key) = object.next_key::<Cow<'_, str>>()? {
            if !ERROR_KEYS.contains(&&*key) {
                return Err(serde::de::Error::custom("not a key of an error object"));
            }
            message |= key == "errorMessage";
            kind |= key == "errorType";
            object.next_value::<IgnoredAny>()?;
        }
        Ok(message && kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_passes_as_soon_as_it_cannot_be_an_error() {
        for passes in [r#""text""#, "1", "<html>", r#"{"a"#, r#"{"errorMessages""#, "{}", "Task timed in"] {
            assert!(!Outcome::may_fail(200, passes.as_bytes(), 3), "{passes}");
        }
        for waits in [
            "",
            "  ",
            "{",
            " { ",
            r#"{""#,
            r#"{"error"#,
            r#"{"errorType""#,
            r#"{ "trace": ["#,
            "Task",
            "Task timed out after 3.00 seconds",
        ] {
            assert!(Outcome::may_fail(200, waits.as_bytes(), 3), "{waits}");
        }
        assert!(Outcome::may_fail(502, b"1", 3));
    }

    #[test]
    fn advice_is_for_what_no_emulator_answers() {
        let refusal = |status: u16, advice: Option<&str>| {
            let outcome = Outcome::from_rie(status, Bytes::from_static(b"no"), "id", 3);
            outcome.with_advice(|| advice.map(str::to_owned)).into_payload().unwrap_err().to_string()
        };
        let said = "the function's Pod answered with HTTP 404: no";
        assert_eq!(refusal(404, None), format!("ServiceException: {said}"));
        assert_eq!(refusal(404, Some("do this")), format!("EnvironmentNotStartedException: {said} (do this)"));
        let success = Outcome::from_rie(200, Bytes::from_static(b"no"), "id", 3);
        assert_eq!(success.clone().with_advice(|| Some("do this".to_owned())), success);
    }

    #[test]
    fn runtime_that_was_killed_is_told_from_other_ends() {
        let ended = |status: u16, body: &str| {
            Outcome::from_rie(status, Bytes::copy_from_slice(body.as_bytes()), "id", 3).is_killed_runtime()
        };
        let exit =
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: Runtime exited with error: "#;
        assert!(ended(502, &format!("{exit}signal: killed\"}}")));
        assert!(!ended(502, &format!("{exit}exit status 1\"}}")));
        assert!(!ended(502, ""));
        assert!(!ended(200, r#"{"errorType":"E","errorMessage":"signal: killed"}"#));
        assert!(!ended(200, r#""signal: killed""#));
    }

    #[test]
    fn end_that_the_emulator_says_nothing_of_is_told_from_other_ends() {
        let ended = |status: u16, body: &'static str| {
            Outcome::from_rie(status, Bytes::from_static(body.as_bytes()), "id", 3).is_silent_exit()
        };
        assert!(ended(502, ""));
        assert!(!ended(502, r#"{"errorType":"Runtime.ExitError","errorMessage":"exit status 1"}"#));
        assert!(!ended(200, "") && !ended(500, ""));
    }

    #[test]
    fn answers_that_a_stopped_emulator_gives_too_are_told_from_others() {
        let doubtful = |status: u16, body: &'static str| {
            Outcome::from_rie(status, Bytes::from_static(body.as_bytes()), "id", 3).may_be_last_words()
        };
        assert!(doubtful(200, "") && doubtful(502, ""));
        assert!(doubtful(502, r#"{"errorType":"Runtime.ExitError","errorMessage":"signal: terminated"}"#));
        assert!(!doubtful(502, r#"{"errorType":"Runtime.ImportModuleError","errorMessage":"no"}"#));
        for sure in ["null", "{}", "Task timed out after 3.00 seconds", r#"{"errorType":"E","errorMessage":"m"}"#] {
            assert!(!doubtful(200, sure), "{sure}");
        }
        assert!(!doubtful(500, ""));
    }

    #[test]
    fn whatever_is_an_error_was_held_back_from_its_first_byte_on() {
        for error in [
            r#"{"errorMessage":"m","errorType":"T"}"#,
            " {\"errorType\":\"T\",\"errorMessage\":\"m\",\"trace\":[]}",
            "Task timed out after 3.00 seconds",
        ] {
            assert!(Outcome::from_rie(200, Bytes::from_static(error.as_bytes()), "id", 3).error_type().is_some());
            for end in 0..=error.len() {
                assert!(Outcome::may_fail(200, &error.as_bytes()[..end], 3), "{}", &error[..end]);
            }
        }
    }
}
