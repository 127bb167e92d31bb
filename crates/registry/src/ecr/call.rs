//! What every operation gets, and what it gives: the catalog and the caller in, an answer and changes out.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{Error, ErrorCode};
use crate::catalog::{Catalog, Change, Repository, RepositoryKey, UnixMillis};
use crate::name::RepositoryName;
use crate::scope::Scope;

/// Who calls, and when.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// Whose repositories are meant where the request does not say.
    pub(super) scope: Scope,
    /// Scheme, host and port by which the caller reached this server, such as `http://localhost:4566`.
    pub(super) origin: String,
    pub(super) now: UnixMillis,
}

/// A call of an operation that only needs the catalog.
#[derive(Clone, Copy)]
pub(super) struct Call<'c> {
    pub(super) caller: &'c Caller,
    pub(super) catalog: &'c Catalog,
}

/// What came of a call. The changes are to be made before the answer is given.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Value,
    pub(super) changes: Vec<Change>,
}

/// How requests name a repository.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) registry_id: Option<String>,
    pub(super) repository_name: RepositoryName,
}

/// Reads a request whose members were checked.
pub(super) fn read<T: DeserializeOwned>(request: Value) -> Result<T, Error> {
    serde_json::from_value(request).map_err(|error| Error::new(ErrorCode::Serialization, error.to_string()))
}

// === impl Caller ===

impl Caller {
    /// The registry that a request means: its account in the caller's region.
    pub(super) fn scope(&self, registry_id: Option<&str>) -> Scope {
        let account = registry_id.unwrap_or_else(|| self.scope.account());
        Scope::new(account, self.scope.region()).unwrap_or_else(|| self.scope.clone())
    }

    /// The repository that a request means, whether it is there or not.
    pub(super) fn key(&self, target: &Target) -> RepositoryKey {
        RepositoryKey { scope: self.scope(target.registry_id.as_deref()), name: target.repository_name.clone() }
    }

    /// The host and port of the origin.
    pub(super) fn host(&self) -> &str {
        self.origin.split_once("://").map_or(self.origin.as_str(), |(_, host)| host)
    }
}

// === impl Call ===

impl<'c> Call<'c> {
    /// The repository that a request means.
    pub(super) fn repository(&self, target: &Target) -> Result<(RepositoryKey, &'c Repository), Error> {
        let key = self.caller.key(target);
        let repository = self.catalog.repository(&key).ok_or_else(|| no_repository(&key))?;
        Ok((key, repository))
    }
}

pub(super) fn no_repository(key: &RepositoryKey) -> Error {
    let (name, account) = (&key.name, key.scope.account());
    let message = format!("The repository with name '{name}' does not exist in the registry with id '{account}'");
    Error::new(ErrorCode::RepositoryNotFound, message)
}

// === impl Answer ===

impl Answer {
    /// One that changes nothing.
    pub(super) fn new(body: impl Serialize) -> Self {
        let body = serde_json::to_value(body).expect("answers have texts as keys and no number that JSON lacks");
        Self { body, changes: Vec::new() }
    }

    /// One that goes with a change.
    pub(super) fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }
}

impl Answer {
    /// A page of a list, with the token of the next one.
    pub(super) fn paged(member: &str, items: &impl Serialize, next: Option<String>) -> Self {
        let mut answer = Self::new(json!({ member: items }));
        if let Some(next) = next {
            answer.body["nextToken"] = next.into();
        }
        answer
    }
}
