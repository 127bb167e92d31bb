//! Until when instances may stay in the states they are in.

use std::time::{Duration, Instant};

use crate::Config;
use crate::links::{Links, List};
use crate::slab::Slot;

/// What it means when an instance's deadline passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    /// Its start times out.
    Start,
    /// It has idled for too long.
    Idle,
    /// Its deletion is still unconfirmed.
    Stop,
}

/// One deadline per instance at most.
///
/// Deadlines of one kind are all the same time ahead when they are set, and time only moves forward: so they pass in the
/// order in which they were set, and nothing needs to be sorted.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    links: Links,
    starting: List,
    idle: List,
    stopping: List,
    /// By slot.
    set: Vec<Option<(Limit, Instant)>>,
}

// === impl Limit ===

impl Limit {
    pub(crate) fn duration(self, config: &Config) -> Duration {
        match self {
            Self::Start => config.start_timeout,
            Self::Idle => config.idle_ttl,
            Self::Stop => config.stop_timeout,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start times out",
            Self::Idle => "idle instance expires",
            Self::Stop => "deletion is unconfirmed",
        }
    }
}

// === impl Deadlines ===

impl Deadlines {
    /// Sets a deadline, which is not before any other one of its kind.
    pub(crate) fn set(&mut self, slot: Slot, limit: Limit, deadline: Instant) {
        self.remove(slot);
        let (links, list) = self.list_mut(limit);
        links.push(list, slot);
        if self.set.len() <= slot.index() {
            self.set.resize(slot.index() + 1, None);
        }
        self.set[slot.index()] = Some((limit, deadline));
    }

    pub(crate) fn remove(&mut self, slot: Slot) {
        if let Some((limit, _)) = self.set.get_mut(slot.index()).and_then(Option::take) {
            let (links, list) = self.list_mut(limit);
            links.remove(list, slot);
        }
    }

    /// The soonest deadline.
    pub(crate) fn next(&self) -> Option<(Instant, Limit, Slot)> {
        let firsts = [self.starting, self.idle, self.stopping].into_iter().filter_map(|list| list.first());
        let deadlines = firsts.filter_map(|slot| self.set[slot.index()].map(|(limit, at)| (at, limit, slot)));
        deadlines.min()
    }

    /// The instance that has idled longest, of those that may not idle for good.
    pub(crate) fn longest_idle(&self) -> Option<Slot> {
        self.idle.first()
    }

    /// How many may not idle for good.
    pub(crate) fn idle(&self) -> usize {
        self.idle.len()
    }

    fn list_mut(&mut self, limit: Limit) -> (&mut Links, &mut List) {
        let list = match limit {
            Limit::Start => &mut self.starting,
            Limit::Idle => &mut self.idle,
            Limit::Stop => &mut self.stopping,
        };
        (&mut self.links, list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soonest_of_all_kinds_comes_first() {
        let mut deadlines = Deadlines::default();
        let [a, b, c] = [0, 1, 2].map(Slot::after);
        deadlines.set(a, Limit::Idle, at(5));
        deadlines.set(b, Limit::Idle, at(6));
        deadlines.set(c, Limit::Stop, at(3));

        assert_eq!(deadlines.next(), Some((at(3), Limit::Stop, c)));
        deadlines.remove(c);
        assert_eq!(deadlines.next(), Some((at(5), Limit::Idle, a)));
        assert_eq!((deadlines.longest_idle(), deadlines.idle()), (Some(a), 2));
    }

    #[test]
    fn setting_it_anew_replaces_a_deadline() {
        let mut deadlines = Deadlines::default();
        let [a, b] = [0, 1].map(Slot::after);
        deadlines.set(a, Limit::Stop, at(1));
        deadlines.set(b, Limit::Stop, at(2));
        deadlines.set(a, Limit::Stop, at(3));
        assert_eq!(deadlines.next(), Some((at(2), Limit::Stop, b)));
        deadlines.set(b, Limit::Idle, at(9));
        assert_eq!(deadlines.next(), Some((at(3), Limit::Stop, a)));
    }

    #[test]
    fn removal_leaves_nothing_behind() {
        let mut deadlines = Deadlines::default();
        let slot = Slot::after(7);
        deadlines.remove(slot);
        deadlines.set(slot, Limit::Idle, at(1));
        deadlines.remove(slot);
        deadlines.remove(slot);
        assert_eq!((deadlines.next(), deadlines.longest_idle(), deadlines.idle()), (None, None, 0));
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn at(seconds: u64) -> Instant {
        static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *ORIGIN.get_or_init(Instant::now) + Duration::from_secs(seconds)
    }
}
