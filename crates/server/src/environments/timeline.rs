//! When each step of a cold start was seen.

use std::fmt;
use std::time::Instant;

use crate::environments::snapshot::TimelineShown;

/// The steps of one environment's cold start; each keeps the first moment it was seen at.
pub(crate) struct Timeline {
    accepted: Instant,
    created: Option<Instant>,
    scheduled: Option<Instant>,
    init_called: Option<Instant>,
    located: Option<Instant>,
    port_open: Option<Instant>,
    first_byte: Option<Instant>,
}

// === impl Timeline ===

impl Timeline {
    /// The start was decided on.
    pub(crate) fn begin() -> Self {
        Self {
            accepted: Instant::now(),
            created: None,
            scheduled: None,
            init_called: None,
            located: None,
            port_open: None,
            first_byte: None,
        }
    }

    pub(crate) fn created(&mut self, now: Instant) {
        self.created.get_or_insert(now);
    }

    pub(crate) fn scheduled(&mut self, now: Instant) {
        self.scheduled.get_or_insert(now);
    }

    pub(crate) fn fetched(&mut self, now: Instant) {
        self.init_called.get_or_insert(now);
    }

    pub(crate) fn located(&mut self, now: Instant) {
        self.located.get_or_insert(now);
    }

    pub(crate) fn opened(&mut self, now: Instant) {
        self.port_open.get_or_insert(now);
    }

    /// An answer began; whether it was the first.
    pub(crate) fn answered(&mut self, now: Instant) -> bool {
        let is_first = !self.has_answered();
        self.first_byte.get_or_insert(now);
        is_first
    }

    /// Whether an answer began.
    pub(crate) fn has_answered(&self) -> bool {
        self.first_byte.is_some()
    }

    pub(crate) fn shown(&self) -> TimelineShown {
        TimelineShown {
            accepted: 0,
            created: self.ms(self.created),
            scheduled: self.ms(self.scheduled),
            init_called: self.ms(self.init_called),
            located: self.ms(self.located),
            port_open: self.ms(self.port_open),
            first_byte: self.ms(self.first_byte),
        }
    }

    fn ms(&self, step: Option<Instant>) -> Option<u64> {
        step.map(|step| u64::try_from(step.saturating_duration_since(self.accepted).as_millis()).unwrap_or(u64::MAX))
    }
}

/// Milliseconds since the decision to start the environment; `-` where a step was not seen.
impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = [
            ("created", self.created),
            ("scheduled", self.scheduled),
            ("fetched", self.init_called),
            ("located", self.located),
            ("opened", self.port_open),
            ("first_byte", self.first_byte),
        ];
        for (index, (name, step)) in steps.into_iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            match self.ms(step) {
                Some(ms) => write!(f, "{separator}{name}={ms}")?,
                None => write!(f, "{separator}{name}=-")?,
            }
        }
        Ok(())
    }
}
