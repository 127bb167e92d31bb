//! Inventory of all accounts and regions together.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    FunctionRecord, ImageContent, Lambda, Package, PinnedImage, function::function::Function, layer::layers::Layer,
};

impl Lambda {
    /// Every function version, such as a restored state has.
    pub fn functions(&self) -> impl Iterator<Item = &Arc<FunctionRecord>> {
        self.spaces.values().flat_map(|space| space.functions().values()).flat_map(Function::records)
    }

    /// Every image of the caller's registry that some function version runs.
    pub fn images(&self) -> impl Iterator<Item = &PinnedImage> {
        self.functions().filter_map(|record| match &record.package {
            Package::Image { content: ImageContent::Pinned(image), .. } => Some(image),
            Package::Image { content: ImageContent::Pushed(_), .. } | Package::Zip { .. } => None,
        })
    }

    /// Every archive that some function version or layer version needs, by its hex SHA-256; the caller may delete all
    /// others when no call is under way.
    pub fn archives(&self) -> BTreeSet<&str> {
        let supplied = self.config.foreign_layers.supplied.values();
        let mut archives: BTreeSet<&str> = supplied.map(|archive| archive.sha256_hex.as_str()).collect();
        for space in self.spaces.values() {
            archives
                .extend(space.functions().values().flat_map(Function::archives).map(|code| code.sha256_hex.as_str()));
            archives.extend(space.layers().values().flat_map(Layer::archives).map(|code| code.sha256_hex.as_str()));
        }
        archives
    }
}
