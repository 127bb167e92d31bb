//! What the members of a request must be: the JSON type of each, and the constraints of ECR's service model.

use serde_json::{Map, Value};

use super::error::{Error, ErrorCode};

/// A member of a request or of a structure in it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shape: &'static Shape,
}

/// What a value must be.
#[derive(Debug)]
pub(super) enum Shape {
    /// A text of so many characters and of a form.
    Text {
        min: usize,
        max: usize,
        form: Form,
    },
    /// A whole number that may be large.
    Long {
        min: i64,
    },
    /// A whole number.
    Integer {
        min: i64,
        max: i64,
    },
    Boolean,
    /// Bytes in base64; their number is bounded by the operation, which decodes them.
    Blob,
    List {
        of: &'static Self,
        min: usize,
        max: usize,
    },
    Structure(&'static [Member]),
}

/// What a text must look like.
#[derive(Debug)]
pub(super) enum Form {
    Any,
    OneOf(&'static [&'static str]),
    /// A regular expression for the message, and what decides.
    Pattern {
        text: &'static str,
        matches: fn(&str) -> bool,
    },
}

/// No bound that a request could reach.
pub(super) const UNBOUNDED: usize = usize::MAX;

/// A text without constraints.
pub(super) const TEXT: Shape = Shape::Text { min: 0, max: UNBOUNDED, form: Form::Any };

/// Checks the members of a request. Those that are not listed are ignored, as AWS does.
///
/// # Errors
///
/// `SerializationException` for a value of another JSON type, else `InvalidParameterException`, for the first member
/// that is wrong.
pub(super) fn check(members: &[Member], fields: &Map<String, Value>) -> Result<(), Error> {
    structure("", members, fields)
}

fn structure(parent: &str, members: &[Member], fields: &Map<String, Value>) -> Result<(), Error> {
    for member in members {
        let path = if parent.is_empty() { member.name.to_owned() } else { format!("{parent}.{}", member.name) };
        match fields.get(member.name).filter(|given| !given.is_null()) {
            Some(given) => value(&path, member.shape, given)?,
            None if member.required => return Err(Error::invalid(&path, "Member must not be null")),
            None => {}
        }
    }
    Ok(())
}

fn value(path: &str, shape: &Shape, value: &Value) -> Result<(), Error> {
    match (shape, value) {
        (Shape::Text { min, max, form }, Value::String(text)) => {
            bounded(path, "length", text.chars().count(), *min, *max)?;
            formed(path, form, text)
        }
        (Shape::Integer { min, max }, Value::Number(number)) => match number.as_i64() {
            Some(number) => bounded(path, "value", number, *min, *max),
            None => Err(mismatch(path, shape, value)),
        },
        (Shape::Long { min }, Value::Number(number)) => match number.as_i64() {
            Some(number) => bounded(path, "value", number, *min, i64::MAX),
            None => Err(mismatch(path, shape, value)),
        },
        (Shape::List { of, min, max }, Value::Array(values)) => {
            bounded(path, "length", values.len(), *min, *max)?;
            values.iter().enumerate().try_for_each(|(index, value)| element(path, index, of, value))
        }
        (Shape::Structure(members), Value::Object(fields)) => structure(path, members, fields),
        (Shape::Boolean, Value::Bool(_)) | (Shape::Blob, Value::String(_)) => Ok(()),
        (_, value) => Err(mismatch(path, shape, value)),
    }
}

fn element(list: &str, index: usize, shape: &Shape, given: &Value) -> Result<(), Error> {
    let path = format!("{list}.{}.member", index + 1);
    if given.is_null() {
        return Err(Error::invalid(&path, "Member must not be null"));
    }
    value(&path, shape, given)
}

fn bounded<N: PartialOrd + std::fmt::Display>(path: &str, what: &str, n: N, min: N, max: N) -> Result<(), Error> {
    if n > max {
        return Err(Error::invalid(path, format_args!("Member must have {what} less than or equal to {max}")));
    }
    if n < min {
        return Err(Error::invalid(path, format_args!("Member must have {what} greater than or equal to {min}")));
    }
    Ok(())
}

fn formed(path: &str, form: &Form, text: &str) -> Result<(), Error> {
    match form {
        Form::OneOf(values) if !values.contains(&text) => {
            let values = values.join(", ");
            Err(Error::invalid(path, format_args!("Member must satisfy enum value set: [{values}]")))
        }
        Form::Pattern { text: pattern, matches } if !matches(text) => {
            Err(Error::invalid(path, format_args!("must satisfy regular expression '{pattern}'")))
        }
        Form::Any | Form::OneOf(_) | Form::Pattern { .. } => Ok(()),
    }
}

fn mismatch(path: &str, shape: &Shape, value: &Value) -> Error {
    let found = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    let expected = match shape {
        Shape::Text { .. } => "a String",
        Shape::Integer { .. } => "an Integer",
        Shape::Long { .. } => "a Long",
        Shape::Boolean => "a Boolean",
        Shape::Blob => "a Blob",
        Shape::List { .. } => "an Array",
        Shape::Structure(_) => "an Object",
    };
    Error::new(ErrorCode::Serialization, format!("{found} can not be converted to {expected} at '{path}'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PAIR: Shape = Shape::Structure(&[
        Member { name: "key", required: true, shape: &TEXT },
        Member { name: "on", required: false, shape: &Shape::Boolean },
    ]);
    const MEMBERS: [Member; 5] = [
        Member { name: "name", required: true, shape: &Shape::Text { min: 2, max: 4, form: LOWER } },
        Member {
            name: "kind",
            required: false,
            shape: &Shape::Text { min: 0, max: 9, form: Form::OneOf(&["A", "B"]) },
        },
        Member { name: "count", required: false, shape: &Shape::Integer { min: 1, max: 1000 } },
        Member { name: "pairs", required: false, shape: &Shape::List { of: &PAIR, min: 1, max: 2 } },
        Member { name: "data", required: false, shape: &Shape::Blob },
    ];
    const LOWER: Form = Form::Pattern { text: "[a-z]*", matches: |text| text.bytes().all(|b| b.is_ascii_lowercase()) };

    fn said(request: Value) -> String {
        let error = check(&MEMBERS, request.as_object().unwrap()).unwrap_err();
        let message = error.message();
        if error.code() == ErrorCode::Serialization {
            return message.to_owned();
        }
        let rest = message.strip_prefix("Invalid parameter at '").unwrap();
        rest.replacen("' failed to satisfy constraint: '", ": ", 1).strip_suffix('\'').unwrap().to_owned()
    }

    #[test]
    fn what_satisfies_every_constraint_passes() {
        for request in [
            json!({"name": "abcd"}),
            json!({"name": "äb".replace('ä', "a"), "kind": null, "other": 7}),
            json!({"name": "ab", "kind": "B", "count": 1000, "pairs": [{"key": "", "on": true}], "data": "AA=="}),
        ] {
            assert_eq!(check(&MEMBERS, request.as_object().unwrap()), Ok(()), "{request}");
        }
    }

    #[test]
    fn what_breaks_a_constraint_is_named_with_it() {
        for (request, words) in [
            (json!({}), "name: Member must not be null"),
            (json!({"name": "abcde"}), "name: Member must have length less than or equal to 4"),
            (json!({"name": "a"}), "name: Member must have length greater than or equal to 2"),
            (json!({"name": "a1"}), "name: must satisfy regular expression '[a-z]*'"),
            (json!({"name": "ab", "kind": "C"}), "kind: Member must satisfy enum value set: [A, B]"),
            (json!({"name": "ab", "count": 0}), "count: Member must have value greater than or equal to 1"),
            (json!({"name": "ab", "count": 1001}), "count: Member must have value less than or equal to 1000"),
            (json!({"name": "ab", "pairs": []}), "pairs: Member must have length greater than or equal to 1"),
            (json!({"name": "ab", "pairs": [{"key": "k"}, {}]}), "pairs.2.member.key: Member must not be null"),
            (json!({"name": "ab", "pairs": [null]}), "pairs.1.member: Member must not be null"),
            (json!({"name": 1}), "NUMBER_VALUE can not be converted to a String at 'name'"),
            (json!({"name": "ab", "count": 1.5}), "NUMBER_VALUE can not be converted to an Integer at 'count'"),
            (json!({"name": "ab", "pairs": {}}), "START_OBJECT can not be converted to an Array at 'pairs'"),
            (json!({"name": "ab", "pairs": [[]]}), "START_ARRAY can not be converted to an Object at 'pairs.1.member'"),
            (json!({"name": "ab", "data": true}), "TRUE_VALUE can not be converted to a Blob at 'data'"),
        ] {
            assert_eq!(said(request.clone()), words, "{request}");
        }
    }
}
