//! Zips written byte by byte, so that a test can get any of them wrong.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// One entry. The defaults make a good one; a test changes the field it is about.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    /// The name in the local header.
    pub(crate) local_name: Vec<u8>,
    /// 3 is Unix, 0 is Windows.
    pub(crate) system: u8,
    /// With the file type bits; the upper half of the external attributes.
    pub(crate) mode: u32,
    /// 1: encrypted. 8: sizes follow the data.
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) stored: Vec<u8>,
    pub(crate) declared_bytes: u64,
    pub(crate) crc: u32,
    /// Sizes in the extra field of both headers, as streaming writers do.
    pub(crate) zip64: bool,
}

pub(crate) fn file(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Entry {
    let (name, content) = (name.as_ref().to_vec(), content.as_ref());
    let mut crc = flate2::Crc::new();
    crc.update(content);
    Entry {
        local_name: name.clone(),
        name,
        system: 3,
        mode: 0o100_644,
        flags: 0,
        method: 0,
        stored: content.to_vec(),
        declared_bytes: content.len() as u64,
        crc: crc.sum(),
        zip64: false,
    }
}

pub(crate) fn directory(name: impl AsRef<[u8]>) -> Entry {
    Entry { mode: 0o040_755, ..file(name, "") }
}

pub(crate) fn link(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Entry {
    Entry { mode: 0o120_777, ..file(name, target) }
}

/// The zip of these entries, in their order.
pub(crate) fn zip(entries: &[Entry]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = archive.len();
        archive.extend(entry.local_record());
        directory.extend(entry.central_header(offset as u64));
    }
    finish(archive, &directory, entries.len())
}

/// Adds the central directory and the end records to local records.
pub(crate) fn finish(mut archive: Vec<u8>, directory: &[u8], entries: usize) -> Vec<u8> {
    let (offset, bytes) = (archive.len(), directory.len());
    archive.extend(directory);
    if entries > 0xfffe {
        let end64 = archive.len();
        archive.extend(b"PK\x06\x06");
        archive.extend(44_u64.to_le_bytes());
        archive.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for value in [entries, entries, bytes, offset] {
            archive.extend((value as u64).to_le_bytes());
        }
        archive.extend(b"PK\x06\x07\0\0\0\0");
        archive.extend((end64 as u64).to_le_bytes());
        archive.extend([1, 0, 0, 0]);
    }
    archive.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(entries).unwrap_or(u16::MAX).to_le_bytes();
    archive.extend([count, count].concat());
    archive.extend((bytes as u32).to_le_bytes());
    archive.extend((offset as u32).to_le_bytes());
    archive.extend([0, 0]);
    archive
}

impl Entry {
    pub(crate) fn deflated(self) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&self.stored).unwrap();
        Self { stored: encoder.finish().unwrap(), method: 8, ..self }
    }

    pub(crate) fn mode(self, mode: u32) -> Self {
        Self { mode: self.mode & 0o170_000 | mode, ..self }
    }

    /// The local header, the data, and the data descriptor if the flags promise one.
    pub(crate) fn local_record(&self) -> Vec<u8> {
        let mut record = b"PK\x03\x04".to_vec();
        record.extend([45, 0]);
        let follows = self.flags & 8 != 0;
        let sizes = if follows { (0, 0, 0) } else { self.sizes() };
        self.common(&mut record, sizes);
        let extra = if follows { Vec::new() } else { self.extra() };
        record.extend((self.local_name.len() as u16).to_le_bytes());
        record.extend((extra.len() as u16).to_le_bytes());
        record.extend(&self.local_name);
        record.extend(extra);
        record.extend(&self.stored);
        if follows {
            record.extend(b"PK\x07\x08");
            let (crc, stored, declared) = self.sizes();
            record.extend([crc, stored, declared].map(u32::to_le_bytes).concat());
        }
        record
    }

    pub(crate) fn central_header(&self, offset: u64) -> Vec<u8> {
        let mut header = b"PK\x01\x02".to_vec();
        header.extend([45, self.system, 45, 0]);
        self.common(&mut header, self.sizes());
        let extra = self.extra();
        header.extend((self.name.len() as u16).to_le_bytes());
        header.extend((extra.len() as u16).to_le_bytes());
        header.extend([0; 6]);
        header.extend((self.mode << 16).to_le_bytes());
        header.extend((offset as u32).to_le_bytes());
        header.extend(&self.name);
        header.extend(extra);
        header
    }

    /// Flags to uncompressed size, alike in both headers. The time is 1980-01-01.
    fn common(&self, header: &mut Vec<u8>, (crc, stored, declared): (u32, u32, u32)) {
        header.extend(self.flags.to_le_bytes());
        header.extend(self.method.to_le_bytes());
        header.extend([0, 0, 0x21, 0]);
        header.extend([crc, stored, declared].map(u32::to_le_bytes).concat());
    }

    fn sizes(&self) -> (u32, u32, u32) {
        if self.zip64 {
            return (self.crc, u32::MAX, u32::MAX);
        }
        (self.crc, self.stored.len() as u32, u32::try_from(self.declared_bytes).unwrap())
    }

    fn extra(&self) -> Vec<u8> {
        if !self.zip64 {
            return Vec::new();
        }
        let sizes = [self.declared_bytes, self.stored.len() as u64].map(u64::to_le_bytes).concat();
        [&[1, 0, 16, 0], sizes.as_slice()].concat()
    }
}
