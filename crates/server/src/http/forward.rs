//! Requests for other services go to the server that has them, as they came, and its answers come back as they are.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CONNECTION, HeaderName, TE, TRANSFER_ENCODING, UPGRADE, VIA};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, StatusCode, Version};
use tracing::{debug, warn};

use crate::common::words::chain;
use crate::http::refusal::{Protocol, Refusal};
use crate::http::service::Service;
use crate::outbound::endpoint_url::EndpointUrl;
use crate::outbound::http_client::HttpClient;

/// Headers that are about one connection, not about the request: RFC 9110, section 7.6.1.
const OF_THE_CONNECTION: [HeaderName; 6] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Where requests for other services go.
pub(crate) struct Forward {
    http: HttpClient,
    to: EndpointUrl,
    /// What this instance adds to `Via`, by which it knows a request that it has forwarded before.
    via: HeaderValue,
}

impl Forward {
    pub(crate) fn new(http: HttpClient, to: EndpointUrl, instance: &str) -> Self {
        let via = format!("1.1 fakecloud-{instance}");
        Self { http, to, via: HeaderValue::try_from(via).expect("an instance id is a valid header value") }
    }

    /// Passes a request on and its answer back, both as streams. When the caller hangs up, so does this.
    pub(crate) async fn forward(&self, service: &Service, request: Request, request_id: &str) -> Response {
        let (mut head, body) = request.into_parts();
        let protocol = Protocol::of(&head, service);
        if listed(&head.headers, VIA).any(|via| self.via == *via) {
            return self.refuse_loop(service).respond(protocol, request_id);
        }
        let path = head.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        head.uri = self.to.with(path);
        head.version = Version::HTTP_11;
        leave_connection(&mut head.headers);
        head.headers.append(VIA, self.via.clone());
        debug!(request_id, service = service.name(), to = %self.to, "forwarding");
        match self.http.send(Request::from_parts(head, body)).await {
            Ok(response) => {
                let (mut head, body) = response.into_parts();
                head.version = Version::HTTP_11;
                leave_connection(&mut head.headers);
                Response::from_parts(head, Body::new(body))
            }
            Err(error) => {
                let cause = chain(&error);
                warn!(request_id, service = service.name(), to = %self.to, cause, "a request could not be forwarded");
                let message = format!(
                    "fakecloud forwards '{}' to {} (FAKECLOUD_FORWARD_URL), which gave no answer: {cause}",
                    service.name(),
                    self.to
                );
                let status = StatusCode::BAD_GATEWAY;
                Refusal { status, code: "BadGatewayException", message }.respond(protocol, request_id)
            }
        }
    }

    fn refuse_loop(&self, service: &Service) -> Refusal {
        let message = format!(
            "a request for '{}' came back to the fakecloud that had forwarded it: FAKECLOUD_FORWARD_URL={} leads to \
             fakecloud itself; set it to the server that has the other services",
            service.name(),
            self.to
        );
        Refusal { status: StatusCode::LOOP_DETECTED, code: "LoopDetectedException", message }
    }
}

/// Removes what was said to the neighbour alone. Bodies are framed anew, from their `Content-Length` or in chunks; that
/// trailers are welcome stays said, for they pass as well.
fn leave_connection(headers: &mut HeaderMap) {
    let takes_trailers = headers.get_all(TE).iter().any(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"));
    let named: Vec<HeaderName> = listed(headers, CONNECTION).filter_map(|name| name.parse().ok()).collect();
    for name in OF_THE_CONNECTION.into_iter().chain(named) {
        headers.remove(name);
    }
    if takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// The elements of a header that is a list, in one line or in several.
fn listed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_connection_stay_behind() {
        let mut headers = HeaderMap::new();
        let all = [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("host", "bucket.s3.localhost:4566"),
            ("content-length", "3"),
            ("expect", "100-continue"),
            ("content-encoding", "aws-chunked"),
            ("trailer", "x-amz-checksum-crc32"),
        ];
        for (name, value) in all {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        leave_connection(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content-encoding", "content-length", "expect", "host", "te", "trailer"]);
    }
}
