//! Why an archive is refused.

use std::io;

use ::zip::result::ZipError;

use crate::name::{EntryName, NameProblem};

/// Why an archive cannot be used.
///
/// Every variant but [`Read`](Self::Read) is the fault of the archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The bytes are no zip archive, or its central directory is cut off or damaged.
    #[error("not a readable zip archive")]
    NotAZip(#[source] ZipError),
    /// The archive lists no entry at all.
    #[error("the zip archive is empty")]
    Empty,
    /// The archive lists more entries than [`Limits::entries_max`](crate::Limits::entries_max).
    #[error("{entries} entries are too many: at most {max} are allowed")]
    TooManyEntries {
        /// Entries that the archive says it has.
        entries: u64,
        /// The limit.
        max: u64,
    },
    /// The entries unpack to more than [`Limits::unzipped_bytes_max`](crate::Limits::unzipped_bytes_max).
    #[error("unzipped size must not exceed {max} bytes: entry {entry} brings it to {unzipped_bytes}")]
    UnzippedTooLarge {
        /// The entry that exceeds the limit.
        entry: EntryName,
        /// Bytes up to and with this entry.
        unzipped_bytes: u64,
        /// The limit.
        max: u64,
    },
    /// The archive unpacks to more than [`Limits::ratio_max`](crate::Limits::ratio_max) times its size.
    #[error(
        "an archive of {archive_bytes} bytes must not unpack to {unzipped_bytes}, \
         more than {ratio_max} times as much (entry {entry})"
    )]
    RatioTooHigh {
        /// The entry that exceeds the limit.
        entry: EntryName,
        /// Bytes up to and with this entry.
        unzipped_bytes: u64,
        /// Size of the archive.
        archive_bytes: u64,
        /// The limit.
        ratio_max: u64,
    },
    /// The entry's name is no relative path inside the archive.
    #[error("entry {entry}: {problem}")]
    UnsafeName {
        /// The entry.
        entry: EntryName,
        /// What is wrong with the name.
        problem: NameProblem,
    },
    /// The entry lies below a file or a link.
    #[error("entry {entry} lies below {ancestor}, which is not a directory")]
    BelowNonDirectory {
        /// The entry.
        entry: EntryName,
        /// The file or link.
        ancestor: EntryName,
    },
    /// A symbolic link's target is none that Linux keeps: it is empty, holds a NUL byte, or is longer than
    /// [`PATH_BYTES_MAX`](crate::PATH_BYTES_MAX).
    #[error("link {entry} has a target that no link can have, {target}: expected 1 to 1024 bytes without NUL")]
    ImpossibleLink {
        /// The link.
        entry: EntryName,
        /// Its target, cut at the longest allowed path.
        target: EntryName,
    },
    /// The entry is encrypted.
    #[error("entry {entry} is encrypted: pack it without a password")]
    Encrypted {
        /// The entry.
        entry: EntryName,
    },
    /// The entry is compressed in a way that Lambda does not support.
    #[error("entry {entry} is compressed by {method}: only Stored and Deflated are supported")]
    UnsupportedCompression {
        /// The entry.
        entry: EntryName,
        /// The method's name.
        method: String,
    },
    /// The entry is a pipe, a device or a socket.
    #[error("entry {entry} has mode {mode:#o}: only files, directories (with a final /) and links are supported")]
    UnsupportedKind {
        /// The entry.
        entry: EntryName,
        /// The Unix mode, with its file type bits.
        mode: u32,
    },
    /// The entry is stored in bytes that belong to another one, too: the make of a zip bomb.
    #[error("entries {entry} and {other} share the same bytes")]
    Overlapping {
        /// The entry that begins first.
        entry: EntryName,
        /// The entry that begins inside it.
        other: EntryName,
    },
    /// The entry's headers contradict each other, or its content is damaged.
    #[error("entry {entry} is damaged")]
    Corrupt {
        /// The entry.
        entry: EntryName,
        /// What does not fit.
        #[source]
        source: ZipError,
    },
    /// The entry's content is not as long as its header says.
    #[error("entry {entry} is damaged: it does not unpack to the {declared_bytes} bytes that it declares")]
    WrongSize {
        /// The entry.
        entry: EntryName,
        /// Unzipped size after the header.
        declared_bytes: u64,
    },
    /// The reader failed; the archive may be good.
    #[error("cannot read the archive")]
    Read(#[source] io::Error),
}

/// Why layers cannot be merged into a tar.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayersError {
    /// One layer's archive cannot be used.
    #[error("layer {number} cannot be used")]
    Layer {
        /// Which one, counted from 1 in attach order.
        number: usize,
        /// Why.
        #[source]
        source: ArchiveError,
    },
    /// The output failed.
    #[error("cannot write the layers' tar")]
    Write(#[source] io::Error),
}

// === impl ArchiveError ===

impl ArchiveError {
    /// Files an error of the zip library about the archive as a whole.
    pub(crate) fn about_archive(source: ZipError) -> Self {
        match reader_fault(source) {
            Ok(fault) => Self::Read(fault),
            Err(source) => Self::NotAZip(source),
        }
    }

    /// Files an error of the zip library about one entry.
    pub(crate) fn about_entry(entry: EntryName, source: ZipError) -> Self {
        match reader_fault(source) {
            Ok(fault) => Self::Read(fault),
            Err(source) => Self::Corrupt { entry, source },
        }
    }
}

/// Tells a failing reader from a bad archive, for which the library uses IO errors as well.
fn reader_fault(error: ZipError) -> Result<io::Error, ZipError> {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof, Unsupported};
    let ZipError::Io(fault) = error else { return Err(error) };
    let of_archive = matches!(fault.kind(), InvalidData | InvalidInput | UnexpectedEof | Unsupported);
    if of_archive { Err(ZipError::Io(fault)) } else { Ok(fault) }
}
