//! What names a manifest in its repository: a tag or a digest.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::{Digest, InvalidDigest};

/// As the OCI Distribution Specification has it.
const TAG_LENGTH_MAX: usize = 128;

/// A tag, such as `v1.2`: letters, digits, `_`, `.` and `-`, the first of them no `.` or `-`; 1 to 128 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Borrow<str> for Tag {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The text is no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid tag {text:?}: expected 1 to {TAG_LENGTH_MAX} letters, digits, `_`, `.` and `-`, the first of them no `.` or `-`"
)]
pub struct InvalidTag {
    text: String,
}

/// What names a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The manifest that the tag points at now.
    Tag(Tag),
    /// This very manifest.
    Digest(Digest),
}

/// The text is neither a tag nor a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReference {
    /// It has no colon, as digests have.
    #[error(transparent)]
    Tag(#[from] InvalidTag),
    /// It has a colon, which no tag has.
    #[error(transparent)]
    Digest(#[from] InvalidDigest),
}

// === impl Tag ===

impl Tag {
    /// The tag that is meant where none is named.
    pub fn latest() -> Self {
        Self("latest".to_owned())
    }

    /// The tag as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = InvalidTag;

    fn from_str(text: &str) -> Result<Self, InvalidTag> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let begins = text.bytes().next().is_some_and(is_word);
        let goes_on = text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'));
        match begins && goes_on && text.len() <= TAG_LENGTH_MAX {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidTag { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

// === impl Reference ===

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        match text.contains(':') {
            true => Ok(Self::Digest(text.parse()?)),
            false => Ok(Self::Tag(text.parse()?)),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_the_grammar() {
        let long = "a".repeat(TAG_LENGTH_MAX);
        for text in ["a", "V1.2-rc_3", "_", "0", &long] {
            assert_eq!(text.parse(), Ok(Reference::Tag(Tag(text.to_owned()))));
        }
        let too_long = format!("{long}a");
        for text in ["", ".a", "-a", "a/b", "a b", "ä", "a:b", &too_long] {
            let message = text.parse::<Reference>().unwrap_err().to_string();
            assert!(message.contains(&format!("{text:?}")), "{message}");
        }
    }
}
