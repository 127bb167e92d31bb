//! Images of other registries: fetched from there when they are first asked for, and kept.
//!
//! What was fetched lies in ordinary repositories, named as the prefix says, of account 000000000000 in us-east-1. Requests
//! are served from there, after what is missing was fetched; only a blob that is on its way is read while it comes.

mod challenge;
mod checked;
mod client;
mod download;
mod error;
mod fetch;
mod lists;
mod manifests;
mod serve;
mod setting;
mod source;
mod token;
mod transport;

use std::io;

pub(crate) use self::error::{Problem, UpstreamError};
pub(crate) use self::lists::ReferrersPage;
pub(crate) use self::serve::{Granted, Wish};
pub use self::setting::{InvalidUpstream, Upstream};
pub(crate) use self::source::Source;

use crate::catalog::{Asked, RepositoryKey};
use crate::name::RepositoryName;
use crate::scope::Scope;

/// All upstreams, and what is under way from them.
pub(crate) struct Upstreams {
    /// Those with longer prefixes first: they are meant where one prefix begins with another.
    all: Vec<Upstream>,
    client: client::Client,
    checked: checked::Checked,
    downloads: fetch::Downloads,
}

// === impl Upstreams ===

impl Upstreams {
    /// # Errors
    /// Two have the same prefix.
    pub(crate) fn new(mut all: Vec<Upstream>) -> io::Result<Self> {
        all.sort_by(|a, b| b.prefix().len().cmp(&a.prefix().len()).then_with(|| a.prefix().cmp(b.prefix())));
        if let Some(twice) = all.windows(2).find(|two| two[0].prefix() == two[1].prefix()) {
            let problem =
                format!("two upstreams have the prefix '{}': {} and {}", twice[0].prefix(), twice[0], twice[1]);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        let (client, checked, downloads) = (client::Client::new(), checked::Checked::default(), Default::default());
        Ok(Self { all, client, checked, downloads })
    }

    /// The repository that a request means, if it is one of an upstream: by its path, or because a client asks this
    /// registry instead of the one in `?ns=`, as containerd asks mirrors.
    pub(crate) fn source(&self, asked: &Asked, namespace: Option<&str>) -> Option<Source> {
        let (scope, name) = (&asked.path.scope, &asked.path.name);
        if scope.as_ref().is_some_and(|scope| *scope != Scope::default()) {
            return None;
        }
        let mirrored = namespace.filter(|it| self.all.iter().any(|upstream| upstream.prefix() == *it));
        let name = match mirrored {
            Some(prefix) => format!("{prefix}/{name}").parse().ok()?,
            None => name.clone(),
        };
        self.of(name)
    }

    /// Whether what is missing in this repository is fetched.
    pub(crate) fn has(&self, key: &RepositoryKey) -> bool {
        key.scope == Scope::default() && self.of(key.name.clone()).is_some()
    }

    fn of(&self, name: RepositoryName) -> Option<Source> {
        self.all.iter().find_map(|upstream| {
            let repository = upstream.repository(name.as_str())?;
            let key = RepositoryKey { scope: Scope::default(), name: name.clone() };
            Some(Source { upstream: upstream.clone(), repository, key })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstreams(settings: &[&str]) -> io::Result<Upstreams> {
        Upstreams::new(settings.iter().map(|setting| setting.parse().unwrap()).collect())
    }

    fn source(path: &str, namespace: Option<&str>) -> Option<String> {
        let all =
            ["docker.io=https://registry-1.docker.io", "docker.io/mine=http://mine.test/a", "ecr=https://ecr.test"];
        let asked = Asked { path: path.parse().unwrap(), hint: Scope::new("123456789012", "eu-west-1") };
        let found = upstreams(&all).unwrap().source(&asked, namespace)?;
        Some(format!("{} <- {} {}", found.key(), found.upstream(), found.repository))
    }

    #[test]
    fn longest_prefix_of_the_path_or_the_mirrored_registry_says_the_upstream() {
        let hub = "000000000000/us-east-1/docker.io/library/a <- docker.io=https://registry-1.docker.io library/a";
        let mine = "000000000000/us-east-1/docker.io/mine/a <- docker.io/mine=http://mine.test/a a/a";
        let cases = [
            ("docker.io/library/a", None, Some(hub)),
            ("000000000000/us-east-1/docker.io/library/a", None, Some(hub)),
            ("library/a", Some("docker.io"), Some(hub)),
            ("docker.io/library/a", Some("localhost:4566"), Some(hub)),
            ("docker.io/mine/a", None, Some(mine)),
            ("mine/a", Some("docker.io"), Some(mine)),
            ("library/a", None, None),
            ("library/a", Some("quay.io"), None),
            ("123456789012/eu-west-1/docker.io/library/a", None, None),
            ("docker.io", None, None),
        ];
        for (path, namespace, wanted) in cases {
            assert_eq!(source(path, namespace).as_deref(), wanted, "{path} {namespace:?}");
        }
    }

    #[test]
    fn prefix_has_one_upstream() {
        let error = upstreams(&["a/b=https://b.test", "a=https://me:secret@a.test", "a=https://b.test"]).err().unwrap();
        assert_eq!(error.to_string(), "two upstreams have the prefix 'a': a=https://a.test and a=https://b.test");
    }
}
