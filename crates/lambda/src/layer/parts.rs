//! The records of a layer's versions, each of which has one of its own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Change, Scope,
    function::parts::Orphan,
    layer::{
        layers::{Layer, LayerVersion},
        permission::LayerPolicy,
    },
    persist::{self, Kind},
};

/// The record of a layer's version.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LayerPart {
    version: Arc<LayerVersion>,
    policy: Option<LayerPolicy>,
}

impl Layer {
    /// The change to persist so that a version is on disk as it is here.
    pub(crate) fn save(&self, scope: &Scope, name: &str, number: u64) -> Change {
        let name = persist::part(name, &number.to_string());
        let Some(version) = self.versions.get(&number).cloned() else {
            return persist::delete(scope, Kind::Layer, &name);
        };
        let policy = self.policies.get(&number).cloned();
        persist::put(scope, Kind::Layer, &name, &LayerPart { version, policy })
    }

    /// The changes to persist where the layer's own record still holds the versions.
    pub(crate) fn take_apart(&self, scope: &Scope, name: &str) -> Vec<Change> {
        let own = self.versions.first_key_value().map(|_| persist::put(scope, Kind::Layer, name, self));
        self.versions.keys().map(|number| self.save(scope, name, *number)).chain(own).collect()
    }

    /// Takes in what was read of a version.
    ///
    /// # Errors
    ///
    /// A version that the layer's own record does not know of.
    pub(crate) fn take_part(&mut self, part: LayerPart) -> Result<(), Orphan> {
        let number = part.version.version;
        if number > self.last_version {
            return Err(Orphan);
        }
        self.versions.insert(number, part.version);
        self.policies.extend(part.policy.map(|policy| (number, policy)));
        Ok(())
    }
}
