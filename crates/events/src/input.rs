//! What a driver tells the queue.

use crate::{EventId, Policy};

/// Something that happened outside the queue. Inputs about events that the queue does not know, or that cannot happen in
/// the state they are in, are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// What `Run` came to.
    Attempted {
        /// The event.
        event: EventId,
        /// How it went.
        attempt: Attempt,
        /// What its answer takes of [`Config::bytes_max`](crate::Config::bytes_max) where the event is over; where it is
        /// not, the answer is not kept.
        answer_bytes: usize,
        /// What is configured now, which decides how it goes on.
        policy: Policy,
    },
    /// There is nothing that could run the event any more: the function, version or alias is deleted. It is forgotten.
    Gone {
        /// The event.
        event: EventId,
    },
    /// What `Finish` asked for is done, or given up; the event no longer counts.
    Settled {
        /// The event.
        event: EventId,
    },
    /// Every event is forgotten, whatever state it is in.
    Reset,
    /// Nothing is run any more, and what fails from now on counts as interrupted: it is kept for the next process.
    Shutdown,
}

/// How one attempt to run an event went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The function answered.
    Succeeded,
    /// The function ran and failed: it raised, timed out, exited.
    FunctionError,
    /// The function did not run: it was throttled, or the system could not run it.
    Refused,
    /// The function did not run: 0 is its reserved concurrency.
    ZeroReservedConcurrency,
}
