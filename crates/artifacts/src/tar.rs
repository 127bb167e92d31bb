//! A tar whose bytes follow from its entries alone: no clock, no user, no host.

use std::io::{self, Read, Write};

use ::tar::{Builder, EntryType, Header};

use crate::name::EntryPath;

/// 1980-01-01T00:00:00Z, the first time that a zip can state, so that the files can be zipped again.
const MTIME: u64 = 315_532_800;

/// Name of the pseudo-entry that carries a path or target too long for a header.
const LONG_NAME: &[u8] = b"././@LongLink";

/// Headers and content take whole blocks of so many bytes.
const BLOCK_BYTES: u64 = 512;

/// Bytes after the last entry: two blocks of zeros.
pub(crate) const END_BYTES: u64 = 2 * BLOCK_BYTES;

/// The longest name or target in a header itself, in bytes.
const SHORT_NAME_BYTES_MAX: u64 = 100;

/// Writes entries in the order of the calls, owned by root, in GNU format.
pub(crate) struct TarWriter<W: Write> {
    builder: Builder<W>,
}

/// Bytes that [`TarWriter::directory`] writes.
pub(crate) fn directory_bytes(path: &EntryPath) -> u64 {
    named_bytes(path.as_bytes().len() as u64 + 1)
}

/// Bytes that [`TarWriter::file`] writes.
pub(crate) fn file_bytes(path: &EntryPath, content_bytes: u64) -> u64 {
    named_bytes(path.as_bytes().len() as u64) + content_bytes.next_multiple_of(BLOCK_BYTES)
}

/// Bytes that [`TarWriter::link`] writes.
pub(crate) fn link_bytes(path: &EntryPath, target_bytes: u64) -> u64 {
    named_bytes(path.as_bytes().len() as u64) + long_bytes(target_bytes)
}

// === impl TarWriter ===

impl<W: Write> TarWriter<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { builder: Builder::new(out) }
    }

    /// Adds a directory. Its owner may always enter and fill it: who unpacks may not be root.
    pub(crate) fn directory(&mut self, path: &EntryPath, mode: u32) -> io::Result<()> {
        let name = [path.as_bytes(), b"/"].concat();
        self.append(EntryType::Directory, &name, mode | 0o700, b"", 0, io::empty())
    }

    /// Adds a file. `content` must yield exactly `bytes` bytes.
    pub(crate) fn file(&mut self, path: &EntryPath, mode: u32, bytes: u64, content: impl Read) -> io::Result<()> {
        self.append(EntryType::Regular, path.as_bytes(), mode, b"", bytes, content)
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, path: &EntryPath, target: &[u8]) -> io::Result<()> {
        self.append(EntryType::Symlink, path.as_bytes(), 0o777, target, 0, io::empty())
    }

    /// Ends the archive and gives back the writer, flushed.
    pub(crate) fn finish(self) -> io::Result<W> {
        let mut out = self.builder.into_inner()?;
        out.flush()?;
        Ok(out)
    }

    fn append(
        &mut self,
        kind: EntryType,
        name: &[u8],
        mode: u32,
        target: &[u8],
        bytes: u64,
        content: impl Read,
    ) -> io::Result<()> {
        let mut header = header(kind, mode, bytes);
        let gnu = header.as_gnu_mut().expect("the header was made as a GNU header");
        let (name_fits, target_fits) = (fill(&mut gnu.name, name), fill(&mut gnu.linkname, target));
        header.set_cksum();
        if !target_fits {
            self.long(EntryType::GNULongLink, target)?;
        }
        if !name_fits {
            self.long(EntryType::GNULongName, name)?;
        }
        self.builder.append(&header, content)
    }

    /// Says in full what the next entry's header cuts off.
    fn long(&mut self, kind: EntryType, text: &[u8]) -> io::Result<()> {
        let mut header = header(kind, 0o644, text.len() as u64 + 1);
        let gnu = header.as_gnu_mut().expect("the header was made as a GNU header");
        fill(&mut gnu.name, LONG_NAME);
        header.set_cksum();
        self.builder.append(&header, text.chain(&b"\0"[..]))
    }
}

fn named_bytes(name_bytes: u64) -> u64 {
    BLOCK_BYTES + long_bytes(name_bytes)
}

/// Bytes of the pseudo-entry that a name or target needs, if it needs one.
fn long_bytes(text_bytes: u64) -> u64 {
    if text_bytes > SHORT_NAME_BYTES_MAX { BLOCK_BYTES + (text_bytes + 1).next_multiple_of(BLOCK_BYTES) } else { 0 }
}

fn header(kind: EntryType, mode: u32, bytes: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(bytes);
    header.set_mtime(MTIME);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Copies as much as there is room for, and tells whether that was all.
fn fill(field: &mut [u8], text: &[u8]) -> bool {
    for (place, byte) in field.iter_mut().zip(text) {
        *place = *byte;
    }
    text.len() <= field.len()
}
