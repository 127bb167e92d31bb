//! Bodies of requests: how much of them is in memory at a time, how long a client may take, and where they are worked on.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use fakecloud_budget::{NoRoom, Share};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::{Instant, timeout_at};

use crate::common::words::chain;

/// Work on a longer body is done where other requests do not wait for it: 50 MB of base64 take a tenth of a second.
const WORKED_ON_AT_ONCE_BYTES_MAX: usize = 64 << 10;

/// The memory that a byte of a body takes until its request is applied: itself and what is decoded from it.
const MEMORY_OF_A_BYTE: usize = 2;

/// The step in which a body takes of the budget, in bytes of the body.
const STEP_BYTES: usize = 64 << 10;

/// A client that sends neither so much nor the rest in this time shall not keep others from their turn.
const PACE_BYTES: usize = 1 << 20;
const PACE_TIME: Duration = Duration::from_secs(30);

/// The time for the one body that has the memory which is kept for one: others are waiting for it.
const LAST_PACE_TIME: Duration = Duration::from_secs(2);

/// The memory of a body that did not come all at once: to be kept until nothing of it is needed or it is counted elsewhere.
pub(crate) type Turn = Option<Share>;

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// It is longer than it may be.
    #[error("the request is too long")]
    TooLong,
    #[error("the request could not be read")]
    Broken(#[source] axum::Error),
    #[error("less than {PACE_BYTES} bytes of the request came in {} s: send it again, faster", .pace.as_secs())]
    TooSlow { pace: Duration },
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

/// Reads a body to its end, as there is room for it.
///
/// # Errors
///
/// [`ReadError::TooLong`] where it is longer than `bytes_max`: at once, if it says so itself. Clients that are too slow for the
/// memory that they hold, and such that others keep waiting for it.
pub(crate) async fn read(mut body: Body, bytes_max: u64, share: Share) -> Result<(Bytes, Turn), ReadError> {
    if body.size_hint().lower() > bytes_max {
        return Err(ReadError::TooLong);
    }
    let mut pace = Pace { deadline: Instant::now() + PACE_TIME, due_bytes: PACE_BYTES, time: PACE_TIME };
    let first = next(&mut body, &pace).await?.unwrap_or_default();
    if first.len() as u64 > bytes_max {
        return Err(ReadError::TooLong);
    }
    // What came at once is handled at once: it needs no memory while it is waited for.
    if body.is_end_stream() && first.len() <= WORKED_ON_AT_ONCE_BYTES_MAX {
        return Ok((first, None));
    }
    let mut reading = Reading { read: BytesMut::new(), share };
    let mut piece = Some(first);
    while let Some(data) = piece {
        if (reading.read.len() + data.len()) as u64 > bytes_max {
            return Err(ReadError::TooLong);
        }
        reading.add(&data, body.size_hint().lower()).await?;
        pace.follow(reading.read.len(), reading.share.is_last());
        piece = next(&mut body, &pace).await?;
    }
    Ok((reading.read.freeze(), Some(reading.share)))
}

/// A body as far as it was read, with its memory.
struct Reading {
    read: BytesMut,
    share: Share,
}

/// By when how much of a body is to have come.
struct Pace {
    deadline: Instant,
    due_bytes: usize,
    time: Duration,
}

async fn next(body: &mut Body, pace: &Pace) -> Result<Option<Bytes>, ReadError> {
    match timeout_at(pace.deadline, body.frame()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
        Ok(Some(Err(error))) => Err(ReadError::Broken(error)),
        Err(_elapsed) => Err(ReadError::TooSlow { pace: pace.time }),
    }
}

// === impl Reading ===

impl Reading {
    /// Adds a piece, of which at least so many bytes more will follow.
    async fn add(&mut self, data: &Bytes, to_come: u64) -> Result<(), NoRoom> {
        let needed = (self.read.len() + data.len()) * MEMORY_OF_A_BYTE;
        if let Some(more) = needed.checked_sub(self.share.bytes()).filter(|more| *more > 0) {
            let step = usize::try_from(to_come).unwrap_or(usize::MAX).min(STEP_BYTES) * MEMORY_OF_A_BYTE;
            self.share.grow(more + step).await?;
        }
        // Of memory that is reserved and not written to there is none.
        self.read.reserve(usize::try_from(to_come).map_or(data.len(), |left| data.len() + left));
        self.read.extend_from_slice(data);
        Ok(())
    }
}

// === impl Pace ===

impl Pace {
    /// Sets the next mark where the last one is reached, or where others begin to wait for this body.
    fn follow(&mut self, bytes: usize, is_last: bool) {
        let hurries = is_last && self.time != LAST_PACE_TIME;
        if hurries {
            self.time = LAST_PACE_TIME;
        }
        if hurries || bytes >= self.due_bytes {
            (self.deadline, self.due_bytes) = (Instant::now() + self.time, bytes + PACE_BYTES);
        }
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
            Self::Broken(_) | Self::TooSlow { .. } | Self::NoRoom(_) => failure(chain(self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use fakecloud_budget::{Budget, Peer, WAIT_MAX};
    use futures_util::stream::{self, StreamExt};
    use std::sync::Arc;

    use super::*;

    const BYTES_MAX: u64 = 64 << 20;

    fn budget() -> Arc<Budget> {
        Budget::new(256 << 20, 2 * BYTES_MAX as usize)
    }

    fn peer(last: u8) -> Peer {
        Peer::at([10, 0, 0, last].into())
    }

    /// A body of unknown length, of which so many bytes come each second.
    fn trickling(bytes: usize, seconds: usize) -> Body {
        let pieces = stream::iter(0..seconds).then(move |_| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok::<_, axum::Error>(Bytes::from(vec![0; bytes]))
        });
        Body::from_stream(pieces)
    }

    /// A body of unknown length, of which a piece comes at once and then nothing more.
    fn stuck(bytes: usize) -> Body {
        let begun = stream::once(async move { Ok::<_, axum::Error>(Bytes::from(vec![0; bytes])) });
        Body::from_stream(begun.chain(stream::pending()))
    }

    #[tokio::test(start_paused = true)]
    async fn client_may_be_slow_but_not_too_slow() {
        let read = |body| read(body, BYTES_MAX, budget().share(peer(1)));
        let enough = PACE_BYTES / (PACE_TIME.as_secs() as usize - 1) + 1;
        assert_eq!(read(trickling(enough, 300)).await.unwrap().0.len(), enough * 300);
        let began = Instant::now();
        let refused = read(trickling(1, 300)).await.unwrap_err();
        assert!(matches!(refused, ReadError::TooSlow { pace: PACE_TIME }), "{refused}");
        assert_eq!(began.elapsed(), PACE_TIME);
        assert_eq!(read(trickling(1, 29)).await.unwrap().0.len(), 29, "a short body is soon read");
    }

    #[tokio::test(start_paused = true)]
    async fn slow_uploads_keep_nobody_waiting() {
        let budget = budget();
        for number in 0..50 {
            tokio::spawn(read(stuck(100 << 10), BYTES_MAX, budget.share(peer(number))));
        }
        tokio::task::yield_now().await;
        let began = Instant::now();
        let fast = stream::iter((0..60).map(|_| Ok::<_, axum::Error>(Bytes::from(vec![0; 1 << 20]))));
        let (body, turn) = read(Body::from_stream(fast), BYTES_MAX, budget.share(peer(99))).await.unwrap();
        assert_eq!((body.len(), began.elapsed()), (60 << 20, Duration::ZERO));
        assert!(turn.unwrap().bytes() >= 2 * (60 << 20), "what is decoded from it is counted too");
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_gets_no_room_is_refused_in_words_and_one_that_others_wait_for_has_to_hurry() {
        let budget = budget();
        let mut others = [budget.share(peer(1)), budget.share(peer(2))];
        others[0].grow(96 << 20).await.unwrap();
        others[1].grow(32 << 20).await.unwrap();
        let slow = tokio::spawn(read(trickling(100 << 10, 100), BYTES_MAX, budget.share(peer(3))));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        let next = read(trickling(1, 2), BYTES_MAX, budget.share(peer(4)));
        assert_eq!(next.await.unwrap().0.len(), 2, "the slow one is ended and makes room");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert!(matches!(slow.await.unwrap(), Err(ReadError::TooSlow { pace: LAST_PACE_TIME })));

        let mut last = budget.share(peer(5));
        last.grow(1).await.unwrap();
        let began = Instant::now();
        let refused = read(trickling(1, 2), BYTES_MAX, budget.share(peer(4))).await.unwrap_err();
        assert!(matches!(refused, ReadError::NoRoom(NoRoom::Busy)), "{refused}");
        assert_eq!(began.elapsed(), WAIT_MAX + Duration::from_secs(1));
    }

    #[tokio::test]
    async fn body_that_comes_at_once_takes_nothing_of_the_budget() {
        let budget = budget();
        let (body, turn) = read(Body::from(vec![0; 64 << 10]), BYTES_MAX, budget.share(peer(1))).await.unwrap();
        assert!(body.len() == 64 << 10 && turn.is_none());
        let (_, turn) = read(Body::from(vec![0; (64 << 10) + 1]), BYTES_MAX, budget.share(peer(1))).await.unwrap();
        assert_eq!(turn.unwrap().bytes(), 2 * ((64 << 10) + 1));
    }
}
