//! What AWS takes as well, but does not do what the packer may have meant.

use std::fmt;

use crate::name::{EntryName, EntryPath};

/// Something about an archive that its owner should hear of, although nothing is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The peculiarity that was found.
    pub about: About,
    /// The first entry, by path, that has it.
    pub entry: EntryName,
    /// The number of entries that have it. At least 1.
    pub entries: u64,
}

/// A peculiarity of an archive's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A backslash in a name, as Windows PowerShell's older `Compress-Archive` writes where others have a slash.
    Backslash,
    /// A mode that lets only the owner or the group read a file or enter a directory, as Python's `zipfile.writestr`
    /// sets it. On AWS the function is neither.
    OwnerOnly,
}

/// Collects remarks, one for each kind.
#[derive(Debug, Default)]
pub(crate) struct Remarks(Vec<Remark>);

// === impl Remark ===

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { about, entry, entries } = self;
        match about {
            About::Backslash => write!(
                f,
                "{entries} names have a backslash, {entry} first: each is the name of one file, as on AWS; separate \
                 directories by / when packing"
            ),
            About::OwnerOnly => write!(
                f,
                "{entries} entries may be read by their owner only, {entry} first: here they run, on AWS they fail with \
                 Permission denied; pack files with mode 0644 or 0755 and directories with 0755"
            ),
        }
    }
}

// === impl Remarks ===

impl Remarks {
    /// Looks at an entry that is kept. `needed` are the bits of its mode without which others cannot use it.
    pub(crate) fn look_at(&mut self, path: &EntryPath, mode: u32, needed: u32) {
        if path.as_bytes().contains(&b'\\') {
            self.add(About::Backslash, path);
        }
        if mode & needed != needed {
            self.add(About::OwnerOnly, path);
        }
    }

    pub(crate) fn finish(self) -> Vec<Remark> {
        self.0
    }

    fn add(&mut self, about: About, path: &EntryPath) {
        match self.0.iter_mut().find(|remark| remark.about == about) {
            Some(remark) => remark.entries += 1,
            None => self.0.push(Remark { about, entry: path.into(), entries: 1 }),
        }
    }
}
