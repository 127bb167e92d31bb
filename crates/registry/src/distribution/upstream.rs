//! Requests for repositories of upstreams: what they need is fetched first, then they are answered as all others are.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::Method;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LINK, RANGE, RETRY_AFTER};
use serde_json::json;

use crate::catalog::Asked;
use crate::digest::Digest;
use crate::distribution::blobs::describe;
use crate::distribution::call::Call;
use crate::distribution::error::{Error, ErrorCode};
use crate::distribution::lists::{OCI_FILTERS_APPLIED, linked};
use crate::distribution::route::Resource;
use crate::manifest::media_type;
use crate::upstream::{Granted, Problem, ReferrersPage, Source, UpstreamError, Wish};

/// What the repository here cannot answer. Without it, all there is has been fetched.
pub(super) async fn answer(
    call: &Call,
    source: &Source,
    asked: &Asked,
    method: &Method,
    resource: &Resource,
) -> Result<Option<Response>, Error> {
    let Some((wish, missing)) = wish(call, method, resource) else { return Ok(None) };
    let granted = call.registry.grant(source, wish).await.map_err(|error| told(&error, missing))?;
    Ok(match granted {
        Granted::Here => None,
        Granted::Coming { digest, blob, size } => Some(blob_response(&digest, size, blob)),
        Granted::There { digest, size } => Some(blob_response(&digest, Some(size), Body::empty())),
        Granted::Tags(page) => {
            let tags = json!({ "name": asked.path.to_string(), "tags": page.tags });
            Some(linked(tags, next(call, &format!("{}/tags/list", asked.path), page.next.as_deref())))
        }
        Granted::Referrers(page) => Some(referrers(call, asked, page)),
    })
}

/// What a request wants of an upstream, and the code that says that it has no such thing. Nothing where the request is
/// for the repository here, or no good.
fn wish(call: &Call, method: &Method, resource: &Resource) -> Option<(Wish, ErrorCode)> {
    let is_part = call.header(RANGE).is_some();
    let query = || call.query_without("ns");
    match resource {
        Resource::Uploads | Resource::Upload(_) => Some((Wish::Push, ErrorCode::NameUnknown)),
        Resource::Manifest(_) if *method == Method::PUT => Some((Wish::Push, ErrorCode::NameUnknown)),
        Resource::Manifest(_) | Resource::Blob(_) if *method == Method::DELETE => None,
        Resource::Manifest(reference) => Some((Wish::Manifest(reference.parse().ok()?), ErrorCode::ManifestUnknown)),
        Resource::Blob(digest) => {
            let digest: Digest = digest.parse().ok()?;
            let wish = match *method {
                Method::HEAD => Wish::BlobSize(digest),
                _ if is_part => Wish::BlobPart(digest),
                _ => Wish::Blob(digest),
            };
            Some((wish, ErrorCode::BlobUnknown))
        }
        Resource::Referrers(subject) => {
            Some((Wish::Referrers { subject: subject.parse().ok()?, query: query() }, ErrorCode::NameUnknown))
        }
        Resource::Tags => Some((Wish::Tags { query: query() }, ErrorCode::NameUnknown)),
    }
}

/// The error of an upstream as clients are told.
fn told(error: &UpstreamError, missing: ErrorCode) -> Error {
    let code = match &error.problem {
        Problem::Missing(_) => missing,
        Problem::Refused(_) | Problem::Push(_) | Problem::Full(_) => ErrorCode::Denied,
        Problem::TooManyRequests { .. } => ErrorCode::TooManyRequests,
        Problem::Unreachable(_) | Problem::BadAnswer(_) | Problem::Broken(_) => ErrorCode::Unavailable,
        Problem::Storage(_) => return Error::internal(error),
    };
    let mut told = Error::new(code, error);
    if let Problem::TooManyRequests { retry_after: Some(after), .. } = &error.problem {
        told = told.with_header(RETRY_AFTER, after);
    }
    told
}

fn blob_response(digest: &Digest, size: Option<u64>, blob: Body) -> Response {
    let mut response = (describe(digest), blob).into_response();
    if let Some(size) = size {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    }
    response
}

fn referrers(call: &Call, asked: &Asked, page: ReferrersPage) -> Response {
    let link = next(call, &format!("{}/referrers/{}", asked.path, page.subject), page.next.as_deref());
    let mut response = ([(CONTENT_TYPE, media_type::OCI_INDEX)], page.index).into_response();
    let headers = response.headers_mut();
    headers.extend(page.filters.map(|filters| (OCI_FILTERS_APPLIED, filters)));
    headers.extend(link.map(|link| (LINK, link)));
    response
}

/// The `Link` to the next page, which the upstream knows by this query.
fn next(call: &Call, path: &str, query: Option<&str>) -> Option<HeaderValue> {
    let query = query?;
    let namespace = call.parameter("ns").map(|namespace| format!("&ns={namespace}")).unwrap_or_default();
    HeaderValue::from_str(&format!("</v2/{path}?{query}{namespace}>; rel=\"next\"")).ok()
}
