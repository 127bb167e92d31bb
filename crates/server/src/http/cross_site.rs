//! Web pages of others: what a browser on a developer's machine sends here because some page told it to.
//!
//! A page can send any request without headers of its own to any address, and cannot read the answer. It cannot sign one:
//! for an `Authorization` header a browser asks the server first, which nothing here allows. What is only presigned any
//! page can write, for nobody checks signatures here; it counts for S3, whose buckets are made for uploads by pages. A page
//! whose name was bound anew to this server's address asks as one of the same origin, under a name of its own choice.
//!
//! Requests to function URLs are not looked at: they are for everyone's pages, as on AWS.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use serde_json::json;
use tracing::warn;

use super::service::{Identified, Service, identify, is_for_another_v2};
use crate::args::AllowedOrigins;

/// How far a page is from whom it asks; browsers say it where the address is trustworthy, as that of one's own machine.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What names end in that no public resolver knows, so that no page can be served under them from elsewhere.
const LOCAL_DOMAINS: [&str; 5] = [".localhost", ".local", ".internal", ".test", ".svc"];

/// Which pages may change something.
pub(crate) struct Pages {
    allowed: AllowedOrigins,
    /// The names by which clients may reach this server.
    names: BTreeSet<String>,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Suspicion {
    /// A page of another origin sent it, without a signature. Some browsers do not say which.
    Foreign(Option<String>),
    /// A page of the same origin sent it, whose host is no name of this server.
    Rebound(String),
}

impl Pages {
    pub(crate) fn new(allowed: AllowedOrigins, names: impl IntoIterator<Item = String>) -> Self {
        Self { allowed, names: names.into_iter().collect() }
    }

    /// The answer to a request that a page must not make; none for all others.
    pub(crate) fn refusal(&self, request: &Request) -> Option<Response> {
        // What no browser sent costs two looks.
        let headers = request.headers();
        if !headers.contains_key(ORIGIN) && !headers.contains_key(SEC_FETCH_SITE) {
            return None;
        }
        let suspicion = self.suspicion(request)?;
        let message = suspicion.message();
        warn!(method = %request.method(), path = request.uri().path(), message, "refused a request of a web page");
        Some((StatusCode::FORBIDDEN, Json(json!({ "message": message }))).into_response())
    }

    fn suspicion<B>(&self, request: &http::Request<B>) -> Option<Suspicion> {
        if !may_change(request.method(), request.uri()) {
            return None;
        }
        let headers = request.headers();
        let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
        let foreign = match origin {
            Some(origin) if self.allowed.contain(origin) => return None,
            Some(origin) if is_own(origin, host(headers)) => {
                let is_known = self.know(host(headers));
                return (!is_known).then(|| Suspicion::Rebound(origin.to_owned()));
            }
            Some(origin) => Suspicion::Foreign(Some(origin.to_owned())),
            None if headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site") => Suspicion::Foreign(None),
            None => return None,
        };
        (!is_signed(headers) && !is_for_s3(request)).then_some(foreign)
    }

    /// Whether a host is an address, or a name that nobody else can have.
    fn know(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host().to_ascii_lowercase();
        let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
        bare.parse::<IpAddr>().is_ok()
            || !name.contains('.')
            || LOCAL_DOMAINS.iter().any(|domain| name.ends_with(domain))
            || self.names.contains(&name)
    }
}

// === impl Suspicion ===

impl Suspicion {
    fn message(&self) -> String {
        let (who, origin) = match self {
            Self::Foreign(origin) => ("a web page of another origin", origin.as_deref()),
            Self::Rebound(origin) => ("a web page under a name that is not known to be this server's", Some(&**origin)),
        };
        format!(
            "{who} ({}) asks to change something: sign the request, or list the page's origin in \
             FAKECLOUD_ALLOWED_ORIGINS",
            origin.unwrap_or("it does not say which")
        )
    }
}

/// Whether a request may change something. With the query protocol a GET does as well.
fn may_change(method: &Method, uri: &Uri) -> bool {
    let is_read = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let mut query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    !is_read || query.any(|(name, _)| name == "Action")
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// Whether the page comes from the host that it asks.
fn is_own(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(port).unwrap_or(host);
    authority.eq_ignore_ascii_case(host)
}

/// Whether a header says who asks. Passwords of `Basic` do not count: browsers add those by themselves.
fn is_signed(headers: &HeaderMap) -> bool {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["AWS4-", "AWS ", "Bearer "].iter().any(|scheme| authorization.starts_with(scheme))
}

fn is_for_s3<B>(request: &http::Request<B>) -> bool {
    let path = request.uri().path();
    let is_own_path = path.starts_with("/_fakecloud/") || path == "/_reset";
    let is_registrys = path.starts_with("/v2/") && !is_for_another_v2(request.uri(), request.headers());
    !is_own_path && !is_registrys && identify(request) == Identified::Service(Service::named("s3"))
}

#[cfg(test)]
mod tests;
