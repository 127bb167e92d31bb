//! A request to the Lambda API, from bytes to bytes.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use fakecloud_lambda::{Call, Error, MAX_REQUEST_BYTES, Operation, Request, Scope, operation, parse_as};
use http::HeaderValue;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::{trace, warn};

use crate::app::App;
use crate::invocations::{invoke, streaming, trace_id};
use crate::state::control;

/// A longer body is parsed where other requests do not wait for it: 50 MB of base64 take a tenth of a second.
const PARSED_AT_ONCE_BYTES_MAX: usize = 64 << 10;

/// Bodies up to this size are read without asking: a thousand of them are no burden.
const SMALL_BYTES: u64 = 256 << 10;

/// The bodies of all longer requests that are being read or applied; further ones wait for their turn.
const LARGE_KIB_MAX: u32 = 256 << 10;
static LARGE: Semaphore = Semaphore::const_new(LARGE_KIB_MAX as usize);

/// A client that stops sending for so long has gone, and shall not keep others from their turn.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Answers a request in the Lambda API's own words, whatever it is.
pub(crate) async fn answer(app: &App, request: axum::extract::Request, request_id: &str) -> Response {
    let mut response = run(app, request, request_id).await.unwrap_or_else(|error| {
        let answer = error.to_response();
        if answer.status.is_server_error() {
            warn!(request_id, %error, "a request failed");
        }
        streaming::into_http(answer)
    });
    trace!(request_id, status = response.status().as_u16(), "answered");
    let request_id = HeaderValue::try_from(request_id).expect("a UUID is a valid header value");
    response.headers_mut().insert("x-amzn-requestid", request_id);
    response
}

async fn run(app: &App, request: axum::extract::Request, request_id: &str) -> Result<Response, Error> {
    let scope = Scope::of_request(request.headers(), request.uri().query())?;
    let operation = operation_of_unread(&request)?;
    // A body of unknown length may come to be as long as is allowed.
    let bytes = request.body().size_hint().upper().unwrap_or(MAX_REQUEST_BYTES).min(MAX_REQUEST_BYTES);
    let turn = turn(bytes).await;
    let request = read(operation, request).await?;
    let call: Call = if request.body.len() > PARSED_AT_ONCE_BYTES_MAX {
        tokio::task::block_in_place(|| parse_as(operation, &request))?
    } else {
        parse_as(operation, &request)?
    };
    let invokes = matches!(operation, Operation::Invoke | Operation::InvokeAsync | Operation::InvokeWithResponseStream);
    let trace_id = invokes.then(|| trace_id::of(&request.headers));
    drop(request);
    trace!(request_id, ?operation, "called");
    // An invocation may wait long for its environment; how many may is the pool's business.
    let _turn = turn.filter(|_| !invokes);
    let Some(trace_id) = trace_id else {
        return Ok(streaming::into_http(control::apply(app, scope, call).await?));
    };
    let mut response = if operation == Operation::InvokeWithResponseStream {
        streaming::invoke(app, &scope, &call, request_id, &trace_id).await?
    } else {
        streaming::into_http(invoke::invoke(app, &scope, &call, request_id, &trace_id).await?)
    };
    response.headers_mut().insert("x-amzn-trace-id", trace_id);
    Ok(response)
}

/// The right to hold so many bytes in memory, for long bodies.
async fn turn(bytes: u64) -> Option<SemaphorePermit<'static>> {
    if bytes <= SMALL_BYTES {
        return None;
    }
    let kib = u32::try_from(bytes >> 10).map_or(LARGE_KIB_MAX, |kib| kib.min(LARGE_KIB_MAX));
    Some(LARGE.acquire_many(kib).await.expect("nobody closes this semaphore"))
}

/// The operation. Refuses what need not be read, and waits for no turn: no operation, or a body that says it is too long
/// for one.
fn operation_of_unread(request: &axum::extract::Request) -> Result<Operation, Error> {
    let uri = request.uri();
    let operation = operation(request.method(), uri.path(), uri.query().unwrap_or_default())?;
    match request.body().size_hint().lower() > MAX_REQUEST_BYTES {
        true => Err(Error::request_too_large(operation)),
        false => Ok(operation),
    }
}

/// Reads a request to its end, unless it is too long.
async fn read(operation: Operation, request: axum::extract::Request) -> Result<Request, Error> {
    let (head, body) = request.into_parts();
    Ok(Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: read_body(operation, body).await?,
    })
}

async fn read_body(operation: Operation, mut body: Body) -> Result<Bytes, Error> {
    let mut read = BytesMut::new();
    loop {
        let data = match tokio::time::timeout(SILENCE_MAX, body.frame()).await {
            Ok(None) => return Ok(read.freeze()),
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            Ok(Some(Err(error))) => return Err(Error::service(format!("the request could not be read: {error}"))),
            Err(_elapsed) => {
                let silence = SILENCE_MAX.as_secs();
                return Err(Error::service(format!("nothing more of the request came for {silence} s")));
            }
        };
        if (read.len() + data.len()) as u64 > MAX_REQUEST_BYTES {
            return Err(Error::request_too_large(operation));
        }
        if read.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        read.reserve(usize::try_from(body.size_hint().lower()).map_or(data.len(), |left| data.len() + left));
        read.extend_from_slice(&data);
    }
}
