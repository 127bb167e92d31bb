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
    stream::try_unfold(Rest::new(file, from, to), |mut rest| async move {
        let piece = rest.next().await?;
        Ok(piece.map(|piece| (piece, rest)))
    })
}

// === impl Rest ===

impl Rest {
    fn new(file: File, from: u64, to: u64) -> Self {
        let (home, spare) = mpsc::channel(SPARE_MAX);
        Self { file: Arc::new(file), from, to, spare, home, ahead: None }
    }

    /// The next piece: at once where the system has it in memory, else by a thread that may wait for the disk and then goes
    /// on with the piece after it.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.ahead.is_none() {
            if self.from == self.to {
                return Ok(None);
            }
            let (piece, length) = self.blank();
            let reading = match at_once(&self.file, piece, length, self.from) {
                Ok(piece) => {
                    self.from += piece.length as u64;
                    return Ok(Some(Bytes::from_owner(piece)));
                }
                Err(piece) => self.read(piece, length),
            };
            self.ahead = Some(reading);
        }
        let reading = self.ahead.take().expect("a piece is being read");
        let piece = reading.await.expect("reading does not panic")?;
        if self.from < self.to {
            let (next, length) = self.blank();
            self.ahead = Some(self.read(next, length));
        }
        Ok(Some(Bytes::from_owner(piece)))
    }

    /// Room for the next piece, and how long that is to be.
    fn blank(&mut self) -> (Piece, usize) {
        let left = self.to - self.from;
        let length = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        let mut buffer = self.spare.try_recv().unwrap_or_default();
        buffer.resize(buffer.len().max(length), 0);
        (Piece { buffer, length: 0, home: self.home.clone() }, length)
    }

    /// Begins to read the next piece.
    fn read(&mut self, mut piece: Piece, length: usize) -> JoinHandle<io::Result<Piece>> {
        let (file, at) = (self.file.clone(), self.from);
        self.from += length as u64;
        tokio::task::spawn_blocking(move || {
            file.read_exact_at(&mut piece.buffer[..length], at)?;
            piece.length = length;
            Ok(piece)
        })
    }
}

/// Reads what the system has in memory, or gives the empty piece back. To hand this to another thread would take longer than
/// the reading itself.
#[cfg(target_os = "linux")]
fn at_once(file: &File, mut piece: Piece, length: usize, at: u64) -> Result<Piece, Piece> {
    use std::io::IoSliceMut;

    use rustix::io::{ReadWriteFlags, preadv2};

    let mut room = [IoSliceMut::new(&mut piece.buffer[..length])];
    match preadv2(file, &mut room, at, ReadWriteFlags::NOWAIT) {
        Ok(count) if count > 0 => {
            piece.length = count;
            Ok(piece)
        }
        // It is not in memory, not all of the file is there, or the file system cannot tell: a thread finds out.
        Ok(_) | Err(_) => Err(piece),
    }
}

/// Elsewhere nobody can say without waiting for the disk.
#[cfg(not(target_os = "linux"))]
fn at_once(_file: &File, piece: Piece, _length: usize, _at: u64) -> Result<Piece, Piece> {
    Err(piece)
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// Longer than some pieces, and no multiple of them.
    fn content() -> Vec<u8> {
        (0..5 * PIECE_BYTES + 7).map(|byte| (byte % 251) as u8).collect()
    }

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    async fn all(mut rest: Rest) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = rest.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn part_is_the_same_whether_it_is_in_memory_or_waited_for() {
        let content = content();
        let (from, to) = (3, content.len() - 2);
        let rest = || Rest::new(file(&content), from as u64, to as u64);
        let mut waiting = rest();
        let (piece, length) = waiting.blank();
        waiting.ahead = Some(waiting.read(piece, length));
        for rest in [rest(), waiting] {
            assert!(all(rest).await.unwrap() == content[from..to], "the part as it was written");
        }
    }

    #[tokio::test]
    async fn file_that_is_too_short_is_an_error() {
        let content = content();
        let error = all(Rest::new(file(&content), 0, content.len() as u64 + 1)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn buffer_of_a_piece_that_was_sent_is_read_into_again() {
        let mut rest = Rest::new(file(&content()), 0, 4 * PIECE_BYTES as u64);
        let (first, _) = rest.blank();
        let place = first.buffer.as_ptr();
        drop(Bytes::from_owner(first));
        let (second, _) = rest.blank();
        assert_eq!(second.buffer.as_ptr(), place);
        let (third, _) = rest.blank();
        assert_ne!(third.buffer.as_ptr(), place, "the second is still being sent");
    }
}
