//! JSON to the tree that requests are checked in and read from, guided by what an operation takes. Of anything else
//! nothing is kept: the smallest values take a hundred times the bytes that they are written in.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::error::{Error, ErrorCode};
use super::shape::{Member, Shape};

/// Parses a body: a JSON object, or nothing, which is an empty one.
///
/// # Errors
///
/// `SerializationException` for anything else.
pub(super) fn parse(members: &'static [Member], bytes: &[u8]) -> Result<Value, Error> {
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Guide::Members(members).deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    match read {
        Ok(Value::Object(members)) => Ok(Value::Object(members)),
        Ok(_) => Err(Error::new(ErrorCode::Serialization, "the request is no JSON object")),
        Err(error) => Err(Error::new(ErrorCode::Serialization, format!("the request is no JSON: {error}"))),
    }
}

/// What a value should be. One of another type is kept without what is in it, for the check to name its type.
#[derive(Clone, Copy)]
enum Guide {
    Members(&'static [Member]),
    List {
        of: &'static Shape,
        max: usize,
    },
    /// Neither an object nor an array.
    Scalar,
}

impl Guide {
    fn of(shape: &'static Shape) -> Self {
        match shape {
            Shape::Structure(members) => Self::Members(members),
            Shape::List { of, max, .. } => Self::List { of, max: *max },
            Shape::Text { .. } | Shape::Long { .. } | Shape::Integer { .. } | Shape::Boolean | Shape::Blob => {
                Self::Scalar
            }
        }
    }

    fn member(self, key: &str) -> Option<&'static Shape> {
        let Self::Members(members) = self else { return None };
        members.iter().find(|member| member.name == key).map(|member| member.shape)
    }
}

impl<'de> DeserializeSeed<'de> for Guide {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Guide {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        if let Self::List { of, max } = self {
            // One more than may be there tells that there are too many.
            while values.len() <= max
                && let Some(value) = sequence.next_element_seed(Self::of(of))?
            {
                values.push(value);
            }
        }
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = object.next_key::<Cow<'_, str>>()? {
            if let Some(shape) = self.member(&key) {
                values.insert(key.into_owned(), object.next_value_seed(Self::of(shape))?);
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use allocation_counter::measure;
    use serde_json::json;

    use super::super::operation::SERVED;
    use super::super::shape::check;
    use super::*;

    /// How long a body is made, and what it may take beside twice that: a list of as many elements as are taken.
    const BODY_BYTES: usize = 256 << 10;
    const FIXED_BYTES_MAX: u64 = 1 << 20;

    /// Values that are long in each way that a shape can be, with the JSON around them.
    fn long(before: &str, after: &str, guide: Guide, into: &mut Vec<String>) {
        let filled = |piece: &str| piece.repeat(BODY_BYTES / piece.len());
        for (open, piece, close) in [
            ("[", "{},", "{}]"),
            ("[", "[],", "[]]"),
            ("[", "\"\",", "\"\"]"),
            ("", "[", ""),
            ("{", "\"a\":{\"\":0},", "\"a\":0}"),
            ("\"", "\\u0001", "\""),
        ] {
            into.push(format!("{before}{open}{}{close}{after}", filled(piece)));
        }
        match guide {
            Guide::Members(members) => {
                for Member { name, shape, .. } in members {
                    let value = format!("\"{name}\":{{}},");
                    into.push(format!("{before}{{{}\"{name}\":0}}{after}", filled(&value)));
                    long(&format!("{before}{{\"{name}\":"), &format!("}}{after}"), Guide::of(shape), into);
                }
            }
            Guide::List { of, .. } => long(&format!("{before}["), &format!("]{after}"), Guide::of(of), into),
            Guide::Scalar => {}
        }
    }

    #[test]
    fn no_body_of_any_operation_takes_many_times_its_length() {
        for (name, _, members) in SERVED {
            let mut bodies = Vec::new();
            long("", "", Guide::Members(members), &mut bodies);
            for body in bodies {
                let read =
                    || parse(members, body.as_bytes()).and_then(|read| check(members, read.as_object().unwrap()));
                let peak = measure(|| drop(read())).bytes_max;
                let beginning: String = body.chars().take(100).collect();
                assert!(peak <= FIXED_BYTES_MAX + 2 * BODY_BYTES as u64, "{name} takes {peak} bytes: {beginning}");
            }
        }
    }

    #[test]
    fn what_an_operation_takes_is_kept_and_nothing_else() {
        static PAIR: Shape = Shape::Structure(&[Member { name: "key", required: true, shape: &Shape::Boolean }]);
        static PAIRS: Shape = Shape::List { of: &PAIR, min: 0, max: 2 };
        static MEMBERS: [Member; 2] = [
            Member { name: "pairs", required: false, shape: &PAIRS },
            Member { name: "long", required: false, shape: &Shape::Long { min: 0 } },
        ];
        let cases = [
            ("", json!({})),
            (
                r#"{"pairs": [{"key": true, "x": 1}, null], "y": [{}], "long": -1.5}"#,
                json!({"pairs": [{"key": true}, null], "long": -1.5}),
            ),
            (r#"{"pairs": [1, 2, 3, 4, 5]}"#, json!({"pairs": [1, 2, 3]})),
            (r#"{"pairs": {"key": 1}, "long": [1, [2]]}"#, json!({"pairs": {}, "long": []})),
            (r#"{"p\u0061irs": [], "long": "text"}"#, json!({"pairs": [], "long": "text"})),
        ];
        for (body, kept) in cases {
            assert_eq!(parse(&MEMBERS, body.as_bytes()), Ok(kept), "{body}");
        }
        for broken in ["[]", "1", "{", "{} {}", "{\"long\": 01}"] {
            assert_eq!(parse(&MEMBERS, broken.as_bytes()).unwrap_err().code(), ErrorCode::Serialization, "{broken}");
        }
    }
}
