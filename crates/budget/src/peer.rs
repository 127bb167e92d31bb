//! Clients that limits count as one.

use std::net::{IpAddr, Ipv6Addr};

/// The part of an IPv6 address that tells one network from another: who has one address of it has them all.
const NETWORK: u128 = !(u64::MAX as u128);

/// A client as limits count it: its IPv4 address, or the /64 network of its IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl Peer {
    /// The peer at this address.
    pub fn at(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self(ip.into()),
            IpAddr::V6(ip) => Self(Ipv6Addr::from_bits(ip.to_bits() & NETWORK).into()),
        }
    }

    /// The peer of requests that came over no connection, as those of tests.
    pub const fn unknown() -> Self {
        Self(IpAddr::V6(Ipv6Addr::UNSPECIFIED))
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one_peer() {
        let cases = [
            ("10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
        ];
        for (address, counted) in cases {
            assert_eq!(Peer::at(address.parse().unwrap()).to_string(), counted);
        }
    }
}
