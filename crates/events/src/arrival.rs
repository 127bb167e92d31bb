//! An event on its way into the queue.

use std::time::Duration;

use crate::{EventId, FunctionKey, Policy};

/// An event that was accepted just now, or by an earlier process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// A number that was not used before.
    pub event: EventId,
    /// The function it is for.
    pub function: FunctionKey,
    /// What it takes of [`Config::bytes_max`](crate::Config::bytes_max).
    pub bytes: usize,
    /// How long ago it was accepted.
    pub age: Duration,
    /// How often the function has run for it.
    pub runs: u32,
    /// How long it still has to wait for its next attempt.
    pub wait: Duration,
    /// What is configured now.
    pub policy: Policy,
}

/// Why the queue takes no further event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// There would be more than [`Config::events_max`](crate::Config::events_max).
    Events,
    /// They would take more than [`Config::bytes_max`](crate::Config::bytes_max).
    Bytes,
}

// === impl Arrival ===

impl Arrival {
    /// An event that is accepted now.
    pub fn fresh(event: EventId, function: FunctionKey, bytes: usize, policy: Policy) -> Self {
        Self { event, function, bytes, age: Duration::ZERO, runs: 0, wait: Duration::ZERO, policy }
    }
}

// === impl Full ===

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Events => "there are as many asynchronous invocations as there may be",
            Self::Bytes => "asynchronous invocations take as much memory as they may",
        })
    }
}

impl std::error::Error for Full {}
