//! A connection that speaks TLS if its client does: the first byte tells.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::connections::Activity;

/// The first byte of a TLS handshake, and of no request of HTTP: RFC 8446, section 5.1.
const HANDSHAKE: u8 = 0x16;

/// The longest that a handshake may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// A connection whose client has said something.
pub(crate) struct Stream {
    transport: Transport,
    activity: Arc<Activity>,
}

enum Transport {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

/// A transport that is read and written, encrypted or not.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Stream {
    /// Waits until a client begins to speak, and for the end of a handshake. Until then a connection takes little memory.
    ///
    /// # Errors
    /// The client hangs up, or the handshake fails or takes more than 10 s.
    pub(crate) async fn open(tcp: TcpStream, acceptor: &TlsAcceptor, activity: Arc<Activity>) -> io::Result<Self> {
        let mut first = [0];
        let transport = match tcp.peek(&mut first).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ if first == [HANDSHAKE] => {
                let tls = timeout(HANDSHAKE_WITHIN, acceptor.accept(tcp)).await??;
                Transport::Encrypted(Box::new(tls))
            }
            _ => Transport::Plain(tcp),
        };
        Ok(Self { transport, activity })
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.transport, Transport::Encrypted(_))
    }

    /// Reads so many bytes at most and throws them away, whatever they belong to.
    pub(crate) async fn discard(&mut self, bytes_max: u64) -> io::Result<()> {
        tokio::io::copy(&mut self.duplex().take(bytes_max), &mut tokio::io::sink()).await.map(drop)
    }

    fn duplex(&mut self) -> Pin<&mut dyn Duplex> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp),
            Transport::Encrypted(tls) => Pin::new(tls.as_mut()),
        }
    }

    /// Counts what was sent.
    fn sent(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &polled {
            Poll::Ready(Ok(bytes)) => self.activity.sent(Some(*bytes)),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.activity.sent(None),
        }
        polled
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.activity.before_read().map_err(io::Error::other)?;
        let before = buffer.filled().len();
        ready!(self.duplex().poll_read(cx, buffer))?;
        self.activity.received(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.activity.before_write().map_err(io::Error::other)?;
        let polled = self.duplex().poll_write(cx, bytes);
        self.sent(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.activity.before_write().map_err(io::Error::other)?;
        let polled = self.duplex().poll_write_vectored(cx, pieces);
        self.sent(polled)
    }

    /// Both transports take several pieces at once.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.duplex().poll_flush(cx);
        self.activity.sent(polled.is_ready().then_some(0));
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.duplex().poll_shutdown(cx)
    }
}
