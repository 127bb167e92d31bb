//! A request to IAM or STS, from bytes to bytes.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use fakecloud_budget::Peer;
use fakecloud_iam::{Caller, Error, ErrorCode, Service, parse};
use fakecloud_lambda::Scope;
use http::HeaderValue;
use http::request::Parts;
use tracing::{trace, warn};

use super::request_body;
use crate::app::App;
use crate::common::headers::REQUEST_ID;
use crate::control::iam_calls;

/// The longest parameter, a policy document of 128 KiB, fits several times, whatever of it is percent-encoded.
const BODY_BYTES_MAX: u64 = 1 << 20;

/// Where a session token stands, in a header or in the query of a presigned URL.
const SESSION_TOKEN: &str = "x-amz-security-token";

/// Answers a request in the service's own words, whatever it is.
pub(crate) async fn answer(app: &App, peer: Peer, service: Service, request: Request, request_id: &str) -> Response {
    let answer = run(app, peer, service, request, request_id).await.unwrap_or_else(|error| {
        let answer = error.to_response(service, request_id);
        if answer.status.is_server_error() {
            warn!(request_id, %error, "a request failed");
        }
        answer
    });
    trace!(request_id, status = answer.status.as_u16(), "answered");
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    let request_id = HeaderValue::try_from(request_id).expect("a UUID is a valid header value");
    response.headers_mut().insert(REQUEST_ID, request_id);
    response
}

async fn run(
    app: &App,
    peer: Peer,
    service: Service,
    request: Request,
    request_id: &str,
) -> Result<fakecloud_iam::Response, Error> {
    let (head, body) = request.into_parts();
    let caller = caller(&head)?;
    let read = request_body::read(body, BODY_BYTES_MAX, app.bodies.share(peer)).await;
    let failed = |failure| Error::new(ErrorCode::ServiceFailure, failure);
    let (form, _turn) = read.map_err(|error| error.told(too_large, failed))?;
    let call = parse(service, head.uri.query(), &form)?;
    trace!(request_id, action = call.action(), "called");
    iam_calls::apply(app, &caller, &call, request_id).await
}

fn caller(head: &Parts) -> Result<Caller, Error> {
    let query = head.uri.query();
    let scope = Scope::of_request(&head.headers, query)
        .map_err(|error| Error::new(ErrorCode::IncompleteSignature, error.message()))?;
    let header = head.headers.get(SESSION_TOKEN).and_then(|token| token.to_str().ok()).map(str::to_owned);
    let mut parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut presigned = || parameters.find(|(name, _)| name.eq_ignore_ascii_case(SESSION_TOKEN));
    let token = header.or_else(|| presigned().map(|(_, token)| token.into_owned()));
    Ok(Caller::new(scope.account(), token.as_deref()))
}

fn too_large() -> Error {
    Error::new(ErrorCode::RequestEntityTooLarge, format!("Request must be smaller than {BODY_BYTES_MAX} bytes"))
}
