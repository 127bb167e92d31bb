//! Bodies of requests: bounded, one by one and all together.

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::{Error, ErrorCode};
use crate::request_body::{BodyError, RequestBody};

/// A part of a layer, 20 MiB in base64, or a manifest of 4 MiB in which every character is escaped, and what is around.
const BODY_BYTES_MAX: u64 = 32 << 20;

/// Bodies up to this size are read without asking: a thousand of them are no burden.
const SMALL_BYTES: u64 = 64 << 10;

/// What all longer bodies together may have; further ones wait for their turn.
const LARGE_KIB_MAX: u32 = 64 << 10;
static LARGE: Semaphore = Semaphore::const_new(LARGE_KIB_MAX as usize);

/// Work on more than this is done apart: it takes milliseconds.
const LONG_BYTES: usize = 256 << 10;

/// The right to hold a long body, until it is dropped.
pub(super) type Turn = Option<SemaphorePermit<'static>>;

/// Reads a body to its end.
///
/// # Errors
///
/// `RequestEntityTooLargeException`, `RequestTimeoutException` where the body stalls, and `ServerException` where it
/// breaks off.
pub(super) async fn read(body: Body) -> Result<(Bytes, Turn), Error> {
    let size = body.size_hint();
    if size.lower() > BODY_BYTES_MAX {
        return Err(too_large());
    }
    let turn = turn(size.upper().unwrap_or(BODY_BYTES_MAX).min(BODY_BYTES_MAX)).await;
    let limit = usize::try_from(BODY_BYTES_MAX).expect("an address has at least 32 bits");
    let bytes = RequestBody::new(body).all(limit).await.map_err(|error| match error {
        BodyError::Silent | BodyError::Slow => Error::new(ErrorCode::RequestTimeout, error.to_string()),
        BodyError::Cut(cause) => Error::server(format!("the request could not be read: {cause}")),
        BodyError::TooLarge { .. } => too_large(),
    })?;
    Ok((bytes, turn))
}

/// Parses a body: a JSON object, or nothing, which is an empty one.
///
/// # Errors
///
/// `SerializationException` for anything else.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Error> {
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Ok(Value::Object(members)),
        Ok(_) => Err(Error::new(ErrorCode::Serialization, "the request is no JSON object")),
        Err(error) => Err(Error::new(ErrorCode::Serialization, format!("the request is no JSON: {error}"))),
    }
}

/// Does work on so many bytes; if they are many, where no other request has to wait for it.
pub(super) async fn work<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    match bytes {
        ..=LONG_BYTES => work(),
        _ => tokio::task::spawn_blocking(work).await.expect("reading what a client sent does not panic"),
    }
}

async fn turn(bytes: u64) -> Turn {
    if bytes <= SMALL_BYTES {
        return None;
    }
    let kib = u32::try_from(bytes >> 10).map_or(LARGE_KIB_MAX, |kib| kib.min(LARGE_KIB_MAX));
    Some(LARGE.acquire_many(kib).await.expect("nobody closes this semaphore"))
}

fn too_large() -> Error {
    let message = format!("Request must be smaller than {BODY_BYTES_MAX} bytes");
    Error::new(ErrorCode::RequestEntityTooLarge, message)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use futures_util::stream::{self, StreamExt as _};

    use super::*;

    /// A body of unknown length, which may need half of what all long ones have.
    fn stalled() -> Body {
        let begun = stream::once(async { Ok::<_, axum::Error>(Bytes::from_static(b"{")) });
        Body::from_stream(begun.chain(stream::pending()))
    }

    #[tokio::test(start_paused = true)]
    async fn stalled_bodies_make_room_for_the_next_one() {
        let next = Body::from_stream(stream::iter([Ok::<_, axum::Error>(Bytes::from_static(b"{}"))]));
        let (one, other, next) = tokio::join!(read(stalled()), read(stalled()), read(next));
        for stalled in [one, other] {
            let error = stalled.unwrap_err();
            assert_eq!(error.code(), ErrorCode::RequestTimeout);
            assert!(error.message().contains("60 seconds"), "{error}");
        }
        assert_eq!(next.unwrap().0, "{}");
    }

    #[tokio::test]
    async fn long_work_is_done_apart() {
        let here = thread::current().id();
        for (bytes, is_here) in [(0, true), (LONG_BYTES, true), (LONG_BYTES + 1, false)] {
            assert_eq!(work(bytes, || thread::current().id()).await == here, is_here, "{bytes}");
        }
    }
}
