//! An asynchronous invocation and its record on disk.

use std::time::Duration;

use bytes::Bytes;
use fakecloud_events::{Arrival, Condition, EventId, Policy};
use fakecloud_lambda::{Change, EventAnswer, EventTarget, Generation, Invocation};
use http::HeaderValue;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tracing::error;

use crate::common::clock;
use crate::invocations::trace_id;

/// An asynchronous invocation as it was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// A UUID, the same for every attempt.
    pub(crate) request_id: String,
    /// `X-Amzn-Trace-Id`, the same for every attempt, and for the functions among its destinations.
    pub(crate) trace_id: HeaderValue,
    pub(crate) target: EventTarget,
    /// A JSON text.
    pub(crate) payload: Bytes,
    /// In milliseconds since the Unix epoch.
    pub(crate) accepted_ms: u64,
    /// When what it is for was looked up.
    pub(crate) generation: Generation,
}

/// How far an event has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// How often the function has run for it.
    runs: u32,
    /// Not before then it is tried again, in milliseconds since the Unix epoch.
    not_before_ms: u64,
    pub(super) ended: Option<Ended>,
}

/// How an event ended whose destinations are not told yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    #[serde(serialize_with = "write_condition", deserialize_with = "read_condition")]
    pub(super) condition: Condition,
    /// How the last attempt was answered.
    pub(super) answer: Option<EventAnswer>,
}

/// The content of a record.
#[derive(Serialize, Deserialize)]
struct Record {
    request_id: String,
    /// None where it is no text.
    trace_id: Option<String>,
    target: EventTarget,
    payload: String,
    accepted_ms: u64,
    runs: u32,
    not_before_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Ended>,
}

/// What besides its payload an event takes of the queue's memory, roughly: the beginning of the answer to its last attempt
/// among it.
const OVERHEAD_BYTES: usize = 512 + EventAnswer::SHORT_BYTES;

/// Reads what an earlier process has accepted and not settled, oldest first. A record that cannot be read is named in the
/// log and left where it is: it can wait, all others cannot.
pub(crate) fn load(records: Vec<(String, Vec<u8>)>) -> Vec<(Event, Progress)> {
    let mut events: Vec<_> = records.into_iter().filter_map(|(key, json)| read(&key, &json)).collect();
    events.sort_by_key(|(event, _)| event.accepted_ms);
    events
}

fn read(key: &str, json: &[u8]) -> Option<(Event, Progress)> {
    match serde_json::from_slice::<Record>(json) {
        Ok(record) => Some(record.into()),
        Err(cause) => {
            error!(record = key, error = %cause, "an asynchronous invocation cannot be read and is not run");
            None
        }
    }
}

// === impl Event ===

impl Event {
    /// What is accepted now of a caller who does not wait.
    pub(crate) fn new(request_id: &str, trace_id: &HeaderValue, invocation: Invocation) -> Self {
        let Invocation { target, payload, generation, .. } = invocation;
        let accepted_ms = clock::epoch_ms();
        let (request_id, trace_id) = (request_id.to_owned(), trace_id.clone());
        Self { request_id, trace_id, target, payload, accepted_ms, generation }
    }

    /// Its record's name.
    pub(crate) fn key(&self) -> String {
        format!("{}.json", self.request_id)
    }

    /// How long ago it was accepted, by the wall clock.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_millis(clock::epoch_ms().saturating_sub(self.accepted_ms))
    }

    /// Its record.
    pub(crate) fn record(&self, progress: &Progress) -> Change {
        let record = Record {
            request_id: self.request_id.clone(),
            trace_id: self.trace_id.to_str().ok().map(str::to_owned),
            target: self.target.clone(),
            payload: String::from_utf8_lossy(&self.payload).into_owned(),
            accepted_ms: self.accepted_ms,
            runs: progress.runs,
            not_before_ms: progress.not_before_ms,
            ended: progress.ended.clone(),
        };
        let json = serde_json::to_vec(&record).expect("a record has string keys and no floats");
        Change::Put { key: self.key(), json }
    }

    /// Its way into the queue. What the wall clock says of the past becomes spans of time here.
    pub(crate) fn arrival(&self, event: EventId, progress: &Progress, policy: Policy) -> Arrival {
        let now_ms = clock::epoch_ms();
        Arrival {
            event,
            function: self.target.unqualified_arn().into(),
            bytes: self.payload.len() + progress.answer_bytes() + OVERHEAD_BYTES,
            age: self.age(),
            runs: progress.runs,
            wait: Duration::from_millis(progress.not_before_ms.saturating_sub(now_ms)),
            policy,
        }
    }
}

impl Progress {
    /// So many runs, and the next attempt after this time.
    pub(crate) fn in_future(runs: u32, wait: Duration) -> Self {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        Self { runs, not_before_ms: clock::epoch_ms().saturating_add(wait_ms), ended: None }
    }

    /// What is held until the destinations are told.
    fn answer_bytes(&self) -> usize {
        let answer = self.ended.as_ref().and_then(|ended| ended.answer.as_ref());
        answer.map_or(0, EventAnswer::payload_bytes)
    }

    /// So many runs, and no further attempt.
    pub(crate) fn ended(runs: u32, ended: Ended) -> Self {
        Self { runs, not_before_ms: 0, ended: Some(ended) }
    }
}

impl From<Record> for (Event, Progress) {
    fn from(record: Record) -> Self {
        let Record { request_id, trace_id, target, payload, accepted_ms, runs, not_before_ms, ended } = record;
        let (payload, generation) = (payload.into(), Generation::default());
        let trace_id = trace_id.and_then(|text| text.try_into().ok()).unwrap_or_else(trace_id::fresh);
        let event = Event { request_id, trace_id, target, payload, accepted_ms, generation };
        (event, Progress { runs, not_before_ms, ended })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn write_condition<S: Serializer>(condition: &Condition, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(condition)
}

fn read_condition<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Condition, D::Error> {
    let text = String::deserialize(deserializer)?;
    let found = Condition::ALL.into_iter().find(|condition| condition.to_string() == text);
    found.ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no way in which an event ends")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(request_id: &str, accepted_ms: u64) -> Event {
        let target = r#"{"account":"111122223333","region":"eu-west-1","name":"f","qualifier":"live"}"#;
        Event {
            request_id: request_id.to_owned(),
            trace_id: HeaderValue::from_static("Root=1-2-3"),
            target: serde_json::from_str(target).unwrap(),
            payload: r#"{"text": "ä \" \u0000"}"#.into(),
            accepted_ms,
            generation: Generation::default(),
        }
    }

    fn put(event: &Event, progress: &Progress) -> (String, Vec<u8>) {
        match event.record(progress) {
            Change::Put { key, json } => (key, json),
            Change::Delete { key } => panic!("{key} is deleted"),
        }
    }

    #[test]
    fn events_come_back_from_their_records_oldest_first() {
        let (old, new) = (event("b", 1), event("a", 2));
        let ended = Ended { condition: Condition::RetriesExhausted, answer: None };
        let progress = Progress { runs: 2, not_before_ms: 7, ended: Some(ended) };
        let records = vec![put(&new, &Progress::default()), put(&old, &progress)];
        assert_eq!(records[1].0, "b.json");
        assert_eq!(load(records), [(old, progress), (new, Progress::default())]);
    }

    #[test]
    fn answer_that_destinations_wait_for_counts_after_a_restart() {
        let answer = EventAnswer::refused(&fakecloud_lambda::Error::service("no"));
        let mut json = serde_json::to_value(&answer).unwrap();
        json["payload"] = "x".repeat(10_000).into();
        let ended = Ended { condition: Condition::Success, answer: Some(serde_json::from_value(json).unwrap()) };
        let bytes = |progress: &Progress| event("a", 1).arrival(EventId(1), progress, Policy::default()).bytes;
        assert_eq!(bytes(&Progress::ended(1, ended)), bytes(&Progress::default()) + 10_000);
    }

    #[test]
    fn record_that_cannot_be_read_hides_no_other() {
        let good = event("a", 1);
        let records = vec![("bad.json".to_owned(), b"{".to_vec()), put(&good, &Progress::default())];
        assert_eq!(load(records), [(good, Progress::default())]);
    }

    #[test]
    fn wall_clock_of_the_record_becomes_age_and_wait() {
        let now_ms = clock::epoch_ms();
        let progress = Progress::in_future(1, Duration::from_secs(60));
        let arrival = event("a", now_ms - 10_000).arrival(EventId(1), &progress, Policy::default());
        assert!((10..20).contains(&arrival.age.as_secs()), "{:?}", arrival.age);
        assert!((50..=60).contains(&arrival.wait.as_secs()), "{:?}", arrival.wait);
        let future = event("a", u64::MAX).arrival(EventId(1), &Progress::default(), Policy::default());
        assert_eq!((future.age, future.wait), (Duration::ZERO, Duration::ZERO));
    }
}
