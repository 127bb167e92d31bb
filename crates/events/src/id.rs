//! Names of the things the queue reasons about: events and the functions that they are for.

use std::fmt;
use std::sync::Arc;

/// One event, as its caller numbers it. Never used twice within one [`Queue`](crate::Queue).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

/// The function that an event is for: events of one function wait for one another, those of others do not.
///
/// Any string will do: the queue compares it and never looks inside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionKey(Arc<str>);

// === impl EventId ===

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// === impl FunctionKey ===

impl From<&str> for FunctionKey {
    fn from(key: &str) -> Self {
        Self(key.into())
    }
}

impl From<String> for FunctionKey {
    fn from(key: String) -> Self {
        Self(key.into())
    }
}
