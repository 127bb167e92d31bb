//! The HTTP surface: AWS's API at every path that is not fakecloud's own.

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use fakecloud_lambda::{Call, Error, Operation, Request, Scope, parse};
use fakecloud_podspec::{CODE_PATH, LAYERS_PATH};
use http::HeaderValue;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tracing::{trace, warn};

use crate::app::App;
use crate::artifacts::ARCHIVES_PATH;
use crate::{artifacts, control, invoke, request_id};

/// A longer request is not even read to its end. The API's own limits are lower, and checked by the API.
const BODY_BYTES_MAX: usize = 80 << 20;

/// A longer body is parsed where other requests do not wait for it: 50 MB of base64 take a tenth of a second.
const PARSED_AT_ONCE_BYTES_MAX: usize = 64 << 10;

/// Every route of the server.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(|| async { "ok\n" }))
        .route("/_fakecloud/health", get(health))
        .route(&format!("{CODE_PATH}/{{pod}}"), get(artifacts::code))
        .route(&format!("{LAYERS_PATH}/{{pod}}"), get(artifacts::layers))
        .route(&format!("{ARCHIVES_PATH}/{{digest}}"), get(artifacts::archive))
        .fallback(aws)
        .layer(DefaultBodyLimit::disable())
        .with_state(app)
}

async fn health(State(app): State<App>) -> Response {
    Json(&app.health).into_response()
}

/// One request to the AWS API, from bytes to bytes.
async fn aws(State(app): State<App>, request: axum::extract::Request) -> Response {
    let request_id = request_id::fresh();
    let answer = match read(request).await {
        Ok(request) => answer(&app, &request, &request_id).await,
        Err(error) => Err(error),
    };
    let answer = answer.unwrap_or_else(|error| {
        let answer = error.to_response();
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
    response.headers_mut().insert("x-amzn-requestid", request_id);
    response
}

async fn answer(app: &App, request: &Request, request_id: &str) -> Result<fakecloud_lambda::Response, Error> {
    let scope = Scope::from_headers(&request.headers)?;
    let call: Call = if request.body.len() > PARSED_AT_ONCE_BYTES_MAX {
        tokio::task::block_in_place(|| parse(request))?
    } else {
        parse(request)?
    };
    trace!(request_id, operation = ?call.operation(), "called");
    if call.operation() == Operation::Invoke {
        return invoke::invoke(app, &scope, &call, request_id).await;
    }
    control::apply(app, scope, call).await
}

async fn read(request: axum::extract::Request) -> Result<Request, Error> {
    let (parts, body) = request.into_parts();
    Ok(Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body: read_body(body).await?,
    })
}

async fn read_body(body: Body) -> Result<Bytes, Error> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Error::request_too_large(Operation::CreateFunction)),
        Err(error) => Err(Error::service(format!("the request could not be read: {error}"))),
    }
}
