//! Bodies of requests: how much of them is in memory at a time, how long a client may take, and where they are worked on.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::words::chain;

/// Work on a longer body is done where other requests do not wait for it: 50 MB of base64 take a tenth of a second.
const WORKED_ON_AT_ONCE_BYTES_MAX: usize = 64 << 10;

/// Bodies up to this size are read without asking: a thousand of them are no burden.
const SMALL_BYTES: u64 = 256 << 10;

/// The bodies of all longer requests that are being read or applied; further ones wait for their turn.
const LARGE_KIB_MAX: u32 = 256 << 10;
static LARGE: Semaphore = Semaphore::const_new(LARGE_KIB_MAX as usize);

/// A client that stops sending for so long has gone, and shall not keep others from their turn.
const SILENCE_MAX: Duration = Duration::from_secs(30);

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
    #[error("nothing more of the request came for {} s", SILENCE_MAX.as_secs())]
    Silent,
}

/// Reads a body to its end, once there is room for it.
///
/// # Errors
///
/// [`ReadError::TooLong`] where it is longer than `bytes_max`: at once, if it says so itself.
pub(crate) async fn read(mut body: Body, bytes_max: u64) -> Result<(Bytes, Turn), ReadError> {
    let size = body.size_hint();
    if size.lower() > bytes_max {
        return Err(ReadError::TooLong);
    }
    // A body of unknown length may come to be as long as is allowed.
    let turn = turn(size.upper().unwrap_or(bytes_max).min(bytes_max)).await;
    let mut read = BytesMut::new();
    while let Some(data) = next(&mut body).await? {
        if (read.len() + data.len()) as u64 > bytes_max {
            return Err(ReadError::TooLong);
        }
        if read.is_empty() && body.is_end_stream() {
            return Ok((data, turn));
        }
        read.reserve(usize::try_from(body.size_hint().lower()).map_or(data.len(), |left| data.len() + left));
        read.extend_from_slice(&data);
    }
    Ok((read.freeze(), turn))
}

async fn turn(bytes: u64) -> Turn {
    if bytes <= SMALL_BYTES {
        return None;
    }
    let kib = u32::try_from(bytes >> 10).map_or(LARGE_KIB_MAX, |kib| kib.min(LARGE_KIB_MAX));
    Some(LARGE.acquire_many(kib).await.expect("nobody closes this semaphore"))
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, ReadError> {
    match tokio::time::timeout(SILENCE_MAX, body.frame()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
        Ok(Some(Err(error))) => Err(ReadError::Broken(error)),
        Err(_elapsed) => Err(ReadError::Silent),
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
            Self::Broken(_) | Self::Silent => failure(chain(self)),
        }
    }
}
