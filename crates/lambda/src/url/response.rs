//! Answers of a function to requests to its URL, as HTTP responses.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE},
};
use serde_json::Value;

use crate::{
    Error, Outcome, Response,
    members::{for_each, for_each_element, is_json, members, string},
    url::hop_by_hop::remove_hop_by_hop,
};

/// The bytes between the head that a function streams first and its body.
const DELIMITER: [u8; 8] = [0; 8];

/// A head is not longer than this: without a delimiter by then, all of it is body.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// The most headers and cookies of a response together. A map of headers holds 32,768 and panics then.
const HEADERS_MAX: usize = 1_000;

/// The reason that an answer that describes a response cannot be sent as one.
pub(crate) type Unfit = &'static str;

/// The response to an invocation whose answer is complete. `told` hears why an answer cannot be sent.
///
/// # Errors
///
/// That of an Invoke whose Pod did not answer as a runtime.
pub(crate) fn complete(outcome: Outcome, told: impl FnOnce(Unfit)) -> Result<Response, Error> {
    let (payload, failed) = outcome.into_payload()?;
    Ok(if failed { bad_gateway() } else { interpret(&payload).unwrap_or_else(|unfit| refused(unfit, told)) })
}

fn refused(unfit: Unfit, told: impl FnOnce(Unfit)) -> Response {
    told(unfit);
    bad_gateway()
}

/// AWS's response where a function fails, or answers something that cannot be sent.
pub(crate) fn bad_gateway() -> Response {
    let mut response = Response::empty(502);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.body = Bytes::from_static(b"Internal Server Error");
    response
}

/// An object with `statusCode` describes the response, anything else is its body: a string as it is, other JSON without
/// the spaces between its tokens.
fn interpret(payload: &Bytes) -> Result<Response, Unfit> {
    let described = Described::read(payload).filter(|described| described.status_code.is_some());
    if let Some(described) = described {
        let mut response = described.head("application/json")?;
        response.body = described.body()?;
        return Ok(response);
    }
    let text = std::str::from_utf8(payload).ok().and_then(string);
    let mut response = Response::empty(200);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.body = match text {
        Some(text) => text.into(),
        None if is_json(payload) => compact(payload),
        None => payload.clone(),
    };
    Ok(response)
}

/// A JSON text without the white space between its tokens. Members keep their order and numbers their digits.
fn compact(json: &[u8]) -> Bytes {
    let (mut in_string, mut escaped) = (false, false);
    let kept = json.iter().copied().filter(|byte| {
        let between = !in_string && byte.is_ascii_whitespace();
        in_string ^= *byte == b'"' && !escaped;
        escaped = in_string && *byte == b'\\' && !escaped;
        !between
    });
    kept.collect()
}

/// The JSON texts of what describes a response.
struct Described<'j> {
    status_code: Option<&'j str>,
    headers: Option<&'j str>,
    cookies: Option<&'j str>,
    body: Option<&'j str>,
    is_base64: bool,
}

impl<'j> Described<'j> {
    /// `None` where it is no object.
    fn read(json: &'j [u8]) -> Option<Self> {
        let names = ["statusCode", "headers", "cookies", "body", "isBase64Encoded"];
        let [status_code, headers, cookies, body, is_base64] = members(json, names)?;
        Some(Self { status_code, headers, cookies, body, is_base64: is_base64 == Some("true") })
    }

    fn body(&self) -> Result<Bytes, Unfit> {
        let Some(json) = self.body.filter(|json| *json != "null") else { return Ok(Bytes::new()) };
        if !json.starts_with('"') {
            return Ok(compact(json.as_bytes()));
        }
        let text = string(json).ok_or("body has an escape that stands for no character")?;
        if !self.is_base64 {
            return Ok(text.into());
        }
        STANDARD.decode(text).map(Bytes::from).map_err(|_malformed| "isBase64Encoded is true and body is no Base64")
    }

    fn status(&self) -> Result<StatusCode, Unfit> {
        let json = self.status_code.filter(|json| *json != "null").unwrap_or("200");
        let number = string(json).unwrap_or_else(|| json.to_owned()).parse::<u16>().ok();
        let status = number.and_then(|number| StatusCode::from_u16(number).ok());
        status.filter(|status| status.as_u16() >= 200).ok_or("statusCode is no number from 200 to 999")
    }

    /// Status, headers and cookies.
    fn head(&self, content_type: &'static str) -> Result<Response, Unfit> {
        let mut response = Response::empty(200);
        response.status = self.status()?;
        let headers = &mut response.headers;
        let (mut count, mut unfit) = (0, None);
        let mut take = |added: Result<(), Unfit>| {
            count += 1;
            let added = if count > HEADERS_MAX { Err("it has more than 1,000 headers and cookies") } else { added };
            unfit = unfit.or_else(|| added.err());
            unfit.is_none()
        };
        // What is no object has no headers, and what is no list no cookies.
        let json = self.headers.unwrap_or_default();
        let all = for_each(json.as_bytes(), |name, value| take(add_header(headers, name, value)));
        if !all && json.starts_with('{') {
            take(Err("a header's name has an escape that stands for no character"));
        }
        if !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for_each_element(self.cookies.unwrap_or_default(), |cookie| take(add_cookie(headers, cookie)));
        unframe(headers);
        unfit.map_or(Ok(response), Err)
    }
}

fn add_header(headers: &mut HeaderMap, name: &str, json: &str) -> Result<(), Unfit> {
    if json == "null" {
        return Ok(());
    }
    if json.starts_with(['[', '{']) {
        return Err("a header is a list or an object");
    }
    let text = match serde_json::from_str(json) {
        Ok(Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_malformed) => return Err("a header has an escape that stands for no character"),
    };
    let name = HeaderName::try_from(name).map_err(|_malformed| "a header's name has characters that none may have")?;
    let value = HeaderValue::try_from(text).map_err(|_malformed| "a header has characters that none may have")?;
    headers.insert(name, value);
    Ok(())
}

fn add_cookie(headers: &mut HeaderMap, json: &str) -> Result<(), Unfit> {
    let text = string(json).ok_or("a cookie is no text")?;
    let value = HeaderValue::try_from(text).map_err(|_malformed| "a cookie has characters that none may have")?;
    headers.append(SET_COOKIE, value);
    Ok(())
}

/// Removes the headers that describe the transport, which are the server's to say.
fn unframe(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    remove_hop_by_hop(headers);
}

/// The beginning of a streamed answer, until its head is known.
#[derive(Debug, Default)]
pub struct StreamedHead {
    bytes: BytesMut,
    /// Bytes at the beginning that are white space.
    blank: usize,
    /// Bytes at the beginning in which no delimiter begins.
    searched: usize,
}

impl StreamedHead {
    /// Takes a piece; gives the response's head, and the beginning of its body in place of its body, once it is known.
    /// `told` hears why a head cannot be sent. All pieces together take time in proportion to their bytes.
    pub fn take(&mut self, piece: &[u8], told: impl FnOnce(Unfit)) -> Option<Response> {
        self.bytes.extend_from_slice(piece);
        self.blank += self.bytes[self.blank..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let may_be_head = self.bytes.get(self.blank).is_none_or(|first| *first == b'{');
        match self.delimiter().filter(|_| may_be_head) {
            Some(end) => {
                let head = self.bytes.split_to(end);
                let body = self.bytes.split_off(DELIMITER.len()).freeze();
                Some(described(&head, body).unwrap_or_else(|unfit| refused(unfit, told)))
            }
            None if may_be_head && self.bytes.len() <= HEAD_BYTES_MAX => None,
            None => Some(self.end()),
        }
    }

    /// The response where the answer ends without a head: all of it is body.
    pub fn end(&mut self) -> Response {
        let mut response = Response::empty(200);
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        response.body = self.bytes.split().freeze();
        response
    }

    /// Looks for the delimiter where no piece before this one can have ended it.
    fn delimiter(&mut self) -> Option<usize> {
        let rest = &self.bytes[self.searched..];
        let found = rest.windows(DELIMITER.len()).position(|window| window == DELIMITER);
        let begin = self.searched;
        self.searched = self.bytes.len().saturating_sub(DELIMITER.len() - 1).max(begin);
        found.map(|at| begin + at)
    }
}

fn described(head: &[u8], body: Bytes) -> Result<Response, Unfit> {
    let described = Described::read(head).ok_or("its head is no JSON object")?;
    Ok(Response { body, ..described.head("application/octet-stream")? })
}

#[cfg(test)]
mod tests;
