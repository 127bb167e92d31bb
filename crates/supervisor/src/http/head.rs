//! Heads of requests and responses.

use fakecloud_runtime_api::Request;

/// The most bytes of a head.
pub(crate) const HEAD_BYTES_MAX: usize = 64 * 1024;

const FIELDS_MAX: usize = 100;

/// A request's head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) request: Request,
    pub(crate) framing: Framing,
    /// Whether the connection ends with the answer.
    pub(crate) is_last: bool,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(crate) expects_continue: bool,
}

/// The way in which a body's end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// A response's head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    /// The bytes of the head.
    pub(crate) bytes: usize,
}

/// Reads a request's head. `None` waits for more bytes.
///
/// # Errors
/// The status to refuse the request with.
pub(crate) fn request(input: &[u8]) -> Result<Option<(Head, usize)>, u16> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut parsed = httparse::Request::new(&mut fields);
    let bytes = match parsed.parse(input) {
        Ok(httparse::Status::Complete(bytes)) => bytes,
        Ok(httparse::Status::Partial) if input.len() > HEAD_BYTES_MAX => return Err(431),
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(431),
        Err(_) => return Err(400),
    };
    let path = parsed.path.unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        headers: owned(parsed.headers),
    };
    let value = |name: &str| value(&request.headers, name);
    let has = |name: &str, token: &str| {
        value(name).is_some_and(|it| it.split(',').any(|it| it.trim().eq_ignore_ascii_case(token)))
    };
    let framing = framing(value("content-length"), value("transfer-encoding"))?;
    let is_old = parsed.version == Some(0);
    let is_last = has("connection", "close") || is_old && !has("connection", "keep-alive");
    let expects_continue = has("expect", "100-continue");
    Ok(Some((Head { request, framing, is_last, expects_continue }, bytes)))
}

/// Reads a response's head. `None` waits for more bytes.
///
/// # Errors
/// The bytes are no response.
pub(crate) fn response(input: &[u8]) -> Result<Option<ResponseHead>, httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut parsed = httparse::Response::new(&mut fields);
    match parsed.parse(input)? {
        httparse::Status::Partial if input.len() > HEAD_BYTES_MAX => Err(httparse::Error::TooManyHeaders),
        httparse::Status::Partial => Ok(None),
        httparse::Status::Complete(bytes) => {
            let status = parsed.code.unwrap_or_default();
            Ok(Some(ResponseHead { status, fields: owned(parsed.headers), bytes }))
        }
    }
}

/// The value of the first field with this name.
pub(crate) fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Fields as text; bytes that are no UTF-8 become replacement characters.
pub(crate) fn owned(fields: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let owned = |it: &httparse::Header<'_>| (it.name.to_owned(), String::from_utf8_lossy(it.value).into_owned());
    fields.iter().map(owned).collect()
}

/// A request that names both kinds of framing, or another one, could be understood in two ways: it is refused.
fn framing(length: Option<&str>, encoding: Option<&str>) -> Result<Framing, u16> {
    match (length, encoding) {
        (None, None) => Ok(Framing::Length(0)),
        (Some(length), None) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse().map(Framing::Length).map_err(|_| 400)
        }
        (None, Some(encoding)) if encoding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        _ => Err(400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Option<(Head, usize)>, u16> {
        request(text.as_bytes())
    }

    #[test]
    fn head_is_read_without_the_query() {
        let (head, bytes) = parsed("POST /a/b?c=d HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").unwrap().unwrap();
        assert_eq!((head.request.method.as_str(), head.request.path.as_str()), ("POST", "/a/b"));
        assert_eq!((head.framing, head.is_last, bytes), (Framing::Length(3), false, 45));
    }

    #[test]
    fn connection_ends_where_the_client_says_so_or_is_old() {
        for (text, is_last) in [
            ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", false),
            ("GET / HTTP/1.0\r\n\r\n", true),
            ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
        ] {
            assert_eq!(parsed(text).unwrap().unwrap().0.is_last, is_last, "{text}");
        }
    }

    #[test]
    fn body_that_could_end_in_two_places_is_refused() {
        for fields in [
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Content-Length: +1",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: gzip, chunked",
        ] {
            assert_eq!(parsed(&format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n")), Err(400), "{fields}");
        }
    }

    #[test]
    fn half_a_head_waits_and_too_long_a_head_is_refused() {
        assert_eq!(parsed("GET / HTTP/1.1\r\nA: b"), Ok(None));
        assert_eq!(parsed(&format!("GET / HTTP/1.1\r\nA: {}", "b".repeat(HEAD_BYTES_MAX))), Err(431));
        assert_eq!(parsed(&format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(101))), Err(431));
        assert_eq!(parsed("\u{0}\u{1}\r\n\r\n"), Err(400));
    }
}
