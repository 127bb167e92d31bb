//! Reads a zip to its last byte and refuses what is unsafe, damaged or too large.

use std::io::{self, Read, Seek};

use crate::entry;
use crate::error::ArchiveError;
use crate::index::index;
use crate::limits::Limits;
use crate::name::EntryName;
use crate::tree::Node;

/// What a good archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZipSummary {
    /// Entries that it lists, directories and links included. At least 1.
    pub entries: u64,
    /// Bytes that its entries unpack to, together.
    pub unzipped_bytes: u64,
}

/// Checks a whole archive: names, kinds, links and sizes first, then every file's content and checksum.
///
/// A good archive unpacks to the same tree with every tool: each path is there once, no entry lies below
/// a file or a link, no link leads out of the tree, and the two headers of each entry agree.
/// Memory is bounded by [`Limits::entries_max`], never by the content's size.
///
/// # Errors
/// [`ArchiveError`] names the first entry that is wrong. [`ArchiveError::Read`] means that `reader` failed.
pub fn check_zip<R: Read + Seek>(mut reader: R, limits: &Limits) -> Result<ZipSummary, ArchiveError> {
    let index = index(&mut reader, 0, limits)?;
    let mut stored = Vec::new();
    for (path, node) in index.tree {
        if let Node::File { content, .. } = node {
            let mut content = entry::open(&content, &mut reader)?;
            stored.extend(content.stored_range().map(|range| (range, path)));
            io::copy(&mut content, &mut io::sink()).map_err(entry::read_fault)?;
        }
    }
    stored.sort_unstable();
    for pair in stored.windows(2) {
        if let [((_, end), entry), ((start, _), other)] = pair
            && start < end
        {
            return Err(ArchiveError::Overlapping { entry: EntryName::from(entry), other: EntryName::from(other) });
        }
    }
    Ok(ZipSummary { entries: index.entries, unzipped_bytes: index.unzipped_bytes })
}
