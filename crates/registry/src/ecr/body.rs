//! Bodies of calls: bounded, one by one and all together.

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use fakecloud_budget::Share;

use super::error::{Error, ErrorCode};
use super::operation::Operation;
use crate::request_body::{BodyError, RequestBody};

/// A part of a layer, 20 MiB in base64, or a manifest of 4 MiB in which every character is escaped, and what is around.
const CONTENT_BYTES_MAX: u64 = 32 << 20;

/// Bodies that bring no content of images. The longest has documents and lists, whose lengths the model bounds.
const BODY_BYTES_MAX: u64 = 6 << 20;

/// Work on more than this is done apart: it takes milliseconds.
const LONG_BYTES: usize = 256 << 10;

/// Bytes of a body at most. Without an operation it is refused in any case.
pub(super) fn limit(operation: Option<Operation>) -> u64 {
    match operation {
        Some(Operation::UploadLayerPart | Operation::PutImage) => CONTENT_BYTES_MAX,
        Some(_) | None => BODY_BYTES_MAX,
    }
}

/// Reads a body to its end, and gives it with its memory.
///
/// # Errors
///
/// `RequestEntityTooLargeException`, `RequestTimeoutException` where the body stalls, `ThrottlingException` where others have all
/// the memory, and `ServerException` where it breaks off.
pub(super) async fn read(body: Body, limit: u64, share: Share) -> Result<(Bytes, Share), Error> {
    if body.size_hint().lower() > limit {
        return Err(too_large(limit));
    }
    let bytes = usize::try_from(limit).expect("an address has at least 32 bits");
    RequestBody::new(body).all(bytes, share).await.map_err(|error| match error {
        BodyError::Silent | BodyError::Slow { .. } => Error::new(ErrorCode::RequestTimeout, error.to_string()),
        BodyError::NoRoom(_) => Error::new(ErrorCode::Throttling, error.to_string()),
        BodyError::Cut(cause) => Error::server(format!("the request could not be read: {cause}")),
        BodyError::TooLarge { .. } => too_large(limit),
    })
}

/// Does work on so many bytes; if they are many, where no other request has to wait for it.
pub(super) async fn work<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    match bytes {
        ..=LONG_BYTES => work(),
        _ => tokio::task::spawn_blocking(work).await.expect("reading what a client sent does not panic"),
    }
}

fn too_large(limit: u64) -> Error {
    let message = format!("Request must be smaller than {limit} bytes");
    Error::new(ErrorCode::RequestEntityTooLarge, message)
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use fakecloud_budget::{Budget, Peer};
    use futures_util::stream::{self, StreamExt as _};
    use tokio::time::Instant;

    use super::*;

    /// A body of unknown length that ends with a stall.
    fn stalled() -> Body {
        let begun = stream::once(async { Ok::<_, axum::Error>(Bytes::from_static(b"{")) });
        Body::from_stream(begun.chain(stream::pending()))
    }

    #[tokio::test(start_paused = true)]
    async fn stalled_bodies_keep_nobody_waiting_and_end() {
        let budget = Budget::new(128 << 20, 2 * CONTENT_BYTES_MAX as usize);
        let share = || budget.share(Peer::unknown());
        let stalled: Vec<_> = (0..50).map(|_| tokio::spawn(read(stalled(), CONTENT_BYTES_MAX, share()))).collect();
        tokio::task::yield_now().await;
        let began = Instant::now();
        let next = Body::from_stream(stream::iter([Ok::<_, axum::Error>(Bytes::from(vec![b' '; 20 << 20]))]));
        assert_eq!(read(next, CONTENT_BYTES_MAX, share()).await.unwrap().0.len(), 20 << 20);
        assert_eq!(began.elapsed(), Duration::ZERO);
        for stalled in stalled {
            let error = stalled.await.unwrap().unwrap_err();
            assert_eq!(error.code(), ErrorCode::RequestTimeout);
            assert!(error.message().contains("60 seconds"), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_others_leave_no_memory_for_is_throttled() {
        let budget = Budget::new(100, 50);
        let mut others = [1, 2, 3].map(|last| budget.share(Peer::at([10, 0, 0, last].into())));
        for (other, bytes) in others.iter_mut().zip([38, 12, 1]) {
            other.grow(bytes).await.unwrap();
        }
        let error = read(Body::from("{}"), BODY_BYTES_MAX, budget.share(Peer::unknown())).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Throttling);
    }

    #[tokio::test]
    async fn only_what_brings_content_may_be_long() {
        let budget = Budget::new(128 << 20, 2 * CONTENT_BYTES_MAX as usize);
        let long = || Body::from(vec![b' '; BODY_BYTES_MAX as usize + 1]);
        for (operation, fits) in [
            (Some(Operation::UploadLayerPart), true),
            (Some(Operation::PutImage), true),
            (Some(Operation::CreateRepository), false),
            (None, false),
        ] {
            let read = read(long(), limit(operation), budget.share(Peer::unknown())).await;
            assert_eq!(read.is_ok(), fits, "{operation:?}");
        }
    }

    #[tokio::test]
    async fn long_work_is_done_apart() {
        let here = thread::current().id();
        for (bytes, is_here) in [(0, true), (LONG_BYTES, true), (LONG_BYTES + 1, false)] {
            assert_eq!(work(bytes, || thread::current().id()).await == here, is_here, "{bytes}");
        }
    }
}
