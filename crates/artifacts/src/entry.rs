//! One entry of a zip: what kind it is, and its content, exactly as long as declared.

use std::io::{self, Read, Seek};

use ::zip::read::{OwnedZipFileEntry, ZipFile};
use ::zip::{CompressionMethod, System, ZipReadOptions};

use crate::error::ArchiveError;
use crate::name::{EntryName, EntryPath, NameProblem, PATH_BYTES_MAX};

/// What an entry unpacks to. Modes are permission bits only, without set-uid, set-gid and sticky.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory { mode: u32 },
    File { mode: u32 },
    Link,
}

/// Reads an entry's content and fails, with an [`ArchiveError`] inside, unless it is whole.
pub(crate) struct Content<'a, R: Read> {
    file: ZipFile<'a, R>,
    missing_bytes: u64,
}

/// The path of an entry, and what it unpacks to.
pub(crate) fn classify(entry: &OwnedZipFileEntry) -> Result<(EntryPath, Kind), ArchiveError> {
    let name = || EntryName::from(entry.name_raw());
    let path =
        EntryPath::parse(entry.name_raw()).map_err(|problem| ArchiveError::UnsafeName { entry: name(), problem })?;
    let kind = kind(entry)?;
    if path.is_root() && !matches!(kind, Kind::Directory { .. }) {
        return Err(ArchiveError::UnsafeName { entry: name(), problem: NameProblem::Empty });
    }
    if entry.encrypted() {
        return Err(ArchiveError::Encrypted { entry: name() });
    }
    let method = entry.compression();
    if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(ArchiveError::UnsupportedCompression { entry: name(), method: method.to_string() });
    }
    Ok((path, kind))
}

/// Opens an entry's content.
pub(crate) fn open<'a, R: Read + Seek>(
    entry: &'a OwnedZipFileEntry,
    reader: &'a mut R,
) -> Result<Content<'a, R>, ArchiveError> {
    let missing_bytes = entry.size();
    let file = entry.as_ref().with_reader(reader, ZipReadOptions::new());
    let file = file.map_err(|source| ArchiveError::about_entry(entry.name_raw().into(), source))?;
    Ok(Content { file, missing_bytes })
}

/// Reads a symbolic link's target, which may lead anywhere: it is resolved where the function runs, never here.
pub(crate) fn read_target<R: Read + Seek>(
    entry: &OwnedZipFileEntry,
    reader: &mut R,
) -> Result<Box<[u8]>, ArchiveError> {
    let mut target = Vec::new();
    let longest = PATH_BYTES_MAX as u64 + 1;
    open(entry, reader)?.take(longest).read_to_end(&mut target).map_err(read_fault)?;
    if target.is_empty() || target.len() > PATH_BYTES_MAX || target.contains(&0) {
        let target = target.as_slice().into();
        return Err(ArchiveError::ImpossibleLink { entry: entry.name_raw().into(), target });
    }
    Ok(target.into())
}

/// Gets back the [`ArchiveError`] that [`Content`] put into an IO error.
pub(crate) fn read_fault(error: io::Error) -> ArchiveError {
    error.downcast().unwrap_or_else(ArchiveError::Read)
}

/// Goes by the final slash, as unpackers do, and by the file type in the mode where a Unix system wrote it. A type
/// that contradicts the name, or that no system has (some packers of jars set all bits), means nothing.
/// Other systems state no permissions, and a mode of zero is none either: 0644 and 0755 then.
fn kind(entry: &OwnedZipFileEntry) -> Result<Kind, ArchiveError> {
    const FILE_TYPE: u32 = 0o170_000;
    const LINK: u32 = 0o120_000;
    /// Pipes, character and block devices, sockets.
    const SPECIAL: [u32; 4] = [0o010_000, 0o020_000, 0o060_000, 0o140_000];
    let states_mode = matches!(entry.system(), System::Unix | System::OsDarwin);
    let mode = if states_mode { entry.external_attributes() >> 16 } else { 0 };
    let permissions = |default| if mode == 0 { default } else { mode & 0o777 };
    match (entry.name_raw().ends_with(b"/"), mode & FILE_TYPE) {
        (true, _) => Ok(Kind::Directory { mode: permissions(0o755) }),
        (false, LINK) => Ok(Kind::Link),
        (false, kind) if SPECIAL.contains(&kind) => {
            Err(ArchiveError::UnsupportedKind { entry: entry.name_raw().into(), mode })
        }
        (false, _) => Ok(Kind::File { mode: permissions(0o644) }),
    }
}

// === impl Content ===

impl<R: Read> Content<'_, R> {
    /// Where the entry's stored bytes begin and end in the archive.
    pub(crate) fn stored_range(&self) -> Option<(u64, u64)> {
        let start = self.file.data_start()?;
        Some((start, start.saturating_add(self.file.compressed_size())))
    }

    fn wrong_size(&self) -> io::Error {
        let entry = self.file.name_raw().into();
        io::Error::other(ArchiveError::WrongSize { entry, declared_bytes: self.file.size() })
    }
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let count = match self.file.read(buf) {
            Ok(count) => count as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let entry = self.file.name_raw().into();
                return Err(io::Error::other(ArchiveError::about_entry(entry, error.into())));
            }
        };
        if count > self.missing_bytes || (count == 0 && self.missing_bytes > 0) {
            return Err(self.wrong_size());
        }
        self.missing_bytes -= count;
        Ok(count as usize)
    }
}
