//! Reads a zip to its last byte and refuses what is unsafe, damaged or too large.

use std::io::{self, Read, Seek};

use crate::entry;
use crate::error::ArchiveError;
use crate::index::index;
use crate::limits::Limits;
use crate::name::EntryName;
use crate::remark::{Remark, Remarks};
use crate::tree::Node;

/// What a good archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipSummary {
    /// Entries that it lists, directories and links included. At least 1.
    pub entries: u64,
    /// Bytes that its entries unpack to, together.
    pub unzipped_bytes: u64,
    /// What its owner should hear of, although AWS takes it as well.
    pub remarks: Vec<Remark>,
}

/// Checks a whole archive: names, kinds and sizes first, then every file's content and checksum and every link's target.
///
/// A good archive unpacks to one tree: of two entries with the same path the later one holds, no entry lies below
/// a file or a link, and the two headers of each entry agree. Links may lead anywhere: they are resolved where the
/// function runs.
/// Memory is bounded by [`Limits::entries_max`], never by the size of content or of targets.
///
/// # Errors
/// [`ArchiveError`] names the first entry that is wrong. [`ArchiveError::Read`] means that `reader` failed.
pub fn check_zip<R: Read + Seek>(mut reader: R, limits: &Limits) -> Result<ZipSummary, ArchiveError> {
    let index = index(&mut reader, 0, limits)?;
    let (mut stored, mut remarks) = (Vec::new(), Remarks::default());
    for (path, node) in index.tree {
        match node {
            Node::Directory { mode } => remarks.look_at(&path, mode, 0o005),
            Node::Link { target } => {
                remarks.look_at(&path, 0, 0);
                entry::read_target(&target, &mut reader)?;
            }
            Node::File { mode, content } => {
                remarks.look_at(&path, mode, 0o004);
                let mut content = entry::open(&content, &mut reader)?;
                stored.extend(content.stored_range().map(|range| (range, path)));
                io::copy(&mut content, &mut io::sink()).map_err(entry::read_fault)?;
            }
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
    Ok(ZipSummary { entries: index.entries, unzipped_bytes: index.unzipped_bytes, remarks: remarks.finish() })
}
