//! A request to the Lambda API, from bytes to bytes.

use axum::response::Response;
use fakecloud_budget::{Peer, Share};
use fakecloud_lambda::{Error, InvokeCall, Operation, Request, Scope, operation, parse_as};
use http::HeaderValue;
use hyper::body::Body as _;
use tracing::{trace, warn};

use super::answer;
use super::request_body::{self, Turn, work_on};
use crate::app::App;
use crate::common::clock;
use crate::common::headers::{REQUEST_ID, TRACE_ID};
use crate::control::calls;
use crate::invocations::{invoke, streaming, trace_id};

/// Answers a request in the Lambda API's own words, whatever it is.
pub(crate) async fn answer(app: &App, peer: Peer, request: &mut axum::extract::Request, request_id: &str) -> Response {
    let mut response = run(app, peer, request, request_id).await.unwrap_or_else(|error| {
        let answer = error.to_response();
        if answer.status.is_server_error() {
            warn!(request_id, %error, "a request failed");
        }
        answer::into_http(answer)
    });
    trace!(request_id, status = response.status().as_u16(), "answered");
    let request_id = HeaderValue::try_from(request_id).expect("a UUID is a valid header value");
    response.headers_mut().insert(REQUEST_ID, request_id);
    response
}

async fn run(app: &App, peer: Peer, request: &mut axum::extract::Request, request_id: &str) -> Result<Response, Error> {
    let scope = Scope::of_request(request.headers(), request.uri().query())?;
    let uri = request.uri();
    let operation = operation(request.method(), uri.path(), uri.query().unwrap_or_default())?;
    let (request, turn) = read(operation, request, app.bodies.share(peer)).await?;
    let parsed = || parse_as(operation, &request);
    if !matches!(operation, Operation::Invoke | Operation::InvokeAsync | Operation::InvokeWithResponseStream) {
        let call = work_on(request.body.len(), parsed)?;
        drop(request);
        trace!(request_id, ?operation, "called");
        return Ok(answer::into_http(calls::apply(app, scope, call).await?));
    }
    let call = work_on(request.body.len(), || InvokeCall::of(&parsed()?))?;
    let trace_id = trace_id::of(&request.headers);
    drop(request);
    trace!(request_id, ?operation, "called");
    // An invocation may wait long for its environment, and is counted where it waits.
    drop(turn);
    let invocation = app.lambda().resolve(&scope, &clock::now(), call)?;
    let mut response = if operation == Operation::InvokeWithResponseStream {
        answer::streamed(streaming::invoke(app, invocation, request_id, &trace_id).await?)
    } else {
        answer::into_http(invoke::invoke(app, invocation, request_id, &trace_id).await?)
    };
    response.headers_mut().insert(TRACE_ID, trace_id);
    Ok(response)
}

/// Takes a request and reads it to its end, unless it is too long.
async fn read(
    operation: Operation,
    request: &mut axum::extract::Request,
    share: Share,
) -> Result<(Request, Turn), Error> {
    let body = std::mem::take(request.body_mut());
    let stated_bytes = body.size_hint().exact();
    let read = request_body::read(body, operation.request_bytes_max(), share).await;
    let too_large = || operation.request_too_large(request.headers(), stated_bytes);
    let (body, turn) = read.map_err(|error| error.told(too_large, Error::service))?;
    let request = Request {
        method: std::mem::take(request.method_mut()),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        headers: std::mem::take(request.headers_mut()),
        body,
    };
    Ok((request, turn))
}
