//! The paths of all repositories in their order, kept so that a page of them costs what it shows.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::catalog::{Asked, Catalog, Repository, Wanted};
use crate::name::{RepositoryName, RepositoryPath};

/// The paths, and to how many repositories each leads: a plain name may read like a full path.
#[derive(Debug, Default)]
pub(super) struct Listing(BTreeMap<String, usize>);

impl Catalog {
    /// The paths that lead to all repositories, in their order: the plain name wherever that is enough. Only those that come
    /// after the given one, which need not be there.
    pub(crate) fn paths_after(&self, after: Option<&str>) -> impl Iterator<Item = &str> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.listing.0.range::<str, _>((start, Bound::Unbounded)).map(|(path, _)| path.as_str())
    }

    /// The paths that lead to the repositories of a name.
    pub(super) fn paths_of(&self, name: &RepositoryName) -> Vec<String> {
        let plain = Asked { path: RepositoryPath { scope: None, name: name.clone() }, hint: None };
        let plain = self.find(&plain, Wanted::Repository).ok().map(|(found, _)| found.scope);
        let path = |scope| if plain.as_ref() == Some(scope) { name.to_string() } else { format!("{scope}/{name}") };
        self.of_name(name).into_iter().map(|(scope, _)| path(scope)).collect()
    }
}

impl Repository {
    /// The tags in their order. Only those that come after the given one, which need not be there.
    pub(crate) fn tags_after(&self, after: Option<&str>) -> impl Iterator<Item = &str> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.tags.range::<str, _>((start, Bound::Unbounded)).map(|(tag, _)| tag.as_str())
    }
}

impl Listing {
    /// The repositories of a name had these paths, and have those now.
    pub(super) fn follow(&mut self, before: Vec<String>, now: Vec<String>) {
        for path in now {
            *self.0.entry(path).or_default() += 1;
        }
        for path in before {
            let left = self.0.get_mut(&path).map(|count| {
                *count -= 1;
                *count
            });
            if left == Some(0) {
                self.0.remove(&path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{RepositoryKey, Settings, UnixMillis, What};
    use crate::scope::Scope;

    fn change(catalog: &mut Catalog, account: u64, name: &str, what: What) {
        let scope = Scope::new(&format!("{account:012}"), "us-east-1").unwrap();
        let key = RepositoryKey { scope, name: name.parse().unwrap() };
        catalog.apply(key.change(what));
    }

    fn put(catalog: &mut Catalog, account: u64, name: &str) {
        change(catalog, account, name, What::Put(Box::new(Settings::new(UnixMillis(0)))));
    }

    fn paths(catalog: &Catalog, after: Option<&str>) -> Vec<String> {
        catalog.paths_after(after).map(str::to_owned).collect()
    }

    #[test]
    fn paths_follow_what_comes_and_goes() {
        let mut catalog = Catalog::default();
        for (account, name) in [(1, "a"), (1, "b"), (2, "a"), (2, "000000000001/us-east-1/a"), (1, "b")] {
            put(&mut catalog, account, name);
        }
        let (one, two) = ("000000000001/us-east-1/a", "000000000002/us-east-1/a");
        assert_eq!(paths(&catalog, None), [one, two, "b"]);
        put(&mut catalog, 0, "a");
        assert_eq!(paths(&catalog, None), [one, two, "a", "b"]);
        assert_eq!(paths(&catalog, Some(one)), [two, "a", "b"]);
        assert_eq!(paths(&catalog, Some("aa")), ["b"], "the one before need not be there");
        for account in [0, 1] {
            change(&mut catalog, account, "a", What::Delete);
        }
        assert_eq!(paths(&catalog, None), [one, "a", "b"], "two repositories had the first path, and one has it");
        for (account, name) in [(2, one), (2, "a"), (1, "b"), (1, "b")] {
            change(&mut catalog, account, name, What::Delete);
        }
        assert!(
            catalog.listing.0.is_empty() && catalog.scopes.is_empty(),
            "accounts without a repository are not kept"
        );
    }
}
