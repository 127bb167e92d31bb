//! Merges layers, in attach order, into one tar.

use std::io::{self, Read, Seek, Write};

use ::zip::read::OwnedZipFileEntry;

use crate::digest::{DigestWriter, Sha256Digest};
use crate::entry;
use crate::error::{ArchiveError, LayersError};
use crate::index::index;
use crate::limits::Limits;
use crate::tar::TarWriter;
use crate::tree::{Node, Tree};

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

/// Where a file's content is.
struct Source {
    layer: usize,
    entry: OwnedZipFileEntry,
}

/// Writes one tar of what unpacking `layers` one after the other yields: a later layer's entry replaces
/// an earlier one's, be it a file where a directory was or the reverse; directories are joined.
/// A link of an earlier layer is never followed to write elsewhere, but replaced.
///
/// The same layers give the same bytes: entries are sorted by path, owned by root, and dated 1980.
/// Permissions are kept, but a directory's owner may always enter and fill it, so that someone other
/// than root can unpack it. Files are streamed one by one.
///
/// # Errors
/// [`LayersError`] names the layer and the entry. Whatever was written until then must be thrown away.
pub fn write_layer_tar<R: Read + Seek, W: Write>(
    layers: &mut [R],
    limits: &Limits,
    out: W,
) -> Result<LayersSummary, LayersError> {
    let (tree, unzipped_bytes) = merge(layers, limits)?;
    tree.check_links().map_err(LayersError::Merged)?;

    let mut tar = TarWriter::new(DigestWriter::new(out));
    for (path, node) in tree {
        match node {
            Node::Directory { mode } => tar.directory(&path, mode).map_err(LayersError::Write)?,
            Node::Link { target } => tar.link(&path, &target).map_err(LayersError::Write)?,
            Node::File { mode, content: Source { layer, entry } } => {
                let number = layer + 1;
                let reader = layers.get_mut(layer).expect("an entry's layer is one of those merged");
                let content = entry::open(&entry, reader).map_err(|source| LayersError::Layer { number, source })?;
                tar.file(&path, mode, entry.size(), content).map_err(|error| blame(number, error))?;
            }
        }
    }
    let out = tar.finish().map_err(LayersError::Write)?;
    let (_, digest, tar_bytes) = out.finish();
    Ok(LayersSummary { digest, tar_bytes, unzipped_bytes })
}

fn merge<R: Read + Seek>(layers: &mut [R], limits: &Limits) -> Result<(Tree<Source>, u64), LayersError> {
    let mut merged = Tree::new();
    let mut unzipped_bytes = 0;
    for (layer, reader) in layers.iter_mut().enumerate() {
        let index =
            index(reader, unzipped_bytes, limits).map_err(|source| LayersError::Layer { number: layer + 1, source })?;
        unzipped_bytes += index.unzipped_bytes;
        for (path, node) in index.tree {
            merged.overlay(path, node.map(|entry| Source { layer, entry }));
        }
    }
    Ok((merged, unzipped_bytes))
}

/// Copying fails by the layer that is read or by the output that is written.
fn blame(number: usize, error: io::Error) -> LayersError {
    match error.downcast::<ArchiveError>() {
        Ok(source) => LayersError::Layer { number, source },
        Err(error) => LayersError::Write(error),
    }
}
