//! URLs of other servers: scheme, host and port.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use fakecloud_podspec::SelfUrl;
use http::Uri;
use http::uri::{Authority, InvalidUri, PathAndQuery, Scheme};

/// Where another server is, such as `http://moto:5000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndpointUrl {
    scheme: Scheme,
    authority: Authority,
}

/// Not the URL of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected http://host[:port] or https://host[:port], without user, path or query")]
pub(crate) struct InvalidEndpointUrl;

impl EndpointUrl {
    /// The HTTPS endpoint of a host.
    ///
    /// # Errors
    /// The text is no host name.
    pub(crate) fn https(host: &str) -> Result<Self, InvalidUri> {
        Ok(Self { scheme: Scheme::HTTPS, authority: host.parse()? })
    }

    /// The URL of a path with its query, as they came, on this server.
    pub(crate) fn with(&self, path_and_query: PathAndQuery) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path_and_query);
        Uri::from_parts(parts).expect("scheme, authority and path make a URL")
    }

    /// The value of the `Host` header for this server.
    pub(crate) fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// Whether it is plainly the server that listens on `listen` and is known as `self_url`. Names that resolve to it
    /// are not found out.
    pub(crate) fn leads_to(&self, listen: SocketAddr, self_url: &SelfUrl) -> bool {
        let host = self.authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let port = self.authority.port_u16().unwrap_or(if self.scheme == Scheme::HTTPS { 443 } else { 80 });
        if (host.as_str(), port) == (self_url.host(), self_url.port()) {
            return true;
        }
        let ip = if host == "localhost" { Some(IpAddr::from([127, 0, 0, 1])) } else { host.parse().ok() };
        let listens_on = |ip: IpAddr| match listen.ip().is_unspecified() {
            true => ip.to_canonical().is_loopback() || ip.is_unspecified(),
            false => ip == listen.ip(),
        };
        port == listen.port() && ip.is_some_and(listens_on)
    }
}

impl FromStr for EndpointUrl {
    type Err = InvalidEndpointUrl;

    fn from_str(text: &str) -> Result<Self, InvalidEndpointUrl> {
        let parts = text.parse::<Uri>().map_err(|_| InvalidEndpointUrl)?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else { return Err(InvalidEndpointUrl) };
        let is_root = parts.path_and_query.is_none_or(|path| path == "/");
        let is_http = scheme == Scheme::HTTP || scheme == Scheme::HTTPS;
        let is_host = !authority.as_str().contains('@') && !authority.host().is_empty() && !text.contains('#');
        // An empty port, or one beyond 65535, is no port.
        let has_good_port = authority.port_u16().is_some_and(|port| port > 0) || authority.as_str() == authority.host();
        let good = is_root && is_http && is_host && has_good_port;
        good.then_some(Self { scheme, authority }).ok_or(InvalidEndpointUrl)
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_host_and_port_are_taken() {
        for good in ["http://moto:5000", "https://s3.us-east-1.amazonaws.com", "http://[fd00::1]:80", "http://10.0.0.1"]
        {
            assert_eq!(good.parse::<EndpointUrl>().unwrap().to_string(), good);
        }
        assert_eq!("http://moto:5000/".parse::<EndpointUrl>().unwrap().to_string(), "http://moto:5000");
        let bad = [
            "",
            "moto:5000",
            "moto",
            "ftp://moto",
            "http://",
            "http://u:p@moto",
            "http://moto/path",
            "http://moto?q",
            "http://moto:x",
            "http://moto:",
            "http://moto:70000",
            "http://moto:0",
            "http://moto/#f",
        ];
        for bad in bad {
            assert_eq!(bad.parse::<EndpointUrl>(), Err(InvalidEndpointUrl), "{bad}");
        }
    }

    #[test]
    fn path_and_query_stay_as_they_came() {
        let url: EndpointUrl = "http://moto:5000".parse().unwrap();
        let path = PathAndQuery::from_static("/a//b%2fc/../d?x&y=%20");
        assert_eq!(url.with(path).to_string(), "http://moto:5000/a//b%2fc/../d?x&y=%20");
    }

    #[test]
    fn own_address_is_known_by_its_names() {
        let leads = |url: &str, listen: &str| {
            let self_url = "http://fakecloud.default.svc:4566".parse().unwrap();
            url.parse::<EndpointUrl>().unwrap().leads_to(listen.parse().unwrap(), &self_url)
        };
        let own = [
            "http://localhost:4566",
            "http://127.0.0.1:4566",
            "http://[::1]:4566",
            "http://0.0.0.0:4566",
            "http://Fakecloud.default.svc:4566",
        ];
        for own in own {
            assert!(leads(own, "0.0.0.0:4566"), "{own}");
        }
        assert!(leads("http://localhost:4566", "127.0.0.1:4566"));
        for other in ["http://localhost:5000", "http://10.0.0.9:4566", "http://moto:4566"] {
            assert!(!leads(other, "0.0.0.0:4566"), "{other}");
        }
        assert!(!leads("http://127.0.0.1:4566", "127.0.0.2:4566"), "somebody else may listen there");
    }
}
