//! Faults of archives, sent inline or lying in S3, in AWS's words.

use crate::{Error, ErrorCode, S3Object};

/// A fault of an uploaded archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchiveFault {
    /// The archive has no entry.
    Empty,
    /// The bytes are no zip archive.
    NotAZip,
    /// The unzipped entries exceed 262,144,000 bytes.
    TooLarge,
    /// An entry is refused; the text names the entry and the reason.
    Refused(String),
}

/// The reason that an object in S3 could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectFault {
    /// S3 answered an error.
    Refused {
        /// Such as `NoSuchKey`.
        code: String,
        /// S3's own words.
        message: String,
    },
    /// S3 gave no whole answer; the text says why.
    Unreached(String),
}

// === impl Error ===

impl Error {
    /// A zip archive that was looked into and refused.
    pub fn archive(fault: &ArchiveFault) -> Self {
        const UNREADABLE: &str = "Could not unzip uploaded file. Please check your file, then try to upload again.";
        match fault {
            ArchiveFault::Empty => Self::invalid_parameter("Uploaded file must be a non-empty zip"),
            ArchiveFault::NotAZip => Self::invalid_parameter(UNREADABLE),
            ArchiveFault::TooLarge => Self::invalid_parameter("Unzipped size must be smaller than 262144000 bytes"),
            ArchiveFault::Refused(why) => Self::invalid_parameter(format!("{UNREADABLE} ({why})")),
        }
    }

    /// An archive in S3 that could not be read.
    pub fn object(object: &S3Object, fault: &ObjectFault) -> Self {
        match fault {
            ObjectFault::Refused { code, message } if code == "AccessDenied" => Self::new(
                ErrorCode::AccessDenied,
                format!(
                    "Your access has been denied by S3, please make sure your request credentials have permission to \
                     GetObject for {}/{}. S3 Error Code: {code}. S3 Error Message: {message}",
                    object.bucket, object.key
                ),
            ),
            ObjectFault::Refused { code, message } => Self::invalid_parameter(format!(
                "Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"
            )),
            ObjectFault::Unreached(why) => Self::invalid_parameter(format!("Error occurred while GetObject. {why}")),
        }
    }
}
