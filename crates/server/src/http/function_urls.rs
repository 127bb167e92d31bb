//! Requests to function URLs: told apart from all others by their host or path, before any route is looked for.

use std::io;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use fakecloud_budget::Peer;
use fakecloud_lambda::{Error, ErrorCode, Invocation, Outcome, StreamedHead, UrlAddress, UrlRequest, UrlTarget};
use http::header::CONTENT_SECURITY_POLICY;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use tracing::{trace, warn};

use super::answer::into_http;
use super::proxies::ClientIp;
use super::request_body::{self, work_on};
use crate::app::App;
use crate::common::clock;
use crate::common::headers::{REQUEST_ID, TRACE_ID};
use crate::common::request_id;
use crate::invocations::invocation_log::Source;
use crate::invocations::invoke::{self, Terms};
use crate::invocations::streaming::{Progress, Running};
use crate::invocations::trace_id;

/// Takes a page of a function out of the origin that it shares with the API, and with the pages of all other functions:
/// whatever it asks of them it asks as a page of nobody's. A policy of the function's own counts as well.
const SANDBOX: HeaderValue =
    HeaderValue::from_static("sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts");

/// Answers a request to a function URL, whose paths are the function's own.
pub(crate) async fn answer(app: &App, address: UrlAddress, request: Request) -> Response {
    let request_id = request_id::fresh();
    let (head, body) = request.into_parts();
    let trace_id = trace_id::of(&head.headers);
    let target = app.lambda().url_at(&address);
    let is_on_own_host = address.is_on_own_host();
    let mut response = match &target {
        None => into_http(UrlTarget::unknown()),
        Some(target) => {
            let served = serve(app, target, address, &head, body, &request_id, &trace_id).await;
            served.unwrap_or_else(|error| refusal(target, &head.headers, &request_id, &error))
        }
    };
    trace!(request_id, status = response.status().as_u16(), "answered a request to a function URL");
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, HeaderValue::try_from(request_id).expect("a UUID is a valid header value"));
    headers.insert(TRACE_ID, trace_id);
    if !is_on_own_host {
        headers.append(CONTENT_SECURITY_POLICY, SANDBOX);
    }
    response
}

fn refusal(target: &UrlTarget, request: &HeaderMap, request_id: &str, error: &Error) -> Response {
    let answer = target.refused(request, error);
    if answer.status.is_server_error() || error.code() == ErrorCode::EnvironmentNotStarted {
        warn!(request_id, function = target.function_arn(), %error, "a request to a function URL failed");
    }
    into_http(answer)
}

async fn serve(
    app: &App,
    target: &UrlTarget,
    address: UrlAddress,
    head: &Parts,
    body: Body,
    request_id: &str,
    trace_id: &HeaderValue,
) -> Result<Response, Error> {
    if let Some(preflight) = target.preflight(&head.method, &head.headers) {
        return Ok(into_http(preflight));
    }
    let caller = match target.authorize(&head.headers, head.uri.query()) {
        Ok(caller) => caller,
        Err(refused) => return Ok(into_http(*refused)),
    };
    let read = request_body::read(body, UrlTarget::MAX_BODY_BYTES as u64, app.bodies.share(peer(head))).await;
    let (body, turn) = read.map_err(|error| error.told(UrlTarget::too_large, Error::service))?;
    let moment = clock::now();
    let request = UrlRequest {
        address,
        method: head.method.clone(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers.clone(),
        body,
        source_ip: source_ip(head),
        protocol: format!("{:?}", head.version),
        request_id: request_id.to_owned(),
        trace_id: trace_id.to_str().unwrap_or_default().to_owned(),
        epoch_ms: moment.epoch_ms,
    };
    let event = work_on(request.body.len(), || target.event(&request, caller.as_ref()))?;
    drop(request);
    // Where the event waits it is counted.
    drop(turn);
    let mut invocation = app.lambda().resolve_url(&moment, target, event)?;
    if target.streams() {
        return stream(app, target, head.headers.clone(), invocation, request_id, trace_id).await;
    }
    let outcome = invoke::run(app, &mut invocation, request_id, Terms::new(Source::FunctionUrl, trace_id)).await?;
    target.response(&head.headers, outcome, unfit(target, request_id)).map(into_http)
}

/// Tells the operator why what a function answered cannot be sent.
fn unfit<'t>(target: &'t UrlTarget, request_id: &'t str) -> impl Fn(&'static str) + 't {
    move |reason| {
        let function = target.function_arn();
        warn!(request_id, function, reason, "a function's answer to a request to its URL cannot be sent");
    }
}

fn peer(head: &Parts) -> Peer {
    head.extensions.get::<Peer>().copied().unwrap_or(Peer::unknown())
}

fn source_ip(head: &Parts) -> String {
    head.extensions.get::<ClientIp>().map(|ClientIp(ip)| ip.to_string()).unwrap_or_default()
}

/// Streams the function's answer: its own head first, if it sends one.
async fn stream(
    app: &App,
    target: &UrlTarget,
    request: HeaderMap,
    invocation: Invocation,
    request_id: &str,
    trace_id: &HeaderValue,
) -> Result<Response, Error> {
    let mut running = Running::start(app, invocation, request_id, Terms::new(Source::FunctionUrl, trace_id));
    let (mut head, unfit) = (StreamedHead::default(), unfit(target, request_id));
    let response = loop {
        match running.next().await {
            Progress::Piece(piece) => {
                if let Some(response) = target.head(&request, &mut head, &piece, &unfit) {
                    break response;
                }
            }
            Progress::End(Ok(Outcome::Success { payload })) => {
                let response = target.head(&request, &mut head, &payload, &unfit);
                return Ok(into_http(response.unwrap_or_else(|| target.headless(&request, head))));
            }
            Progress::End(Ok(failed)) => return target.response(&request, failed, &unfit).map(into_http),
            Progress::End(Err(error)) => return Err(error),
        }
    };
    let begun = Progress::Piece(response.body.clone());
    let mut response = into_http(response);
    let (function, request_id) = (target.function_arn(), request_id.to_owned());
    *response.body_mut() = running.into_body(begun, move |progress| match progress {
        Progress::Piece(piece) => Ok(vec![piece]),
        Progress::End(Ok(Outcome::Success { payload })) => Ok(vec![payload]),
        // Too late for another status: a body that is cut off is all that can tell the client.
        Progress::End(Ok(failed)) => {
            let error = failed.error_type().unwrap_or_default();
            warn!(request_id, function, error, "a function failed after it had begun to answer a request to its URL");
            Err(io::Error::other(error))
        }
        Progress::End(Err(error)) => {
            warn!(request_id, function, %error, "a request to a function URL failed after its answer had begun");
            Err(io::Error::other(error))
        }
    });
    Ok(response)
}
