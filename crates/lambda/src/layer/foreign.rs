//! Layers of accounts that nobody publishes to here, such as Powertools, Datadog's and Insights: supplied by the operator, or
//! left out where a setting says so.

use std::collections::BTreeMap;

use crate::{Error, Stored, arn::LayerVersionRef};

/// The operator's settings for layers of other accounts that nobody has published here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignLayers {
    /// The archives that stand in for them, whatever their region.
    pub supplied: BTreeMap<SuppliedLayer, Stored>,
    /// The treatment of all others.
    pub missing: MissingLayers,
}

/// A layer that an archive stands in for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SuppliedLayer {
    /// The layer's account, twelve digits.
    pub account: String,
    /// The layer's name.
    pub name: String,
    /// Its version; none for every version that has no archive of its own.
    pub version: Option<u64>,
}

/// The treatment of a function with a layer that is not to be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingLayers {
    /// It is refused.
    #[default]
    Refuse,
    /// It runs without the layer, which it still lists.
    LeaveOut,
}

// === impl ForeignLayers ===

impl ForeignLayers {
    /// The archive of a layer version of another account; `None` where it is left out.
    ///
    /// # Errors
    ///
    /// It is not to be had; says what can be done about it.
    pub(crate) fn find(&self, arn: &str, layer: &LayerVersionRef) -> Result<Option<Stored>, Error> {
        let LayerVersionRef { scope, name, version } = layer;
        let key = |version| SuppliedLayer { account: scope.account().to_owned(), name: name.clone(), version };
        let supplied = self.supplied.get(&key(Some(*version))).or_else(|| self.supplied.get(&key(None)));
        match (supplied, self.missing) {
            (Some(archive), _) => Ok(Some(archive.clone())),
            (None, MissingLayers::LeaveOut) => Ok(None),
            (None, MissingLayers::Refuse) => {
                let account = scope.account();
                Err(Error::invalid_parameter(format!(
                    "Layer version {arn} does not exist. It is of another account: put its zip at \
                     {account}/{name}/{version}.zip below FAKECLOUD_LAMBDA_LAYERS_DIR, publish it with {account} as the \
                     access key, or set FAKECLOUD_LAMBDA_FOREIGN_LAYERS=leave-out to run functions without it."
                )))
            }
        }
    }
}
