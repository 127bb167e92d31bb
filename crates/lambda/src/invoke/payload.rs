//! Payloads of invocations: their size, and that they are JSON. Faults are worded as by Jackson, the parser of AWS
//! (version 2.17: `ParserMinimalBase` and `UTF8StreamJsonParser` have the texts).

use std::str::Utf8Error;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use crate::{Error, ErrorCode, InvocationKind};

/// The list of all that a value may be.
const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// Takes a JSON text of at most this many bytes.
///
/// # Errors
///
/// `RequestEntityTooLargeException` and `InvalidRequestContentException`.
pub(crate) fn check(kind: InvocationKind, payload: &Bytes, bytes_max: usize) -> Result<(), Error> {
    if payload.len() > bytes_max {
        return Err(too_large(kind, payload.len() as u64, bytes_max));
    }
    match fault(payload) {
        None => Ok(()),
        Some(Fault { what, at }) => Err(Error::new(
            ErrorCode::InvalidRequestContent,
            format!(
                "Could not parse request body into json: Could not parse payload into json: {what}\n at {}",
                at.shown()
            ),
        )),
    }
}

/// The answer to a payload that is too long.
pub(crate) fn too_large(kind: InvocationKind, bytes: u64, bytes_max: usize) -> Error {
    let kind = kind.name();
    let message = format!("{bytes} byte payload is too large for the {kind} invocation type (limit {bytes_max} bytes)");
    Error::new(ErrorCode::RequestEntityTooLarge, message)
}

/// The reason that a text is no JSON, and the place.
struct Fault {
    what: String,
    at: Place,
}

/// Line and column from 1, in bytes.
#[derive(Clone, Copy)]
struct Place {
    line: usize,
    column: usize,
}

/// The first fault of a text.
fn fault(payload: &[u8]) -> Option<Fault> {
    let (text, not_utf8) = match std::str::from_utf8(payload) {
        Ok(text) => (text, None),
        Err(error) => (std::str::from_utf8(&payload[..error.valid_up_to()]).unwrap_or_default(), Some(error)),
    };
    let parsed = serde_json::from_str::<IgnoredAny>(text);
    match (parsed, not_utf8) {
        (Ok(_), None) => None,
        (Err(error), _) if error.classify() != Category::Eof => Some(unexpected(text, &error)),
        (_, Some(error)) => Some(undecodable(payload, error)),
        (Err(_), None) => Some(unended(text)),
    }
}

/// A byte that no UTF-8 text has there.
fn undecodable(payload: &[u8], error: Utf8Error) -> Fault {
    let start = error.valid_up_to();
    let byte = |index: usize| payload.get(index).copied().unwrap_or_default();
    // Either the byte begins no character, or the one after those of a character that it begins does not go on with it.
    let (kind, index) = match error.error_len() {
        Some(len) if matches!(byte(start), 0xc2..=0xf4) => ("middle", start + len),
        _ => ("start", start),
    };
    Fault { what: format!("Invalid UTF-8 {kind} byte 0x{:02x}", byte(index)), at: Place::of(payload, index + 1) }
}

/// A character that does not go on with what was begun.
fn unexpected(text: &str, error: &serde_json::Error) -> Fault {
    let line_start = text.split_inclusive('\n').take(error.line() - 1).map(str::len).sum::<usize>();
    let mut index = line_start + error.column().saturating_sub(1);
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    let (before, after) = text.split_at(index);
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let begun = before.len() - before.trim_end_matches(word).len();
    let token: String = text[index - begun..].chars().take_while(|c| word(*c)).collect();
    let why = error.to_string();
    let value = why.starts_with("expected value") || why.starts_with("expected ident");
    if value && token.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$') {
        let end = index - begun + token.len();
        let read = (end + 1).min(text.len());
        return Fault {
            what: format!("Unrecognized token '{token}': was expecting {VALUES}"),
            at: Place::of(text.as_bytes(), read),
        };
    }
    let Some(character) = after.chars().next() else { return unended(text) };
    let expected = match why.split(" at line ").next().unwrap_or_default() {
        "key must be a string" | "trailing comma" if character != ']' => {
            ": was expecting double-quote to start field name".to_owned()
        }
        "expected `:`" => ": was expecting a colon to separate field name and value".to_owned(),
        "expected `,` or `}`" => ": was expecting comma to separate Object entries".to_owned(),
        "expected `,` or `]`" => ": was expecting comma to separate Array entries".to_owned(),
        "expected value" | "trailing comma" => format!(": expected a valid value {VALUES}"),
        other => format!(": {other}"),
    };
    let shown = if character.is_control() { "(CTRL-CHAR".to_owned() } else { format!("('{character}' (") };
    let separator = if character.is_control() { ", " } else { "" };
    Fault {
        what: format!("Unexpected character {shown}{separator}code {})){expected}", u32::from(character)),
        at: Place::of(text.as_bytes(), index),
    }
}

/// A text that ends too early.
fn unended(text: &str) -> Fault {
    let (depth, is_quoted) = walk(text, |_, _| {});
    // Whatever was opened behind it is closed. A text of megabytes may open one with each byte, so that none is kept.
    let mut open = None;
    walk(text, |index, depth_there| {
        if depth_there == depth {
            open = Some(index);
        }
    });
    let what = match open {
        _ if is_quoted => "Unexpected end-of-input in VALUE_STRING".to_owned(),
        Some(index) => {
            let what = if text.as_bytes().get(index) == Some(&b'{') { "Object" } else { "Array" };
            let start = Place::of(text.as_bytes(), index).shown();
            format!("Unexpected end-of-input: expected close marker for {what} (start marker at {start})")
        }
        None => "No content to map due to end-of-input".to_owned(),
    };
    Fault { what, at: Place::of(text.as_bytes(), text.len()) }
}

/// Visits each bracket that opens an object or an array, with its index and how many are open behind it. Gives how many
/// are open at the end, and whether a string is.
fn walk(text: &str, mut visit: impl FnMut(usize, usize)) -> (usize, bool) {
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'{' | b'[' if !is_quoted => {
                depth += 1;
                visit(index, depth);
            }
            b'}' | b']' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (depth, is_quoted)
}

// === impl Place ===

impl Place {
    /// The place where the byte of this index is, or would be.
    fn of(text: &[u8], index: usize) -> Self {
        let before = text.get(..index).unwrap_or(text);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        Self { line, column }
    }

    fn shown(self) -> String {
        let Self { line, column } = self;
        format!(
            "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_worded_and_placed() {
        let values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
        let marker = |what: &str, column: u32| {
            format!(
                "Unexpected end-of-input: expected close marker for {what} (start marker at [Source: REDACTED \
                 (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: {column}])"
            )
        };
        let unexpected = |character: &str, code: u32, why: &str| {
            format!("Unexpected character ('{character}' (code {code})): {why}")
        };
        let cases: [(&[u8], String, (usize, usize)); 16] = [
            (b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", "Invalid UTF-8 start byte 0x87".to_owned(), (1, 3)),
            (b"\"\xff\"", "Invalid UTF-8 start byte 0xff".to_owned(), (1, 3)),
            (b"\"\xe9b\"", "Invalid UTF-8 middle byte 0x62".to_owned(), (1, 4)),
            (b"hello", format!("Unrecognized token 'hello': was expecting {values}"), (1, 6)),
            (b"{\"a\": nope }", format!("Unrecognized token 'nope': was expecting {values}"), (1, 12)),
            (b"'test'", unexpected("'", 39, &format!("expected a valid value {values}")), (1, 1)),
            (b"{a: 1}", unexpected("a", 97, "was expecting double-quote to start field name"), (1, 2)),
            (b"{\"a\" 1}", unexpected("1", 49, "was expecting a colon to separate field name and value"), (1, 6)),
            (b"{\"a\":1\n\"b\":2}", unexpected("\"", 34, "was expecting comma to separate Object entries"), (2, 1)),
            (b"[1 2]", unexpected("2", 50, "was expecting comma to separate Array entries"), (1, 4)),
            (b"[1,]", unexpected("]", 93, &format!("expected a valid value {values}")), (1, 4)),
            (b"{\"a\":1,}", unexpected("}", 125, "was expecting double-quote to start field name"), (1, 8)),
            (b"{\"a\": [1", marker("Array", 7), (1, 9)),
            (b"{\"a\": [\"{[\", [{}, []], {}", marker("Array", 7), (1, 26)),
            (b"\"open", "Unexpected end-of-input in VALUE_STRING".to_owned(), (1, 6)),
            (b" ", "No content to map due to end-of-input".to_owned(), (1, 2)),
        ];
        for (payload, what, place) in cases {
            let fault = fault(payload).unwrap();
            let shown = String::from_utf8_lossy(payload);
            assert_eq!((fault.what, (fault.at.line, fault.at.column)), (what, place), "{shown}");
        }
        assert!(fault(b" {\"a\": [null, \"\\u00e4\"]} ").is_none());
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_no_json_has_a_fault(text in "[\\PC\n\\\\\"{}\\[\\]:,0-9tfn. -]{0,24}", cut in 0_usize..24) {
            let bytes = text.as_bytes();
            let bytes = &bytes[..cut.min(bytes.len())];
            let valid = std::str::from_utf8(bytes).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
            proptest::prop_assert_eq!(fault(bytes).is_none(), valid);
        }
    }
}
