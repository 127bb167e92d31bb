//! Bodies of requests: how much of them is in memory at a time, how long a client may take, and where they are worked on.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

use crate::words::chain;

/// Work on a longer body is done where other requests do not wait for it: 50 MB of base64 take a tenth of a second.
const WORKED_ON_AT_ONCE_BYTES_MAX: usize = 64 << 10;

/// Bodies up to this size are read without asking: a thousand of them are no burden.
const SMALL_BYTES: u64 = 256 << 10;

/// The bodies of all longer requests that are being read or applied; further ones wait for their turn.
const LARGE_KIB_MAX: u32 = 256 << 10;
static LARGE: Semaphore = Semaphore::const_new(LARGE_KIB_MAX as usize);

/// A client that sends neither so much nor the rest in this time shall not keep others from their turn.
const PACE_BYTES: usize = 1 << 20;
const PACE_TIME: Duration = Duration::from_secs(30);

/// How long a body waits for its turn: not quite as long as clients wait for an answer.
const TURN_MAX: Duration = Duration::from_secs(50);

/// The right to hold a long body in memory: to be kept until nothing of it is needed or it is counted elsewhere.
pub(crate) type Turn = Option<SemaphorePermit<'static>>;

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// It is longer than it may be.
    #[error("the request is too long")]
    TooLong,
    #[error("the request could not be read")]
    Broken(#[source] axum::Error),
    #[error("less than {PACE_BYTES} bytes of the request came in {} s: send it again, faster", PACE_TIME.as_secs())]
    TooSlow,
    #[error("other large requests left this one no memory for {} s: send it again", TURN_MAX.as_secs())]
    NoTurn,
}

/// Reads a body to its end, once there is room for it.
///
/// # Errors
///
/// [`ReadError::TooLong`] where it is longer than `bytes_max`: at once, if it says so itself. Clients that are too slow for the
/// memory that they hold, and such that others keep waiting for it.
pub(crate) async fn read(mut body: Body, bytes_max: u64) -> Result<(Bytes, Turn), ReadError> {
    let size = body.size_hint();
    if size.lower() > bytes_max {
        return Err(ReadError::TooLong);
    }
    // A body of unknown length may come to be as long as is allowed.
    let turn = turn(size.upper().unwrap_or(bytes_max).min(bytes_max)).await?;
    let mut read = BytesMut::new();
    let (mut deadline, mut due_bytes) = (Instant::now() + PACE_TIME, PACE_BYTES);
    while let Some(data) = next(&mut body, deadline).await? {
        if (read.len() + data.len()) as u64 > bytes_max {
            return Err(ReadError::TooLong);
        }
        if read.is_empty() && body.is_end_stream() {
            return Ok((data, turn));
        }
        read.reserve(usize::try_from(body.size_hint().lower()).map_or(data.len(), |left| data.len() + left));
        read.extend_from_slice(&data);
        if read.len() >= due_bytes {
            (deadline, due_bytes) = (Instant::now() + PACE_TIME, read.len() + PACE_BYTES);
        }
    }
    Ok((read.freeze(), turn))
}

async fn turn(bytes: u64) -> Result<Turn, ReadError> {
    if bytes <= SMALL_BYTES {
        return Ok(None);
    }
    let kib = u32::try_from(bytes >> 10).map_or(LARGE_KIB_MAX, |kib| kib.min(LARGE_KIB_MAX));
    let permit = timeout(TURN_MAX, LARGE.acquire_many(kib)).await.map_err(|_elapsed| ReadError::NoTurn)?;
    Ok(Some(permit.expect("nobody closes this semaphore")))
}

async fn next(body: &mut Body, deadline: Instant) -> Result<Option<Bytes>, ReadError> {
    match timeout_at(deadline, body.frame()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
        Ok(Some(Err(error))) => Err(ReadError::Broken(error)),
        Err(_elapsed) => Err(ReadError::TooSlow),
    }
}

/// Does work that takes the longer the more bytes there are.
pub(crate) fn work_on<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes > WORKED_ON_AT_ONCE_BYTES_MAX { tokio::task::block_in_place(work) } else { work() }
}

// === impl ReadError ===

impl ReadError {
    /// The error of the API that the request is for: that of a request which is too long, or that of a failure, in words.
    pub(crate) fn told<E>(&self, too_long: impl FnOnce() -> E, failure: impl FnOnce(String) -> E) -> E {
        match self {
            Self::TooLong => too_long(),
            Self::Broken(_) | Self::TooSlow | Self::NoTurn => failure(chain(self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{self, StreamExt};

    use super::*;

    const BYTES_MAX: u64 = 64 << 20;

    /// A body of unknown length, of which so many bytes come each second.
    fn trickling(bytes: usize, seconds: usize) -> Body {
        let pieces = stream::iter(0..seconds).then(move |_| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok::<_, axum::Error>(Bytes::from(vec![0; bytes]))
        });
        Body::from_stream(pieces)
    }

    #[tokio::test(start_paused = true)]
    async fn client_may_be_slow_but_not_too_slow() {
        let enough = PACE_BYTES / (PACE_TIME.as_secs() as usize - 1) + 1;
        assert_eq!(read(trickling(enough, 300), BYTES_MAX).await.unwrap().0.len(), enough * 300);
        let began = Instant::now();
        let refused = read(trickling(1, 300), BYTES_MAX).await.unwrap_err();
        assert!(matches!(refused, ReadError::TooSlow), "{refused}");
        assert_eq!(began.elapsed(), PACE_TIME);
        assert_eq!(read(trickling(1, 29), BYTES_MAX).await.unwrap().0.len(), 29, "a short body is soon read");
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_gets_no_turn_is_refused_in_words() {
        let others = turn(u64::from(LARGE_KIB_MAX) << 10).await.unwrap();
        let refused = read(trickling(1, 1), BYTES_MAX).await.unwrap_err();
        assert!(matches!(refused, ReadError::NoTurn), "{refused}");
        drop(others);
        assert_eq!(read(trickling(1, 1), BYTES_MAX).await.unwrap().0.len(), 1);
    }
}
