//! The disk: blobs by their content, and the catalog's records.

mod blobs;
mod disk;
mod records;

pub(crate) use self::blobs::Blobs;
pub(crate) use self::disk::Disk;
pub(crate) use self::records::Records;
