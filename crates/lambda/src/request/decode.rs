//! JSON to the tree that constraints and wire structs are read from, guided by the input's shape.
//!
//! The guide keeps a 50 MB archive from being copied around: its base64 text is decoded where the parser finds it. It also
//! bounds the tree, whose smallest values take a hundred times the bytes that they are written in.

use std::{borrow::Cow, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::{
    Error, ErrorCode,
    request::{
        model::{Kind, Location, Shape},
        path::Path,
        violations::Violations,
    },
};

/// The most elements of a list or map, unless twice the model's own maximum is more. Most of those are far below, and AWS's
/// words for them show what was given.
pub(crate) const ELEMENTS_MAX: usize = 1000;

/// The most values of one body, objects and lists included.
const VALUES_MAX: usize = 10_000;

/// A request's members, by their names in the model. A blob is its index in `blobs`.
#[derive(Default)]
pub(crate) struct Decoded {
    pub(crate) fields: Map<String, Value>,
    pub(crate) blobs: Vec<Bytes>,
}

/// Reads a JSON body of this shape. An empty body is an empty object; unknown keys are ignored, as AWS does.
pub(crate) fn decode_json(shape: &'static Shape, body: &[u8], blobs: &mut Vec<Bytes>) -> Result<Value, Error> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut sink = Sink { blobs, values_left: VALUES_MAX, refusal: None };
    let mut json = serde_json::Deserializer::from_slice(body);
    let guided = Guided { shape, path: &Path::Root, sink: &mut sink };
    let parsed = guided.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    match (parsed, sink.refusal) {
        (Ok(Value::Null), _) => Ok(Value::Object(Map::new())),
        (Ok(value), _) => Ok(value),
        (Err(_), Some(refusal)) => Err(refusal),
        (Err(error), None) => Err(unparsable(error)),
    }
}

fn unparsable(why: impl fmt::Display) -> Error {
    Error::new(ErrorCode::InvalidRequestContent, format!("Could not parse request body into json: {why}"))
}

struct Sink<'a> {
    blobs: &'a mut Vec<Bytes>,
    /// The number of values that the body may still have.
    values_left: usize,
    /// The error that stopped the parser, when it was not the JSON itself.
    refusal: Option<Error>,
}

struct Guided<'a, 'b> {
    shape: &'static Shape,
    path: &'a Path<'a>,
    sink: &'a mut Sink<'b>,
}

impl Guided<'_, '_> {
    fn mismatch<E: serde::de::Error>(self, found: &str) -> E {
        let expected = match self.shape.kind {
            Kind::Structure(_) | Kind::Map(..) => "an Object",
            Kind::List(_) => "an Array",
            Kind::Text { .. } => "a String",
            Kind::Integer => "an Integer",
            Kind::Long => "a Long",
            Kind::Double => "a Double",
            Kind::Boolean => "a Boolean",
            Kind::Blob => "a Blob",
            Kind::Timestamp => "a Timestamp",
        };
        self.inconvertible(format!("{found} can not be converted to {expected}"))
    }

    fn inconvertible<E: serde::de::Error>(self, message: String) -> E {
        self.refuse(Error::new(ErrorCode::Serialization, message))
    }

    fn refuse<E: serde::de::Error>(self, refusal: Error) -> E {
        self.sink.refusal = Some(refusal);
        E::custom("refused")
    }

    /// Refuses a list or map of more elements than twice those that the model allows, or than any request needs. Up to there
    /// AWS's own words for too many show what was given.
    fn bound<E: serde::de::Error>(&mut self, elements: usize) -> Result<(), E> {
        let max = self.shape.max.and_then(|max| usize::try_from(max).ok());
        if elements <= max.unwrap_or_default().saturating_mul(2).max(ELEMENTS_MAX) {
            return Ok(());
        }
        let mut violations = Violations::default();
        let max = max.unwrap_or(ELEMENTS_MAX);
        violations.add(self.path, None, &format!("Member must have length less than or equal to {max}"));
        self.sink.refusal = violations.check().err();
        Err(E::custom("refused"))
    }
}

impl<'de> DeserializeSeed<'de> for Guided<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.sink.values_left.checked_sub(1) {
            Some(left) => self.sink.values_left = left,
            None => return Err(self.refuse(unparsable(format_args!("it has more than {VALUES_MAX} values")))),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Guided<'_, '_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        if !matches!(self.shape.kind, Kind::Boolean) {
            return Err(self.mismatch(if value { "TRUE_VALUE" } else { "FALSE_VALUE" }));
        }
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        match self.shape.kind {
            Kind::Double => Ok(Value::from(value as f64)),
            Kind::Integer | Kind::Long | Kind::Timestamp => Ok(Value::from(value)),
            Kind::Structure(_) | Kind::Map(..) | Kind::List(_) | Kind::Text { .. } | Kind::Boolean | Kind::Blob => {
                Err(self.mismatch("NUMBER_VALUE"))
            }
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(self.mismatch(&format!("NUMBER_VALUE {value}"))),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        if !matches!(self.shape.kind, Kind::Double | Kind::Timestamp) {
            return Err(self.mismatch("NUMBER_VALUE"));
        }
        Ok(Value::from(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        if matches!(self.shape.kind, Kind::Text { .. }) {
            return Ok(Value::from(value));
        }
        if !matches!(self.shape.kind, Kind::Blob) {
            return Err(self.mismatch("STRING_VALUE"));
        }
        match STANDARD.decode(value) {
            Ok(blob) => {
                self.sink.blobs.push(blob.into());
                Ok(Value::from(self.sink.blobs.len() - 1))
            }
            Err(why) => {
                Err(self.inconvertible(format!("STRING_VALUE can not be converted to a Blob: invalid base64, {why}")))
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<Value, A::Error> {
        let Kind::List(shape) = self.shape.kind else { return Err(self.mismatch("START_ARRAY")) };
        let mut values = Vec::new();
        loop {
            let path = &Path::Element(self.path, values.len() + 1);
            let Some(value) = sequence.next_element_seed(Guided { shape, path, sink: self.sink })? else { break };
            values.push(value);
            self.bound(values.len())?;
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Value, A::Error> {
        if !matches!(self.shape.kind, Kind::Structure(_) | Kind::Map(..)) {
            return Err(self.mismatch("START_OBJECT"));
        }
        let mut values = Map::new();
        while let Some(key) = object.next_key::<Cow<'_, str>>()? {
            if let Some((shape, path)) = element(self.shape, self.path, &key) {
                let value = object.next_value_seed(Guided { shape, path: &path, sink: self.sink })?;
                values.insert(key.into_owned(), value);
                self.bound(values.len())?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(values))
    }
}

/// The shape of what a key holds, and where it is; `None` for keys that the model does not know. In bodies, members go by
/// their names. The values of a map are named by the map.
fn element<'p>(shape: &'static Shape, path: &'p Path<'p>, key: &str) -> Option<(&'static Shape, Path<'p>)> {
    if let Kind::Map(_, value) = shape.kind {
        return Some((value, *path));
    }
    let mut members = shape.members().iter().filter(|member| member.location == Location::Body);
    members.find(|member| member.name == key).map(|member| (member.shape, Path::Member(path, member.name)))
}
