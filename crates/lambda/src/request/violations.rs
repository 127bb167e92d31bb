//! Violated constraints, in AWS's words and of bounded length: a request of megabytes may violate one with each byte.

use std::fmt::{self, Write};

use serde_json::Value;

use crate::{Error, ErrorCode, request::path::Path};

/// The most violations that one message tells. It counts all of them.
const TOLD_MAX: usize = 20;

/// The most bytes of a value that a message shows. Of a longer one it shows the beginning.
const SHOWN_BYTES_MAX: usize = 2048;

/// The constraints that a request violates.
#[derive(Default)]
pub(crate) struct Violations {
    told: Vec<String>,
    count: usize,
}

/// One violation that only the state's rules know of, worded as those of the model.
pub(crate) fn violation(value: &str, path: &str, constraint: &str) -> Error {
    let value = shown(&Value::from(value));
    violated(1, &[format!("Value '{value}' at '{path}' failed to satisfy constraint: {constraint}")])
}

fn violated(count: usize, told: &[String]) -> Error {
    let plural = if count == 1 { "" } else { "s" };
    let message = format!("{count} validation error{plural} detected: {}", told.join("; "));
    Error::new(ErrorCode::Validation, message)
}

// === impl Violations ===

impl Violations {
    /// A value that breaks a constraint; `None` for one that messages leave out.
    pub(crate) fn add(&mut self, path: &Path<'_>, value: Option<&Value>, constraint: &str) {
        self.push(|| {
            let value = value.map_or_else(|| "Value".to_owned(), |value| format!("Value '{}'", shown(value)));
            format!("{value} at '{path}' failed to satisfy constraint: {constraint}")
        });
    }

    /// A member that must be there and is not.
    pub(crate) fn add_null(&mut self, path: &Path<'_>) {
        self.push(|| format!("Value null at '{path}' failed to satisfy constraint: Member must not be null"));
    }

    fn push(&mut self, violation: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(violation());
        }
    }

    /// Fails if there is any, with all that are told in one message: `2 validation errors detected: Value '…' at
    /// 'functionName' failed to satisfy constraint: …; Value …`.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.count {
            0 => Ok(()),
            count => Err(violated(count, &self.told)),
        }
    }
}

/// A value as Java prints it, `[a, b]` and `{k=v}`, or its beginning.
pub(crate) fn shown(value: &Value) -> String {
    let mut beginning = Beginning(String::new());
    // The only error is that there is no more room.
    if render(value, &mut beginning).is_err() {
        beginning.0.push('…');
    }
    beginning.0
}

/// A text that takes no more than it may show.
struct Beginning(String);

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = SHOWN_BYTES_MAX - self.0.len();
        let ends = |end: &usize| text.is_char_boundary(*end);
        let fitting = (0..=room.min(text.len())).rev().find(ends).unwrap_or_default();
        self.0.push_str(&text[..fitting]);
        if fitting < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

fn render(value: &Value, out: &mut Beginning) -> fmt::Result {
    match value {
        Value::String(text) => out.write_str(text),
        Value::Array(values) => {
            out.write_char('[')?;
            for (index, value) in values.iter().enumerate() {
                out.write_str(if index == 0 { "" } else { ", " })?;
                render(value, out)?;
            }
            out.write_char(']')
        }
        Value::Object(entries) => {
            out.write_char('{')?;
            for (index, (key, value)) in entries.iter().enumerate() {
                write!(out, "{}{key}=", if index == 0 { "" } else { ", " })?;
                render(value, out)?;
            }
            out.write_char('}')
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => write!(out, "{value}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shown_as_java_prints_them() {
        let value = json!({ "a": [1, "x", null], "b": { "c": true }, "d": [] });
        assert_eq!(shown(&value), "{a=[1, x, null], b={c=true}, d=[]}");
    }

    #[test]
    fn long_values_are_shown_up_to_a_whole_character() {
        let exact = "x".repeat(SHOWN_BYTES_MAX);
        assert_eq!(shown(&json!(exact)), exact);
        assert_eq!(shown(&json!(format!("{exact}x"))), format!("{exact}…"));
        assert_eq!(shown(&json!("ä".repeat(SHOWN_BYTES_MAX))), format!("{}…", "ä".repeat(SHOWN_BYTES_MAX / 2)));
        assert_eq!(shown(&json!(vec![0; 100_000])).len(), SHOWN_BYTES_MAX + "…".len());
    }

    #[test]
    fn violations_beyond_the_first_are_only_counted() {
        let mut violations = Violations::default();
        assert_eq!(violations.check(), Ok(()));
        for number in 1..=TOLD_MAX + 1 {
            violations.add_null(&Path::Element(&Path::Member(&Path::Root, "List"), number));
        }
        let message = violations.check().unwrap_err().message().to_owned();
        assert!(
            message.starts_with("21 validation errors detected: Value null at 'list.1.member' failed"),
            "{message}"
        );
        assert!(message.ends_with("at 'list.20.member' failed to satisfy constraint: Member must not be null"));
    }
}
