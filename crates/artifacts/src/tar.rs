//! A tar whose bytes follow from its entries alone: no clock, no user, no host.

use std::io::{self, Read, Write};

use ::tar::{Builder, EntryType, Header};

use crate::name::EntryPath;

/// 1980-01-01T00:00:00Z, the first time that a zip can state, so that the files can be zipped again.
const MTIME: u64 = 315_532_800;

/// Name of the pseudo-entry that carries a path or target too long for a header.
const LONG_NAME: &[u8] = b"././@LongLink";

/// Writes entries in the order of the calls, owned by root, in GNU format.
pub(crate) struct TarWriter<W: Write> {
    builder: Builder<W>,
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
