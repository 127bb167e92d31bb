//! One event in the queue.

use std::time::{Duration, Instant};

use crate::lanes::Place;
use crate::{Arrival, FunctionKey, Policy};

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) function: FunctionKey,
    pub(crate) bytes: usize,
    /// How often the function has run for it.
    pub(crate) runs: u32,
    /// Throttles and system errors since the last run.
    pub(crate) refusals: u32,
    pub(crate) state: State,
    policy: Policy,
    /// When it joined this queue, and how old it was then.
    joined: Instant,
    joined_age: Duration,
}

/// Where an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// In its function's lane.
    Ready(Place),
    /// It is being run.
    Running,
    /// Between two attempts.
    Waiting { until: Instant },
    /// Its destinations are being told.
    Finishing,
}

// === impl Entry ===

impl Entry {
    /// An event that joins now and waits for its next attempt until then.
    pub(crate) fn new(now: Instant, arrival: Arrival, until: Instant) -> Self {
        Self {
            function: arrival.function,
            bytes: arrival.bytes,
            runs: arrival.runs,
            refusals: 0,
            state: State::Waiting { until },
            policy: arrival.policy.bounded(),
            joined: now,
            joined_age: arrival.age,
        }
    }

    pub(crate) fn set_policy(&mut self, policy: Policy) {
        self.policy = policy.bounded();
    }

    pub(crate) fn retries_max(&self) -> u32 {
        self.policy.retries_max
    }

    /// The moment from which it is too old to be run.
    pub(crate) fn expires(&self) -> Instant {
        self.joined + self.policy.age_max.saturating_sub(self.joined_age)
    }
}
