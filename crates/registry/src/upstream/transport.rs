//! Requests to any server, over connections that are kept; HTTPS through the proxy of the environment where it names one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use url::Url;

use super::error::causes;

/// A registry that takes longer to accept a connection will not be there for any other reason either.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a registry may think, and how long it may pause in the middle of what it sends.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Shorter than servers keep idle connections, as a rule.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// Of each connection: what is read ahead while the disk is busy, and the longest head of an answer.
const BUFFER_BYTES: usize = 128 * 1024;

/// By which an upstream's operators see who asks.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("fakecloud/", env!("CARGO_PKG_VERSION")));

type NoBody = Empty<Bytes>;

/// Sends single requests: no redirect is followed, nothing is sent twice, nothing is authorized.
pub(super) struct Transport {
    plain: Client<HttpConnector, NoBody>,
    /// Made when it is first needed: the machine's certificates take a megabyte.
    tls: OnceCell<Result<Tls, String>>,
}

/// The ways to send by HTTPS. `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` mean what they mean to curl.
struct Tls {
    proxies: Matcher,
    direct: Client<HttpsConnector<HttpConnector>, NoBody>,
    through_proxy: Option<Client<HttpsConnector<Tunnel<HttpConnector>>, NoBody>>,
}

/// Why there is no answer, or not the rest of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TransportError {
    /// It may work at once.
    #[error("{0}")]
    Cut(String),
    /// It took too long already, or will not work next time either.
    #[error("{0}")]
    Hopeless(String),
}

// === impl Transport ===

impl Transport {
    pub(super) fn new() -> Self {
        Self { plain: builder().build(connector()), tls: OnceCell::new() }
    }

    /// Returns once the head of the answer is here. Dropping the answer's body ends the connection.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
    ) -> Result<Response<Incoming>, TransportError> {
        let uri: Uri = url.as_str().parse().map_err(|error| TransportError::Hopeless(format!("{url}: {error}")))?;
        let mut request = Request::new(NoBody::new());
        (*request.method_mut(), *request.headers_mut()) = (method, headers);
        request.headers_mut().insert(USER_AGENT, AGENT);
        let answer = if uri.scheme_str() == Some("https") {
            let tls = self.tls.get_or_init(read_certificates).await.as_ref();
            let tls = tls.map_err(|error| TransportError::Hopeless(error.clone()))?;
            let proxied = tls.through_proxy.as_ref().filter(|_| tls.proxies.intercept(&uri).is_some());
            *request.uri_mut() = uri;
            match proxied {
                Some(client) => client.request(request),
                None => tls.direct.request(request),
            }
        } else {
            *request.uri_mut() = uri;
            self.plain.request(request)
        };
        match timeout(SILENCE_MAX, answer).await {
            Ok(answer) => answer.map_err(|error| TransportError::Cut(causes(&error))),
            Err(_) => Err(TransportError::Hopeless(silent())),
        }
    }
}

/// The next piece of a body; `None` at its end.
pub(super) async fn next_piece(body: &mut Incoming) -> Result<Option<Bytes>, TransportError> {
    loop {
        let Ok(frame) = timeout(SILENCE_MAX, body.frame()).await else { return Err(TransportError::Cut(silent())) };
        match frame.transpose().map_err(|error| TransportError::Cut(causes(&error)))?.map(|frame| frame.into_data()) {
            Some(Ok(piece)) => return Ok(Some(piece)),
            Some(Err(_trailers)) => {}
            None => return Ok(None),
        }
    }
}

/// A body that is to be small.
pub(super) async fn read_all(body: &mut Incoming, bytes_max: usize) -> Result<Vec<u8>, TransportError> {
    let mut all = Vec::new();
    while let Some(piece) = next_piece(body).await? {
        if all.len() + piece.len() > bytes_max {
            return Err(TransportError::Hopeless(format!("the answer has more than {bytes_max} bytes")));
        }
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

fn silent() -> String {
    format!("nothing came for {} seconds", SILENCE_MAX.as_secs())
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_TIMEOUT).http1_max_buf_size(BUFFER_BYTES);
    builder
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    connector.enforce_http(false);
    connector
}

/// Certificates are read from many files.
async fn read_certificates() -> Result<Tls, String> {
    let made = spawn_blocking(|| Tls::new(Matcher::from_env())).await.unwrap_or_else(|panic| Err(panic.to_string()));
    made.map_err(|error| format!("HTTPS cannot be used: {error}"))
}

// === impl Tls ===

impl Tls {
    fn new(proxies: Matcher) -> Result<Self, String> {
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_native_roots()
            .map_err(|error| format!("the certificates of authorities cannot be read: {error}"))?
            .with_no_client_auth();
        let https = || HttpsConnectorBuilder::new().with_tls_config(config.clone()).https_only().enable_http1();
        let direct = builder().build(https().wrap_connector(connector()));
        let through_proxy = tunnel(&proxies)?.map(|tunnel| builder().build(https().wrap_connector(tunnel)));
        Ok(Self { proxies, direct, through_proxy })
    }
}

/// One proxy is for all of HTTPS, so any host says which it is, were it not for `NO_PROXY`: that names none in `.invalid`.
fn tunnel(proxies: &Matcher) -> Result<Option<Tunnel<HttpConnector>>, String> {
    let Some(proxy) = proxies.intercept(&Uri::from_static("https://any.invalid")) else { return Ok(None) };
    if proxy.uri().scheme_str() != Some("http") {
        return Err(format!("the proxy {} of the environment is none that is spoken to by http://", proxy.uri()));
    }
    let tunnel = Tunnel::new(proxy.uri().clone(), connector());
    Ok(Some(match proxy.basic_auth() {
        Some(authorization) => tunnel.with_auth(authorization.clone()),
        None => tunnel,
    }))
}
