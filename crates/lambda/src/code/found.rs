//! Code as the caller found it where a call says that it is.

use serde::{Deserialize, Serialize};

use crate::{FoundImage, ImageFault};

/// The code that a call brings or names, after the caller has got hold of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// The zip of [`crate::Call::archive`], checked and stored.
    Archive(Stored),
    /// The answer of the registry about the URI of [`crate::Call::image`].
    Image(Result<FoundImage, ImageFault>),
}

/// An archive that the caller has checked and stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// SHA-256 of the zip, in base64 as AWS shows it.
    pub sha256_base64: String,
    /// SHA-256 of the zip, in lower-case hex: the name under which it is stored.
    pub sha256_hex: String,
    /// Size of the zip in bytes.
    pub size: u64,
    /// Sum of the sizes of its entries in bytes.
    pub unzipped: u64,
}

// === impl Code ===

/// Code as the operation that wants it takes it: whatever it has no use for is gone.
impl Code {
    pub(crate) fn archive(code: Option<Self>) -> Option<Stored> {
        match code? {
            Self::Archive(stored) => Some(stored),
            Self::Image(_) => None,
        }
    }

    pub(crate) fn image(code: Option<Self>) -> Option<Result<FoundImage, ImageFault>> {
        match code? {
            Self::Image(found) => Some(found),
            Self::Archive(_) => None,
        }
    }
}
