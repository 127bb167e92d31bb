//! The one kept HTTP/1.1 connection to an environment: opened when the environment became ready, used for every invocation,
//! never redialled. An environment's address may belong to another environment later; its open connection cannot.
//!
//! Whoever holds the connection speaks over it, and nobody else runs for it: each task on the way of a warm invocation is
//! one more to be waited for, with caches that the environment has used meanwhile.

use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderName, HeaderValue, StatusCode};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;

use crate::environments::answer_reader::{AnswerReader, NoAnswer};
use crate::environments::relay::{Relay, Taken};

/// The emulator's only path; it serves whatever function its container holds.
const INVOKE_PATH: &str = "/2015-03-31/functions/function/invocations";

/// A peer that vanished without a word (node gone, packets dropped) is noticed after `KEEPALIVE_IDLE` plus
/// `KEEPALIVE_PROBES` intervals, not after the function's timeout.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(4);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEPALIVE_PROBES: u32 = 3;

/// More than the emulator ever answers (6,291,556 bytes), so that nothing is cut and nothing is unbounded.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// So much is read at once: most answers are shorter, and as long as more is there it is twice as much each time.
const READ_BYTES: usize = 4 << 10;
const READ_BYTES_MAX: usize = 256 << 10;

/// Goes to the emulator beside a payload.
pub(crate) type Header = (HeaderName, HeaderValue);

/// What the environment answered.
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
    /// The connection was of no use before the request left: the function has not run, another environment may take it.
    #[error("the connection was closed before the request was sent")]
    NotSent,
    /// The connection broke while the function may have been running.
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    #[error("the connection broke")]
    NoAnswer(#[source] NoAnswer),
    #[error("the answer is longer than can be taken")]
    TooLong,
}

/// An open connection; dropping it closes it.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// How each request begins.
    head: Bytes,
    /// Whether the next request may follow: no answer is on its way, and none was the last.
    is_free: bool,
    stirred: Waker,
}

/// Runs when something happens to a connection that nobody speaks over.
struct Stirred<F>(F);

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
    /// Connects. `stirred` runs when something happens while nobody speaks over it, which mostly is its end;
    /// [`Self::is_open`] tells, and has it run again.
    pub(crate) async fn open(address: SocketAddr, stirred: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        tune(&stream)?;
        let head = format!("POST {INVOKE_PATH} HTTP/1.1\r\nhost: {address}\r\n").into();
        Ok(Self { stream, head, is_free: true, stirred: Waker::from(Arc::new(Stirred(stirred))) })
    }

    /// Whether it can carry another request, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        let mut context = Context::from_waker(&self.stirred);
        loop {
            let ready = self.stream.poll_read_ready(&mut context);
            if !self.is_free || !self.is_silent() || matches!(ready, Poll::Ready(Err(_))) {
                return false;
            }
            if ready.is_pending() {
                return true;
            }
        }
    }

    /// Whether there is nothing to read, not even the end: nobody has asked for anything.
    fn is_silent(&self) -> bool {
        let peek = || SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]);
        self.stream.try_io(Interest::READABLE, peek).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Waits until it is of no use any more: the environment has ended it, or said what nobody asked for.
    pub(crate) async fn closed(&self) {
        if self.is_free {
            // An error is an end like any other.
            drop(self.stream.peek(&mut [0]).await);
        }
    }

    /// Sends one invocation and reads its answer to the end, passing on what can be if there is a relay. `headers` go to
    /// the emulator as they are. Dropped before the answer has come, it leaves a connection that is of no use any more.
    pub(crate) async fn send(
        &mut self,
        headers: &[Header],
        payload: Bytes,
        relay: Option<&Relay>,
    ) -> Result<Answer, SendError> {
        if !std::mem::take(&mut self.is_free) || !self.is_silent() {
            return Err(SendError::NotSent);
        }
        let mut request = self.head(headers, payload.len()).chain(payload);
        let request_bytes = request.remaining();
        let (reading, mut writing) = self.stream.split();
        let mut answer = pin!(read(reading, relay));
        let written = tokio::select! {
            biased;
            written = writing.write_all_buf(&mut request) => written,
            // What it has not read of the request is of no use to it.
            early = &mut answer => return early.map(|(answer, _is_free)| answer),
        };
        match written {
            Ok(()) => {
                let (answer, is_free) = answer.await?;
                self.is_free = is_free;
                Ok(answer)
            }
            Err(_gone) if request.remaining() == request_bytes => Err(SendError::NotSent),
            // It may have answered before it went.
            Err(error) => answer.await.map_or(Err(SendError::Broken(error)), |(answer, _is_free)| Ok(answer)),
        }
    }

    /// The request's head, for a payload of so many bytes.
    fn head(&self, headers: &[Header], payload_bytes: usize) -> BytesMut {
        let values: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let mut head = BytesMut::with_capacity(self.head.len() + values + 48);
        head.put_slice(&self.head);
        for (name, value) in headers {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                head.put_slice(part);
            }
        }
        let mut writer = head.writer();
        write!(writer, "content-length: {payload_bytes}\r\n\r\n").expect("memory takes everything");
        writer.into_inner()
    }
}

/// Reads one answer, and whether another request may follow it.
async fn read(mut stream: ReadHalf<'_>, relay: Option<&Relay>) -> Result<(Answer, bool), SendError> {
    let mut reader = AnswerReader::new();
    let (mut received, mut bytes) = (BytesMut::new(), BytesMut::new());
    let (mut began, mut read_bytes) = (None, READ_BYTES);
    let mut passing = relay.map(Relay::begin);
    let mut passed = false;
    while !reader.is_complete() {
        received.reserve(read_bytes);
        match stream.read_buf(&mut received).await.map_err(SendError::Broken)? {
            0 => reader.end().map_err(SendError::NoAnswer)?,
            // There is more to come than was expected.
            read if read >= read_bytes => read_bytes = (2 * read_bytes).min(READ_BYTES_MAX),
            _ => read_bytes = (read_bytes / 2).max(READ_BYTES),
        }
        began.get_or_insert_with(Instant::now);
        reader.read(&mut received, &mut bytes).map_err(SendError::NoAnswer)?;
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(SendError::TooLong);
        }
        if let Some(passing) = passing.as_mut().filter(|_| !bytes.is_empty()) {
            match passing.take(reader.status().as_u16(), &mut bytes).await {
                Taken::Passed => passed = true,
                Taken::Held => {}
                Taken::TooLong => return Err(SendError::TooLong),
            }
        }
    }
    let is_free = reader.keeps_connection() && received.is_empty();
    let began = began.unwrap_or_else(Instant::now);
    Ok((Answer { status: reader.status(), began, passed, body: bytes.freeze() }, is_free))
}

// === impl Stirred ===

impl<F: Fn() + Send + Sync + 'static> Wake for Stirred<F> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests;
