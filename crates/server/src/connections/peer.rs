//! Who is at the other end of a connection.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue};

/// What a proxy that takes TLS off says of it; so does this server to all that handles a request.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The part of an IPv6 address that tells one network from another: who has one address of it has them all.
const NETWORK: u128 = !(u64::MAX as u128);

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) is_encrypted: bool,
}

impl Peer {
    /// Marks a request that came by TLS as a proxy would, so that answers lead back by `https`, unless one has already.
    pub(crate) fn mark_encrypted(&self, headers: &mut HeaderMap) {
        if self.is_encrypted {
            headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static("https"));
        }
    }
}

/// What limits count a peer as: its IPv4 address, or the /64 network of its IPv6 address.
pub(super) fn counted_as(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & NETWORK).into(),
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
            assert_eq!(counted_as(address.parse().unwrap()), counted.parse::<IpAddr>().unwrap());
        }
    }
}
