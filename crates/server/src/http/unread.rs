//! The rest of a body whose request is answered before all of it was read. Most clients send all of it first and hear the
//! answer only then: were the connection closed meanwhile, they would hear of nothing but that.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::EXPECT;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::runtime::Handle;

use crate::connections::Busy;

/// The silence after which a client hears of the closed connection.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// The most that is read of the rest, in bytes: the largest code there is, not even zipped, is shorter in base64.
const BYTES_MAX: usize = 512 << 20;

/// A body whose rest is read and thrown away where its reader drops it early.
struct Lingering {
    /// The part that is unread; none when the body has ended.
    rest: Option<Body>,
    /// The client sends nothing before it is asked to, and nobody has.
    is_held_back: bool,
    /// The connection that it comes over is in use.
    busy: Busy,
}

/// Reads what the handler of a request leaves of its body, while the answer is on its way.
pub(super) fn discard_rest(request: &mut Request, busy: &Busy) {
    let is_held_back = request.headers().contains_key(EXPECT);
    let body = request.body_mut();
    if !body.is_end_stream() {
        *body = Body::new(Lingering { rest: Some(std::mem::take(body)), is_held_back, busy: busy.clone() });
    }
}

async fn discard(mut body: Body, _busy: Busy) {
    let mut left = BYTES_MAX;
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(SILENCE_MAX, body.frame()).await {
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(bytes) {
            Some(further) => left = further,
            None => return,
        }
    }
}

// === impl Lingering ===

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_held_back = false;
        let Some(body) = &mut self.rest else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.rest = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if self.is_held_back || self.is_end_stream() {
            return;
        }
        // Without a runtime the server has ended, and its connections with it.
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), Handle::try_current()) {
            runtime.spawn(discard(rest, self.busy.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::stream::{self, StreamExt};
    use tokio::sync::mpsc;

    use super::*;
    use crate::connections::Activity;

    /// A request with so many MiB in its body, and what tells of each of these that it was read.
    fn request(mib: usize, expectation: Option<&str>) -> (Request, mpsc::UnboundedReceiver<()>) {
        let (sender, read) = mpsc::unbounded_channel();
        let pieces = stream::repeat_with(|| Bytes::from_static(&[0; 1 << 20])).take(mib).map(move |piece| {
            sender.send(()).unwrap();
            Ok::<_, axum::Error>(piece)
        });
        let mut request = Request::new(Body::from_stream(pieces));
        if let Some(expectation) = expectation {
            request.headers_mut().insert(EXPECT, expectation.parse().unwrap());
        }
        discard_rest(&mut request, &Arc::new(Activity::default()).begin());
        (request, read)
    }

    /// How much is read of a body until it is dropped.
    async fn count(mut read: mpsc::UnboundedReceiver<()>) -> usize {
        let mut mib = 0;
        while read.recv().await.is_some() {
            mib += 1;
        }
        mib
    }

    #[tokio::test]
    async fn rest_is_read_up_to_the_limit() {
        for (mib, expected) in [(3, 3), (512, 512), (513, 513), (600, 513)] {
            let (request, read) = request(mib, None);
            drop(request);
            assert_eq!(count(read).await, expected, "{mib}");
        }
    }

    #[tokio::test]
    async fn client_that_waits_to_be_asked_is_asked_by_the_reader_alone() {
        for (reads, expected) in [(0, 0), (1, 3)] {
            let (mut request, read) = request(3, Some("100-continue"));
            for _ in 0..reads {
                request.body_mut().frame().await.unwrap().unwrap();
            }
            drop(request);
            assert_eq!(count(read).await, expected);
        }
    }

    #[tokio::test]
    async fn body_is_passed_on_as_it_is() {
        let mut request = Request::new(Body::from("whole"));
        discard_rest(&mut request, &Arc::new(Activity::default()).begin());
        assert_eq!(request.body().size_hint().exact(), Some(5));
        assert_eq!(request.into_body().collect().await.unwrap().to_bytes(), "whole");
    }
}
