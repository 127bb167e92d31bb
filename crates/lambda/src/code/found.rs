//! What the caller found where a call says that code is.

use crate::{FoundImage, ImageFault, Stored};

/// The code that a call brings or names, after the caller has got hold of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// The zip of [`crate::Call::archive`], checked and stored.
    Archive(Stored),
    /// What the registry has under the URI of [`crate::Call::image`].
    Image(Result<FoundImage, ImageFault>),
}

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
