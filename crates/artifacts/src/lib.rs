//! Lambda code archives and layers: checked zips in, reproducible tars out.
//!
//! - [`check_zip`] reads an uploaded archive to its last byte and refuses whatever would unpack to
//!   anything but the plain tree of files that it lists.
//! - [`Unpacked`] is what archives unpack to, in the order in which they are attached, as one tar that is written from
//!   them whenever it is needed; [`write_layer_tar`] does both steps at once.
//! - [`Sha256Digest`] names content as Lambda does; [`DigestReader`] and [`DigestWriter`] take it in passing.
//!
//! Everything is streamed: memory grows with the number of entries, never with their size. The crate
//! knows readers and writers only, no file system.
//!
//! ```
//! use std::io::{Cursor, Write};
//! use fakecloud_artifacts::{Limits, check_zip, write_layer_tar};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
//! zip.start_file("python/greet.py", zip::write::SimpleFileOptions::default())?;
//! zip.write_all(b"def greet(): return 'hello'")?;
//! let mut layer = zip.finish()?;
//!
//! let summary = check_zip(&mut layer, &Limits::default())?;
//! assert_eq!((summary.entries, summary.unzipped_bytes), (1, 27));
//!
//! let mut tar = Vec::new();
//! let layers = write_layer_tar(&mut [layer], &Limits::default(), &mut tar)?;
//! assert_eq!(layers.tar_bytes, tar.len() as u64);
//! # Ok(())
//! # }
//! ```

mod digest;
mod entry;
mod error;
mod index;
mod layers;
mod limits;
mod name;
mod remark;
mod tar;
mod tree;
mod unpacked;
mod zip;

pub use digest::{DigestReader, DigestWriter, InvalidDigest, Sha256Digest};
pub use error::{ArchiveError, LayersError};
pub use layers::{LayersSummary, write_layer_tar};
pub use limits::{ENTRIES_MAX, Limits, RATIO_FREE_BYTES, RATIO_MAX, UNZIPPED_BYTES_MAX};
pub use name::{EntryName, NAME_PART_BYTES_MAX, NameProblem, PATH_BYTES_MAX};
pub use remark::{About, Remark};
pub use unpacked::Unpacked;
pub use zip::{ZipSummary, check_zip};
