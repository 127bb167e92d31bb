//! Members that travel outside the body: in the path, the query and the headers.

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    Error, ErrorCode, Request,
    request::{
        decode::{Decoded, decode_json},
        model::{Kind, Location, Member, Route, Shape},
        route::label,
    },
};

/// Collects every member of the route's input from wherever it travels.
pub(crate) fn collect(route: &Route, request: &Request) -> Result<Decoded, Error> {
    let members = route.input.members();
    let mut decoded = Decoded::default();
    if members.iter().any(|member| member.location == Location::Body)
        && let Value::Object(fields) = decode_json(route.input, &request.body, &mut decoded.blobs)?
    {
        decoded.fields = fields;
    }
    for member in members {
        let value = match member.location {
            Location::Body => None,
            Location::Payload => payload(member.shape, request, &mut decoded)?,
            Location::Uri => {
                label(route.path, &request.path, member.wire).map(decode_label).transpose()?.map(Value::from)
            }
            Location::Query => query(member, request.query.as_deref().unwrap_or_default()),
            Location::Header => header(member, &request.headers)?,
        };
        if let Some(value) = value {
            decoded.fields.insert(member.name.to_owned(), typed(member, value)?);
        }
    }
    Ok(decoded)
}

fn payload(shape: &'static Shape, request: &Request, decoded: &mut Decoded) -> Result<Option<Value>, Error> {
    if request.body.is_empty() {
        return Ok(None);
    }
    if matches!(shape.kind, Kind::Blob) {
        decoded.blobs.push(request.body.clone());
        return Ok(Some(Value::from(decoded.blobs.len() - 1)));
    }
    decode_json(shape, &request.body, &mut decoded.blobs).map(Some)
}

fn decode_label(raw: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| {
        Error::invalid_parameter(format!("the path segment '{raw}' is not UTF-8 after percent-decoding"))
    })?;
    Ok(decoded.into_owned())
}

fn query(member: &Member, query: &str) -> Option<Value> {
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == member.wire)
        .map(|(_, value)| Value::from(value.into_owned()));
    if !matches!(member.shape.kind, Kind::List(_)) {
        return values.next();
    }
    let values: Vec<Value> = values.collect();
    (!values.is_empty()).then_some(Value::Array(values))
}

fn header(member: &Member, headers: &HeaderMap) -> Result<Option<Value>, Error> {
    // Requests have few headers: to compare is quicker than to hash.
    let value = headers.iter().find(|(name, _)| name.as_str().eq_ignore_ascii_case(member.wire));
    let Some((_, value)) = value else { return Ok(None) };
    let text = value.to_str().map_err(|_| {
        Error::invalid_parameter(format!("the header {} has a character that is not visible ASCII", member.wire))
    })?;
    Ok(Some(Value::from(text)))
}

/// Turns the text of a path, query or header member into a value of its shape; other values stay as they are.
fn typed(member: &Member, value: Value) -> Result<Value, Error> {
    let Value::String(text) = value else { return Ok(value) };
    let (typed, kind) = match member.shape.kind {
        Kind::Integer => (text.parse::<i64>().ok().map(Value::from), "an Integer"),
        Kind::Long => (text.parse::<i64>().ok().map(Value::from), "a Long"),
        Kind::Double => (text.parse::<f64>().ok().map(Value::from), "a Double"),
        Kind::Boolean => (text.parse::<bool>().ok().map(Value::from), "a Boolean"),
        Kind::Timestamp => (instant(&text), "a Timestamp"),
        Kind::Text { .. } | Kind::List(_) | Kind::Map(..) | Kind::Structure(_) | Kind::Blob => return Ok(text.into()),
    };
    typed.ok_or_else(|| {
        let message = format!("STRING_VALUE '{text}' of '{}' can not be converted to {kind}", member.wire);
        Error::new(ErrorCode::Serialization, message)
    })
}

/// Seconds since the Unix epoch from such a number or an ISO 8601 date.
fn instant(text: &str) -> Option<Value> {
    let seconds = match text.parse::<jiff::Timestamp>() {
        Ok(time) => time.as_millisecond() as f64 / 1000.0,
        Err(_) => text.parse::<f64>().ok()?,
    };
    Some(Value::from(seconds))
}
