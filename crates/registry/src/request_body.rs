//! Bodies of requests, whose clients may stall: none is waited for for ever.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody as _};
use bytes::{Bytes, BytesMut};
use fakecloud_budget::{NoRoom, Share};
use futures_util::StreamExt as _;
use futures_util::stream::Fuse;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a client may send nothing in the middle of a body. Meanwhile it holds its upload, or room in memory.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A body that is kept in memory comes at this pace at least, or soon ends.
const PACE_BYTES: usize = 1 << 20;

/// The same where others wait for its memory.
const LAST_PACE_TIME: Duration = Duration::from_secs(2);

/// The memory that a byte of a body takes until its request is applied: itself and what is decoded from it.
const MEMORY_OF_A_BYTE: usize = 2;

/// What a body takes of the budget at a time, in bytes of the body.
const STEP_BYTES: usize = 64 << 10;

/// A body that is read piece by piece.
pub(crate) struct RequestBody {
    pieces: Fuse<BodyDataStream>,
    /// How many bytes there will be at least.
    announced: u64,
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("nothing came of the request's body for {} seconds: send it again, without pauses", SILENCE_MAX.as_secs())]
    Silent,
    #[error("less than {PACE_BYTES} bytes of the request's body came in {} seconds: send it again, faster", .pace.as_secs())]
    Slow { pace: Duration },
    #[error("the request's body ended early")]
    Cut(#[source] axum::Error),
    #[error("the request's body has more than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

// === impl RequestBody ===

impl RequestBody {
    pub(crate) fn new(body: Body) -> Self {
        let announced = body.size_hint().lower();
        Self { pieces: body.into_data_stream().fuse(), announced }
    }

    /// The next piece; none at the end, also when that is asked for again.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        let piece = timeout(SILENCE_MAX, self.pieces.next()).await.map_err(|_| BodyError::Silent)?;
        piece.transpose().map_err(BodyError::Cut)
    }

    /// All of a body that is to have no more bytes than these, with its memory.
    pub(crate) async fn all(mut self, bytes_max: usize, mut share: Share) -> Result<(Bytes, Share), BodyError> {
        let announced = usize::try_from(self.announced).unwrap_or(usize::MAX);
        // Of memory that is reserved and not written to there is none.
        let mut all = BytesMut::with_capacity(announced.min(bytes_max));
        let (mut deadline, mut due_bytes, mut pace) = (Instant::now() + SILENCE_MAX, PACE_BYTES, SILENCE_MAX);
        while let Some(piece) =
            timeout_at(deadline, self.next()).await.map_err(|_elapsed| BodyError::Slow { pace })??
        {
            let length = all.len() + piece.len();
            if length > bytes_max {
                return Err(BodyError::TooLarge { bytes_max });
            }
            let more = (length * MEMORY_OF_A_BYTE).saturating_sub(share.bytes());
            if more > 0 {
                let to_come = announced.saturating_sub(length).min(STEP_BYTES);
                share.grow(more + to_come * MEMORY_OF_A_BYTE).await?;
            }
            all.extend_from_slice(&piece);
            let hurries = share.is_last() && pace != LAST_PACE_TIME;
            if hurries {
                pace = LAST_PACE_TIME;
            }
            if hurries || length >= due_bytes {
                (deadline, due_bytes) = (Instant::now() + pace, length + PACE_BYTES);
            }
        }
        Ok((all.freeze(), share))
    }
}
