//! The latest invocations, for tests that ask what was invoked. As in AWS's figures,
//! what never ran is none.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use bytes::Bytes;
use fakecloud_lambda::{Invocation, Outcome};
use serde::Serialize;
use serde_json::{Value, json};

use crate::common::clock;

/// Older invocations are forgotten.
const ENTRIES_MAX: usize = 1_000;

/// So are those whose payloads exceed this together with the newer ones'.
const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// Longer payloads share the memory that they were read into.
const COPIED_BYTES_MAX: usize = 4 << 10;

/// The latest invocations of all functions.
#[derive(Default)]
pub(crate) struct InvocationLog(Arc<Mutex<Entries>>);

/// An invocation that has not ended yet. Dropped without an end, it never ran.
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
    /// By number, the oldest first.
    latest: BTreeMap<u64, Entry>,
    last: u64,
    payload_bytes: usize,
}

#[derive(Clone)]
struct Entry {
    function_arn: String,
    executed_version: String,
    request_id: String,
    source: Source,
    epoch_ms: u64,
    payload: Bytes,
    end: Option<End>,
}

#[derive(Clone)]
struct End {
    duration_ms: u64,
    /// What went wrong: an error type of the function.
    error: Option<String>,
}

// === impl InvocationLog ===

impl InvocationLog {
    /// Notes that an invocation begins.
    pub(crate) fn begin(&self, invocation: &Invocation, request_id: &str, source: Source) -> OpenEntry {
        let entry = Entry {
            function_arn: invocation.function.arn(),
            executed_version: invocation.function.version.clone(),
            request_id: request_id.to_owned(),
            source,
            epoch_ms: clock::epoch_ms(),
            payload: kept(&invocation.payload),
            end: None,
        };
        let number = lock(&self.0).push(entry);
        OpenEntry { number, began: Instant::now(), entries: Arc::clone(&self.0) }
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// Says whether a panic has left the state behind this lock in an unknown condition.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.0.is_poisoned()
    }

    /// All of them as JSON.
    pub(crate) fn shown(&self) -> Value {
        // Every invocation takes the lock: what takes long comes after it.
        let entries: Vec<Entry> = lock(&self.0).latest.values().cloned().collect();
        json!({ "invocations": entries.iter().map(Entry::shown).collect::<Vec<_>>() })
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
    pub(crate) fn end(&self, outcome: &Outcome) {
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let end = End { duration_ms, error: outcome.error_type() };
        lock(&self.entries).end(self.number, end);
    }
}

impl Drop for OpenEntry {
    fn drop(&mut self) {
        lock(&self.entries).withdraw(self.number);
    }
}

// === impl Entries ===

impl Entries {
    fn push(&mut self, entry: Entry) -> u64 {
        self.last += 1;
        self.payload_bytes += entry.payload.len();
        self.latest.insert(self.last, entry);
        while self.latest.len() > ENTRIES_MAX || self.payload_bytes > PAYLOAD_BYTES_MAX {
            let Some((_, oldest)) = self.latest.pop_first() else { break };
            self.payload_bytes -= oldest.payload.len();
        }
        self.last
    }

    /// The first end counts. An entry that was forgotten meanwhile stays so.
    fn end(&mut self, number: u64, end: End) {
        if let Some(entry) = self.latest.get_mut(&number) {
            entry.end.get_or_insert(end);
        }
    }

    /// Forgets an entry that has no end: it never ran.
    fn withdraw(&mut self, number: u64) {
        if self.latest.get(&number).is_some_and(|entry| entry.end.is_none())
            && let Some(entry) = self.latest.remove(&number)
        {
            self.payload_bytes -= entry.payload.len();
        }
    }

    fn clear(&mut self) {
        self.latest.clear();
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

    #[test]
    fn panic_under_the_lock_is_known() {
        let log = InvocationLog::default();
        assert!(!log.is_poisoned());
        let entries = Arc::clone(&log.0);
        let panicked = std::thread::spawn(move || {
            let _held = lock(&entries);
            panic!("this leaves the entries in an unknown condition");
        });
        assert!(panicked.join().is_err() && log.is_poisoned());
    }

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

    fn oldest(entries: &Entries) -> &[u8] {
        &entries.latest.values().next().unwrap().payload
    }

    #[test]
    fn an_invocation_is_shown_while_it_runs_and_after_its_end() {
        let mut entries = Entries::default();
        let numbers = [entries.push(entry(b"{}")), entries.push(entry(b"1")), entries.push(entry(b"2"))];
        entries.end(numbers[1], end(Some("KeyError")));
        entries.end(numbers[2], end(None));
        let shown: Vec<Value> = entries.latest.values().map(Entry::shown).collect();
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
        assert_eq!((entries.latest.len(), oldest(&entries)), (ENTRIES_MAX, &b"0"[..]));
        let last = entries.push(entry(b"2"));
        assert_eq!((entries.latest.len(), oldest(&entries)), (ENTRIES_MAX, &b"1"[..]));
        entries.end(first, end(None));
        entries.end(last, end(None));
        assert_eq!(entries.latest.values().filter(|entry| entry.end.is_some()).count(), 1);
    }

    #[test]
    fn large_payloads_are_forgotten_sooner() {
        static LARGE: [u8; PAYLOAD_BYTES_MAX / 2] = [b' '; PAYLOAD_BYTES_MAX / 2];
        let mut entries = Entries::default();
        entries.push(entry(&LARGE));
        entries.push(entry(&LARGE));
        assert_eq!(entries.latest.len(), 2);
        entries.push(entry(b"1"));
        assert_eq!((entries.latest.len(), entries.payload_bytes), (2, LARGE.len() + 1));
    }

    #[test]
    fn what_never_ran_is_not_shown_and_takes_no_place() {
        let mut entries = Entries::default();
        let first = entries.push(entry(b"0"));
        for _ in 0..ENTRIES_MAX {
            let throttled = entries.push(entry(b"1"));
            entries.withdraw(throttled);
        }
        assert_eq!((entries.latest.len(), oldest(&entries), entries.payload_bytes), (1, &b"0"[..], 1));
        entries.end(first, end(None));
        entries.withdraw(first);
        assert_eq!(entries.latest.len(), 1, "it ran");
    }

    #[test]
    fn numbers_go_on_after_all_were_forgotten() {
        let mut entries = Entries::default();
        let before = entries.push(entry(b"1"));
        entries.clear();
        let after = entries.push(entry(b"2"));
        entries.end(before, end(None));
        assert!(entries.latest[&after].end.is_none());
        entries.end(after, end(None));
        assert!(entries.latest[&after].end.is_some());
    }
}
