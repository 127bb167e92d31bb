//! Answers as bytes.

use std::fmt::Write;

/// The answer that lets a client send its body.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The end of a chunked body without trailers.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The head of an answer. `length` is `None` for a chunked body.
pub(crate) fn head(status: u16, fields: &[(&str, &str)], length: Option<usize>, is_last: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    for (name, value) in fields {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = match length {
        Some(bytes) => write!(head, "Content-Length: {bytes}\r\n"),
        None => write!(head, "Transfer-Encoding: chunked\r\n"),
    };
    head.push_str(if is_last { "Connection: close\r\n\r\n" } else { "\r\n" });
    head.into_bytes()
}

/// The line in front of a chunk.
pub(crate) fn chunk_head(bytes: usize) -> Vec<u8> {
    format!("{bytes:x}\r\n").into_bytes()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Payload Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}
