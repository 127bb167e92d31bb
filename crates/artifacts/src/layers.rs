//! Merges layers, in attach order, into one tar.

use std::io::{Read, Seek, Write};

use crate::digest::{DigestWriter, Sha256Digest};
use crate::error::LayersError;
use crate::limits::Limits;
use crate::unpacked::Unpacked;

/// The tar that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayersSummary {
    /// SHA-256 of the tar.
    pub digest: Sha256Digest,
    /// Size of the tar.
    pub tar_bytes: u64,
    /// Bytes that all layers unpack to, together, replaced files included.
    pub unzipped_bytes: u64,
}

/// Writes the tar of [`Unpacked`] and takes its digest.
///
/// # Errors
/// [`LayersError`] names the layer and the entry. Whatever was written until then must be thrown away.
pub fn write_layer_tar<R: Read + Seek, W: Write>(
    layers: &mut [R],
    limits: &Limits,
    out: W,
) -> Result<LayersSummary, LayersError> {
    let unpacked = Unpacked::index(layers, limits)?;
    let out = unpacked.write_tar(layers, DigestWriter::new(out))?;
    let (_, digest, tar_bytes) = out.finish();
    Ok(LayersSummary { digest, tar_bytes, unzipped_bytes: unpacked.unzipped_bytes() })
}
