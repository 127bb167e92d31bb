//! A request as the resources see it: who asks, for whose repository, and with what parameters.

use std::str::FromStr;

use fakecloud_budget::Peer;
use form_urlencoded as form;
use http::HeaderMap;
use http::header::HOST;
use http::request::Parts;

use crate::catalog::Asked;
use crate::distribution::error::{Error, ErrorCode};
use crate::name::RepositoryPath;
use crate::registry::Registry;
use crate::scope::Scope;

/// A request without its body.
pub(crate) struct Call {
    pub(crate) registry: Registry,
    pub(crate) headers: HeaderMap,
    /// The parameters of the query, in their order.
    query: Vec<(String, String)>,
    /// Whose repositories plain names mean, as the host or the password says.
    hint: Option<Scope>,
    /// Whose memory the body takes.
    pub(crate) peer: Peer,
}

impl Call {
    /// Takes what a request says beside its path; `login` is whose password it came with.
    pub(crate) fn new(registry: Registry, head: Parts, login: Option<Scope>) -> Self {
        let query: Vec<(String, String)> =
            form::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        // containerd says by `ns` which registry it wants, where this one is a mirror of that.
        let mirrored = query.iter().find(|(name, _)| name == "ns").map(|(_, host)| host.as_str());
        let hint = [host, mirrored].into_iter().flatten().find_map(Scope::of_host).or(login);
        let peer = head.extensions.get::<Peer>().copied().unwrap_or(Peer::unknown());
        Self { registry, headers: head.headers, query, hint, peer }
    }

    /// The repository that the path names.
    pub(crate) fn asked(&self, path: RepositoryPath) -> Asked {
        Asked { path, hint: self.hint.clone() }
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(its, _)| its == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that may be given several times.
    pub(crate) fn parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(its, _)| its == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of some form; without it nothing, in another form an error of this code.
    pub(crate) fn parsed<T: FromStr<Err: ToString>>(&self, name: &str, code: ErrorCode) -> Result<Option<T>, Error> {
        self.parameter(name).map(str::parse).transpose().map_err(|error: T::Err| Error::new(code, error))
    }

    /// The query without the parameters of a name, if anything is left of it.
    pub(crate) fn query_without(&self, name: &str) -> Option<String> {
        let rest = self.query.iter().filter(|(its, _)| its != name);
        let query = form::Serializer::new(String::new()).extend_pairs(rest).finish();
        Some(query).filter(|query| !query.is_empty())
    }

    /// A header's text.
    pub(crate) fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
