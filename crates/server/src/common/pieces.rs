//! From a writer on a thread that blocks to a body that is sent.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

/// Pieces that wait to be sent; with the one that is being filled and those of the connection, all of a body in memory.
pub(crate) const PIECES: usize = 2;

const PIECE_BYTES: usize = 64 << 10;

/// Collects what is written into pieces and hands them on. What is not [flushed](Write::flush) is lost.
pub(crate) struct Pieces {
    piece: BytesMut,
    capacity: usize,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

impl Pieces {
    /// For a body of so many bytes: a short one needs no more memory than it has.
    pub(crate) fn new(bytes: u64, sender: mpsc::Sender<io::Result<Bytes>>) -> Self {
        let capacity = usize::try_from(bytes).unwrap_or(PIECE_BYTES).clamp(1, PIECE_BYTES);
        Self { piece: BytesMut::with_capacity(capacity), capacity, sender }
    }

    fn hand_on(&mut self) -> io::Result<()> {
        let next = BytesMut::with_capacity(self.capacity);
        let piece = std::mem::replace(&mut self.piece, next).freeze();
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the receiver has gone away");
        self.sender.blocking_send(Ok(piece)).map_err(gone)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.capacity - self.piece.len());
        self.piece.extend_from_slice(&bytes[..count]);
        if self.piece.len() == self.capacity {
            self.hand_on()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() { Ok(()) } else { self.hand_on() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_all_that_was_written_and_none_is_longer_than_one() {
        let (sender, mut receiver) = mpsc::channel(10);
        let written: Vec<u8> = (0..PIECE_BYTES * 2 + 7).map(|number| number as u8).collect();
        let mut pieces = Pieces::new(written.len() as u64, sender);
        written.chunks(1_000).for_each(|chunk| pieces.write_all(chunk).unwrap());
        pieces.flush().unwrap();
        pieces.flush().unwrap();
        drop(pieces);
        let received: Vec<Bytes> = std::iter::from_fn(|| receiver.blocking_recv()).map(Result::unwrap).collect();
        assert_eq!(received.concat(), written);
        assert_eq!(received.iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE_BYTES, PIECE_BYTES, 7]);
    }

    #[test]
    fn writer_ends_when_the_receiver_has_gone() {
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        let error = Pieces::new(1, sender).write_all(b"12").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
