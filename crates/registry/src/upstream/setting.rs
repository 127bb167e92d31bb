//! One upstream, as it is configured: `prefix=https://[user:password@]host[:port][/path]`.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::name::RepositoryName;

/// Docker Hub's registry is not at the host that images of it are named after.
const DOCKER_HUB: [&str; 2] = ["docker.io", "index.docker.io"];
const DOCKER_HUB_REGISTRY: &str = "registry-1.docker.io";

/// A registry whose images are to be had below a prefix: with `docker.io=https://registry-1.docker.io` the repository
/// `docker.io/library/busybox` of this registry is `library/busybox` of that one.
#[derive(Clone, PartialEq, Eq)]
pub struct Upstream {
    prefix: RepositoryName,
    /// Scheme, host and port, with the path `/`.
    registry: Url,
    /// What its repositories' names begin with: nothing, or one that ends in `/`.
    path: String,
    credentials: Option<Credentials>,
}

/// Who is known to an upstream. They are neither shown nor logged.
#[derive(Clone, PartialEq, Eq)]
struct Credentials {
    user: String,
    password: String,
}

/// Not an upstream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUpstream {
    /// There is no `=`, or nothing before it.
    #[error("expected prefix=https://[user:password@]host[:port][/path]")]
    Form,
    /// The prefix is no name of a repository.
    #[error("the prefix '{0}' is no repository name: use lower case letters, digits, '.', '_', '-' and '/'")]
    Prefix(String),
    /// The prefix would be taken for the account of `<account>/<region>/<name>`.
    #[error("the prefix '{0}' begins like an account id, which paths of this registry may begin with: use another")]
    Account(String),
    /// What follows `=` is no URL of a registry.
    #[error(
        "the upstream of '{prefix}' is no registry's URL, as https://[user:password@]host[:port][/path]: {problem}"
    )]
    Url {
        /// The prefix that it is the upstream of.
        prefix: String,
        /// What is wrong with the URL, without its password.
        problem: String,
    },
}

// === impl Upstream ===

impl Upstream {
    /// What the names of the cached repositories begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.prefix.as_str()
    }

    /// The upstream's name of a repository here; `None` if it is not below the prefix.
    pub(super) fn repository(&self, name: &str) -> Option<String> {
        let rest = name.strip_prefix(self.prefix())?.strip_prefix('/')?;
        Some(format!("{}{rest}", self.path))
    }

    /// The URL of something in a repository of the upstream, such as `manifests/latest`.
    pub(super) fn url(&self, repository: &str, resource: &str) -> Url {
        let mut url = self.registry.clone();
        let (path, query) = resource.split_once('?').map_or((resource, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("/v2/{repository}/{path}"));
        url.set_query(query);
        url
    }

    /// Whether what is sent there can be read on the way.
    pub(super) fn is_plain(&self) -> bool {
        self.registry.scheme() == "http"
    }

    /// The `Authorization` of the configured user, if there is one.
    pub(super) fn basic(&self) -> Option<HeaderValue> {
        let Credentials { user, password } = self.credentials.as_ref()?;
        let mut basic = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
            .expect("base64 is a valid header value");
        basic.set_sensitive(true);
        Some(basic)
    }
}

impl FromStr for Upstream {
    type Err = InvalidUpstream;

    fn from_str(text: &str) -> Result<Self, InvalidUpstream> {
        let (prefix, url) = text.trim().split_once('=').ok_or(InvalidUpstream::Form)?;
        if prefix.is_empty() {
            return Err(InvalidUpstream::Form);
        }
        let name = prefix.parse().map_err(|_| InvalidUpstream::Prefix(prefix.to_owned()))?;
        let first = prefix.split('/').next().unwrap_or_default();
        if first.len() == 12 && first.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidUpstream::Account(prefix.to_owned()));
        }
        let wrong = |problem: &str| InvalidUpstream::Url { prefix: prefix.to_owned(), problem: problem.to_owned() };
        let url = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        let (registry, credentials) = registry(&url).map_err(wrong)?;
        let path = url.path().trim_matches('/');
        if !path.is_empty() && path.parse::<RepositoryName>().is_err() {
            return Err(wrong("its path is no beginning of repository names"));
        }
        let path = if path.is_empty() { String::new() } else { format!("{path}/") };
        Ok(Self { prefix: name, registry, path, credentials })
    }
}

/// The address alone, and the user alone.
fn registry(url: &Url) -> Result<(Url, Option<Credentials>), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its scheme is neither https nor http");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has a query or a fragment; write '?' and '#' in a password as %3F and %23");
    }
    let credentials = match (url.username(), url.password()) {
        ("", None) => None,
        ("", Some(_)) | (_, None) => return Err("it has a user or a password, but not both"),
        (user, Some(password)) => Some(Credentials { user: decode(user)?, password: decode(password)? }),
    };
    let mut registry = url.clone();
    registry.set_path("/");
    // Both work on every URL with a host, as those with these schemes are.
    let cleared = registry.set_username("").and_then(|()| registry.set_password(None));
    cleared.map_err(|()| "it has no host")?;
    if registry.host_str().is_some_and(|host| DOCKER_HUB.contains(&host)) {
        registry.set_host(Some(DOCKER_HUB_REGISTRY)).map_err(|_| "it has no host")?;
    }
    Ok((registry, credentials))
}

fn decode(part: &str) -> Result<String, &'static str> {
    let text = percent_decode_str(part).decode_utf8().map_err(|_| "its user or password is not UTF-8")?;
    Ok(text.into_owned())
}

/// With the address, without the user.
impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = format!("{}{}", self.registry, self.path);
        write!(f, "{}={}", self.prefix(), url.trim_end_matches('/'))
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = if self.credentials.is_some() { " with user and password" } else { "" };
        write!(f, "Upstream({self}{known})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(text: &str) -> Upstream {
        text.parse().unwrap()
    }

    #[test]
    fn prefix_is_exchanged_for_the_path_of_the_upstream() {
        let cases = [
            ("docker.io=https://registry-1.docker.io", "docker.io/library/busybox", Some("library/busybox")),
            ("mine=https://registry.test/team/a/", "mine/app", Some("team/a/app")),
            ("a/b=http://registry.test:5000", "a/b/c/d", Some("c/d")),
            ("a/b=http://registry.test:5000", "a/bc/d", None),
            ("a/b=http://registry.test:5000", "a/b", None),
            ("a/b=http://registry.test:5000", "c", None),
        ];
        for (setting, name, wanted) in cases {
            assert_eq!(upstream(setting).repository(name).as_deref(), wanted, "{setting} {name}");
        }
    }

    #[test]
    fn urls_are_those_of_the_distribution_api() {
        let url = |setting: &str| upstream(setting).url("library/busybox", "tags/list?n=2&last=a").to_string();
        assert_eq!(
            url("a=https://u:p@host.test:5000/x"),
            "https://host.test:5000/v2/library/busybox/tags/list?n=2&last=a"
        );
        assert_eq!(url("a=https://docker.io"), "https://registry-1.docker.io/v2/library/busybox/tags/list?n=2&last=a");
    }

    #[test]
    fn password_is_used_but_never_shown() {
        let upstream = upstream("mine=https://me:p%40ss%2Cword@registry.test/team");
        assert_eq!(upstream.basic().unwrap(), &format!("Basic {}", STANDARD.encode("me:p@ss,word")));
        assert!(upstream.basic().unwrap().is_sensitive());
        assert_eq!(upstream.to_string(), "mine=https://registry.test/team");
        assert_eq!(format!("{upstream:?}"), "Upstream(mine=https://registry.test/team with user and password)");
    }

    #[test]
    fn bad_settings_are_told_without_the_password() {
        let cases = [
            ("", "expected prefix=https://"),
            ("docker.io", "expected prefix=https://"),
            ("=https://docker.io", "expected prefix=https://"),
            ("Docker.io=https://docker.io", "the prefix 'Docker.io' is no repository name"),
            ("123456789012/x=https://docker.io", "the prefix '123456789012/x' begins like an account id"),
            ("a1=docker.io", "the upstream of 'a1' is no registry's URL"),
            ("a1=ftp://host", "neither https nor http"),
            ("a1=https://", "empty host"),
            ("a1=https://me:secret@", "empty host"),
            ("a1=https://me@host", "but not both"),
            ("a1=https://:secret@host", "but not both"),
            ("a1=https://me:secret@host?x", "as %3F and %23"),
            ("a1=https://me:secret@host#x", "as %3F and %23"),
            ("a1=https://me:secret@host/Upper", "no beginning of repository names"),
        ];
        for (bad, wanted) in cases {
            let error = bad.parse::<Upstream>().unwrap_err().to_string();
            assert!(error.contains(wanted) && !error.contains("secret"), "{bad}: {error}");
        }
    }
}
