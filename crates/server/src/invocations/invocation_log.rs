//! The latest invocations, for tests that ask what was invoked: `GET /_fakecloud/lambda/invocations`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use fakecloud_lambda::{Error, Invocation, Outcome};
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::state::control;

/// Older invocations are forgotten.
const ENTRIES_MAX: usize = 1_000;

/// So are those whose payloads exceed this together with the newer ones'.
const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// Longer payloads share the memory that they were read into.
const COPIED_BYTES_MAX: usize = 4 << 10;

/// The latest invocations of all functions, the oldest first.
#[derive(Default)]
pub(crate) struct InvocationLog(Arc<Mutex<Entries>>);

/// An invocation that has not ended yet, held by its caller and by what runs it. Dropped by both without an end, it counts
/// as given up by its caller.
pub(crate) struct OpenEntry {
    number: u64,
    began: Instant,
    entries: Arc<Mutex<Entries>>,
}

/// What asked for an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// A caller of Invoke who waits for the answer.
    Invoke,
    /// An asynchronous invocation.
    Event,
    /// A request to a function URL.
    FunctionUrl,
    /// A caller of InvokeWithResponseStream.
    ResponseStream,
}

#[derive(Default)]
struct Entries {
    /// The number of the first one in `queue`; the others follow without a gap.
    first: u64,
    queue: VecDeque<Entry>,
    payload_bytes: usize,
}

struct Entry {
    function_arn: String,
    executed_version: String,
    request_id: String,
    source: Source,
    epoch_ms: u64,
    payload: Bytes,
    end: Option<End>,
}

struct End {
    duration_ms: u64,
    /// What went wrong: an error type of the function, or the error that the caller got.
    error: Option<String>,
}

/// `GET /_fakecloud/lambda/invocations`
pub(crate) async fn list(State(app): State<App>) -> Json<Value> {
    Json(app.invocation_log.shown())
}

// === impl InvocationLog ===

impl InvocationLog {
    /// Notes that an invocation begins.
    pub(crate) fn begin(&self, invocation: &Invocation, request_id: &str, source: Source) -> Arc<OpenEntry> {
        let entry = Entry {
            function_arn: invocation.function.arn(),
            executed_version: invocation.function.version.clone(),
            request_id: request_id.to_owned(),
            source,
            epoch_ms: control::epoch_ms(),
            payload: kept(&invocation.payload),
            end: None,
        };
        let number = lock(&self.0).push(entry);
        Arc::new(OpenEntry { number, began: Instant::now(), entries: Arc::clone(&self.0) })
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    fn shown(&self) -> Value {
        let entries = lock(&self.0);
        json!({ "invocations": entries.queue.iter().map(Entry::shown).collect::<Vec<_>>() })
    }
}

/// A payload for a long time. A small one is part of what was read from its connection at once, all of which it would
/// keep in memory.
fn kept(payload: &Bytes) -> Bytes {
    if payload.len() <= COPIED_BYTES_MAX { Bytes::copy_from_slice(payload) } else { payload.clone() }
}

fn lock(entries: &Mutex<Entries>) -> MutexGuard<'_, Entries> {
    entries.lock().expect("no holder of this lock panics")
}

// === impl OpenEntry ===

impl OpenEntry {
    /// Notes how it ended, unless that is known already.
    pub(crate) fn end(&self, outcome: Result<&Outcome, &Error>) {
        self.note(match outcome {
            Ok(outcome) => outcome.error_type(),
            Err(error) => Some(error.to_string()),
        });
    }

    fn note(&self, error: Option<String>) {
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        lock(&self.entries).end(self.number, End { duration_ms, error });
    }
}

impl Drop for OpenEntry {
    fn drop(&mut self) {
        self.note(Some("the caller hung up before the invocation was sent to a Pod".to_owned()));
    }
}

// === impl Entries ===

impl Entries {
    fn push(&mut self, entry: Entry) -> u64 {
        self.payload_bytes += entry.payload.len();
        self.queue.push_back(entry);
        while self.queue.len() > ENTRIES_MAX || self.payload_bytes > PAYLOAD_BYTES_MAX {
            let Some(oldest) = self.queue.pop_front() else { break };
            self.payload_bytes -= oldest.payload.len();
            self.first += 1;
        }
        self.first + self.queue.len() as u64 - 1
    }

    /// The first end counts. An entry that was forgotten meanwhile stays so.
    fn end(&mut self, number: u64, end: End) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.queue.get_mut(index)) {
            entry.end.get_or_insert(end);
        }
    }

    fn clear(&mut self) {
        self.first += self.queue.len() as u64;
        self.queue.clear();
        self.payload_bytes = 0;
    }
}

// === impl Entry ===

impl Entry {
    fn shown(&self) -> Value {
        let timestamp = i64::try_from(self.epoch_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let status = match &self.end {
            None => "running",
            Some(End { error: None, .. }) => "succeeded",
            Some(End { error: Some(_), .. }) => "failed",
        };
        json!({
            "functionArn": self.function_arn,
            "payload": String::from_utf8_lossy(&self.payload),
            "source": self.source,
            "timestamp": timestamp.unwrap_or(jiff::Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            "requestId": self.request_id,
            "executedVersion": self.executed_version,
            "status": status,
            "error": self.end.as_ref().and_then(|end| end.error.as_deref()),
            "durationMs": self.end.as_ref().map(|end| end.duration_ms),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(payload: &'static [u8]) -> Entry {
        Entry {
            function_arn: "arn".to_owned(),
            executed_version: "$LATEST".to_owned(),
            request_id: String::new(),
            source: Source::Invoke,
            epoch_ms: 1_769_860_800_000,
            payload: Bytes::from_static(payload),
            end: None,
        }
    }

    fn end(error: Option<&str>) -> End {
        End { duration_ms: 7, error: error.map(str::to_owned) }
    }

    #[test]
    fn an_invocation_is_shown_while_it_runs_and_after_its_end() {
        let mut entries = Entries::default();
        let numbers = [entries.push(entry(b"{}")), entries.push(entry(b"1")), entries.push(entry(b"2"))];
        entries.end(numbers[1], end(Some("KeyError")));
        entries.end(numbers[2], end(None));
        let shown: Vec<Value> = entries.queue.iter().map(Entry::shown).collect();
        let expected = json!({
            "functionArn": "arn", "payload": "{}", "source": "invoke", "timestamp": "2026-01-31T12:00:00.000Z",
            "requestId": "", "executedVersion": "$LATEST", "status": "running", "error": null, "durationMs": null,
        });
        assert_eq!(shown[0], expected);
        assert_eq!(
            [&shown[1]["status"], &shown[1]["error"], &shown[1]["durationMs"]],
            ["failed", "KeyError"].map(Value::from).iter().chain([&json!(7)]).collect::<Vec<_>>()[..]
        );
        assert_eq!([&shown[2]["status"], &shown[2]["error"]], [&json!("succeeded"), &Value::Null]);
    }

    #[test]
    fn the_oldest_are_forgotten_at_the_limit() {
        let mut entries = Entries::default();
        let first = entries.push(entry(b"0"));
        for _ in 1..ENTRIES_MAX {
            entries.push(entry(b"1"));
        }
        assert_eq!((entries.queue.len(), &*entries.queue[0].payload), (ENTRIES_MAX, &b"0"[..]));
        let last = entries.push(entry(b"2"));
        assert_eq!((entries.queue.len(), &*entries.queue[0].payload), (ENTRIES_MAX, &b"1"[..]));
        entries.end(first, end(None));
        entries.end(last, end(None));
        assert_eq!(entries.queue.iter().filter(|entry| entry.end.is_some()).count(), 1);
    }

    #[test]
    fn large_payloads_are_forgotten_sooner() {
        static LARGE: [u8; PAYLOAD_BYTES_MAX / 2] = [b' '; PAYLOAD_BYTES_MAX / 2];
        let mut entries = Entries::default();
        entries.push(entry(&LARGE));
        entries.push(entry(&LARGE));
        assert_eq!(entries.queue.len(), 2);
        entries.push(entry(b"1"));
        assert_eq!((entries.queue.len(), entries.payload_bytes), (2, LARGE.len() + 1));
    }

    #[test]
    fn numbers_go_on_after_all_were_forgotten() {
        let mut entries = Entries::default();
        let before = entries.push(entry(b"1"));
        entries.clear();
        let after = entries.push(entry(b"2"));
        entries.end(before, end(None));
        assert!(entries.queue[0].end.is_none());
        entries.end(after, end(None));
        assert!(entries.queue[0].end.is_some());
    }
}
