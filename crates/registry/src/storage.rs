//! The disk: content under its digest, uploads on their way there, and the catalog's records.

mod blobs;
mod disk;
mod records;
mod stream;
mod uploads;
mod writer;

pub(crate) use self::blobs::{Blobs, StoreError};
pub(crate) use self::disk::Disk;
pub(crate) use self::records::Records;
pub(crate) use self::stream::pieces;
pub(crate) use self::uploads::{BeginError, Turn, UploadError, UploadId, Uploads};
pub(crate) use self::writer::Writer;
