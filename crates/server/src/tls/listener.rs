//! Takes connections for axum, plain and encrypted ones, and tells their requests by which they came.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::serve::{IncomingStream, Listener};
use http::{HeaderMap, HeaderName, HeaderValue};
use rustls::ServerConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tracing::warn;

use super::stream::Stream;

/// What a proxy that takes TLS off says of it; so does this server to all that handles a request.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A client that has been silent for so long is asked whether it is still there, …
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);

/// … this often, at intervals of …
const KEEPALIVE_PROBES: u32 = 4;

/// … this, before its connection and all that waits for it are given up: a machine that went to sleep says no farewell.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// A port that speaks HTTP and HTTPS.
pub(crate) struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    encrypted: Arc<AtomicBool>,
}

impl TlsListener {
    pub(crate) fn new(tcp: TcpListener, tls: Arc<ServerConfig>) -> Self {
        Self { tcp, acceptor: tls.into() }
    }
}

impl Listener for TlsListener {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        let (tcp, address) = Listener::accept(&mut self.tcp).await;
        if let Err(error) = tune(&tcp) {
            warn!(%error, "a connection keeps the system's settings");
        }
        (Stream::new(tcp, self.acceptor.clone()), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

fn tune(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE);
    let keepalive = keepalive.with_interval(KEEPALIVE_INTERVAL).with_retries(KEEPALIVE_PROBES);
    SockRef::from(tcp).set_tcp_keepalive(&keepalive)
}

// === impl Peer ===

impl Peer {
    /// The peer of a connection.
    pub(crate) fn of(stream: &IncomingStream<'_, TlsListener>) -> Self {
        Self { address: *stream.remote_addr(), encrypted: stream.io().encrypted() }
    }

    /// Marks a request that came by TLS as a proxy would, so that answers lead back by `https`, unless one has already.
    pub(crate) fn mark_encrypted(&self, headers: &mut HeaderMap) {
        if self.encrypted.load(Ordering::Relaxed) {
            headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static("https"));
        }
    }
}
