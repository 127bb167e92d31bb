//! The one error of this crate: a text that is no value of the type it was meant for.

use std::borrow::Cow;

/// A value was refused; says what it was meant to be, the value itself, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {kind} `{value}`: {expected}")]
pub struct InvalidValue {
    /// What the value was meant to be, such as `memory size`.
    pub kind: &'static str,
    /// The refused value, as given.
    pub value: String,
    /// What would be right.
    pub expected: Cow<'static, str>,
}

impl InvalidValue {
    pub(crate) fn new(kind: &'static str, value: impl ToString, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, value: value.to_string(), expected: expected.into() }
    }
}
