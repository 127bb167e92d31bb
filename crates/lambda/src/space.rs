//! Spaces, each with all that one account has in one region, and the sums over it, which follow every change.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Error, ErrorCode,
    capacity::providers::CapacityProviderRecord,
    code::signing::CodeSigning,
    concurrency::running::{Own, Running},
    function::function::Function,
    layer::layers::Layer,
    mapping::mappings::Mapping,
    url::target::UrlIndex,
};

/// The most bytes of zips that an account may store in a region.
pub(crate) const MAX_STORED_BYTES: u64 = 80_530_636_800;

/// All that one account has in one region.
#[derive(Debug, Default)]
pub(crate) struct Space {
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) layers: BTreeMap<String, Layer>,
    pub(crate) capacity_providers: BTreeMap<String, CapacityProviderRecord>,
    /// By their UUIDs.
    pub(crate) mappings: BTreeMap<String, Mapping>,
    /// By their ids.
    pub(crate) code_signing: BTreeMap<String, CodeSigning>,
    /// The function URLs by their ids.
    pub(crate) urls: UrlIndex,
    /// The sum of all zips' sizes.
    pub(crate) stored_bytes: u64,
    /// The part of the account's concurrency that functions have as their own.
    pub(crate) reserved_concurrency: u32,
    pub(crate) running: Running,
    /// The functions that have provisioned concurrency.
    pub(crate) provisioned: BTreeSet<String>,
}

// === impl Space ===

impl Space {
    /// Tells whether nothing is in it. What is left then is what a new one has.
    pub(crate) fn is_empty(&self) -> bool {
        self.functions.is_empty()
            && self.layers.is_empty()
            && self.capacity_providers.is_empty()
            && self.mappings.is_empty()
            && self.code_signing.is_empty()
            && self.running.is_empty()
    }

    pub(crate) fn functions(&self) -> &BTreeMap<String, Function> {
        &self.functions
    }

    pub(crate) fn layers(&self) -> &BTreeMap<String, Layer> {
        &self.layers
    }

    /// The sum of all zips' sizes.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    pub(crate) fn put_function(&mut self, name: String, function: Function) {
        self.urls.follow(&name, self.functions.get(&name), Some(&function));
        let old = self.functions.insert(name.clone(), function);
        self.follow(&name, old.as_ref());
    }

    pub(crate) fn remove_function(&mut self, name: &str) {
        let old = self.functions.remove(name);
        self.urls.follow(name, old.as_ref(), None);
        self.follow(name, old.as_ref());
    }

    /// The part of the account's concurrency that functions have as their own.
    pub(crate) fn reserved_concurrency(&self) -> u32 {
        self.reserved_concurrency
    }

    /// Keeps the sums after a function was put or removed.
    fn follow(&mut self, name: &str, old: Option<&Function>) {
        let new = self.functions.get(name);
        let sums = |function: &Function| (function.stored_bytes(), function.reserved());
        let (bytes_before, reserved_before) = old.map_or((0, 0), sums);
        let (bytes, reserved) = new.map_or((0, 0), sums);
        self.stored_bytes = self.stored_bytes + bytes - bytes_before;
        self.reserved_concurrency = self.reserved_concurrency + reserved - reserved_before;
        let own = |function: Option<&Function>| function.map_or_else(Own::default, Function::own);
        self.running.follow(name, &own(old), &own(new));
        if new.is_some_and(|function| function.provisioned() > 0) {
            self.provisioned.insert(name.to_owned());
        } else {
            self.provisioned.remove(name);
        }
    }

    pub(crate) fn put_layer(&mut self, name: String, layer: Layer) {
        self.stored_bytes += layer.stored_bytes();
        let old = self.layers.insert(name, layer);
        self.stored_bytes -= old.map_or(0, |old| old.stored_bytes());
    }

    pub(crate) fn remove_layer(&mut self, name: &str) {
        let old = self.layers.remove(name);
        self.stored_bytes -= old.map_or(0, |old| old.stored_bytes());
    }

    /// Checks that so many more bytes fit under the account's limit.
    ///
    /// # Errors
    ///
    /// `CodeStorageExceededException`.
    pub(crate) fn check_storage(&self, more_bytes: u64) -> Result<(), Error> {
        match self.stored_bytes.saturating_add(more_bytes) > MAX_STORED_BYTES {
            true => Err(Error::new(ErrorCode::CodeStorageExceeded, "Code storage limit exceeded.")),
            false => Ok(()),
        }
    }
}
