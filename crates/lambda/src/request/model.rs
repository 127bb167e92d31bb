//! The form of the generated tables: what an operation's input is made of and which values it may have.

use std::sync::OnceLock;

use fancy_regex::Regex;

use crate::Operation;

/// The address of an operation.
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) method: &'static str,
    /// A URI template such as `/2015-03-31/functions/{FunctionName}/code`.
    pub(crate) path: &'static str,
    /// A query parameter that tells the operation from another one of the same method and path.
    pub(crate) query: Option<(&'static str, &'static str)>,
    pub(crate) input: &'static Shape,
}

/// A type with its constraints.
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    /// Smallest length of texts (characters), blobs (bytes) and collections (elements), smallest value of numbers.
    pub(crate) min: Option<i64>,
    /// The largest, measured as `min`.
    pub(crate) max: Option<i64>,
    /// True if error messages leave the value out.
    pub(crate) sensitive: bool,
}

pub(crate) enum Kind {
    Structure(&'static [Member]),
    List(&'static Shape),
    Map(&'static Shape, &'static Shape),
    Text { pattern: Option<Pattern>, one_of: &'static [&'static str] },
    Integer,
    Long,
    Double,
    Boolean,
    Blob,
    Timestamp,
}

/// A member of a structure.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    /// Its name where it travels: a query parameter's, a header's, a JSON key's.
    pub(crate) wire: &'static str,
    pub(crate) location: Location,
    pub(crate) required: bool,
    pub(crate) shape: &'static Shape,
}

/// The place in a request where a member travels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Body,
    /// The whole body.
    Payload,
    Uri,
    Query,
    Header,
}

/// A longer text matches no pattern: the longest that the model allows has 20,480 characters. Some patterns need a
/// backtracking engine, whose memory grows with the text.
const MATCHED_BYTES_MAX: usize = 96 << 10;

/// A regular expression in Java's notation that the whole value must match.
pub(crate) struct Pattern {
    pub(crate) text: &'static str,
    compiled: OnceLock<Regex>,
}

// === impl Shape ===

impl Shape {
    /// The members, of which only structures have some.
    pub(crate) fn members(&self) -> &'static [Member] {
        match self.kind {
            Kind::Structure(members) => members,
            Kind::List(_) | Kind::Map(..) | Kind::Text { .. } | Kind::Integer | Kind::Long => &[],
            Kind::Double | Kind::Boolean | Kind::Blob | Kind::Timestamp => &[],
        }
    }
}

// === impl Pattern ===

impl Pattern {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    /// Tells whether the whole value matches. A value that needs more backtracking than the engine allows does not, nor
    /// does one of more than 96 KiB.
    pub(crate) fn matches(&self, value: &str) -> bool {
        value.len() <= MATCHED_BYTES_MAX && self.regex().is_match(value).unwrap_or(false)
    }

    fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| {
            // Java's `\d` knows ASCII digits only.
            let anchored = format!(r"\A(?:{})\z", self.text.replace(r"\d", "[0-9]"));
            Regex::new(&anchored).expect("a test compiles every pattern of the model")
        })
    }
}
