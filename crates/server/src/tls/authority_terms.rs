//! For whom an authority may sign, and until when.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipnet::IpNet;
use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Clocks that are behind take the certificates too.
const BACKDATED: Duration = DAY;

/// A year, after which nodes and clients are told to trust another.
const LASTS: Duration = DAY.saturating_mul(365);

/// A start within so long before the end makes a new authority.
const RENEWED_BEFORE: Duration = DAY.saturating_mul(60);

/// How the line with the terms begins, which stands before the key and the certificate in the file that keeps them. PEM
/// allows for text outside of its blocks.
const LINE: &str = "fakecloud-authority:";

/// Networks that nobody on the internet is in: a Pod's address may be another one after each start.
const PRIVATE: [&str; 9] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

/// What an authority may sign: certificates for these names and addresses, those of private networks, and nobody else.
/// Whoever gets hold of its key can pretend to be this server, and no one on the internet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    /// In seconds since the Unix epoch.
    from_s: u64,
    names: BTreeSet<String>,
}

impl Terms {
    /// Those of an authority that is made now.
    pub(super) fn of(names: &[String], now: SystemTime) -> Self {
        let from = now.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(BACKDATED);
        Self { from_s: from.as_secs(), names: names.iter().filter(|name| !is_private(name)).cloned().collect() }
    }

    /// Reads the line that [`fmt::Display`] writes.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix(LINE)?.split_whitespace();
        let from_s = words.next()?.parse().ok()?;
        Some(Self { from_s, names: words.map(str::to_owned).collect() })
    }

    pub(super) fn from(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.from_s)
    }

    pub(super) fn ends(&self) -> SystemTime {
        self.from() + BACKDATED + LASTS
    }

    /// Why the authority cannot sign for these names any more; none if it can.
    pub(super) fn unfit(&self, names: &[String], now: SystemTime) -> Option<&'static str> {
        if now + RENEWED_BEFORE >= self.ends() {
            return Some("it ends within 60 days");
        }
        let is_covered = |name: &String| is_private(name) || self.names.contains(name);
        (!names.iter().all(is_covered)).then_some("it may not sign for all names that this server has now")
    }

    /// The same for a certificate.
    pub(super) fn constraints(&self) -> NameConstraints {
        let subtree = |name: &String| match name.parse::<IpAddr>() {
            Ok(ip) => GeneralSubtree::IpAddress(subnet(ip.into())),
            Err(_) => GeneralSubtree::DnsName(name.clone()),
        };
        let private = private().map(|network| GeneralSubtree::IpAddress(subnet(network)));
        NameConstraints {
            permitted_subtrees: self.names.iter().map(subtree).chain(private).collect(),
            excluded_subtrees: Vec::new(),
        }
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{LINE} {}", self.from_s)?;
        self.names.iter().try_for_each(|name| write!(f, " {name}"))
    }
}

fn private() -> impl Iterator<Item = IpNet> {
    PRIVATE.iter().map(|network| network.parse().expect("it is a network"))
}

fn is_private(name: &str) -> bool {
    name.parse().is_ok_and(|ip: IpAddr| private().any(|network| network.contains(&ip)))
}

fn subnet(network: IpNet) -> CidrSubnet {
    CidrSubnet::from_addr_prefix(network.network(), network.prefix_len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + DAY * 20_000
    }

    #[test]
    fn authority_lasts_a_year_and_is_renewed_before_its_end() {
        let (given, now) = (names(&["fakecloud.ns.svc"]), now());
        let terms = Terms::of(&given, now);
        assert_eq!(terms.ends(), now + DAY * 365);
        assert_eq!(terms.unfit(&given, now + DAY * 304), None);
        assert_eq!(terms.unfit(&given, now + DAY * 305), Some("it ends within 60 days"));
    }

    #[test]
    fn addresses_of_private_networks_may_change_and_names_may_not() {
        let terms = Terms::of(&names(&["fakecloud", "10.0.0.7", "::1", "203.0.113.1"]), now());
        let fit = |given: &[&str]| terms.unfit(&names(given), now()).is_none();
        assert!(fit(&["fakecloud", "10.9.9.9", "fd00::9", "203.0.113.1"]));
        assert!(!fit(&["fakecloud", "example.com"]));
        assert!(!fit(&["203.0.113.2"]));
    }

    #[test]
    fn terms_are_read_as_they_are_written() {
        let terms = Terms::of(&names(&["fakecloud.ns", "localhost"]), now());
        assert_eq!(Terms::read(&terms.to_string()), Some(terms));
        assert_eq!(Terms::read("-----BEGIN PRIVATE KEY-----"), None);
    }
}
