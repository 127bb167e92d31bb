//! The other end of a connection.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header by which a proxy that takes TLS off says so, and this server to all that handles a request.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) is_encrypted: bool,
}

impl Peer {
    /// The peer as limits count it.
    pub(crate) fn counted(&self) -> fakecloud_budget::Peer {
        fakecloud_budget::Peer::at(self.address.ip())
    }

    /// Marks a request that came by TLS as a proxy would, so that answers lead back by `https`, unless one has already.
    pub(crate) fn mark_encrypted(&self, headers: &mut HeaderMap) {
        if self.is_encrypted {
            headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static("https"));
        }
    }
}
