//! The answer of InvokeWithResponseStream: a head, events with pieces of the function's answer, and an event with its end.

use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};

use crate::{
    Error, Invocation, Outcome, Response,
    invoke::{event_stream, invocation::EXECUTED_VERSION, outcome::UNHANDLED},
    shapes::InvokeWithResponseStreamCompleteEvent,
};

/// The most bytes that a function may answer as a stream.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const MAX_STREAMED_BYTES: u64 = 200 << 20;

impl Invocation {
    /// The status and headers that a streamed answer begins with. Its body are the events of [`stream_chunk`], then one
    /// of [`stream_end`].
    pub fn stream_head(&self) -> Response {
        let mut head = Response::empty(200);
        head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/vnd.amazon.eventstream"));
        head.headers.insert(EXECUTED_VERSION, self.executed_version());
        head
    }
}

/// The event that carries a piece of the function's answer.
pub fn stream_chunk(piece: &[u8]) -> Bytes {
    event_stream::payload_chunk(piece)
}

/// The events that end a streamed answer: what of the outcome was not passed on yet, and how the invocation ended. An
/// error that comes after the head was sent can only be told here.
pub fn stream_end(outcome: Result<Outcome, Error>) -> Vec<Bytes> {
    let answer = outcome.and_then(Outcome::into_payload);
    let mut events = Vec::new();
    let mut complete = InvokeWithResponseStreamCompleteEvent::default();
    match answer {
        Ok((payload, false)) => events.extend((!payload.is_empty()).then(|| stream_chunk(&payload))),
        Ok((payload, true)) => {
            complete.error_code = Some(UNHANDLED.to_owned());
            complete.error_details = Some(String::from_utf8_lossy(&payload).into_owned());
        }
        Err(error) => {
            complete.error_code = Some(error.code().name().to_owned());
            complete.error_details = Some(error.message().to_owned());
        }
    }
    let json = serde_json::to_vec(&complete).expect("texts are serializable");
    events.push(event_stream::invoke_complete(&json));
    events
}
