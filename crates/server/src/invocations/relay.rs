//! Passes a Pod's answer on piece by piece, as soon as it is certain that it is no error.

use bytes::{Bytes, BytesMut};
use fakecloud_lambda::{MAX_STREAMED_BYTES, Outcome};
use tokio::sync::mpsc;

/// Pieces on their way to a client that is slower than the Pod.
const PIECES_MAX: usize = 16;

/// An error object is never longer than this: what is, is passed on.
const HELD_BYTES_MAX: usize = 1 << 20;

/// Where an invocation's answer is passed on to; what comes after it stays with the invocation's outcome.
#[derive(Clone)]
pub(crate) struct Relay {
    pieces: mpsc::Sender<Bytes>,
    /// The function's timeout in seconds, which an answer may be about.
    timeout_s: u32,
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
    pub(crate) fn new(timeout_s: u32) -> (Self, mpsc::Receiver<Bytes>) {
        let (pieces, receiver) = mpsc::channel(PIECES_MAX);
        (Self { pieces, timeout_s }, receiver)
    }

    /// Begins an answer.
    pub(crate) fn begin(&self) -> Passing<'_> {
        Passing { relay: self, passed_bytes: 0 }
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
        drop(self.relay.pieces.send(held.split().freeze()).await);
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
            (pieces.recv().await.unwrap(), pieces.recv().await.unwrap()),
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

    #[tokio::test]
    async fn answer_ends_at_its_limit() {
        let (relay, pieces) = Relay::new(3);
        drop(pieces);
        let mut passing = Passing { relay: &relay, passed_bytes: MAX_STREAMED_BYTES - 1 };
        assert!(matches!(passing.take(200, &mut BytesMut::from("1")).await, Taken::Passed));
        assert!(matches!(passing.take(200, &mut BytesMut::from("1")).await, Taken::TooLong));
    }
}
