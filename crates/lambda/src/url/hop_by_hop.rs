//! The headers that are about one connection and end with it.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONNECTION, TE, TRANSFER_ENCODING, UPGRADE},
};

/// The headers that an intermediary removes besides those that `Connection` names.
/// <https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1>
const HOP_BY_HOP: [HeaderName; 6] = [
    CONNECTION,
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("keep-alive"),
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Removes the headers of the connection that a request or a response came over.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let connections: Vec<HeaderValue> = headers.get_all(CONNECTION).into_iter().cloned().collect();
    // One value may name as many headers as it has bytes.
    for name in connections.iter().flat_map(named) {
        headers.remove(name);
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// The headers that one value of `Connection` names.
fn named(connection: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    let names = connection.to_str().unwrap_or_default().split(',');
    names.filter_map(|name| HeaderName::try_from(name.trim()).ok())
}
