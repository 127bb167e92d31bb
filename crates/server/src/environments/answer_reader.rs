//! An HTTP/1.1 answer out of bytes as they come; it does no IO.

use std::mem::MaybeUninit;

use bytes::{Buf, BytesMut};
use http::StatusCode;
use httparse::{Header, ParserConfig, Status, parse_chunk_size, parse_headers};

/// More headers than any server sends.
const HEADERS_MAX: usize = 100;

/// More bytes than the head of any answer, the line of a chunk's size or what follows the last chunk has.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Reads one answer.
#[derive(Debug)]
pub(crate) struct AnswerReader {
    status: StatusCode,
    part: Part,
    keeps_connection: bool,
}

/// Bytes that are no answer.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("the Pod's answer is not HTTP/1.1: {0}")]
    Malformed(&'static str),
    #[error("the Pod closed its connection before its answer was complete")]
    Incomplete,
}

/// What comes next.
#[derive(Debug)]
enum Part {
    Head,
    /// So many bytes of the body.
    Sized(usize),
    ChunkSize,
    /// So many bytes of a chunk.
    Chunk(usize),
    ChunkEnd,
    Trailers,
    /// The body, as long as the connection lasts.
    Rest,
    Nothing,
}

// === impl AnswerReader ===

impl AnswerReader {
    pub(crate) fn new() -> Self {
        Self { status: StatusCode::OK, part: Part::Head, keeps_connection: true }
    }

    /// The answer's status, once any of its body is there.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether the whole answer is there.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.part, Part::Nothing)
    }

    /// Whether another request may follow the whole answer.
    pub(crate) fn keeps_connection(&self) -> bool {
        self.keeps_connection && self.is_complete()
    }

    /// Adds to `body` what of it is in `received`, from which it takes whatever it understands.
    pub(crate) fn read(&mut self, received: &mut BytesMut, body: &mut BytesMut) -> Result<(), NoAnswer> {
        while let Some(next) = self.next_part(received, body)? {
            self.part = next;
        }
        Ok(())
    }

    /// The connection has ended.
    pub(crate) fn end(&mut self) -> Result<(), NoAnswer> {
        match self.part {
            Part::Rest | Part::Nothing => {
                (self.part, self.keeps_connection) = (Part::Nothing, false);
                Ok(())
            }
            Part::Head | Part::Sized(_) | Part::ChunkSize | Part::Chunk(_) | Part::ChunkEnd | Part::Trailers => {
                Err(NoAnswer::Incomplete)
            }
        }
    }

    /// What comes after what was understood; `None` where more bytes are needed for that, or none any more.
    fn next_part(&mut self, received: &mut BytesMut, body: &mut BytesMut) -> Result<Option<Part>, NoAnswer> {
        match self.part {
            Part::Head => self.head(received),
            Part::Sized(0) => Ok(Some(Part::Nothing)),
            Part::Sized(left) => Ok(take(left, received, body).map(Part::Sized)),
            Part::ChunkSize => chunk_size(received),
            Part::Chunk(0) => Ok(Some(Part::ChunkEnd)),
            Part::Chunk(left) => Ok(take(left, received, body).map(Part::Chunk)),
            Part::ChunkEnd => chunk_end(received),
            Part::Trailers => trailers(received),
            Part::Rest => {
                take(usize::MAX, received, body);
                Ok(None)
            }
            Part::Nothing => Ok(None),
        }
    }

    fn head(&mut self, received: &mut BytesMut) -> Result<Option<Part>, NoAnswer> {
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
        let mut head = httparse::Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut head, received, &mut headers);
        let Some(bytes) = complete(parsed, received, "it does not begin as one does")? else { return Ok(None) };
        let status = head.code.and_then(|code| StatusCode::from_u16(code).ok());
        self.status = status.ok_or(NoAnswer::Malformed("it has no status"))?;
        self.keeps_connection = match head.version {
            Some(1) => !names(head.headers, "connection", "close"),
            _ => names(head.headers, "connection", "keep-alive"),
        };
        let next = match self.status {
            StatusCode::SWITCHING_PROTOCOLS => return Err(NoAnswer::Malformed("it changes the protocol")),
            status if status.is_informational() => Part::Head,
            status => body_of(status, head.headers)?,
        };
        received.advance(bytes);
        Ok(Some(next))
    }
}

/// How the body of an answer with this status and these headers is told from what follows (RFC 9112, 6.3).
fn body_of(status: StatusCode, headers: &[Header<'_>]) -> Result<Part, NoAnswer> {
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(Part::Nothing);
    }
    if let Some(last) = items(headers, "transfer-encoding").last() {
        return Ok(if last.eq_ignore_ascii_case(b"chunked") { Part::ChunkSize } else { Part::Rest });
    }
    let mut lengths = values(headers, "content-length").map(|value| {
        let digits = std::str::from_utf8(value).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).ok_or(NoAnswer::Malformed("its Content-Length is no number"))
    });
    let Some(length) = lengths.next().transpose()? else { return Ok(Part::Rest) };
    match lengths.all(|other| other == Ok(length)) {
        true => Ok(Part::Sized(length)),
        false => Err(NoAnswer::Malformed("it has two Content-Lengths")),
    }
}

fn values<'a>(headers: &'a [Header<'a>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// The items of a header that is a list.
fn items<'a>(headers: &'a [Header<'a>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    values(headers, name).flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

fn names(headers: &[Header<'_>], name: &str, wanted: &str) -> bool {
    items(headers, name).any(|item| item.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// Moves up to `left` bytes; how many are still to come, if any were there.
fn take(left: usize, received: &mut BytesMut, body: &mut BytesMut) -> Option<usize> {
    let bytes = left.min(received.len());
    // What has come first is not copied, nor what follows it right behind in the same buffer.
    body.unsplit(received.split_to(bytes));
    (bytes > 0).then_some(left - bytes)
}

fn chunk_size(received: &mut BytesMut) -> Result<Option<Part>, NoAnswer> {
    const MALFORMED: &str = "a chunk has no size";
    let Some((bytes, size)) = complete(parse_chunk_size(received), received, MALFORMED)? else { return Ok(None) };
    received.advance(bytes);
    let size = usize::try_from(size).map_err(|_large| NoAnswer::Malformed(MALFORMED))?;
    Ok(Some(if size == 0 { Part::Trailers } else { Part::Chunk(size) }))
}

fn chunk_end(received: &mut BytesMut) -> Result<Option<Part>, NoAnswer> {
    let Some(end) = received.first_chunk::<2>() else { return Ok(None) };
    if end != b"\r\n" {
        return Err(NoAnswer::Malformed("a chunk is longer than its size"));
    }
    received.advance(2);
    Ok(Some(Part::ChunkSize))
}

fn trailers(received: &mut BytesMut) -> Result<Option<Part>, NoAnswer> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let parsed = parse_headers(received, &mut headers);
    let malformed = "what follows its last chunk are no headers";
    let Some((bytes, _trailers)) = complete(parsed, received, malformed)? else { return Ok(None) };
    received.advance(bytes);
    Ok(Some(Part::Nothing))
}

/// What was parsed; `None` where more bytes are needed for that and may come.
fn complete<T, E>(
    parsed: Result<Status<T>, E>,
    received: &[u8],
    malformed: &'static str,
) -> Result<Option<T>, NoAnswer> {
    match parsed {
        Ok(Status::Complete(parsed)) => Ok(Some(parsed)),
        Ok(Status::Partial) if received.len() < HEAD_BYTES_MAX => Ok(None),
        Ok(Status::Partial) | Err(_) => Err(NoAnswer::Malformed(malformed)),
    }
}

// Named, for whoever includes this file from elsewhere.
#[cfg(test)]
#[path = "answer_reader/tests.rs"]
mod tests;
