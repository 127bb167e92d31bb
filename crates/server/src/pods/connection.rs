//! The one kept HTTP/1.1 connection to a Pod: opened when the Pod became ready, used for every invocation, never
//! redialled. A Pod's address may belong to another Pod later; its open connection cannot.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header::HOST};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::invocations::relay::{Relay, Taken};

/// The emulator's only path; it serves whatever function its container holds.
const INVOKE_PATH: &str = "/2015-03-31/functions/function/invocations";

/// A peer that vanished without a word (node gone, packets dropped) is noticed after `KEEPALIVE_IDLE` plus
/// `KEEPALIVE_PROBES` intervals, not after the function's timeout.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(4);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEPALIVE_PROBES: u32 = 3;

/// More than the emulator ever answers (6,291,556 bytes), so that nothing is cut and nothing is unbounded.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// What the Pod answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// When its first byte was seen.
    pub(crate) began: Instant,
    /// Whether a part was passed on already: then it is no error.
    pub(crate) passed: bool,
    /// What was not passed on.
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The connection was closed before the request left: the function has not run, another Pod may take it.
    #[error("the connection was closed before the request was sent")]
    NotSent,
    /// The connection broke while the function may have been running.
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    #[error("the answer is longer than can be taken")]
    TooLong,
}

/// An open connection; dropping it closes it.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    /// Ends with the connection.
    task: JoinHandle<()>,
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive =
        TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL).with_retries(KEEPALIVE_PROBES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)?;
    // Bytes sent and never acknowledged stop the keep-alive probes, so they get the same limit.
    let unacknowledged_max = KEEPALIVE_IDLE + KEEPALIVE_INTERVAL * KEEPALIVE_PROBES;
    SockRef::from(stream).set_tcp_user_timeout(Some(unacknowledged_max))
}

// === impl Connection ===

impl Connection {
    /// Connects. `closed` runs when the connection ends, for whatever reason.
    pub(crate) async fn open(address: SocketAddr, closed: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        tune(&stream)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let task = tokio::spawn(async move {
            // An error here is an end like any other; the request in flight reports it.
            drop(connection.await);
            closed();
        });
        let host = HeaderValue::try_from(address.to_string()).expect("a socket address is a valid header value");
        Ok(Self { sender, host, task })
    }

    /// Whether it can carry another request, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Waits until the connection ends.
    pub(crate) async fn closed(&mut self) {
        if !self.task.is_finished() {
            // A panic of the task is an end like any other.
            drop((&mut self.task).await);
        }
    }

    /// Sends one invocation and reads its answer to the end, passing on what can be if there is a relay. `headers` go to
    /// the emulator as they are.
    pub(crate) async fn send(
        &mut self,
        headers: HeaderMap,
        payload: Bytes,
        relay: Option<&Relay>,
    ) -> Result<Answer, SendError> {
        // The connection's task may not have asked for the next request yet; until then it would hand this one back, as
        // it does when it is closed.
        self.sender.ready().await.map_err(|_closed| SendError::NotSent)?;
        let response = match self.sender.try_send_request(invocation(headers, payload, self.host.clone())).await {
            Ok(response) => response,
            // The request comes back unsent only if not a byte of it went out.
            Err(mut failed) => {
                let unsent = failed.take_message().is_some();
                return Err(if unsent { SendError::NotSent } else { SendError::Broken(failed.into_error()) });
            }
        };
        read(response, relay).await
    }
}

fn invocation(headers: HeaderMap, payload: Bytes, host: HeaderValue) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(payload));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static(INVOKE_PATH);
    *request.headers_mut() = headers;
    request.headers_mut().insert(HOST, host);
    request
}

async fn read(response: Response<Incoming>, relay: Option<&Relay>) -> Result<Answer, SendError> {
    let began = Instant::now();
    let (parts, mut body) = response.into_parts();
    let mut bytes = BytesMut::new();
    let mut passing = relay.map(Relay::begin);
    let mut passed = false;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(SendError::Broken)?.into_data() else { continue };
        if bytes.len() + data.len() > ANSWER_BYTES_MAX {
            return Err(SendError::TooLong);
        }
        bytes.extend_from_slice(&data);
        if let Some(passing) = &mut passing {
            match passing.take(parts.status.as_u16(), &mut bytes).await {
                Taken::Passed => passed = true,
                Taken::Held => {}
                Taken::TooLong => return Err(SendError::TooLong),
            }
        }
    }
    Ok(Answer { status: parts.status, began, passed, body: bytes.freeze() })
}
