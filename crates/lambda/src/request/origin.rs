//! Origins by which clients reach this server, so that the URLs in its answers lead here again.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderMap, HeaderName, header::HOST};

/// Below this path each function URL has a folder of its own, for hosts whose subdomains lead nowhere.
const URLS_PATH: &str = "/_fakecloud/lambda/urls/";

/// The header in which whoever takes TLS off says what the client speaks, HTTP or HTTPS.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The label that the domain of a function URL has after its id.
const URL_LABEL: &str = "lambda-url";

/// Scheme, name and port by which a client reached this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: &'static str,
    /// The `Host` header: a name or an address, and a port unless it is the scheme's own.
    authority: String,
}

/// The function URL that a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlAddress {
    /// The id that tells this URL from all others, in lower case.
    pub(crate) id: String,
    /// The region, where the request names it.
    pub(crate) region: Option<String>,
    /// The host without a port.
    pub(crate) host: String,
    /// The rest of the path, percent-encoded as it came, from its slash on.
    pub(crate) path: String,
}

// === impl Origin ===

impl Origin {
    /// Reads it from a request's `Host` and `X-Forwarded-Proto`; `None` without a usable `Host`.
    pub fn of_request(headers: &HeaderMap) -> Option<Self> {
        let authority = headers.get(HOST)?.to_str().ok().filter(|host| !host.is_empty())?.to_owned();
        Some(Self { scheme: scheme(headers), authority })
    }

    /// The name or address by which the client reached this server, with its port unless that is the scheme's own.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// A function URL that works from where the client is: in AWS's form where the host is a domain that may have
    /// subdomains, else below a path.
    pub(crate) fn function_url(&self, id: &str, region: &str) -> String {
        let Self { scheme, authority } = self;
        if may_have_subdomains(host_of(authority)) {
            format!("{scheme}://{id}.{URL_LABEL}.{region}.{authority}/")
        } else {
            format!("{scheme}://{authority}{URLS_PATH}{id}/")
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

/// Tells whether names below a host may lead to it as well. They do not where it is an address, a single label (most
/// resolvers know no `x.localhost`, and none `x.fakecloud` of a container network), or a name that only a cluster or
/// one machine gives.
fn may_have_subdomains(host: &str) -> bool {
    let local = [".svc", ".internal", ".local"].iter().any(|end| host.ends_with(end)) || host.contains(".svc.");
    host.parse::<IpAddr>().is_err() && !host.starts_with('[') && host.contains('.') && !local
}

/// The scheme and the port by which a client reached this server.
pub(crate) fn reached(headers: &HeaderMap) -> (&'static str, &str) {
    let scheme = scheme(headers);
    let authority = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = split(authority).1.filter(|port| !port.is_empty());
    (scheme, port.unwrap_or(if scheme == "https" { "443" } else { "80" }))
}

/// The scheme that the client speaks, as whoever takes TLS off says.
fn scheme(headers: &HeaderMap) -> &'static str {
    let forwarded = headers.get(FORWARDED_PROTO).and_then(|proto| proto.to_str().ok());
    if forwarded == Some("https") { "https" } else { "http" }
}

fn host_of(authority: &str) -> &str {
    split(authority).0
}

/// Host and port.
fn split(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !is_bare_ipv6(authority) => {
            (host, Some(port))
        }
        Some(_) | None => (authority, None),
    }
}

fn is_bare_ipv6(authority: &str) -> bool {
    authority.parse::<Ipv6Addr>().is_ok()
}

// === impl UrlAddress ===

impl UrlAddress {
    /// Tells whether the URL has a host of its own, and with it an origin that nobody shares with it.
    pub fn is_on_own_host(&self) -> bool {
        self.region.is_some()
    }

    /// Reads it from `<id>.lambda-url.<region>.<any domain>`, or from `/_fakecloud/lambda/urls/<id>/…` on any host.
    /// `None` for any other request.
    pub fn of_request(headers: &HeaderMap, path: &str) -> Option<Self> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        let host = host_of(&host);
        let mut labels = host.split('.');
        if let (Some(id), Some(URL_LABEL), Some(region)) = (labels.next(), labels.next(), labels.next()) {
            let (id, region) = (id.to_owned(), Some(region.to_owned()));
            return Some(Self { id, region, host: host.to_owned(), path: path.to_owned() });
        }
        let below = path.strip_prefix(URLS_PATH)?;
        let (id, path) = below.split_at(below.find('/').unwrap_or(below.len()));
        let path = if path.is_empty() { "/" } else { path };
        (!id.is_empty()).then(|| Self {
            id: id.to_ascii_lowercase(),
            region: None,
            host: host.to_owned(),
            path: path.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(host: &str) -> HeaderMap {
        HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())])
    }

    #[test]
    fn urls_lead_back_to_the_host_the_client_knows() {
        let url = |host: &str| Origin::of_request(&headers(host)).unwrap().function_url("0f", "eu-west-1");
        assert_eq!(url("fakecloud.example:4566"), "http://0f.lambda-url.eu-west-1.fakecloud.example:4566/");
        let hosts = ["127.0.0.1:4566", "[::1]:4566", "localhost:4566", "fakecloud", "fakecloud.ns.svc:4566"];
        for host in hosts.into_iter().chain(["fakecloud.ns.svc.cluster.local:4566", "host.docker.internal:4566"]) {
            assert_eq!(url(host), format!("http://{host}/_fakecloud/lambda/urls/0f/"));
        }
        let mut forwarded = headers("fakecloud.example");
        forwarded.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        let url = Origin::of_request(&forwarded).unwrap().function_url("0f", "eu-west-1");
        assert_eq!(url, "https://0f.lambda-url.eu-west-1.fakecloud.example/");
        assert_eq!(Origin::of_request(&HeaderMap::new()), None);
    }

    #[test]
    fn port_is_the_schemes_own_where_the_client_named_none() {
        let seen = |host: &str, proto: &'static str| {
            let mut headers = headers(host);
            headers.insert("x-forwarded-proto", HeaderValue::from_static(proto));
            let (scheme, port) = reached(&headers);
            format!("{scheme} {port}")
        };
        for (host, http, https) in [
            ("fakecloud.example", "http 80", "https 443"),
            ("fakecloud.example:", "http 80", "https 443"),
            ("localhost:4566", "http 4566", "https 4566"),
            ("[::1]", "http 80", "https 443"),
            ("[::1]:4566", "http 4566", "https 4566"),
        ] {
            assert_eq!((seen(host, "http"), seen(host, "https")), (http.to_owned(), https.to_owned()), "{host}");
        }
    }

    #[test]
    fn both_forms_of_a_url_are_understood_on_every_host() {
        let read = |host: &str, path: &str| UrlAddress::of_request(&headers(host), path);
        let seen = read("0F.lambda-url.eu-west-1.localhost:4566", "/a%20b").unwrap();
        assert_eq!((&*seen.id, seen.region.as_deref(), &*seen.path), ("0f", Some("eu-west-1"), "/a%20b"));
        for (path, rest) in [("0f", "/"), ("0f/", "/"), ("0f/a//b%2F", "/a//b%2F")] {
            let seen = read("127.0.0.1:4566", &format!("/_fakecloud/lambda/urls/{path}")).unwrap();
            assert_eq!((&*seen.id, seen.region, &*seen.path, &*seen.host), ("0f", None, rest, "127.0.0.1"));
        }
        assert_eq!(read("127.0.0.1:4566", "/_fakecloud/lambda/urls/"), None);
        assert_eq!(read("lambda-url.eu-west-1.localhost", "/2015-03-31/functions"), None);
        assert_eq!(read("lambda.eu-west-1.amazonaws.com", "/2015-03-31/functions"), None);
    }
}
