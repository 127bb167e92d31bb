//! Calls to other services of AWS: where they go, whose they are, how they are signed.
//!
//! ```ignore
//! let request = AwsRequest { service: AwsService::Sqs, reach: Reach::Configured, scope: &scope, method, target: "/", headers, body };
//! let response = app.aws.send(request).await?;
//! ```

mod credentials;
mod endpoints;
mod sigv4;

use std::time::{Duration, SystemTime};

use axum::body::Body;
use bytes::Bytes;
use fakecloud_lambda::Scope;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use tracing::debug;

pub(crate) use credentials::Credentials;
pub(crate) use endpoints::{AwsService, Endpoints, NoEndpoint};
pub(crate) use sigv4::encode;

use crate::outbound::endpoint_url::EndpointUrl;
use crate::outbound::http_client::{HttpClient, SendError};

/// A service that has not begun to answer by then is not going to.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Calls other services of AWS, or what stands in for them.
pub(crate) struct AwsClient {
    http: HttpClient,
    endpoints: Endpoints,
    /// Those of the environment.
    credentials: Option<Credentials>,
}

/// A call of one operation.
pub(crate) struct AwsRequest<'a> {
    pub(crate) service: AwsService,
    /// Where it may go if no endpoint is configured.
    pub(crate) reach: Reach,
    /// On whose behalf: the account, where no credentials say otherwise, and the region.
    pub(crate) scope: &'a Scope,
    pub(crate) method: Method,
    /// Path and query, percent-encoded ([`encode`]), such as `/` or `/bucket/key?versionId=1`.
    pub(crate) target: &'a str,
    /// Headers beyond `Host` and those of the signature, which are added; all are signed.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// How far a call may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To endpoints that the settings name, and no further.
    Configured,
    /// To AWS itself too, where there are credentials for it.
    Aws,
}

/// Why a service gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AwsError {
    #[error(transparent)]
    NoEndpoint(#[from] NoEndpoint),
    #[error("'{target}' is no path of a request")]
    Target { target: String },
    #[error("{service} at {endpoint} ({setting}) cannot be reached")]
    Unreachable { service: AwsService, endpoint: EndpointUrl, setting: &'static str, source: SendError },
    #[error("{service} at {endpoint} ({setting}) did not answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Silent { service: AwsService, endpoint: EndpointUrl, setting: &'static str },
}

impl AwsClient {
    pub(crate) fn new(http: HttpClient, endpoints: Endpoints, credentials: Option<Credentials>) -> Self {
        Self { http, endpoints, credentials }
    }

    /// Signs and sends a call. Whatever status the service answers with is an answer; its body is yet to be read.
    ///
    /// # Errors
    /// No endpoint is configured, or the one that is does not answer; the texts name settings, endpoint and cause.
    pub(crate) async fn send(&self, request: AwsRequest<'_>) -> Result<Response<Incoming>, AwsError> {
        let AwsRequest { service, reach, scope, method, target, headers, body } = request;
        let endpoint = self.endpoints.of(service, reach, scope.region(), self.credentials.is_some())?;
        let path: PathAndQuery = target.parse().map_err(|_| AwsError::Target { target: target.to_owned() })?;
        let mut call = Request::new(Body::empty());
        *call.method_mut() = method;
        *call.uri_mut() = endpoint.url.with(path);
        *call.headers_mut() = headers;
        let host = HeaderValue::try_from(endpoint.url.authority()).expect("the host of a URL is a valid header value");
        call.headers_mut().insert(HOST, host);
        let (mut head, _) = call.into_parts();
        let own = Credentials::of_account(scope.account());
        let signing = sigv4::Signing {
            credentials: self.credentials.as_ref().filter(|_| endpoint.takes_credentials).unwrap_or(&own),
            region: scope.region(),
            service,
            at: SystemTime::now(),
        };
        sigv4::sign(&mut head, &body, &signing);
        debug!(%service, endpoint = %endpoint.url, setting = endpoint.setting, "calling");
        let sending = self.http.send(Request::from_parts(head, Body::from(body)));
        match tokio::time::timeout(ANSWER_TIMEOUT, sending).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(source)) => {
                Err(AwsError::Unreachable { service, endpoint: endpoint.url, setting: endpoint.setting, source })
            }
            Err(_elapsed) => Err(AwsError::Silent { service, endpoint: endpoint.url, setting: endpoint.setting }),
        }
    }
}
