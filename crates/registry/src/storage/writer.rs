//! Content that is being received: a file without a name of its own, and the digest so far.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

use fakecloud_durable::Quota;
use tempfile::NamedTempFile;

use crate::digest::{Algorithm, Digest, Hasher};

/// Content that is being received. Dropping it leaves nothing.
pub(crate) struct Writer {
    file: NamedTempFile,
    hasher: Hasher,
    length: u64,
    quota: Quota,
    /// Whether a write has failed, so that nobody knows what is in the file.
    is_broken: bool,
}

/// Read at a time where content is read once more.
const PIECE_BYTES: usize = 256 << 10;

impl Writer {
    /// Begins with nothing. The digest is taken by this algorithm while the content comes.
    pub(super) fn new(file: NamedTempFile, algorithm: Algorithm, quota: Quota) -> Self {
        Self { file, hasher: Hasher::new(algorithm), length: 0, quota, is_broken: false }
    }

    /// Appends a piece. Blocks.
    pub(crate) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        if self.is_broken {
            return Err(io::Error::other("an earlier piece could not be written"));
        }
        self.is_broken = true;
        self.quota.take(piece.len() as u64)?;
        self.file.as_file().write_all(piece)?;
        self.is_broken = false;
        self.hasher.update(piece);
        self.length += piece.len() as u64;
        Ok(())
    }

    /// The bytes received so far.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The file as it is so far, for those who read what is being received.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.file.reopen()
    }

    /// The complete file and its digest by this algorithm. Blocks for long only if that is not the one that the content
    /// was received with.
    pub(super) fn finish(mut self, algorithm: Algorithm) -> io::Result<(NamedTempFile, Digest)> {
        if self.hasher.algorithm() == algorithm {
            return Ok((self.file, self.hasher.finish()));
        }
        let mut hasher = Hasher::new(algorithm);
        let mut piece = vec![0; PIECE_BYTES];
        self.file.rewind()?;
        loop {
            match self.file.read(&mut piece)? {
                0 => return Ok((self.file, hasher.finish())),
                count => hasher.update(&piece[..count]),
            }
        }
    }
}
