//! The control plane's state, separated by account and region.

use std::collections::BTreeMap;

use crate::{
    Change, Error, ForeignLayers, Generation, Origin, Scope, Stored, concurrency::readiness::Readiness,
    layer::emptied::EmptiedLayers, space::Space,
};

/// The control plane of all accounts and regions.
#[derive(Debug)]
pub struct Lambda {
    pub(crate) config: Config,
    pub(crate) spaces: BTreeMap<Scope, Space>,
    /// The provisioned environments that there are, by the ARNs of versions, as the caller last said.
    pub(crate) readiness: BTreeMap<String, Readiness>,
    pub(crate) generation: Generation,
    /// The layers without a version.
    pub(crate) emptied: EmptiedLayers,
    /// The records to write anew, of those that the state was restored from.
    pub(crate) repairs: Vec<Change>,
}

/// The facts about the surroundings that answers depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The URL of the server for those whose requests do not say how they reached it, such as `http://fakecloud:4566`.
    pub self_url: String,
    /// The text before the hex SHA-256 of an archive in the paths that let clients download it, such as
    /// `/_fakecloud/lambda/archives/`.
    pub archives_path: String,
    /// Layers of other accounts.
    pub foreign_layers: ForeignLayers,
}

// === impl Config ===

impl Config {
    /// The URL from which the client that came from `origin` downloads an archive.
    pub(crate) fn archive_url(&self, origin: Option<&Origin>, archive: &Stored) -> String {
        let base = origin.map_or_else(|| self.self_url.clone(), Origin::to_string);
        format!("{base}{}{}", self.archives_path, archive.sha256_hex)
    }
}

// === impl Lambda ===

impl Lambda {
    /// A control plane without any function.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            spaces: BTreeMap::new(),
            readiness: BTreeMap::new(),
            generation: Generation::default(),
            emptied: EmptiedLayers::default(),
            repairs: Vec::new(),
        }
    }

    /// Checks that so many more bytes fit under the account's limit.
    ///
    /// # Errors
    ///
    /// `CodeStorageExceededException`.
    pub(crate) fn check_storage(&self, scope: &Scope, more_bytes: u64) -> Result<(), Error> {
        self.space(scope).map_or(Ok(()), |space| space.check_storage(more_bytes))
    }

    pub(crate) fn spaces(&self) -> impl Iterator<Item = &Space> {
        self.spaces.values()
    }

    pub(crate) fn space(&self, scope: &Scope) -> Option<&Space> {
        self.spaces.get(scope)
    }

    /// The space to put something into: a new one is kept, so whoever may put nothing takes [`Lambda::in_space`].
    pub(crate) fn space_mut(&mut self, scope: &Scope) -> &mut Space {
        // Every invocation is counted in here, in a space that is there already.
        if !self.spaces.contains_key(scope) {
            self.spaces.insert(scope.clone(), Space::default());
        }
        self.spaces.get_mut(scope).expect("it was put there if it was missing")
    }

    /// Takes something out of a space, if there is one, and the space with the last thing in it.
    pub(crate) fn in_space<T>(&mut self, scope: &Scope, change: impl FnOnce(&mut Space) -> T) -> Option<T> {
        let space = self.spaces.get_mut(scope)?;
        let changed = change(space);
        if space.is_empty() {
            self.spaces.remove(scope);
        }
        Some(changed)
    }
}
