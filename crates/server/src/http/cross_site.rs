//! Web pages of others: what a browser on a developer's machine sends here because some page told it to.
//!
//! A page can send any request without headers of its own to any address, and cannot read the answer. For an
//! `Authorization` header or a body of JSON a browser asks the server first. Nothing here allows it, but a server behind the
//! forward URL may, for a question tells little of the request that follows. So a signature counts for what is served here
//! only where no browser says that the page is of another site, and nobody is asked about the paths of Lambda.
//!
//! Requests for the server behind the forward URL pass where a browser has asked that server before, and those for S3 and API
//! Gateway always: these take requests of all pages, as on AWS. A presigned address counts for nothing else, since any page
//! can write one: nobody checks signatures here.
//!
//! A page whose name was bound anew to this server's address asks as one of the same origin, under a name of its own choice.
//!
//! Requests to function URLs are not looked at: they are for everyone's pages, as on AWS.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use fakecloud_lambda::is_lambda_path;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use serde_json::json;
use tracing::warn;

use super::service::{Identified, Service, identify, is_for_another_v2};
use crate::args::AllowedOrigins;
use crate::common::headers::TARGET;

/// The header that says how far a page is from the server it asks. Browsers send it to trustworthy addresses, as those of
/// one's own machine.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Domains in which nobody else can lead a name to this server: no public resolver knows them, or AWS has them, or their
/// names lead to the own machine for everybody.
const SAFE_DOMAINS: [&str; 7] =
    [".localhost", ".local", ".internal", ".test", ".svc", ".amazonaws.com", ".localhost.localstack.cloud"];

/// Services that are not served here and whose callers are pages.
const SERVICES_OF_PAGES: [&str; 2] = ["s3", "execute-api"];

/// Bodies that a page may send without being allowed to: <https://fetch.spec.whatwg.org/#cors-safelisted-request-header>.
const SIMPLE_CONTENT_TYPES: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// Rules for pages that may change something.
pub(crate) struct Pages {
    allowed: AllowedOrigins,
    /// The names by which clients may reach this server.
    names: BTreeSet<String>,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Suspicion {
    /// A page of another origin sent it, without a signature that counts. Some browsers do not say which.
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
        let headers = request.headers();
        let asks_for_lambda =
            headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) && is_lambda_path(request.uri().path());
        if !may_change(request.method(), request.uri()) && !asks_for_lambda {
            return None;
        }
        let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
        let is_cross_site = headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site");
        let foreign = match origin {
            Some(origin) if self.allowed.contain(origin) => return None,
            Some(origin) if is_own(origin, host(headers)) => {
                let is_known = self.know(host(headers));
                return (!is_known).then(|| Suspicion::Rebound(origin.to_owned()));
            }
            Some(origin) => Suspicion::Foreign(Some(origin.to_owned())),
            None if is_cross_site => Suspicion::Foreign(None),
            None => return None,
        };
        let may_pass = !asks_for_lambda && (is_for_others(request) || (is_signed(headers) && !is_cross_site));
        (!may_pass).then_some(foreign)
    }

    /// Tells hosts that are addresses, or names that nobody else can have.
    fn know(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host().to_ascii_lowercase();
        let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
        bare.parse::<IpAddr>().is_ok()
            || !name.contains('.')
            || SAFE_DOMAINS.iter().any(|domain| name.ends_with(domain))
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

/// Tells requests that may change something. With the query protocol a GET does as well.
fn may_change(method: &Method, uri: &Uri) -> bool {
    let is_read = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let mut query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    !is_read || query.any(|(name, _)| name == "Action")
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// Tells pages that come from the host that they ask.
fn is_own(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(port).unwrap_or(host);
    authority.eq_ignore_ascii_case(host)
}

/// Tells headers that say who asks. Passwords of `Basic` do not count: browsers add those by themselves.
fn is_signed(headers: &HeaderMap) -> bool {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    ["AWS4-", "AWS ", "Bearer "].iter().any(|scheme| authorization.starts_with(scheme))
}

/// Tells requests that the server behind the forward URL decides on: pages are its callers, or the browser has asked it
/// first.
fn is_for_others<B>(request: &http::Request<B>) -> bool {
    let path = request.uri().path();
    let is_own_path = path.starts_with("/_fakecloud/") || path == "/_reset";
    let is_registrys = path.starts_with("/v2/") && !is_for_another_v2(request.uri(), request.headers());
    if is_own_path || is_registrys {
        return false;
    }
    match identify(request) {
        Identified::Service(Service::Other(name)) if SERVICES_OF_PAGES.contains(&name.as_str()) => true,
        Identified::Service(Service::Other(_) | Service::Unknown) => was_asked_for(request),
        Identified::Service(Service::Lambda | Service::Ecr | Service::Iam | Service::Sts) | Identified::Form { .. } => {
            false
        }
    }
}

/// Tells requests that a browser sends only where the server has allowed them before.
fn was_asked_for<B>(request: &http::Request<B>) -> bool {
    let headers = request.headers();
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    let is_simple = |value: &str| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.is_empty() || SIMPLE_CONTENT_TYPES.iter().any(|simple| essence.eq_ignore_ascii_case(simple))
    };
    is_signed(headers)
        || headers.contains_key(TARGET)
        || content_type.is_some_and(|value| !is_simple(value))
        || !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST)
}

#[cfg(test)]
mod tests;
