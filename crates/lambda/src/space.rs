//! What one account has in one region, and the sums over it, which follow every change.

use std::collections::BTreeMap;

use crate::{
    Error, ErrorCode,
    concurrency::running::Own,
    function::function::Function,
    layer::layers::Layer,
    state::{MAX_STORED_BYTES, Space},
};

impl Space {
    /// Whether nothing is in it: what is left is what a new one has.
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

    /// What of the account's concurrency is some function's own.
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

    /// Whether so many more bytes fit under the account's limit.
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
