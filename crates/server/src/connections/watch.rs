//! The time that a connection may spend on one thing. No clock: the caller says what time it is.

use std::time::{Duration, Instant};

use super::activity::Snapshot;

/// Between two looks at a connection. Shorter limits have it look more often.
const LOOK_MAX: Duration = Duration::from_secs(10);

/// The time that a connection may spend on one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// From the first byte of a request to the last of its head.
    pub(crate) head: Duration,
    /// Without a request, and for a client that takes no byte of an answer.
    pub(crate) idle: Duration,
}

/// Remembers since when a connection has been at what it does.
pub(super) struct Watch {
    limits: Limits,
    doing: Doing,
    since: Instant,
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The head of a request did not become whole.
    SlowHead,
    /// No request came.
    Idle,
    /// The client took nothing of an answer.
    Stalled,
}

/// The one thing that a connection is at. The same value at two looks is the same thing all the time between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// It waits for a request after this many.
    Waiting { requests: u64 },
    /// It reads the head of a request after this many.
    Reading { requests: u64 },
    /// It has something to send, and got so many bytes through.
    Blocked { moved: u64 },
    /// It has a request. The limits of that are its handler's.
    Serving,
}

// === impl Watch ===

impl Watch {
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        Self { limits, doing: Doing::Waiting { requests: 0 }, since: now }
    }

    /// The time until the next look is due.
    pub(super) fn interval(&self) -> Duration {
        (self.limits.head.min(self.limits.idle) / 3).clamp(Duration::from_millis(10), LOOK_MAX)
    }

    /// Looks at a connection; says whether and why it ends.
    pub(super) fn look(&mut self, now: Instant, seen: Snapshot) -> Option<End> {
        let doing = doing(seen);
        if doing != self.doing {
            (self.doing, self.since) = (doing, now);
        }
        let (limit, end) = match doing {
            Doing::Waiting { .. } => (self.limits.idle, End::Idle),
            Doing::Reading { .. } => (self.limits.head, End::SlowHead),
            Doing::Blocked { .. } => (self.limits.idle, End::Stalled),
            Doing::Serving => return None,
        };
        (now.saturating_duration_since(self.since) >= limit).then_some(end)
    }
}

fn doing(seen: Snapshot) -> Doing {
    match seen {
        Snapshot { is_blocked: true, moved, .. } => Doing::Blocked { moved },
        Snapshot { is_in_use: true, .. } => Doing::Serving,
        Snapshot { has_head_begun: true, requests, .. } => Doing::Reading { requests },
        Snapshot { requests, .. } => Doing::Waiting { requests },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { head: Duration::from_secs(30), idle: Duration::from_secs(180) };
    const IDLE: Snapshot =
        Snapshot { requests: 0, is_in_use: false, has_head_begun: false, moved: 0, is_blocked: false };

    /// The second at which a connection ends that looks like this, and why.
    fn ends(seen: impl Fn(u64) -> Snapshot) -> Option<(u64, End)> {
        let began = Instant::now();
        let mut watch = Watch::new(LIMITS, began);
        assert_eq!(watch.interval(), Duration::from_secs(10));
        let looks = (0..1_000).map(|look| look * 10);
        let mut ends = looks.filter_map(|s| Some((s, watch.look(began + Duration::from_secs(s), seen(s))?)));
        ends.next()
    }

    #[test]
    fn connection_without_a_request_ends_when_it_has_been_idle() {
        assert_eq!(ends(|_| IDLE), Some((180, End::Idle)));
        assert_eq!(ends(|s| Snapshot { requests: s / 170, moved: s, ..IDLE }), None, "one that has some does not");
    }

    #[test]
    fn head_that_trickles_in_ends_its_connection() {
        let head = |s| Snapshot { has_head_begun: true, moved: s, ..IDLE };
        assert_eq!(ends(head), Some((30, End::SlowHead)));
        assert_eq!(ends(|s| Snapshot { requests: s / 20, ..head(s) }), None, "each head is timed by itself");
    }

    #[test]
    fn client_that_takes_nothing_ends_its_connection_in_the_middle_of_an_answer_too() {
        for is_in_use in [false, true] {
            let blocked = Snapshot { is_blocked: true, is_in_use, ..IDLE };
            assert_eq!(ends(|_| blocked), Some((180, End::Stalled)));
            assert_eq!(ends(|s| Snapshot { moved: s / 170, ..blocked }), None, "a slow one takes something");
        }
    }

    #[test]
    fn request_may_take_its_time() {
        assert_eq!(ends(|_| Snapshot { is_in_use: true, ..IDLE }), None);
    }
}
