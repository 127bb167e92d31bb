//! The log on its way to fakecloud, in bounded batches beside standard output.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;

use crate::Now;

/// The bytes of lines that are sent at once.
const BATCH_BYTES: usize = 256 * 1024;

/// The bytes of lines that wait before lines are dropped.
const QUEUE_BYTES_MAX: usize = 1024 * 1024;

/// The lines that wait before lines are dropped.
const QUEUE_LINES_MAX: usize = 10_000;

/// The time that a line waits for others.
const HOLD: Duration = Duration::from_millis(50);

/// The time that a line waits for the answer of the invocation that wrote it.
const HOLD_FOR_ANSWER: Duration = Duration::from_secs(1);

/// The lines that fakecloud has not got.
#[derive(Debug, Default)]
pub(crate) struct Shipping {
    queue: VecDeque<(u64, Bytes)>,
    queue_bytes: usize,
    /// The time of the queue's first line.
    since: Option<Instant>,
    /// The lines of the batch that is under way.
    under_way: Option<u64>,
    /// The lines that were dropped since fakecloud was told last.
    dropped: u64,
    /// Whether lines wait for nothing any more.
    is_hurried: bool,
}

/// A line in the form of CloudWatch Logs
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_InputLogEvent.html>).
#[derive(Serialize)]
struct Line<'a> {
    timestamp: u64,
    message: &'a str,
}

// === impl Shipping ===

impl Shipping {
    pub(crate) fn push(&mut self, now: Now, line: Bytes) {
        let is_full = self.queue_bytes + line.len() > QUEUE_BYTES_MAX || self.queue.len() >= QUEUE_LINES_MAX;
        if is_full {
            self.dropped += 1;
            return;
        }
        self.queue_bytes += line.len();
        self.queue.push_back((now.epoch_ms, line));
        self.since.get_or_insert(now.instant);
    }

    /// fakecloud has taken its batch, or did not.
    pub(crate) fn shipped(&mut self, taken: bool) {
        let lines = self.under_way.take().unwrap_or_default();
        if !taken {
            self.dropped += lines;
        }
    }

    /// Lets no line wait any more: the environment ends.
    pub(crate) fn hurry(&mut self) {
        self.is_hurried = true;
    }

    /// The batch that is due, which is under way from now on.
    pub(crate) fn batch(&mut self, now: Now, is_answer_awaited: bool) -> Option<Bytes> {
        let deadline = self.deadline(is_answer_awaited)?;
        if deadline > now.instant && self.queue_bytes < BATCH_BYTES {
            return None;
        }
        let dropped = (self.dropped > 0).then(|| format!("{} lines of the log were dropped", self.dropped));
        self.dropped = 0;
        let mut bytes = 0;
        let mut lines = Vec::new();
        while bytes < BATCH_BYTES {
            let Some((epoch_ms, line)) = self.queue.pop_front() else { break };
            bytes += line.len();
            lines.push((epoch_ms, line));
        }
        self.queue_bytes -= bytes;
        self.since = if self.queue.is_empty() { None } else { Some(now.instant) };
        self.under_way = Some(lines.len() as u64);
        Some(encode(now, dropped, &lines))
    }

    /// The moment when the next batch is due.
    pub(crate) fn deadline(&self, is_answer_awaited: bool) -> Option<Instant> {
        let since = self.since.filter(|_| self.under_way.is_none())?;
        let hold = match (self.is_hurried, is_answer_awaited) {
            (true, _) => Duration::ZERO,
            (false, true) => HOLD_FOR_ANSWER,
            (false, false) => HOLD,
        };
        Some(since + hold)
    }

    /// The bytes that wait.
    pub(crate) fn held_bytes(&self) -> usize {
        self.queue_bytes
    }
}

fn encode(now: Now, dropped: Option<String>, lines: &[(u64, Bytes)]) -> Bytes {
    let texts: Vec<_> = lines.iter().map(|(time, line)| (*time, String::from_utf8_lossy(line))).collect();
    let dropped = dropped.iter().map(|text| Line { timestamp: now.epoch_ms, message: text });
    let lines = texts.iter().map(|(time, text)| Line { timestamp: *time, message: text });
    let all: Vec<Line<'_>> = dropped.chain(lines).collect();
    serde_json::to_vec(&all).unwrap_or_default().into()
}
