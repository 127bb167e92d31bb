//! A connection that speaks TLS if its client does: the first byte tells.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Timeout, timeout};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};
use tracing::debug;

/// The first byte of a TLS handshake, and of no request of HTTP: RFC 8446, section 5.1.
const HANDSHAKE: u8 = 0x16;

/// Who has begun a handshake ends it within this time.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// One connection. What it speaks is found out by whoever reads it, so that a client that connects and sends nothing
/// keeps nobody else waiting.
pub(crate) struct Stream {
    state: State,
    acceptor: TlsAcceptor,
    encrypted: Arc<AtomicBool>,
}

enum State {
    /// Nothing has come yet.
    Silent(TcpStream),
    Handshaking(Pin<Box<Timeout<Accept<TcpStream>>>>),
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
    /// The handshake failed.
    Closed,
}

/// What can be read and written, encrypted or not.
trait Transport: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Transport for T {}

impl Stream {
    pub(super) fn new(tcp: TcpStream, acceptor: TlsAcceptor) -> Self {
        Self { state: State::Silent(tcp), acceptor, encrypted: Arc::default() }
    }

    /// Tells whether the connection speaks TLS, from the moment on at which its first request has come.
    pub(super) fn encrypted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.encrypted)
    }

    /// Waits until it is known what the client speaks and, if that is TLS, for the end of the handshake.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match &mut self.state {
                State::Silent(tcp) => {
                    let first = ready!(poll_first_byte(tcp, cx))?;
                    self.begin(first);
                }
                State::Handshaking(handshake) => {
                    let end = ready!(handshake.as_mut().poll(cx));
                    self.state = State::Closed;
                    match end.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into())) {
                        Ok(tls) => {
                            self.encrypted.store(true, Ordering::Relaxed);
                            self.state = State::Encrypted(Box::new(tls));
                        }
                        Err(error) => {
                            debug!(%error, "a TLS handshake failed");
                            return Poll::Ready(Err(error));
                        }
                    }
                }
                State::Plain(_) | State::Encrypted(_) => return Poll::Ready(Ok(())),
                State::Closed => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            }
        }
    }

    /// Goes on after the first byte, or after the end of a connection that had none.
    fn begin(&mut self, first: Option<u8>) {
        let State::Silent(tcp) = std::mem::replace(&mut self.state, State::Closed) else { return };
        self.state = match first {
            Some(HANDSHAKE) => State::Handshaking(Box::pin(timeout(HANDSHAKE_WITHIN, self.acceptor.accept(tcp)))),
            Some(_) | None => State::Plain(tcp),
        };
    }

    /// What goes through the connection, once it is open.
    fn transport(&mut self) -> Option<Pin<&mut dyn Transport>> {
        match &mut self.state {
            State::Plain(tcp) => Some(Pin::new(tcp)),
            State::Encrypted(tls) => Some(Pin::new(tls.as_mut())),
            State::Silent(_) | State::Handshaking(_) | State::Closed => None,
        }
    }

    fn poll_transport(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut dyn Transport>>> {
        ready!(self.poll_open(cx))?;
        Poll::Ready(self.transport().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

/// Looks at the first byte and leaves it to be read.
fn poll_first_byte(tcp: &TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<Option<u8>>> {
    let mut byte = [0];
    let mut buffer = ReadBuf::new(&mut byte);
    ready!(tcp.poll_peek(cx, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().first().copied()))
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_transport(cx))?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_transport(cx))?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_transport(cx))?.poll_write_vectored(cx, pieces)
    }

    /// Both transports take several pieces at once, and hyper asks before it is known which it will be.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport().map_or(Poll::Ready(Ok(())), |transport| transport.poll_flush(cx))
    }

    /// One that is not open yet ends at once: its client may never say anything.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.transport() {
            Some(transport) => transport.poll_shutdown(cx),
            None => {
                self.state = State::Closed;
                Poll::Ready(Ok(()))
            }
        }
    }
}
