//! What actions give, as XML.

use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::{Response, Service};

/// What an action gives: its `…Result` element, or nothing.
pub(crate) struct Answer(String);

/// A list in XML: an element named `member` for each item.
#[derive(Serialize)]
pub(crate) struct Members<T> {
    member: Vec<T>,
}

/// What RFC 3986 leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Answer {
    /// No result.
    pub(crate) fn empty() -> Self {
        Self(String::new())
    }

    /// A result with these members.
    pub(crate) fn of(action: &str, result: &impl Serialize) -> Self {
        Self(element(&format!("{action}Result"), result))
    }

    /// The whole answer.
    pub(crate) fn respond(self, service: Service, action: &str, request_id: &str) -> Response {
        let (namespace, request_id) = (service.namespace(), element("RequestId", &request_id));
        let metadata = format!("<ResponseMetadata>{request_id}</ResponseMetadata>");
        let result = self.0;
        let body = format!("<{action}Response xmlns=\"{namespace}\">{result}{metadata}</{action}Response>");
        Response::xml(StatusCode::OK, body)
    }
}

impl<T> FromIterator<T> for Members<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self { member: items.into_iter().collect() }
    }
}

/// One element with this content.
pub(crate) fn element(name: &str, content: &(impl Serialize + ?Sized)) -> String {
    let xml = quick_xml::se::to_string_with_root(name, content).expect("views have string keys and no nested lists");
    // Parsers take a bare carriage return for a line feed.
    xml.replace('\r', "&#13;")
}

/// A document as IAM shows it: percent-encoded as RFC 3986 says.
pub(crate) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}

/// A text without the characters that XML cannot carry, which callers may have sent in values that errors repeat.
pub(crate) fn printable(text: &str) -> String {
    let shown = |char: char| match char {
        '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'.. => char,
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(element("A", "<&>\r\n"), "<A>&lt;&amp;&gt;&#13;\n</A>");
        assert_eq!(printable("a\u{0}b\u{ffff}c\u{10000}"), "a\u{fffd}b\u{fffd}c\u{10000}");
    }

    #[test]
    fn documents_are_percent_encoded() {
        assert_eq!(encoded("{\"a\": \"é~*\"}"), "%7B%22a%22%3A%20%22%C3%A9~%2A%22%7D");
    }

    #[test]
    fn lists_may_be_empty() {
        let list: Members<&str> = [].into_iter().collect();
        assert_eq!(element("L", &list), "<L/>");
        let list: Members<&str> = ["a", "b"].into_iter().collect();
        assert_eq!(element("L", &list), "<L><member>a</member><member>b</member></L>");
    }
}
