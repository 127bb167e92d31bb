//! What the queue wants done.

use std::fmt;
use std::time::Duration;

use crate::EventId;

/// Something for the driver to do, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Runs the event; answered by exactly one of `Attempted` and `Gone`.
    Run {
        /// The event.
        event: EventId,
    },
    /// Keeps for the next process how far the event has come; it is run again after `wait`.
    Keep {
        /// The event.
        event: EventId,
        /// How often the function has run for it.
        runs: u32,
        /// The time until the next attempt.
        wait: Duration,
    },
    /// Tells the function's destinations; answered by `Settled`.
    Finish {
        /// The event.
        event: EventId,
        /// Why it is over.
        condition: Condition,
        /// How often the function has run for it.
        runs: u32,
    },
}

/// Why an event is over, in AWS's names:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// The function answered.
    Success,
    /// The last allowed run ended in a function error.
    RetriesExhausted,
    /// The event was or would be too old before its next attempt.
    EventAgeExceeded,
    /// The function is not to run: 0 is its reserved concurrency.
    ZeroReservedConcurrency,
}

// === impl Condition ===

impl Condition {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Success, Self::RetriesExhausted, Self::EventAgeExceeded, Self::ZeroReservedConcurrency];
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "Success",
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
            Self::ZeroReservedConcurrency => "ZeroReservedConcurrency",
        })
    }
}
