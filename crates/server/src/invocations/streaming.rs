//! Invocations whose answer is streamed: the head is sent with the first piece, or with the end where there is none.

use std::io;
use std::pin::Pin;

use axum::body::Body;
use bytes::Bytes;
use fakecloud_lambda::{Error, Invocation, InvocationKind, Outcome, stream_chunk, stream_end};
use futures_util::stream;
use http::HeaderValue;

use crate::app::App;
use crate::environments::relay::{Pieces, Relay};
use crate::invocations::invocation_log::Source;
use crate::invocations::invoke::{self, Terms};

/// An invocation that has begun to answer. Dropped before its end, it runs on where it was sent already.
pub(crate) struct Running {
    outcome: Pin<Box<dyn Future<Output = Result<Outcome, Error>> + Send>>,
    pieces: Pieces,
}

/// An answer that is streamed, or one that is complete already.
pub(crate) struct Answer {
    pub(crate) head: fakecloud_lambda::Response,
    /// None stands for the head's own body.
    pub(crate) body: Option<Body>,
}

/// What comes of an invocation, in this order: pieces, then one end.
pub(crate) enum Progress {
    /// A piece of the answer.
    Piece(Bytes),
    /// How it ended, with what was not in the pieces.
    End(Result<Outcome, Error>),
}

/// The `InvokeWithResponseStream` operation.
pub(crate) async fn invoke(
    app: &App,
    invocation: Invocation,
    request_id: &str,
    trace_id: &HeaderValue,
) -> Result<Answer, Error> {
    if invocation.kind == InvocationKind::DryRun {
        return Ok(Answer { head: invocation.accepted(), body: None });
    }
    let head = invocation.stream_head();
    let mut running = Running::start(app, invocation, request_id, Terms::new(Source::ResponseStream, trace_id));
    let first = match running.next().await {
        Progress::End(Err(error)) => return Err(error),
        first @ (Progress::Piece(_) | Progress::End(Ok(_))) => first,
    };
    let body = running.into_body(first, |progress| match progress {
        Progress::Piece(piece) => Ok(vec![stream_chunk(&piece)]),
        Progress::End(outcome) => Ok(stream_end(outcome)),
    });
    Ok(Answer { head, body: Some(body) })
}

// === impl Running ===

impl Running {
    /// Starts an invocation.
    pub(crate) fn start(app: &App, mut invocation: Invocation, request_id: &str, terms: Terms) -> Self {
        let (relay, pieces) = Relay::new(invocation.function.timeout_s);
        let (app, request_id) = (app.clone(), request_id.to_owned());
        let terms = Terms { relay: Some(relay), ..terms };
        let outcome = Box::pin(async move { invoke::run(&app, &mut invocation, &request_id, terms).await });
        Self { outcome, pieces }
    }

    /// What comes next; nothing comes after the end.
    pub(crate) async fn next(&mut self) -> Progress {
        tokio::select! {
            biased;
            Some(piece) = self.pieces.next() => Progress::Piece(piece),
            outcome = &mut self.outcome => match self.pieces.ready() {
                // The last piece and the end came in the same moment.
                Some(piece) => self.ended(piece, outcome),
                None => Progress::End(self.pieces.fault().map_or(outcome, |fault| Err(Error::service(fault)))),
            },
        }
    }

    /// Keeps the end for the next time.
    fn ended(&mut self, piece: Bytes, outcome: Result<Outcome, Error>) -> Progress {
        self.outcome = Box::pin(std::future::ready(outcome));
        Progress::Piece(piece)
    }

    /// A body of what `encode` makes of each step, of which `first` was taken already; an error cuts it off.
    pub(crate) fn into_body(
        self,
        first: Progress,
        encode: impl FnMut(Progress) -> io::Result<Vec<Bytes>> + Send + 'static,
    ) -> Body {
        let state = (Some(self), Some(first), encode);
        let steps = stream::unfold(state, |(running, first, mut encode)| async move {
            let mut running = running?;
            let progress = match first {
                Some(first) => first,
                None => running.next().await,
            };
            let rest = matches!(progress, Progress::Piece(_)).then_some(running);
            let pieces = encode(progress).map(|pieces| Bytes::from(pieces.concat()));
            Some((pieces, (rest, None, encode)))
        });
        Body::from_stream(steps)
    }
}
