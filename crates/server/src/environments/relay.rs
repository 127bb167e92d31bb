//! Passes an environment's answer on piece by piece, as soon as it is certain that it is no error.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fakecloud_lambda::{MAX_STREAMED_BYTES, Outcome};
use tokio::sync::mpsc::{self, Permit, error::TrySendError};
use tokio::time::Instant;

/// Pieces on their way to a client that is slower than the environment.
const PIECES_MAX: usize = 16;

/// An error object is never longer than this: what is, is passed on.
const HELD_BYTES_MAX: usize = 1 << 20;

/// A client that takes nothing for so long gets no more, so that it does not keep an environment for ever.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Where an invocation's answer is passed on to; what comes after it stays with the invocation's outcome.
#[derive(Clone)]
pub(crate) struct Relay {
    pieces: mpsc::Sender<Bytes>,
    /// The function's timeout in seconds, which an answer may be about.
    timeout_s: u32,
    silence_max: Duration,
    client: Arc<Client>,
}

/// Where the pieces come out.
pub(crate) struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    client: Arc<Client>,
}

/// How the client keeps up.
#[derive(Default)]
struct Client {
    /// Whether it is waited for now.
    awaited: AtomicBool,
    /// Whether it was given up, so that pieces are missing.
    given_up: AtomicBool,
}

/// One answer on its way.
pub(crate) struct Passing<'a> {
    relay: &'a Relay,
    /// Zero while the answer may still be an error.
    passed_bytes: u64,
}

/// What becomes of a piece.
pub(crate) enum Taken {
    /// It is on its way, with all that was held.
    Passed,
    /// It is held with the rest: the answer may still be an error.
    Held,
    /// The answer exceeds what may be streamed.
    TooLong,
}

// === impl Relay ===

impl Relay {
    /// A relay, and where its pieces come out.
    pub(crate) fn new(timeout_s: u32) -> (Self, Pieces) {
        let (pieces, receiver) = mpsc::channel(PIECES_MAX);
        let client = Arc::<Client>::default();
        let taken = Pieces { pieces: receiver, client: Arc::clone(&client) };
        (Self { pieces, timeout_s, silence_max: SILENCE_MAX, client }, taken)
    }

    /// Begins an answer.
    pub(crate) fn begin(&self) -> Passing<'_> {
        Passing { relay: self, passed_bytes: 0 }
    }

    /// Does work that passes an answer on, until its time is up: then it gives `None`. While the client is waited for no
    /// time passes, since that is not the function's.
    pub(crate) async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut end = pin!(tokio::time::sleep(limit));
        let mut awaited_since = None;
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
            if self.client.awaited.load(Ordering::Relaxed) {
                awaited_since.get_or_insert_with(Instant::now);
                return Poll::Pending;
            }
            if let Some(since) = awaited_since.take() {
                let later = end.deadline() + since.elapsed();
                end.as_mut().reset(later);
            }
            end.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    /// Whether the client took nothing for so long that it gets no more.
    pub(crate) fn gave_up(&self) -> bool {
        self.client.given_up.load(Ordering::Relaxed)
    }

    /// Passes a piece on. A client that has gone needs nothing.
    async fn pass(&self, piece: Bytes) {
        if self.gave_up() {
            return;
        }
        let permit = match self.pieces.try_reserve() {
            Ok(permit) => Some(permit),
            Err(TrySendError::Closed(())) => None,
            // Boxed, since an answer that is not streamed has to carry what this may need as well.
            Err(TrySendError::Full(())) => Box::pin(self.room()).await,
        };
        if let Some(permit) = permit {
            permit.send(piece);
        }
    }

    /// Waits until the client takes a piece.
    async fn room(&self) -> Option<Permit<'_, Bytes>> {
        self.client.awaited.store(true, Ordering::Relaxed);
        let room = tokio::time::timeout(self.silence_max, self.pieces.reserve()).await;
        self.client.awaited.store(false, Ordering::Relaxed);
        if room.is_err() {
            self.client.given_up.store(true, Ordering::Relaxed);
        }
        room.ok()?.ok()
    }
}

// === impl Pieces ===

impl Pieces {
    /// The next piece, once there is one; `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        self.pieces.recv().await
    }

    /// The next piece, if there is one.
    pub(crate) fn ready(&mut self) -> Option<Bytes> {
        self.pieces.try_recv().ok()
    }

    /// Why pieces are missing, if some are.
    pub(crate) fn fault(&self) -> Option<String> {
        let given_up = self.client.given_up.load(Ordering::Relaxed);
        given_up
            .then(|| format!("the client took nothing of the answer for {} s: the rest is lost", SILENCE_MAX.as_secs()))
    }
}

// === impl Passing ===

impl Passing<'_> {
    /// Takes what of an answer with this status has come and was not passed on before. Waits while the client is slow;
    /// one that has gone needs nothing, but the function runs to its end.
    pub(crate) async fn take(&mut self, status: u16, held: &mut BytesMut) -> Taken {
        if self.passed_bytes == 0
            && held.len() <= HELD_BYTES_MAX
            && Outcome::may_fail(status, held, self.relay.timeout_s)
        {
            return Taken::Held;
        }
        self.passed_bytes += held.len() as u64;
        if self.passed_bytes > MAX_STREAMED_BYTES {
            return Taken::TooLong;
        }
        self.relay.pass(held.split().freeze()).await;
        Taken::Passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_pass_once_the_answer_is_no_error() {
        let (relay, mut pieces) = Relay::new(3);
        let mut passing = relay.begin();
        let mut held = BytesMut::from("{");
        assert!(matches!(passing.take(200, &mut held).await, Taken::Held));
        held.extend_from_slice(b"\"a\": \"");
        assert!(matches!(passing.take(200, &mut held).await, Taken::Passed));
        held.extend_from_slice(b"{\"errorType\"");
        assert!(matches!(passing.take(200, &mut held).await, Taken::Passed));
        assert_eq!(
            (pieces.next().await.unwrap(), pieces.next().await.unwrap()),
            ("{\"a\": \"".into(), "{\"errorType\"".into())
        );
        assert!(held.is_empty());
    }

    #[tokio::test]
    async fn client_that_has_gone_does_not_end_the_answer() {
        let (relay, pieces) = Relay::new(3);
        drop(pieces);
        let mut passing = relay.begin();
        for _ in 0..2 * PIECES_MAX {
            assert!(matches!(passing.take(200, &mut BytesMut::from("text")).await, Taken::Passed));
        }
    }

    /// Passes on one piece more than there is room for.
    async fn overfill(relay: &Relay) {
        let mut passing = relay.begin();
        for _ in 0..=PIECES_MAX {
            passing.take(200, &mut BytesMut::from("text")).await;
        }
    }

    #[tokio::test]
    async fn time_passes_only_while_the_function_is_waited_for() {
        let limit = Duration::from_millis(50);
        let (relay, mut pieces) = Relay::new(3);
        let slow_client = async {
            tokio::time::sleep(limit * 3).await;
            pieces.next().await
        };
        let (passed, piece) = tokio::join!(relay.within(limit, overfill(&relay)), slow_client);
        assert_eq!((passed, piece), (Some(()), Some("text".into())));
        assert_eq!(relay.within(limit, std::future::pending::<()>()).await, None);
        let late = async {
            pieces.next().await;
            tokio::join!(overfill(&relay), async { while pieces.ready().is_some() {} });
            std::future::pending::<()>().await;
        };
        assert_eq!(relay.within(limit, late).await, None, "it goes on once the client has taken a piece");
    }

    #[tokio::test]
    async fn client_that_takes_nothing_is_given_up() {
        let (relay, pieces) = Relay::new(3);
        let relay = Relay { silence_max: Duration::from_millis(20), ..relay };
        assert_eq!(pieces.fault(), None);
        overfill(&relay).await;
        assert!(pieces.fault().is_some_and(|fault| fault.contains("took nothing")));
        overfill(&relay).await;
    }

    #[tokio::test]
    async fn answer_ends_at_its_limit() {
        let (relay, pieces) = Relay::new(3);
        drop(pieces);
        let mut passing = Passing { relay: &relay, passed_bytes: MAX_STREAMED_BYTES - 1 };
        assert!(matches!(passing.take(200, &mut BytesMut::from("1")).await, Taken::Passed));
        assert!(matches!(passing.take(200, &mut BytesMut::from("1")).await, Taken::TooLong));
    }
}
