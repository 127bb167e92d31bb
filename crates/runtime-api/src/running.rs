//! The invocation that has the environment.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use crate::event::{Done, Status};
use crate::{Figures, Invocation, Outcome};

/// An invocation from the moment it is accepted until the environment is free again.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) invocation: Invocation,
    /// The trace header that the runtime gets.
    pub(crate) trace_id: String,
    /// The start of the function's clock; `None` while the invocation waits for the environment.
    pub(crate) started: Option<Instant>,
    /// The end of the function's time in milliseconds since 1970.
    pub(crate) deadline_ms: u64,
    /// Whether the runtime has got the event.
    pub(crate) is_delivered: bool,
    pub(crate) answer: AnswerState,
    /// Whether a streamed answer has begun.
    pub(crate) is_streaming: bool,
    /// The answer that the runtime is bringing.
    pub(crate) response: Option<Response>,
    pub(crate) produced: Produced,
    /// The status of the runtime's part so far.
    pub(crate) status: Status,
    /// Whether `platform.runtimeDone` has been told.
    pub(crate) is_runtime_done: bool,
    /// The figures of the REPORT line, once it is written.
    pub(crate) figures: Option<Figures>,
}

/// The state of what the caller waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AnswerState {
    /// There is no answer.
    Awaited,
    /// The answer is there and is told with the log's tail.
    Held(Outcome),
    /// The answer is told.
    Told,
}

/// An answer or an error that the runtime is bringing.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) kind: ResponseKind,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Body,
}

/// The kind of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResponseKind {
    /// A result, all of it at once for the caller.
    Buffered,
    /// A result that the caller gets piece by piece.
    Streamed,
    /// An error of this type.
    Error(String),
}

/// The bytes of an answer. A body of one chunk is not copied.
#[derive(Debug, Default)]
pub(crate) struct Body {
    first: Bytes,
    all: BytesMut,
}

/// The figures of an answer's bytes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Produced {
    pub(crate) bytes: u64,
    pub(crate) first: Option<Instant>,
    pub(crate) last: Option<Instant>,
    /// The moment at which the streamed answer had its first 6 MiB.
    pub(crate) paced_since: Option<Instant>,
}

// === impl Running ===

impl Running {
    pub(crate) fn new(invocation: Invocation, trace_id: String) -> Self {
        Self {
            invocation,
            trace_id,
            started: None,
            deadline_ms: 0,
            is_delivered: false,
            answer: AnswerState::Awaited,
            is_streaming: false,
            response: None,
            produced: Produced::default(),
            status: Status::Success,
            is_runtime_done: false,
            figures: None,
        }
    }

    /// The time since the function's clock began.
    pub(crate) fn elapsed(&self, now: Instant) -> Duration {
        self.started.map_or(Duration::ZERO, |started| now.saturating_duration_since(started))
    }

    /// The figures of the runtime's part at this moment.
    pub(crate) fn done(&self, now: Instant) -> Done {
        let spans = match (self.started, self.produced.first, self.produced.last) {
            (Some(started), Some(first), Some(last)) => {
                Some((first.saturating_duration_since(started), last.saturating_duration_since(first)))
            }
            _ => None,
        };
        Done { duration: self.elapsed(now), produced_bytes: self.produced.bytes, response: spans }
    }

    pub(crate) fn held_bytes(&self) -> usize {
        self.response.as_ref().map_or(0, |it| it.body.len())
    }
}

// === impl Body ===

impl Body {
    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.all.len()
    }

    pub(crate) fn push(&mut self, chunk: Bytes) {
        if self.len() == 0 {
            self.first = chunk;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&chunk);
    }

    pub(crate) fn take(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_is_the_same_in_any_number_of_chunks() {
        for chunks in [vec!["abcd"], vec!["", "ab", "", "cd"], vec!["a", "b", "c", "d"]] {
            let mut body = Body::default();
            chunks.iter().for_each(|chunk| body.push(Bytes::from_static(chunk.as_bytes())));
            assert_eq!(body.len(), 4);
            assert_eq!(body.take(), "abcd", "{chunks:?}");
        }
        assert_eq!(Body::default().take(), "");
    }
}
