//! Content on its way to a client, read ahead by a piece. What else is in memory is what the connection has not sent yet.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Read and sent at a time.
const PIECE_BYTES: usize = 64 << 10;

/// Buffers that are kept for a client, to be read into once more.
const SPARE_MAX: usize = 8;

/// A part of a file that is still to be sent.
struct Rest {
    file: Arc<File>,
    from: u64,
    to: u64,
    /// Buffers whose piece has been sent.
    spare: mpsc::Receiver<Vec<u8>>,
    home: mpsc::Sender<Vec<u8>>,
    /// The next piece, which is being read.
    ahead: Option<JoinHandle<io::Result<Piece>>>,
}

/// A piece of the file. Its buffer goes home when it has been sent.
struct Piece {
    buffer: Vec<u8>,
    length: usize,
    home: mpsc::Sender<Vec<u8>>,
}

/// Reads a file from one position to another, which lies behind it, piece by piece.
pub(crate) fn pieces(file: File, from: u64, to: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let (home, spare) = mpsc::channel(SPARE_MAX);
    let rest = Rest { file: Arc::new(file), from, to, spare, home, ahead: None };
    stream::try_unfold(rest, |mut rest| async move { Ok(rest.next().await?.map(|piece| (piece, rest))) })
}

// === impl Rest ===

impl Rest {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let reading = match self.ahead.take() {
            Some(reading) => reading,
            None if self.from == self.to => return Ok(None),
            None => self.read(),
        };
        let piece = reading.await.expect("reading does not panic")?;
        if self.from < self.to {
            self.ahead = Some(self.read());
        }
        Ok(Some(Bytes::from_owner(piece)))
    }

    /// Begins to read the next piece.
    fn read(&mut self) -> JoinHandle<io::Result<Piece>> {
        let (file, home, at) = (self.file.clone(), self.home.clone(), self.from);
        let mut buffer = self.spare.try_recv().unwrap_or_default();
        let left = self.to - self.from;
        let length = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        self.from += length as u64;
        tokio::task::spawn_blocking(move || {
            buffer.resize(buffer.len().max(length), 0);
            file.read_exact_at(&mut buffer[..length], at)?;
            Ok(Piece { buffer, length, home })
        })
    }
}

// === impl Piece ===

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        // Where enough are spare, or nothing is left to be read, it goes.
        let _ = self.home.try_send(std::mem::take(&mut self.buffer));
    }
}
