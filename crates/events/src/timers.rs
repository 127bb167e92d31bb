//! Which event has something due next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::EventId;

/// At most one deadline per event.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    by_event: BTreeMap<EventId, Instant>,
    /// The same pairs as in `by_event`, soonest first.
    by_deadline: BTreeSet<(Instant, EventId)>,
}

// === impl Timers ===

impl Timers {
    /// Sets the deadline, moving it if there is one.
    pub(crate) fn set(&mut self, event: EventId, deadline: Instant) {
        self.stop(event);
        self.by_event.insert(event, deadline);
        self.by_deadline.insert((deadline, event));
    }

    /// Removes the deadline, if there is one.
    pub(crate) fn stop(&mut self, event: EventId) {
        if let Some(old) = self.by_event.remove(&event) {
            self.by_deadline.remove(&(old, event));
        }
    }

    pub(crate) fn next(&self) -> Option<(Instant, EventId)> {
        self.by_deadline.first().copied()
    }

    /// Takes out the soonest event whose deadline is `now` or earlier.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<EventId> {
        let (_, event) = self.next().filter(|(deadline, _)| *deadline <= now)?;
        self.stop(event);
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moved_deadline_fires_once_and_exactly_then() {
        #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        timers.set(EventId(1), at(1));
        timers.set(EventId(2), at(2));
        timers.set(EventId(1), at(3));
        timers.stop(EventId(7));

        assert_eq!(timers.next(), Some((at(2), EventId(2))));
        assert_eq!(timers.pop_due(at(1)), None);
        assert_eq!(timers.pop_due(at(2)), Some(EventId(2)));
        assert_eq!(timers.pop_due(at(2)), None);
        assert_eq!(timers.pop_due(at(9)), Some(EventId(1)));
        assert!(timers.by_event.is_empty() && timers.by_deadline.is_empty());
    }
}
