//! Requests to other servers, over connections that are kept.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::uri::Scheme;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

/// A server that takes longer to accept a connection will not be there for any other reason either.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Shorter than servers keep idle connections, as a rule.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// A client for any number of servers. Requests and answers pass as they are: no redirect is followed, no proxy asked,
/// no header added but a missing `Host`.
#[derive(Clone)]
pub(crate) struct HttpClient {
    plain: Client<HttpConnector, Body>,
    /// Made when it is first needed: the machine's certificates take a megabyte.
    tls: Arc<OnceCell<Result<TlsClient, String>>>,
}

type TlsClient = Client<HttpsConnector<HttpConnector>, Body>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the certificates of authorities, which HTTPS needs, cannot be read: {0}")]
    Certificates(String),
    #[error(transparent)]
    Http(#[from] hyper_util::client::legacy::Error),
}

impl HttpClient {
    pub(crate) fn new() -> Self {
        Self { plain: client().build(connector()), tls: Arc::default() }
    }

    /// Sends a request with an absolute URL and returns once the head of the answer is here. Dropping the future, or the
    /// body of the answer, ends the connection.
    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        if request.uri().scheme() == Some(&Scheme::HTTPS) {
            return Ok(self.tls().await?.request(request).await?);
        }
        Ok(self.plain.request(request).await?)
    }

    async fn tls(&self) -> Result<&TlsClient, SendError> {
        // Certificates are read from many files.
        let made = async || spawn_blocking(tls_client).await.unwrap_or_else(|panicked| Err(panicked.to_string()));
        self.tls.get_or_init(made).await.as_ref().map_err(|error| SendError::Certificates(error.clone()))
    }
}

fn client() -> hyper_util::client::legacy::Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_TIMEOUT);
    builder
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    connector
}

fn tls_client() -> Result<TlsClient, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut connector = connector();
    connector.enforce_http(false);
    let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider).map_err(|e| e.to_string())?;
    Ok(client().build(builder.https_or_http().enable_http1().wrap_connector(connector)))
}
