//! The state as files: relative paths and JSON, which the caller writes and reads.

use serde::{Deserialize, Serialize};

use crate::{
    Iam,
    account::{Account, key},
    policy::Policy,
    role::Role,
};

/// What the caller persists before it answers. Keys are relative paths of plain segments with forward slashes, such as
/// `000000000000/roles/hello.json`, all in lower case.
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
    #[error("unknown key: {key:?} is not ACCOUNT/roles/NAME.json or ACCOUNT/policies/NAME.json")]
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

const ROLES: &str = "roles";
const POLICIES: &str = "policies";

pub(crate) fn put_role(account: &str, role: &Role) -> Change {
    put(path(account, ROLES, &role.name), role)
}

pub(crate) fn delete_role(account: &str, role: &Role) -> Change {
    Change::Delete { key: path(account, ROLES, &role.name) }
}

pub(crate) fn put_policy(account: &str, policy: &Policy) -> Change {
    put(path(account, POLICIES, &policy.name), policy)
}

pub(crate) fn delete_policy(account: &str, policy: &Policy) -> Change {
    Change::Delete { key: path(account, POLICIES, &policy.name) }
}

fn put(key: String, content: &impl Serialize) -> Change {
    Change::Put { key, json: serde_json::to_vec(content).expect("records have string keys") }
}

fn path(account: &str, kind: &str, name: &str) -> String {
    format!("{account}/{kind}/{}.json", key(name))
}

impl Iam {
    /// Builds the state from what the caller persisted, in any order.
    ///
    /// # Errors
    ///
    /// A key or content that was not written by this crate.
    pub fn restore(entries: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, RestoreError> {
        let mut iam = Self::default();
        for (key, json) in entries {
            let parts: Vec<&str> = key.split('/').collect();
            match parts[..] {
                [account, ROLES, _] => iam.account(account).put_role(read(&key, &json)?),
                [account, POLICIES, _] => iam.account(account).put_policy(read(&key, &json)?),
                _ => return Err(RestoreError::UnknownKey { key }),
            }
        }
        Ok(iam)
    }

    fn account(&mut self, id: &str) -> &mut Account {
        self.accounts.entry(id.to_owned()).or_default()
    }
}

fn read<'de, T: Deserialize<'de>>(key: &str, json: &'de [u8]) -> Result<T, RestoreError> {
    serde_json::from_slice(json).map_err(|source| RestoreError::Unreadable { key: key.to_owned(), source })
}
