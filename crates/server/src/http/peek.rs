//! Looking at the beginning of a body that somebody else is going to read.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use fakecloud_budget::Share;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use hyper::body::{Body as _, Frame};
use tokio::time::{Instant, timeout_at};

/// So much of a body is looked at: enough for what a form begins with.
const BYTES_MAX: usize = 64 << 10;

/// The memory that a byte of it takes: as it came, and where it is put together.
const MEMORY_OF_A_BYTE: usize = 2;

/// It is waited for so long; whoever reads the body then reads the same.
const TIME_MAX: Duration = Duration::from_secs(30);

/// The first bytes of a body, all of it when it is short, and the whole body again. Without memory for more of them they are
/// as many as have come.
pub(crate) async fn beginning(mut body: Body, mut share: Share) -> (Bytes, Body) {
    let mut beginning = BytesMut::new();
    let deadline = Instant::now() + TIME_MAX;
    let unread = loop {
        let before = beginning.len();
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => beginning.extend_from_slice(&data),
                Err(trailers) => break Some(Ok(trailers)),
            },
            Ok(Some(Err(error))) => break Some(Err(error)),
            Ok(None) => break None,
            Err(elapsed) => break Some(Err(axum::Error::new(elapsed))),
        }
        let more = (beginning.len() - before) * MEMORY_OF_A_BYTE;
        let has_room = body.is_end_stream() || share.try_grow(more);
        if beginning.len() >= BYTES_MAX || !has_room {
            let read = beginning.freeze();
            let first = stream::iter([Ok(Frame::data(read.clone()))]);
            return (read, Body::new(StreamBody::new(first.chain(BodyStream::new(body)))));
        }
    };
    let read = beginning.freeze();
    let whole = match unread {
        None => Body::new(Full::new(read.clone())),
        Some(last) => Body::new(StreamBody::new(stream::iter([Ok(Frame::data(read.clone())), last]))),
    };
    (read, whole)
}

#[cfg(test)]
mod tests {
    use fakecloud_budget::{Budget, Peer};

    use super::*;

    fn share() -> Share {
        Budget::new(1 << 20, 0).share(Peer::unknown())
    }

    async fn peeked(pieces: Vec<Vec<u8>>) -> (Bytes, Bytes) {
        let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)));
        let (read, body) = beginning(body, share()).await;
        (read, body.collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn short_body_is_seen_whole_and_kept() {
        assert_eq!(peeked(vec![b"Action=".to_vec(), b"A".to_vec()]).await, ("Action=A".into(), "Action=A".into()));
        assert_eq!(peeked(vec![]).await, (Bytes::new(), Bytes::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_does_not_come_ends_with_an_error() {
        let (read, body) = beginning(Body::from_stream(stream::pending::<std::io::Result<Bytes>>()), share()).await;
        assert_eq!((read, body.collect().await.is_err()), (Bytes::new(), true));
    }

    #[tokio::test]
    async fn long_body_is_seen_to_its_beginning_and_kept() {
        let (read, whole) = peeked(vec![vec![1; 40 << 10]; 100]).await;
        assert_eq!((read.len(), whole.len()), (80 << 10, 4000 << 10));
    }

    #[tokio::test]
    async fn body_that_breaks_off_breaks_off_for_its_reader() {
        let pieces = [Ok(b"Action".to_vec()), Err(std::io::Error::other("cut"))];
        let (read, body) = beginning(Body::from_stream(stream::iter(pieces)), share()).await;
        assert_eq!(read, "Action");
        assert!(body.collect().await.is_err());
    }

    #[tokio::test]
    async fn without_memory_no_more_is_looked_at_and_nothing_is_lost() {
        let budget = Budget::new(64 << 10, 0);
        let pieces = (0..10).map(|_| Ok::<_, std::io::Error>(vec![b'A'; 8 << 10]));
        let (read, body) = beginning(Body::from_stream(stream::iter(pieces)), budget.share(Peer::unknown())).await;
        // One peer may have three quarters of the memory, and a byte takes two.
        assert_eq!(read.len(), 32 << 10);
        assert_eq!(body.collect().await.unwrap().to_bytes().len(), 80 << 10);
        assert!(budget.share(Peer::unknown()).try_grow(48 << 10), "the memory is given back");
    }
}
