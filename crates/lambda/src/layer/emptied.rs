//! Layers whose versions were all deleted. AWS does not give a layer's numbers again, so the last one is kept; but not of any
//! number of layers.

use std::collections::BTreeSet;

use crate::{
    Change, Lambda, Scope,
    persist::{self, Kind},
};

/// The most layers without a version, of all accounts and regions, whose last number is kept. Of more, the one that has been
/// without for longest is forgotten, and begins with 1 again. AWS's own number is not known.
pub(crate) const MAX_EMPTIED: usize = 10_000;

/// The layers without a version, in the order in which they lost their last.
#[derive(Debug, Default)]
pub(crate) struct EmptiedLayers(BTreeSet<(u64, Scope, String)>);

impl EmptiedLayers {
    /// Takes a layer in behind all others, and gives its place.
    pub(crate) fn add(&mut self, scope: &Scope, name: &str) -> u64 {
        let place = self.0.last().map_or(1, |(last, ..)| last + 1);
        self.0.insert((place, scope.clone(), name.to_owned()));
        place
    }

    /// A layer has a version again.
    pub(crate) fn remove(&mut self, place: u64, scope: &Scope, name: &str) {
        self.0.remove(&(place, scope.clone(), name.to_owned()));
    }

    /// Takes in a layer without a version that was read at this place.
    pub(crate) fn restore(&mut self, place: u64, scope: &Scope, name: &str) {
        self.0.insert((place, scope.clone(), name.to_owned()));
    }
}

impl Lambda {
    /// Forgets the layers that are too many, and gives what to persist.
    pub(crate) fn forget_emptied(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        while self.emptied.0.len() > MAX_EMPTIED
            && let Some((_, scope, name)) = self.emptied.0.pop_first()
        {
            self.in_space(&scope, |space| space.remove_layer(&name));
            changes.push(persist::delete(&scope, Kind::Layer, &name));
        }
        changes
    }
}
