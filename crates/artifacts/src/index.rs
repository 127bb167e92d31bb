//! An archive's table of contents, checked before any content is unpacked.

use std::io::{Read, Seek, SeekFrom};

// The stable `ZipArchive` holds every entry before it can be asked how many there are,
// and keeps only one of two entries of the same name.
use ::zip::read::{ArchiveOffset, Config, OwnedZipFileEntry};
use ::zip::unstable::read::ZipIterable;

use crate::entry::{self, Kind};
use crate::error::ArchiveError;
use crate::limits::{Limits, RATIO_FREE_BYTES};
use crate::name::EntryName;
use crate::tree::{Node, Tree};

/// Offsets in the archive are taken as written: bytes put in front without correcting them,
/// which lenient readers skip, would make other unpackers fail.
const AS_WRITTEN: Config = Config { archive_offset: ArchiveOffset::Known(0) };

/// What an archive lists.
pub(crate) struct Index {
    pub(crate) tree: Tree<OwnedZipFileEntry>,
    /// Entries, directories included.
    pub(crate) entries: u64,
    /// What the entries declare to unpack to, together.
    pub(crate) unzipped_bytes: u64,
}

/// Counts what unpacking will cost.
struct Budget<'a> {
    limits: &'a Limits,
    archive_bytes: u64,
    /// Bytes of other archives that count as well.
    elsewhere_bytes: u64,
    unzipped_bytes: u64,
}

/// Reads and checks everything but the content of files and the targets of links, of which memory would grow with their size. `elsewhere_bytes` count towards the limit.
pub(crate) fn index<R: Read + Seek>(
    reader: &mut R,
    elsewhere_bytes: u64,
    limits: &Limits,
) -> Result<Index, ArchiveError> {
    let archive_bytes = reader.seek(SeekFrom::End(0)).map_err(ArchiveError::Read)?;
    let archive = ZipIterable::try_new(&mut *reader, AS_WRITTEN).map_err(ArchiveError::about_archive)?;
    let entries = archive.len() as u64;
    if entries == 0 {
        return Err(ArchiveError::Empty);
    }
    if entries > limits.entries_max {
        return Err(ArchiveError::TooManyEntries { entries, max: limits.entries_max });
    }

    let mut archive = archive.enforce_header_consistency(true);
    let files = archive.files().map_err(ArchiveError::about_archive)?;
    let mut budget = Budget { limits, archive_bytes, elsewhere_bytes, unzipped_bytes: 0 };
    let mut tree = Tree::new();
    for position in 0..entries {
        let entry = match files.next() {
            Some(Ok(entry)) => entry.into(),
            Some(Err(source)) => {
                let entry = name_at(files.reader_mut(), position, entries);
                return Err(ArchiveError::about_entry(entry, source));
            }
            None => break,
        };
        budget.charge(&entry)?;
        insert(&mut tree, entry)?;
    }
    tree.check_ancestors()?;
    Ok(Index { tree, entries, unzipped_bytes: budget.unzipped_bytes })
}

fn insert(tree: &mut Tree<OwnedZipFileEntry>, entry: OwnedZipFileEntry) -> Result<(), ArchiveError> {
    let (path, kind) = entry::classify(&entry)?;
    let node = match kind {
        Kind::Directory { .. } if entry.size() > 0 => {
            return Err(ArchiveError::WrongSize { entry: entry.name_raw().into(), declared_bytes: entry.size() });
        }
        Kind::Directory { .. } if path.is_root() => return Ok(()),
        Kind::Directory { mode } => Node::Directory { mode },
        Kind::File { mode } => Node::File { mode, content: entry },
        Kind::Link => Node::Link { target: entry },
    };
    tree.insert(path, node);
    Ok(())
}

/// The name that the central directory gives an entry whose headers contradict each other.
fn name_at<R: Read + Seek>(reader: &mut R, position: u64, entries: u64) -> EntryName {
    let name = ZipIterable::try_new(reader, AS_WRITTEN).ok().and_then(|mut archive| {
        let entry = archive.files().ok()?.nth(usize::try_from(position).ok()?)?.ok()?;
        Some(EntryName::from(entry.name_raw()))
    });
    name.unwrap_or_else(|| EntryName::unreadable(position + 1, entries))
}

// === impl Budget ===

impl Budget<'_> {
    /// Adds what an entry declares. Reading it fails if it turns out to be longer.
    fn charge(&mut self, entry: &OwnedZipFileEntry) -> Result<(), ArchiveError> {
        self.unzipped_bytes = self.unzipped_bytes.saturating_add(entry.size());
        let unzipped_bytes = self.unzipped_bytes.saturating_add(self.elsewhere_bytes);
        let entry = || entry.name_raw().into();
        let Limits { unzipped_bytes_max: max, ratio_max, .. } = *self.limits;
        if unzipped_bytes > max {
            return Err(ArchiveError::UnzippedTooLarge { entry: entry(), unzipped_bytes, max });
        }
        let (unzipped_bytes, archive_bytes) = (self.unzipped_bytes, self.archive_bytes);
        if unzipped_bytes > RATIO_FREE_BYTES && unzipped_bytes > archive_bytes.saturating_mul(ratio_max) {
            return Err(ArchiveError::RatioTooHigh { entry: entry(), unzipped_bytes, archive_bytes, ratio_max });
        }
        Ok(())
    }
}
