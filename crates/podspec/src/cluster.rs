//! How this cluster wants its Pods: where fakecloud answers, and what its operators set.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::text::{is_dns_label, is_dns_subdomain, text};
use crate::{CpuPolicy, DiskPolicy, Images, InvalidValue, Registry, RunAs, Scheduling, TmpMedium};

/// What all Pods of one fakecloud instance have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Where Pods reach fakecloud.
    pub self_url: SelfUrl,
    /// The TCP port on which fakecloud listens, which is that of users' URLs of it where they forward a port: those of
    /// `localhost` and this port, or the self URL's, are pointed at the self URL in functions' variables.
    pub listen_port: u16,
    /// Where Pods are created.
    pub namespace: Namespace,
    /// The registry that stands in for ECR; without one, ECR's images are pulled from ECR.
    pub ecr: Option<Registry>,
    /// The Secret with the credentials for pulling images.
    pub pull_secret: Option<ResourceName>,
    /// Which images are used, and where they are pulled from.
    pub images: Images,
    /// What `/tmp` is made of.
    pub tmp_medium: TmpMedium,
    /// How much processor a function gets.
    pub cpu: CpuPolicy,
    /// How much of the node's disk a container is granted.
    pub disk: DiskPolicy,
    /// The nodes that a function may run on, by its architecture.
    pub nodes: Nodes,
    /// Who the function runs as.
    pub run_as: RunAs,
    /// What every Pod asks of the scheduler. A function's own settings stand beside it and replace nothing of it.
    pub scheduling: Scheduling,
    /// The Pod whose end ends all the others: fakecloud's own, when it runs in `namespace`.
    pub owner: Option<Owner>,
}

/// The nodes that a function may run on. All of them run Linux.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nodes {
    /// Those of the function's architecture.
    #[default]
    OfArchitecture,
    /// Those of any: whether the code runs there is the user's to know.
    OfAny,
}

/// The Pod that owns all others; Kubernetes deletes them after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The Pod's name.
    pub name: ResourceName,
    /// The Pod's `metadata.uid`.
    pub uid: OwnerUid,
}

text!(
    /// The name of a namespace: a DNS-1123 label.
    Namespace,
    "namespace",
    is_dns_label,
    "expected 1 to 63 characters of `a-z`, `0-9` and `-`, with a letter or digit at both ends"
);

text!(
    /// The name of a Pod, Secret or RuntimeClass: a DNS-1123 subdomain.
    ResourceName,
    "resource name",
    is_dns_subdomain,
    "expected at most 253 characters of `a-z`, `0-9`, `-` and `.`, with a letter or digit around each dot"
);

text!(
    /// The name of a PriorityClass: a DNS-1123 subdomain that does not begin with `system-`. Those are for what nodes and
    /// the cluster need to live; a function's Pod with one would end Pods of the cluster itself to make room.
    PriorityClass,
    "priority class",
    |text| is_dns_subdomain(text) && !text.starts_with("system-"),
    "expected at most 253 characters of `a-z`, `0-9`, `-` and `.`, with a letter or digit around each dot, and none of the \
     classes `system-…`, which are the cluster's own"
);

text!(
    /// The uid of an object: a UUID in lower case.
    OwnerUid,
    "uid",
    |text| text.len() == 36 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-')),
    "expected a UUID, 36 lower-case hexadecimal digits and dashes"
);

/// The URL under which Pods reach fakecloud: `http://host[:port]`.
///
/// Names of the own machine are refused, because in a Pod they mean the Pod. So is `https`: fakecloud speaks plain HTTP,
/// and functions would have no certificate to check it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfUrl {
    /// A name or an address, IPv6 without brackets.
    host: String,
    port: u16,
}

const PORT_HTTP: u16 = 80;

// === impl Cluster ===

impl Cluster {
    /// A cluster with the default settings: namespace `default`, images from the internet, Lambda's own user and group,
    /// `/tmp` in memory, no limit of processor or disk, nodes of the function's architecture.
    pub fn new(self_url: SelfUrl) -> Self {
        Self {
            listen_port: self_url.port(),
            self_url,
            namespace: Namespace("default".to_owned()),
            ecr: None,
            pull_secret: None,
            images: Images::default(),
            tmp_medium: TmpMedium::default(),
            cpu: CpuPolicy::default(),
            disk: DiskPolicy::default(),
            nodes: Nodes::default(),
            run_as: RunAs::default(),
            scheduling: Scheduling::default(),
            owner: None,
        }
    }
}

// === impl SelfUrl ===

impl SelfUrl {
    /// The URL of an address, for a fakecloud that learns its own from the downward API.
    ///
    /// # Errors
    /// The address is a loopback or the unspecified one, or the port is 0.
    pub fn from_ip(ip: IpAddr, port: u16) -> Result<Self, InvalidValue> {
        Self { host: ip.to_string(), port }.reachable_from_pods()
    }

    /// The host: a name or an address, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host as URLs write it: IPv6 in brackets.
    pub(crate) fn url_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    fn reachable_from_pods(self) -> Result<Self, InvalidValue> {
        let refuse = |expected: &'static str| Err(InvalidValue::new("self URL", &self, expected));
        if self.port == 0 {
            return refuse("expected a port from 1 to 65535");
        }
        let local = "expected a name or address that Pods reach; this one means the Pod itself";
        match self.host.parse::<IpAddr>() {
            Ok(ip) if ip.to_canonical().is_loopback() || ip.is_unspecified() => refuse(local),
            Ok(_) => Ok(self),
            Err(_) if self.host == "localhost" || self.host.ends_with(".localhost") => refuse(local),
            Err(_) if !is_dns_subdomain(&self.host) => refuse("expected a DNS name or an IP address"),
            Err(_) => Ok(self),
        }
    }
}

impl FromStr for SelfUrl {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let refuse = |expected: &'static str| InvalidValue::new("self URL", text, expected);
        let rest = text.strip_prefix("http://").ok_or_else(|| {
            refuse("expected `http://host[:port]`; fakecloud speaks plain HTTP, and a Pod has no other way to it")
        })?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@']) {
            return Err(refuse("expected `http://host[:port]` without user, path, query or fragment"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| {
            refuse("expected `http://host[:port]` with an IPv6 address in brackets and a port number")
        })?;
        Self { host: host.to_ascii_lowercase(), port }
            .reachable_from_pods()
            .map_err(|error| InvalidValue { value: text.to_owned(), ..error })
    }
}

impl fmt::Display for SelfUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}:{}", self.url_host(), self.port)
    }
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; an absent port is HTTP's.
fn split_port(authority: &str) -> Option<(&str, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        Some(digits) => digits.parse().ok()?,
        None => PORT_HTTP,
    };
    Some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn self_url_is_normalised() {
        let cases = [
            ("http://fakecloud.default.svc:4566", "http://fakecloud.default.svc:4566"),
            ("http://Fakecloud:4566/", "http://fakecloud:4566"),
            ("http://10.0.0.7", "http://10.0.0.7:80"),
            ("http://[fd00::7]:4566", "http://[fd00::7]:4566"),
        ];
        for (given, expected) in cases {
            assert_eq!(given.parse::<SelfUrl>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn self_url_that_means_the_pod_itself_is_refused() {
        for host in ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]"] {
            let error = format!("http://{host}:4566").parse::<SelfUrl>().unwrap_err().to_string();
            assert!(error.contains(&format!("`http://{host}:4566`")) && error.contains("the Pod itself"), "{error}");
        }
        for host in ["0.0.0.0", "[::]"] {
            assert!(format!("http://{host}:4566").parse::<SelfUrl>().is_err(), "{host}");
        }
    }

    #[test]
    fn self_url_in_another_form_is_refused_with_the_right_one() {
        let refused = [
            "",
            "fakecloud:4566",
            "https://fakecloud",
            "ftp://fakecloud",
            "http://",
            "http://:4566",
            "http://a:0",
            "http://a:99999",
            "http://a:b",
            "http://a/b",
            "http://u@a",
            "http://a_b",
            "http://fd00::7:4566",
            "http://[a]",
        ];
        for text in refused {
            let error = text.parse::<SelfUrl>().unwrap_err();
            assert!(error.value == text && error.expected.starts_with("expected"), "{error}");
        }
    }

    #[test]
    fn self_url_of_an_address_has_brackets_where_needed() {
        let url = |ip: &str| SelfUrl::from_ip(ip.parse().unwrap(), 4566).map(|url| url.to_string());
        assert_eq!(url("10.1.2.3").unwrap(), "http://10.1.2.3:4566");
        assert_eq!(url("fd00::1").unwrap(), "http://[fd00::1]:4566");
        assert!(url("127.0.0.1").is_err());
    }

    #[test]
    fn namespace_is_one_dns_label() {
        assert!("fake-cloud1".parse::<Namespace>().is_ok());
        for text in ["", "-a", "a-", "A", "a.b", "a_b", &"a".repeat(64)] {
            assert!(text.parse::<Namespace>().is_err(), "{text}");
        }
    }
}
