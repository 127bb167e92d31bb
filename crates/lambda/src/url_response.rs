//! What a function answers to a request to its URL, as an HTTP response.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE},
};
use serde_json::Value;

use crate::{Error, Outcome, Response, hop_by_hop::remove_hop_by_hop};

/// What stands between the head that a function streams first and its body.
const DELIMITER: [u8; 8] = [0; 8];

/// A head is not longer than this: without a delimiter by then, all of it is body.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// The response to an invocation whose answer is complete.
///
/// # Errors
///
/// That of an Invoke whose Pod did not answer as a runtime.
pub(crate) fn complete(outcome: Outcome) -> Result<Response, Error> {
    let (payload, failed) = outcome.into_payload()?;
    let response = if failed { None } else { interpret(&payload) };
    Ok(response.unwrap_or_else(bad_gateway))
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
fn interpret(payload: &Bytes) -> Option<Response> {
    let answer: Option<Value> = serde_json::from_slice(payload).ok();
    let body = match answer {
        Some(described) if described.get("statusCode").is_some() => return interpret_described(&described),
        Some(Value::String(text)) => text.into(),
        Some(_) => compact(payload),
        None => payload.clone(),
    };
    let mut response = Response::empty(200);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.body = body;
    Some(response)
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

fn interpret_described(described: &Value) -> Option<Response> {
    let mut response = head(described, "application/json")?;
    response.body = match described.get("body") {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) if described["isBase64Encoded"] == true => STANDARD.decode(text).ok()?.into(),
        Some(Value::String(text)) => text.clone().into(),
        Some(other) => other.to_string().into(),
    };
    Some(response)
}

/// Status, headers and cookies of an object that describes a response; `None` where they cannot be sent.
fn head(described: &Value, content_type: &'static str) -> Option<Response> {
    let code = &described["statusCode"];
    let status = match code.as_str() {
        Some(text) => text.parse().ok()?,
        None if code.is_null() => 200,
        None => u16::try_from(code.as_u64()?).ok()?,
    };
    let mut response = Response::empty(200);
    response.status = StatusCode::from_u16(status).ok().filter(|status| status.as_u16() >= 200)?;
    let headers = &mut response.headers;
    for (name, value) in described["headers"].as_object().into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null => continue,
            Value::Array(_) | Value::Object(_) => return None,
        };
        headers.insert(HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(text).ok()?);
    }
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for cookie in described["cookies"].as_array().into_iter().flatten() {
        headers.append(SET_COOKIE, HeaderValue::try_from(cookie.as_str()?).ok()?);
    }
    unframe(headers);
    Some(response)
}

/// What describes the transport is the server's to say.
fn unframe(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    remove_hop_by_hop(headers);
}

/// The beginning of a streamed answer, until its head is known.
#[derive(Debug, Default)]
pub struct StreamedHead(BytesMut);

impl StreamedHead {
    /// Takes a piece; gives the response's head, and the beginning of its body in place of its body, once it is known.
    pub fn take(&mut self, piece: &[u8]) -> Option<Response> {
        self.0.extend_from_slice(piece);
        let may_be_head = self.0.trim_ascii_start().first().is_none_or(|first| *first == b'{');
        let delimiter = self.0.windows(DELIMITER.len()).position(|window| window == DELIMITER);
        match delimiter.filter(|_| may_be_head) {
            Some(end) => {
                let head = self.0.split_to(end);
                let body = self.0.split_off(DELIMITER.len()).freeze();
                Some(described(&head, body))
            }
            None if may_be_head && self.0.len() <= HEAD_BYTES_MAX => None,
            None => Some(self.end()),
        }
    }

    /// The response where the answer ends without a head: all of it is body.
    pub fn end(&mut self) -> Response {
        let mut response = Response::empty(200);
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        response.body = self.0.split().freeze();
        response
    }
}

fn described(head_json: &[u8], body: Bytes) -> Response {
    let head = serde_json::from_slice::<Value>(head_json).ok().and_then(|json| head(&json, "application/octet-stream"));
    head.map_or_else(bad_gateway, |head| Response { body, ..head })
}

#[cfg(test)]
mod tests;
