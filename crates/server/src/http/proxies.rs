//! Headers by which proxies speak for a client: believed where the operator trusts them, removed where not.
//!
//! After [`settle`] a request has the `Host` by which its client knows this server, and its `X-Forwarded-Proto` alone says
//! whether by HTTPS. Whatever makes a URL for the client reads these two and nothing else.

mod forwarded;

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::args::TrustedProxies;

const X_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// The address that a request came from, in its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientIp(pub(crate) IpAddr);

/// The reports of one or more proxies on a request. Each list begins with that of the nearest proxy.
#[derive(Debug, Default, PartialEq, Eq)]
struct Reports {
    clients: Vec<Option<String>>,
    hosts: Vec<Option<String>>,
    protos: Vec<Option<String>>,
    ports: Vec<Option<String>>,
}

/// Finds the client of a request that came from `peer`, and makes the request's headers say how that client reached this
/// server. The client is the first address, seen from here, that is no trusted proxy's.
///
/// `X-Forwarded-…` count before `Forwarded`, of which nothing counts where one of the others is there: a proxy that
/// writes the one kind passes on what its client wrote of the other.
pub(crate) fn settle(trusted: &TrustedProxies, peer: IpAddr, headers: &mut HeaderMap) -> ClientIp {
    let peer = peer.to_canonical();
    if !trusted.contain(peer) {
        for name in [X_FOR, X_HOST, X_PROTO, X_PORT, FORWARDED] {
            headers.remove(name);
        }
        return ClientIp(peer);
    }
    let is_x = [X_FOR, X_HOST, X_PROTO, X_PORT].iter().any(|name| headers.contains_key(name));
    let reports = if is_x { Reports::of_x_headers(headers) } else { forwarded::reports(headers) };
    let (client, hop) = reports.client(trusted, peer);
    let proto = pick(&reports.protos, hop).map(str::to_ascii_lowercase);
    let scheme = match proto.as_deref() {
        Some("https") => "https",
        _ => "http",
    };
    let host = pick(&reports.hosts, hop).filter(|host| is_authority(host)).map(str::to_owned);
    let host = host.or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned));
    let port = pick(&reports.ports, hop).and_then(|port| port.parse::<u16>().ok());
    if let Some(host) = host.and_then(|host| HeaderValue::try_from(with_port(host, scheme, port)).ok()) {
        headers.insert(HOST, host);
    }
    for name in [X_HOST, X_PORT, FORWARDED] {
        headers.remove(name);
    }
    match proto {
        Some(_) => headers.insert(X_PROTO, HeaderValue::from_static(scheme)),
        None => headers.remove(X_PROTO),
    };
    ClientIp(client)
}

// === impl Reports ===

impl Reports {
    fn of_x_headers(headers: &HeaderMap) -> Self {
        let list = |name: HeaderName| {
            let lines = headers.get_all(name).into_iter().map(|line| line.to_str().unwrap_or_default());
            let mut items: Vec<_> =
                lines.flat_map(|line| line.split(',')).map(|item| Some(item.trim().to_owned())).collect();
            items.reverse();
            items
        };
        Self { clients: list(X_FOR), hosts: list(X_HOST), protos: list(X_PROTO), ports: list(X_PORT) }
    }

    /// The client, and how many proxies are between it and the nearest one.
    fn client(&self, trusted: &TrustedProxies, peer: IpAddr) -> (IpAddr, usize) {
        let mut client = peer;
        for (hop, reported) in self.clients.iter().enumerate() {
            // Who gives no address is not known any further than to the proxy that says so.
            let Some(ip) = reported.as_deref().and_then(address) else { return (client, hop) };
            client = ip;
            if !trusted.contain(ip) {
                return (client, hop);
            }
        }
        (client, self.clients.len().saturating_sub(1))
    }
}

/// The report of the proxy at this hop or, where it made none, of the next one on the way here that did. Proxies that
/// replace a header leave one value for all of them.
fn pick(said: &[Option<String>], hop: usize) -> Option<&str> {
    let hops = said.len().min(hop + 1);
    said[..hops].iter().rev().find_map(Option::as_deref)
}

/// An address, with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    ip.map(|ip: IpAddr| ip.to_canonical())
}

fn is_authority(text: &str) -> bool {
    !text.contains('@') && text.parse::<Authority>().is_ok_and(|authority| !authority.host().is_empty())
}

/// A host with the port that was reported, unless it has one or needs none.
fn with_port(host: String, scheme: &str, port: Option<u16>) -> String {
    let own = if scheme == "https" { 443 } else { 80 };
    let has_port = host.parse::<Authority>().is_ok_and(|authority| authority.port().is_some());
    match port.filter(|port| *port != own && !has_port) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

#[cfg(test)]
mod tests;
