//! The state as it was persisted, and what of that is to be set right.

use std::collections::BTreeMap;

use crate::{
    Change, Config, Lambda, RestoreError, Scope,
    function::{function::Function, parts::Orphan},
    layer::layers::Layer,
    persist::{Kind, read, split},
};

/// Functions or layers by where they are.
type Whole<T> = BTreeMap<(Scope, String), T>;

/// The records of versions and aliases, as they were read: whose they are, their names, keys and contents.
type Parts = Vec<((Scope, String), String, String, Vec<u8>)>;

impl Lambda {
    /// Builds the state from what the caller persisted, in any order. The caller persists what [`Lambda::repairs`] gives then.
    ///
    /// # Errors
    ///
    /// A key or content that was not written by this crate.
    pub fn restore(config: Config, entries: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, RestoreError> {
        let mut lambda = Self::new(config);
        let (mut functions, mut layers): (Whole<Function>, Whole<Layer>) = Default::default();
        let (mut of_functions, mut of_layers): (Parts, Parts) = Default::default();
        for (key, json) in entries {
            let Some((scope, kind, name)) = split(&key) else { return Err(RestoreError::UnknownKey { key }) };
            let (name, part) = name.split_once(':').map_or((name, None), |(name, part)| (name, Some(part.to_owned())));
            let (space, at) = (lambda.space_mut(&scope), (scope.clone(), name.to_owned()));
            match (kind, part) {
                (Kind::Function, None) => drop(functions.insert(at, read(&key, &json)?)),
                (Kind::Function, Some(part)) => of_functions.push((at, part, key, json)),
                (Kind::Layer, None) => drop(layers.insert(at, read(&key, &json)?)),
                (Kind::Layer, Some(part)) => of_layers.push((at, part, key, json)),
                (Kind::CapacityProvider, None) => drop(space.capacity_providers.insert(at.1, read(&key, &json)?)),
                (Kind::CodeSigningConfig, None) => drop(space.code_signing.insert(at.1, read(&key, &json)?)),
                (Kind::EventSourceMapping, None) => drop(space.mappings.insert(at.1, read(&key, &json)?)),
                (_, Some(_)) => return Err(RestoreError::UnknownKey { key }),
            }
        }
        lambda.take_functions(functions, of_functions)?;
        lambda.take_layers(layers, of_layers)?;
        lambda.spaces.retain(|_, space| !space.is_empty());
        Ok(lambda)
    }

    /// The changes to persist, in this order, after the state was restored: records of older processes in today's form,
    /// and the end of what a killed process had begun. The next call gives none.
    pub fn repairs(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.repairs)
    }

    fn take_functions(&mut self, mut functions: Whole<Function>, parts: Parts) -> Result<(), RestoreError> {
        let whole = functions.iter_mut().filter_map(|((scope, name), function)| function.take_apart(scope, name));
        self.repairs.extend(whole.flatten());
        for (at, qualifier, key, json) in parts {
            let part = read(&key, &json)?;
            let taken = functions.get_mut(&at).ok_or(Orphan).and_then(|function| function.take_part(&qualifier, part));
            self.repairs.extend(taken.err().map(|Orphan| Change::Delete { key }));
        }
        for ((scope, name), function) in functions {
            self.space_mut(&scope).put_function(name, function);
        }
        Ok(())
    }

    fn take_layers(&mut self, mut layers: Whole<Layer>, parts: Parts) -> Result<(), RestoreError> {
        self.repairs.extend(layers.iter().flat_map(|((scope, name), layer)| layer.take_apart(scope, name)));
        for (at, _number, key, json) in parts {
            let part = read(&key, &json)?;
            let taken = layers.get_mut(&at).ok_or(Orphan).and_then(|layer| layer.take_part(part));
            self.repairs.extend(taken.err().map(|Orphan| Change::Delete { key }));
        }
        for ((scope, name), mut layer) in layers {
            if layer.versions.is_empty() {
                // Those of older processes, and of one that was killed while it deleted, have no place: they come first.
                let place = *layer.emptied.get_or_insert_default();
                self.emptied.restore(place, &scope, &name);
            }
            self.space_mut(&scope).put_layer(name, layer);
        }
        let forgotten = self.forget_emptied();
        self.repairs.extend(forgotten);
        Ok(())
    }
}
