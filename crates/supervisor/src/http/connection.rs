//! A connection on the server's side: requests in, answers out, one at a time.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};

use bytes::Bytes;

use super::body::{Body, Piece};
use super::{CONTINUE, Head, head};
use crate::http::head::request;

/// The most bytes of input that wait while a body is read: its trailers may have an error of 6 MiB in base64.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// The most bytes of input that wait otherwise.
const WAITING_BYTES_MAX: usize = 128 * 1024;

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
    /// The bytes of the output that are sent.
    sent: usize,
    state: State,
    /// Whether the request has its whole answer.
    is_answered: bool,
    /// Whether the connection ends with the answer.
    is_last: bool,
    is_eof: bool,
}

#[derive(Debug)]
enum State {
    /// A head is to come.
    Head,
    /// A body is to come.
    Body(Body),
    /// The request has come; its answer is to be given.
    Answering,
}

/// Something that a client sent.
#[derive(Debug)]
pub(crate) enum Event {
    Head(Head),
    Body(Bytes),
    End(Vec<(String, String)>),
}

// === impl Connection ===

impl Connection {
    /// A connection whose first bytes may have been read already.
    pub(crate) fn new(stream: TcpStream, input: Vec<u8>) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            input,
            output: Vec::new(),
            sent: 0,
            state: State::Head,
            is_answered: true,
            is_last: false,
            is_eof: false,
        })
    }

    /// Reads what is there, by way of `scratch`. `false` is the end of the connection.
    pub(crate) fn read(&mut self, scratch: &mut [u8]) -> bool {
        match self.stream.read(scratch) {
            Ok(0) => self.is_eof = true,
            Ok(bytes) => self.input.extend_from_slice(&scratch[..bytes]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.is_eof = true,
        }
        !self.is_eof
    }

    /// The next thing that the client sent. An answer is given before the next request is read.
    ///
    /// # Errors
    /// The client breaks HTTP; the connection is to be closed.
    pub(crate) fn next(&mut self) -> io::Result<Option<Event>> {
        loop {
            match &mut self.state {
                State::Answering if self.is_answered => self.state = State::Head,
                State::Answering => return Ok(None),
                State::Head if self.is_last || self.input.is_empty() => return Ok(None),
                State::Head => return self.next_head(),
                State::Body(body) => {
                    let Ok(piece) = body.next(&mut self.input) else { return Err(io::ErrorKind::InvalidData.into()) };
                    let Some(piece) = piece else { return Ok(None) };
                    let event = match piece {
                        Piece::Data(bytes) => Event::Body(bytes),
                        Piece::End(trailers) => {
                            self.state = State::Answering;
                            Event::End(trailers)
                        }
                    };
                    // Who has its answer already is not listened to.
                    if !self.is_answered {
                        return Ok(Some(event));
                    }
                }
            }
        }
    }

    fn next_head(&mut self) -> io::Result<Option<Event>> {
        match request(&self.input) {
            Ok(None) => Ok(None),
            Ok(Some((head, bytes))) => {
                self.input.drain(..bytes);
                self.state = State::Body(Body::new(head.framing));
                self.is_answered = false;
                self.is_last = head.is_last;
                if head.expects_continue {
                    self.send(CONTINUE);
                }
                Ok(Some(Event::Head(head)))
            }
            Err(status) => {
                self.is_last = true;
                self.send(&head(status, &[], Some(0), true));
                self.is_answered = true;
                self.input.clear();
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }

    /// Gives a whole answer.
    pub(crate) fn answer(&mut self, status: u16, fields: &[(&str, &str)], body: &[u8]) {
        let mut bytes = head(status, fields, Some(body.len()), self.is_last);
        bytes.extend_from_slice(body);
        self.send(&bytes);
        self.end_answer();
    }

    /// Tells that the answer is complete.
    pub(crate) fn end_answer(&mut self) {
        self.is_answered = true;
    }

    pub(crate) fn is_last(&self) -> bool {
        self.is_last
    }

    /// Sends bytes, as many as the client takes now; the rest is kept.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        if !self.output.is_empty() {
            return self.output.extend_from_slice(bytes);
        }
        let sent = match self.stream.write(bytes) {
            Ok(sent) => sent,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => 0,
            Err(_) => {
                self.is_eof = true;
                return;
            }
        };
        self.output.extend_from_slice(&bytes[sent..]);
    }

    /// Sends what is kept.
    pub(crate) fn flush(&mut self) {
        while self.sent < self.output.len() {
            match self.stream.write(&self.output[self.sent..]) {
                Ok(0) => return self.is_eof = true,
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.is_eof = true,
            }
        }
        self.output.clear();
        self.sent = 0;
    }

    /// Whether more input can be held: a body is passed on at once, and what is behind a request waits for its answer.
    pub(crate) fn wants_more(&self) -> bool {
        let bytes_max = if let State::Body(_) = self.state { BODY_BYTES_MAX } else { WAITING_BYTES_MAX };
        self.input.len() < bytes_max
    }

    pub(crate) fn is_in_body(&self) -> bool {
        matches!(self.state, State::Body(_)) && !self.is_answered
    }

    /// The bytes that wait to be sent.
    pub(crate) fn pending(&self) -> usize {
        self.output.len() - self.sent
    }

    /// Whether nothing comes or goes any more.
    pub(crate) fn is_over(&self) -> bool {
        self.is_eof || self.is_last && self.is_answered && self.pending() == 0
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
