//! Whose repository a request means.

use crate::catalog::{Catalog, Repository, RepositoryKey};
use crate::digest::Digest;
use crate::name::{RepositoryName, RepositoryPath};
use crate::reference::Reference;
use crate::scope::Scope;

/// How a request names a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: RepositoryPath,
    /// What the request says beside the path of whose it is, in its host name or password.
    pub(crate) hint: Option<Scope>,
}

/// What the request wants of the repository.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// The repository itself, or a tag of it.
    Repository,
    Manifest(&'a Digest),
    Blob(&'a Digest),
}

/// No repository is meant for certain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unknown {
    #[error("there is no repository {path}")]
    Nowhere { path: String },
    #[error("there are several repositories of this name: ask for one by its full path, {paths}", paths = .paths.join(" or "))]
    Ambiguous { paths: Vec<String> },
}

impl Catalog {
    /// The repository that a request to read something means: the one whose account and region it says; else
    /// the only one of that name. Of several it is one that has the digest that is asked for, which has the same content
    /// everywhere, else the one of account 000000000000 in us-east-1.
    pub(crate) fn find(&self, asked: &Asked, wanted: Wanted<'_>) -> Result<(RepositoryKey, &Repository), Unknown> {
        let name = &asked.path.name;
        if let Some(scope) = &asked.path.scope {
            return self.exactly(scope, name);
        }
        let candidates = self.of_name(name);
        let chosen =
            candidates.iter().find(|(scope, _)| asked.hint.as_ref() == Some(scope)).or_else(|| {
                match candidates.as_slice() {
                    [] => None,
                    [only] => Some(only),
                    several => several
                        .iter()
                        .find(|(_, repository)| wanted.is_content_of(repository))
                        .or_else(|| several.iter().find(|(scope, _)| **scope == Scope::default())),
                }
            });
        match chosen {
            Some((scope, repository)) => {
                Ok((RepositoryKey { scope: (*scope).clone(), name: name.clone() }, repository))
            }
            None => Err(Unknown::among(name, &candidates)),
        }
    }

    /// The repository that a request to delete something means, which never is another one's than the request says: the
    /// one whose account and region it says, else the only one of that name.
    pub(crate) fn find_to_delete(&self, asked: &Asked) -> Result<(RepositoryKey, &Repository), Unknown> {
        let name = &asked.path.name;
        if let Some(scope) = asked.path.scope.as_ref().or(asked.hint.as_ref()) {
            return self.exactly(scope, name);
        }
        match self.of_name(name).as_slice() {
            [(scope, repository)] => Ok((RepositoryKey { scope: (*scope).clone(), name: name.clone() }, repository)),
            candidates => Err(Unknown::among(name, candidates)),
        }
    }

    /// The repository that a push means, which need not be there: the one whose account and region the request says, else
    /// the only one of that name, else the one of account 000000000000 in us-east-1.
    pub(crate) fn target(&self, asked: &Asked) -> RepositoryKey {
        let name = asked.path.name.clone();
        let said = asked.path.scope.clone().or_else(|| asked.hint.clone());
        let scope = said.unwrap_or_else(|| match self.of_name(&name).as_slice() {
            [(only, _)] => (*only).clone(),
            _ => Scope::default(),
        });
        RepositoryKey { scope, name }
    }

    fn exactly(&self, scope: &Scope, name: &RepositoryName) -> Result<(RepositoryKey, &Repository), Unknown> {
        let key = RepositoryKey { scope: scope.clone(), name: name.clone() };
        match self.repository(&key) {
            Some(repository) => Ok((key, repository)),
            None => Err(Unknown::Nowhere { path: key.to_string() }),
        }
    }

    /// The repositories of this name, with their scopes.
    pub(super) fn of_name(&self, name: &RepositoryName) -> Vec<(&Scope, &Repository)> {
        self.scopes.iter().filter_map(|(scope, all)| Some((scope, all.get(name)?))).collect()
    }
}

impl Unknown {
    /// None of these is meant for certain.
    fn among(name: &RepositoryName, candidates: &[(&Scope, &Repository)]) -> Self {
        if candidates.is_empty() {
            return Self::Nowhere { path: name.to_string() };
        }
        Self::Ambiguous { paths: candidates.iter().map(|(scope, _)| format!("{scope}/{name}")).collect() }
    }
}

impl<'a> Wanted<'a> {
    /// What a reference names.
    pub(crate) fn manifest(reference: &'a Reference) -> Self {
        match reference {
            Reference::Tag(_) => Self::Repository,
            Reference::Digest(digest) => Self::Manifest(digest),
        }
    }

    /// Whether it is a digest, and the repository has what is under it.
    fn is_content_of(self, repository: &Repository) -> bool {
        match self {
            Self::Repository => false,
            Self::Manifest(digest) => repository.manifests.contains_key(digest),
            Self::Blob(digest) => repository.blobs.contains_key(digest),
        }
    }
}
