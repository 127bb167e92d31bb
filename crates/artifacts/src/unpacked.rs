//! What archives unpack to, one after the other, as one tar: indexed once, written as often as it is asked for.

use std::io::{self, Read, Seek, Write};

use ::zip::read::OwnedZipFileEntry;

use crate::entry;
use crate::error::{ArchiveError, LayersError};
use crate::index::index;
use crate::limits::Limits;
use crate::name::EntryPath;
use crate::tar::{self, TarWriter};
use crate::tree::{Node, Tree};

/// The tree that archives unpack to, without the content of its files and the targets of its links.
///
/// Memory grows with the number of entries, never with their size; nothing of it depends on who reads the archives, so
/// all who write the same tar can share one.
pub struct Unpacked {
    nodes: Vec<(EntryPath, Node<Source>)>,
    tar_bytes: u64,
    unzipped_bytes: u64,
}

/// The invariant that every index leads to an archive.
const INDEXED: &str = "the archives are those that were indexed";

/// Where a file's content or a link's target is.
struct Source {
    archive: usize,
    entry: OwnedZipFileEntry,
}

// === impl Unpacked ===

impl Unpacked {
    /// Reads the tables of contents of `archives`. A later archive's entry replaces an earlier one's, be it a file where
    /// a directory was or the reverse; directories are joined. A link of an earlier archive is never followed, but
    /// replaced. Nothing lies below a file or a link, so what unpacks the tar follows none while it writes.
    ///
    /// # Errors
    /// [`LayersError::Layer`] names the archive and the entry.
    pub fn index<R: Read + Seek>(archives: &mut [R], limits: &Limits) -> Result<Self, LayersError> {
        let mut merged = Tree::new();
        let mut unzipped_bytes = 0;
        for (archive, reader) in archives.iter_mut().enumerate() {
            let index = index(reader, unzipped_bytes, limits)
                .map_err(|source| LayersError::Layer { number: archive + 1, source })?;
            unzipped_bytes += index.unzipped_bytes;
            for (path, node) in index.tree {
                merged.overlay(path, node.map(|entry| Source { archive, entry }));
            }
        }
        let nodes: Vec<_> = merged.into_iter().collect();
        let tar_bytes = tar::END_BYTES + nodes.iter().map(|(path, node)| record_bytes(path, node)).sum::<u64>();
        Ok(Self { nodes, tar_bytes, unzipped_bytes })
    }

    /// Bytes of the tar that [`write_tar`](Self::write_tar) writes.
    pub fn tar_bytes(&self) -> u64 {
        self.tar_bytes
    }

    /// Bytes that all archives unpack to, together, replaced files included.
    pub fn unzipped_bytes(&self) -> u64 {
        self.unzipped_bytes
    }

    /// Writes the tar; `archives` are those that were indexed, in the same order. The same archives give the same bytes:
    /// entries are sorted by path, owned by root, and dated 1980. Permissions are kept, but a directory's owner may
    /// always enter and fill it, so that someone other than root can unpack it. Files are streamed one by one, and their
    /// checksums compared.
    ///
    /// # Errors
    /// [`LayersError`] names the archive and the entry, or says that `out` failed. The tar is incomplete then.
    ///
    /// # Panics
    /// There are fewer archives than were indexed.
    pub fn write_tar<R: Read + Seek, W: Write>(&self, archives: &mut [R], out: W) -> Result<W, LayersError> {
        let mut tar = TarWriter::new(out);
        for (path, node) in &self.nodes {
            match node {
                Node::Directory { mode } => tar.directory(path, *mode).map_err(LayersError::Write)?,
                Node::Link { target: Source { archive, entry } } => {
                    let number = archive + 1;
                    let reader = archives.get_mut(*archive).expect(INDEXED);
                    let target = entry::read_target(entry, reader);
                    let target = target.map_err(|source| LayersError::Layer { number, source })?;
                    tar.link(path, &target).map_err(LayersError::Write)?;
                }
                Node::File { mode, content: Source { archive, entry } } => {
                    let number = archive + 1;
                    let reader = archives.get_mut(*archive).expect(INDEXED);
                    let content = entry::open(entry, reader).map_err(|source| LayersError::Layer { number, source })?;
                    tar.file(path, *mode, entry.size(), content).map_err(|error| blame(number, error))?;
                }
            }
        }
        tar.finish().map_err(LayersError::Write)
    }
}

fn record_bytes(path: &EntryPath, node: &Node<Source>) -> u64 {
    match node {
        Node::Directory { .. } => tar::directory_bytes(path),
        Node::Link { target } => tar::link_bytes(path, target.entry.size()),
        Node::File { content, .. } => tar::file_bytes(path, content.entry.size()),
    }
}

/// Copying fails by the archive that is read or by the output that is written.
fn blame(number: usize, error: io::Error) -> LayersError {
    match error.downcast::<ArchiveError>() {
        Ok(source) => LayersError::Layer { number, source },
        Err(error) => LayersError::Write(error),
    }
}
