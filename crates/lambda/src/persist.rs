//! The state as files: relative paths and JSON, which the caller writes and reads.

use serde::{Deserialize, Serialize};

use crate::{Config, Lambda, Scope, layer::Layer, version::Function};

/// What the caller persists before it answers. Keys are relative paths of plain segments with forward slashes, such as
/// `000000000000/us-east-1/functions/hello.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The key has this content now.
    Put {
        /// Where.
        key: String,
        /// The new content.
        json: Vec<u8>,
    },
    /// The key is gone.
    Delete {
        /// Where.
        key: String,
    },
}

/// A persisted state that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The key is none that [`Change`] gives.
    #[error("unknown key: {key:?} is not ACCOUNT/REGION/KIND/NAME.json with a kind such as functions")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// The content is not what was written under the key.
    #[error("unreadable state in {key}")]
    Unreadable {
        /// The key.
        key: String,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
}

/// What a record is, and the folder that it lies in.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    CapacityProvider,
    CodeSigningConfig,
    EventSourceMapping,
    Function,
    Layer,
}

/// The function under this name now has this content.
pub(crate) fn put_function(scope: &Scope, name: &str, function: &Function) -> Change {
    put(scope, Kind::Function, name, function)
}

/// The function under this name is gone.
pub(crate) fn delete_function(scope: &Scope, name: &str) -> Change {
    delete(scope, Kind::Function, name)
}

/// The layer under this name now has this content.
pub(crate) fn put_layer(scope: &Scope, name: &str, layer: &Layer) -> Change {
    put(scope, Kind::Layer, name, layer)
}

/// The record under this name now has this content.
pub(crate) fn put(scope: &Scope, kind: Kind, name: &str, content: &impl Serialize) -> Change {
    let json = serde_json::to_vec(content).expect("records have string keys and finite numbers");
    Change::Put { key: key(scope, kind, name), json }
}

/// The record under this name is gone.
pub(crate) fn delete(scope: &Scope, kind: Kind, name: &str) -> Change {
    Change::Delete { key: key(scope, kind, name) }
}

fn key(scope: &Scope, kind: Kind, name: &str) -> String {
    format!("{scope}/{}/{name}.json", kind.folder())
}

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Self::CapacityProvider => "capacity-providers",
            Self::CodeSigningConfig => "code-signing-configs",
            Self::EventSourceMapping => "event-source-mappings",
            Self::Function => "functions",
            Self::Layer => "layers",
        }
    }

    fn parse(folder: &str) -> Option<Self> {
        let all =
            [Self::CapacityProvider, Self::CodeSigningConfig, Self::EventSourceMapping, Self::Function, Self::Layer];
        all.into_iter().find(|kind| kind.folder() == folder)
    }
}

impl Lambda {
    /// Builds the state from what the caller persisted, in any order.
    ///
    /// # Errors
    ///
    /// A key or content that was not written by this crate.
    pub fn restore(config: Config, entries: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, RestoreError> {
        let mut lambda = Self::new(config);
        for (key, json) in entries {
            let Some((scope, kind, name)) = split(&key) else { return Err(RestoreError::UnknownKey { key }) };
            let space = lambda.space_mut(&scope);
            match kind {
                Kind::CapacityProvider => drop(space.capacity_providers.insert(name.to_owned(), read(&key, &json)?)),
                Kind::CodeSigningConfig => drop(space.code_signing.insert(name.to_owned(), read(&key, &json)?)),
                Kind::EventSourceMapping => drop(space.mappings.insert(name.to_owned(), read(&key, &json)?)),
                Kind::Function => space.put_function(name.to_owned(), read(&key, &json)?),
                Kind::Layer => space.put_layer(name.to_owned(), read(&key, &json)?),
            }
        }
        Ok(lambda)
    }
}

fn split(key: &str) -> Option<(Scope, Kind, &str)> {
    let parts: Vec<&str> = key.split('/').collect();
    let [account, region, kind, file] = parts[..] else { return None };
    Some((Scope::new(account, region)?, Kind::parse(kind)?, file.strip_suffix(".json")?))
}

fn read<'de, T: Deserialize<'de>>(key: &str, json: &'de [u8]) -> Result<T, RestoreError> {
    serde_json::from_slice(json).map_err(|source| RestoreError::Unreadable { key: key.to_owned(), source })
}
