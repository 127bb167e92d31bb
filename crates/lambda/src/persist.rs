//! The state as files: relative paths and JSON, which the caller writes and reads.

use serde::{Deserialize, Serialize};

use crate::Scope;

/// A change of a record, which the caller persists before it answers. Keys are relative paths of plain segments with
/// forward slashes, such as `000000000000/us-east-1/functions/hello.json`, or
/// `000000000000/us-east-1/functions/hello:1.json` for its version 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The key has this content now.
    Put {
        /// The key.
        key: String,
        /// The new content.
        json: Vec<u8>,
    },
    /// The key is gone.
    Delete {
        /// The key.
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
        /// The error of serde.
        #[source]
        source: serde_json::Error,
    },
}

/// The kind of a record, which names the folder that it lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    CapacityProvider,
    CodeSigningConfig,
    EventSourceMapping,
    Function,
    Layer,
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

/// The name of the record that a function has for a version or alias, or a layer for a version: no name has a colon.
pub(crate) fn part(name: &str, qualifier: &str) -> String {
    format!("{name}:{qualifier}")
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

/// Reads a key.
pub(crate) fn split(key: &str) -> Option<(Scope, Kind, &str)> {
    let parts: Vec<&str> = key.split('/').collect();
    let [account, region, kind, file] = parts[..] else { return None };
    Some((Scope::new(account, region)?, Kind::parse(kind)?, file.strip_suffix(".json")?))
}

/// Reads a record.
pub(crate) fn read<'de, T: Deserialize<'de>>(key: &str, json: &'de [u8]) -> Result<T, RestoreError> {
    serde_json::from_slice(json).map_err(|source| RestoreError::Unreadable { key: key.to_owned(), source })
}
