//! Counters of a connection, kept where bytes and requests pass, so that its task can look now and then at what it does.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// The longest head of a request, in bytes. AWS's own load balancers take 64 KB.
pub(crate) const HEAD_BYTES_MAX: usize = 64 << 10;

/// Heads up to this size are not counted: a connection has a buffer of this size anyway.
pub(super) const SHORT_HEAD_BYTES: usize = 8 << 10;

/// The memory that all longer heads may take while they come, in bytes.
const LONG_HEADS_BYTES_MAX: usize = 32 << 20;

/// The memory that longer heads of this process may take now.
static LONG_HEADS: AtomicUsize = AtomicUsize::new(LONG_HEADS_BYTES_MAX);

/// The counters of one connection.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests whose heads were whole.
    requests: AtomicU64,
    /// Requests and answers that are not at their end.
    in_use: AtomicU32,
    /// Bytes that came of a head that is not whole.
    head_bytes: AtomicUsize,
    /// A part of [`LONG_HEADS`] belongs to this connection.
    has_long_head: AtomicBool,
    /// The head was not read to its end.
    is_head_refused: AtomicBool,
    /// Bytes that came and went.
    moved: AtomicU64,
    /// The client takes no more bytes for now.
    is_blocked: AtomicBool,
    /// A Pod that starts fetches something.
    is_fetching: AtomicBool,
}

/// The counters of a connection at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) requests: u64,
    pub(super) is_in_use: bool,
    pub(super) has_head_begun: bool,
    pub(super) moved: u64,
    pub(super) is_blocked: bool,
}

/// Says that a connection is in use, until the last of its clones is dropped.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Activity>);

/// The body of an answer, whose connection is in use until the body is dropped.
pub(crate) struct Held {
    body: Body,
    _busy: Busy,
}

/// Why a head is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeadRefused {
    /// It is longer than a head may be.
    #[error("the head of the request has more than {HEAD_BYTES_MAX} bytes")]
    TooLong,
    /// Others have the memory of all longer heads.
    #[error("other requests have the memory for heads of more than {SHORT_HEAD_BYTES} bytes")]
    NoRoom,
}

// === impl Activity ===

impl Activity {
    /// Asks before more of a request is read.
    ///
    /// # Errors
    /// [`HeadRefused`] when the bytes so far are all that a head may have, or that there is memory for.
    pub(crate) fn before_read(&self) -> Result<(), HeadRefused> {
        let head = self.head_bytes.load(Ordering::Relaxed);
        if head < SHORT_HEAD_BYTES || (head < HEAD_BYTES_MAX && self.has_room_for_long_head()) {
            return Ok(());
        }
        Err(self.refuse_head())
    }

    /// Asks before something is sent: nothing of hyper's own about a head that is too long.
    ///
    /// # Errors
    /// [`HeadRefused`] when a head has begun and is too long.
    pub(crate) fn before_write(&self) -> Result<(), HeadRefused> {
        if self.head_bytes.load(Ordering::Relaxed) < HEAD_BYTES_MAX { Ok(()) } else { Err(self.refuse_head()) }
    }

    fn refuse_head(&self) -> HeadRefused {
        self.is_head_refused.store(true, Ordering::Relaxed);
        self.refusal()
    }

    fn refusal(&self) -> HeadRefused {
        let is_too_long = self.head_bytes.load(Ordering::Relaxed) >= HEAD_BYTES_MAX;
        if is_too_long { HeadRefused::TooLong } else { HeadRefused::NoRoom }
    }

    /// Counts bytes that came.
    pub(crate) fn received(&self, bytes: usize) {
        self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.in_use.load(Ordering::Relaxed) == 0 {
            self.head_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Counts bytes that the client took, or that it takes none: then these are none.
    pub(crate) fn sent(&self, bytes: Option<usize>) {
        self.is_blocked.store(bytes.is_none(), Ordering::Relaxed);
        self.moved.fetch_add(bytes.unwrap_or(0) as u64, Ordering::Relaxed);
    }

    /// Counts a request whose head is whole.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.in_use.fetch_add(1, Ordering::Relaxed);
        self.end_head();
        Busy(Arc::clone(self))
    }

    /// Says that a Pod fetches over this connection what it needs to start.
    pub(crate) fn fetch(&self) {
        self.is_fetching.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_fetching(&self) -> bool {
        self.is_fetching.load(Ordering::Relaxed)
    }

    /// Counts all that has come as done with: what follows are this server's last words.
    pub(super) fn part(&self) {
        self.end_head();
    }

    pub(super) fn head_refused(&self) -> Option<HeadRefused> {
        self.is_head_refused.load(Ordering::Relaxed).then(|| self.refusal())
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            requests: self.requests.load(Ordering::Relaxed),
            is_in_use: self.in_use.load(Ordering::Relaxed) > 0,
            has_head_begun: self.head_bytes.load(Ordering::Relaxed) > 0,
            moved: self.moved.load(Ordering::Relaxed),
            is_blocked: self.is_blocked.load(Ordering::Relaxed),
        }
    }

    fn has_room_for_long_head(&self) -> bool {
        if self.has_long_head.load(Ordering::Relaxed) {
            return true;
        }
        let less = |left: usize| left.checked_sub(HEAD_BYTES_MAX);
        let has_room = LONG_HEADS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok();
        self.has_long_head.store(has_room, Ordering::Relaxed);
        has_room
    }

    fn end_head(&self) {
        self.head_bytes.store(0, Ordering::Relaxed);
        if self.has_long_head.load(Ordering::Relaxed) && self.has_long_head.swap(false, Ordering::Relaxed) {
            LONG_HEADS.fetch_add(HEAD_BYTES_MAX, Ordering::Relaxed);
        }
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.end_head();
    }
}

// === impl Busy ===

impl Busy {
    /// Makes this the body of an answer.
    pub(crate) fn hold(self, body: Body) -> Held {
        Held { body, _busy: self }
    }
}

impl Clone for Busy {
    fn clone(&self) -> Self {
        self.0.in_use.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.in_use.fetch_sub(1, Ordering::Relaxed);
    }
}

// === impl Held ===

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_may_have_64_kb_and_the_rest_of_a_request_more() {
        let activity = Arc::new(Activity::default());
        activity.received(HEAD_BYTES_MAX - 1);
        assert!(activity.before_read().is_ok());
        activity.received(1);
        assert!(activity.before_write().is_err() && activity.before_read().is_err());
        assert_eq!(activity.head_refused(), Some(HeadRefused::TooLong));

        let activity = Arc::new(Activity::default());
        activity.received(HEAD_BYTES_MAX - 1);
        let request = activity.begin();
        activity.received(1 << 20);
        assert!(activity.before_read().is_ok(), "that was a body");
        let answer = request.clone();
        drop(request);
        assert!(activity.snapshot().is_in_use, "the answer is on its way");
        drop(answer);
        let idle = Snapshot { requests: 1, is_in_use: false, has_head_begun: false, ..activity.snapshot() };
        assert_eq!(activity.snapshot(), idle);
        activity.received(1);
        assert!(activity.snapshot().has_head_begun);
    }

    #[test]
    fn long_heads_share_their_memory_and_give_it_back() {
        let begin = || {
            let activity = Arc::new(Activity::default());
            activity.received(SHORT_HEAD_BYTES);
            activity
        };
        let heads: Vec<_> = (0..LONG_HEADS_BYTES_MAX / HEAD_BYTES_MAX).map(|_| begin()).collect();
        let held = heads.iter().filter(|head| head.before_read().is_ok()).count();
        // Other tests of this process may have heads of their own.
        assert!(held > heads.len() / 2, "{held}");
        let refused = begin();
        assert_eq!(refused.before_read(), Err(HeadRefused::NoRoom), "there is no room for one more");
        assert_eq!(refused.head_refused(), Some(HeadRefused::NoRoom));
        let request = heads[0].begin();
        assert!(begin().before_read().is_ok(), "a head that is whole makes room");
        drop((heads, request));
    }
}
