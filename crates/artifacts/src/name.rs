//! An entry's name, and the safe path that it stands for.

use std::borrow::Borrow;
use std::fmt;

/// Longest path inside an archive, in bytes.
///
/// Linux allows 4,096 with the directory it is unpacked to; this bounds the work on hostile names.
pub const PATH_BYTES_MAX: usize = 1_024;

/// Longest name between two slashes, in bytes: `NAME_MAX` of Linux.
pub const NAME_PART_BYTES_MAX: usize = 255;

/// What is wrong with an entry's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// It is empty.
    #[error("the name is empty")]
    Empty,
    /// It begins with a slash or a Windows drive.
    #[error("the path is absolute; make it relative to the archive's root")]
    Absolute,
    /// It has a `..` part.
    #[error("the path has a .. part; list the file under its real path")]
    ParentDirectory,
    /// It has a NUL byte.
    #[error("the path has a NUL byte")]
    Nul,
    /// It is longer than [`PATH_BYTES_MAX`].
    #[error("the path is longer than {PATH_BYTES_MAX} bytes")]
    PathTooLong,
    /// One of its parts is longer than [`NAME_PART_BYTES_MAX`].
    #[error("a part of the path is longer than {NAME_PART_BYTES_MAX} bytes")]
    PartTooLong,
}

/// An entry's name as messages show it: quoted and escaped, so that no name can forge a log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryName(String);

/// A relative path of normal parts, joined by single slashes. The empty path is the root.
///
/// A backslash is a character like any other, as on Linux and on AWS.
/// Names are bytes, as on Linux: archives rarely say which encoding they use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryPath(Box<[u8]>);

// === impl EntryName ===

impl EntryName {
    /// The name of an entry whose header cannot be read: its place, counted from 1.
    pub(crate) fn unreadable(number: u64, entries: u64) -> Self {
        Self(format!("number {number} of {entries}"))
    }
}

impl From<&[u8]> for EntryName {
    fn from(raw: &[u8]) -> Self {
        let shown = &raw[..raw.len().min(PATH_BYTES_MAX)];
        Self(format!("{:?}", String::from_utf8_lossy(shown)))
    }
}

impl From<&EntryPath> for EntryName {
    fn from(path: &EntryPath) -> Self {
        Self::from(path.as_bytes())
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl EntryPath ===

impl EntryPath {
    /// Parses an entry's raw name; `.` parts and doubled or final slashes mean nothing and go.
    pub(crate) fn parse(raw: &[u8]) -> Result<Self, NameProblem> {
        refuse_bytes(raw)?;
        let mut path = Vec::with_capacity(raw.len());
        for part in raw.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => continue,
                b".." => return Err(NameProblem::ParentDirectory),
                _ if part.len() > NAME_PART_BYTES_MAX => return Err(NameProblem::PartTooLong),
                _ => {}
            }
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(part);
        }
        Ok(Self(path.into()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Every directory above this path, the outermost first, without the root.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(cut, _)| &self.0[..cut])
    }
}

impl Borrow<[u8]> for EntryPath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

fn refuse_bytes(raw: &[u8]) -> Result<(), NameProblem> {
    let problem = match raw {
        b"" => NameProblem::Empty,
        _ if raw.len() > PATH_BYTES_MAX => NameProblem::PathTooLong,
        _ if raw.contains(&0) => NameProblem::Nul,
        [b'/', ..] | [b'a'..=b'z' | b'A'..=b'Z', b':', b'/', ..] => NameProblem::Absolute,
        _ => return Ok(()),
    };
    Err(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> Result<String, NameProblem> {
        let path = EntryPath::parse(raw.as_bytes())?;
        Ok(String::from_utf8(path.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn meaningless_parts_are_dropped() {
        assert_eq!(parse("./a//b/./c/"), Ok("a/b/c".to_owned()));
        assert_eq!(parse("./"), Ok(String::new()));
        assert_eq!(parse("..."), Ok("...".to_owned()));
    }

    #[test]
    fn unsafe_names_are_refused() {
        for (raw, problem) in [
            ("", NameProblem::Empty),
            ("/", NameProblem::Absolute),
            ("/etc/passwd", NameProblem::Absolute),
            ("C:/temp/x", NameProblem::Absolute),
            ("..", NameProblem::ParentDirectory),
            ("a/../b", NameProblem::ParentDirectory),
            ("a/..", NameProblem::ParentDirectory),
            ("a\0/b", NameProblem::Nul),
        ] {
            assert_eq!(parse(raw), Err(problem), "{raw:?}");
        }
    }

    #[test]
    fn longest_names_pass_and_one_more_byte_does_not() {
        let part = "n".repeat(NAME_PART_BYTES_MAX);
        assert_eq!(parse(&part), Ok(part.clone()));
        assert_eq!(parse(&format!("{part}n")), Err(NameProblem::PartTooLong));
        let path = "p/".repeat(PATH_BYTES_MAX / 2 - 1) + "pp";
        assert_eq!(parse(&path), Ok(path.clone()));
        assert_eq!(parse(&format!("{path}p")), Err(NameProblem::PathTooLong));
    }

    #[test]
    fn ancestors_go_from_the_outermost_to_the_parent() {
        let path = EntryPath::parse(b"a/b/c").unwrap();
        assert_eq!(path.ancestors().collect::<Vec<_>>(), [&b"a"[..], b"a/b"]);
    }

    #[test]
    fn shown_names_cannot_forge_a_log_line() {
        assert_eq!(EntryName::from(&b"a\n\x1b[31m\xff"[..]).to_string(), r#""a\n\u{1b}[31m�""#);
    }
}
