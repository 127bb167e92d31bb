//! Takes connections and looks after each until it ends.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::server::conn::http1::{Builder, Connection};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch::{Receiver, channel};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::activity::{Activity, HEAD_BYTES_MAX};
use super::parting::{Parting, part};
use super::peer::Peer;
use super::reserve::{RESERVE_MAX, Reserve};
use super::slots::{Slots, Terms};
use super::watch::{End, Limits, Watch};
use crate::http::entrance::{Entrance, Requests};
use crate::tls::stream::Stream;

/// The silence of a client after which the kernel asks whether it is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);

/// Questions of the kernel without an answer after which a connection and all that waits for it are given up: a machine that
/// went to sleep says no farewell.
const KEEPALIVE_PROBES: u32 = 4;

/// The time between two such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// The pause after an error that is not one connection's, such as no descriptor being left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The time after which such an error is logged again.
const ACCEPT_ERROR_AGAIN: Duration = Duration::from_secs(10);

/// The limits of connections beyond the number that is allowed: a probe or a starting Pod has its request ready.
const RESERVED: Limits = Limits { head: Duration::from_secs(5), idle: Duration::from_secs(5) };

/// The most that is read at a time, in bytes: a head and a little more, so that the head's own limit is met first.
const BUFFER_BYTES_MAX: usize = HEAD_BYTES_MAX + (8 << 10);

/// The time in which a connection that ends for being idle says farewell.
const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// A port that speaks HTTP and HTTPS.
pub(crate) struct Door {
    tcp: TcpListener,
    shared: Arc<Shared>,
}

/// The parts that all connections have in common.
struct Shared {
    acceptor: TlsAcceptor,
    entrance: Entrance,
    limits: Limits,
    slots: Arc<Slots>,
    reserve: Reserve,
    http: Builder,
}

/// The limits on connections, in number and in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admission {
    pub(crate) connections_max: usize,
    pub(crate) connections_of_peer_max: usize,
    pub(crate) limits: Limits,
}

// === impl Door ===

impl Door {
    pub(crate) fn new(tcp: TcpListener, tls: Arc<ServerConfig>, entrance: Entrance, admission: Admission) -> Self {
        let mut http = Builder::new();
        // Heads are timed by the watch, at no cost for a request.
        http.header_read_timeout(None).max_buf_size(BUFFER_BYTES_MAX);
        let shared = Shared {
            acceptor: tls.into(),
            entrance,
            limits: admission.limits,
            slots: Slots::new(admission.connections_max, admission.connections_of_peer_max),
            reserve: Reserve::new(RESERVE_MAX),
            http,
        };
        Self { tcp, shared: Arc::new(shared) }
    }

    /// Takes connections until `stopped` ends, then waits until those that have a request have ended.
    pub(crate) async fn serve(self, stopped: impl Future<Output = ()>) {
        let (closing, is_closing) = channel(());
        let mut stopped = pin!(stopped);
        let mut last_error = None;
        loop {
            tokio::select! {
                accepted = self.tcp.accept() => match accepted {
                    Ok((tcp, address)) => self.shared.take(tcp, address, &is_closing),
                    Err(error) => pause(&error, &mut last_error).await,
                },
                () = &mut stopped => break,
            }
        }
        drop((self, is_closing));
        closing.send_replace(());
        closing.closed().await;
    }
}

/// Waits for better times, unless the error is that of one connection.
async fn pause(error: &io::Error, last: &mut Option<Instant>) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    if last.is_none_or(|last| last.elapsed() > ACCEPT_ERROR_AGAIN) {
        warn!(%error, "no connection can be taken for now");
        *last = Some(Instant::now());
    }
    sleep(ACCEPT_PAUSE).await;
}

// === impl Shared ===

impl Shared {
    /// Begins a connection, of which there may be too many.
    fn take(self: &Arc<Self>, tcp: TcpStream, address: SocketAddr, closing: &Receiver<()>) {
        if let Err(error) = tune(&tcp) {
            debug!(%error, "a connection keeps the system's settings");
        }
        let (shared, closing, activity) = (Arc::clone(self), closing.clone(), Arc::new(Activity::default()));
        match self.slots.take(fakecloud_budget::Peer::at(address.ip())) {
            Ok(slot) => {
                tokio::spawn(async move {
                    shared.attend(tcp, address, activity, Terms::Any, closing).await;
                    drop(slot);
                });
            }
            Err(full) => {
                debug!(%address, %full, "a connection is taken for a probe or a starting Pod only");
                let attended = Arc::clone(&activity);
                let attend = async move { shared.attend(tcp, address, attended, Terms::Reserved(full), closing).await };
                self.reserve.begin(activity, || tokio::spawn(attend).abort_handle());
            }
        }
    }

    /// Serves one connection to its end.
    async fn attend(
        &self,
        tcp: TcpStream,
        address: SocketAddr,
        activity: Arc<Activity>,
        terms: Terms,
        mut closing: Receiver<()>,
    ) {
        let limits = if terms == Terms::Any { self.limits } else { RESERVED };
        let opening = timeout(limits.idle, Stream::open(tcp, &self.acceptor, Arc::clone(&activity)));
        let opened = tokio::select! {
            opened = opening => opened.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into())),
            _ = closing.changed() => return,
        };
        let stream = match opened {
            Ok(stream) => stream,
            Err(error) => return debug!(%address, %error, "a connection ended before its first request"),
        };
        let peer = Peer { address, is_encrypted: stream.is_encrypted() };
        let requests = self.entrance.requests(peer, Arc::clone(&activity), terms);
        let mut connection = self.http.serve_connection(TokioIo::new(stream), requests);
        let ended = watched(&mut connection, &activity, limits, closing).await;
        let why = match ended {
            None => match activity.head_refused() {
                Some(refused) => Parting::HeadRefused(refused),
                None => return,
            },
            Some(End::SlowHead) => Parting::HeadTooSlow(limits.head),
            Some(End::Stalled) => return debug!(%address, "a client took nothing of its answer"),
            Some(End::Idle) => {
                Pin::new(&mut connection).graceful_shutdown();
                return drop(timeout(FAREWELL_MAX, connection).await);
            }
        };
        debug!(%address, ?why, "a request did not become whole");
        activity.part();
        part(connection.into_parts().io.into_inner(), why).await;
    }
}

/// Waits until a connection ends by itself, which gives none, or has been at something for too long.
async fn watched(
    connection: &mut Connection<TokioIo<Stream>, Requests>,
    activity: &Activity,
    limits: Limits,
    mut closing: Receiver<()>,
) -> Option<End> {
    let mut watch = Watch::new(limits, Instant::now());
    let mut look = pin!(sleep(watch.interval()));
    let mut is_closing = false;
    loop {
        tokio::select! {
            biased;
            ended = &mut *connection => {
                if let Err(error) = ended {
                    debug!(%error, "a connection broke");
                }
                return None;
            }
            _ = closing.changed(), if !is_closing => {
                is_closing = true;
                Pin::new(&mut *connection).graceful_shutdown();
            }
            () = &mut look => {
                let now = Instant::now();
                if let Some(end) = watch.look(now, activity.snapshot()) {
                    return Some(end);
                }
                look.as_mut().reset((now + watch.interval()).into());
            }
        }
    }
}

fn tune(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE);
    let keepalive = keepalive.with_interval(KEEPALIVE_INTERVAL).with_retries(KEEPALIVE_PROBES);
    SockRef::from(tcp).set_tcp_keepalive(&keepalive)
}
