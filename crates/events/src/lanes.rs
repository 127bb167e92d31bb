//! The events that wait to be run, each function's in a lane of its own: first come, first served.

use std::collections::{BTreeMap, BTreeSet};

use crate::{EventId, FunctionKey};

/// A place in a lane: those with lower numbers are served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

/// All lanes; none is empty.
#[derive(Debug)]
pub(crate) struct Lanes {
    lanes: BTreeMap<FunctionKey, Lane>,
    running_max: usize,
    last: u64,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: BTreeSet<(Place, EventId)>,
    running: usize,
}

// === impl Lanes ===

impl Lanes {
    pub(crate) fn new(running_max: usize) -> Self {
        Self { lanes: BTreeMap::new(), running_max, last: 0 }
    }

    /// Puts an event at the end of its function's lane.
    pub(crate) fn join(&mut self, function: &FunctionKey, event: EventId) -> Place {
        self.last += 1;
        let place = Place(self.last);
        self.lanes.entry(function.clone()).or_default().waiting.insert((place, event));
        place
    }

    /// Takes an event out that waits.
    pub(crate) fn leave(&mut self, function: &FunctionKey, place: Place, event: EventId) {
        self.change(function, |lane| {
            lane.waiting.remove(&(place, event));
        });
    }

    /// Takes out the first event, which runs from now on, if one more may run.
    pub(crate) fn start(&mut self, function: &FunctionKey) -> Option<EventId> {
        let lane = self.lanes.get_mut(function).filter(|lane| lane.running < self.running_max)?;
        let (_, event) = lane.waiting.pop_first()?;
        lane.running += 1;
        Some(event)
    }

    /// An event of the function runs no more.
    pub(crate) fn stop(&mut self, function: &FunctionKey) {
        self.change(function, |lane| lane.running = lane.running.saturating_sub(1));
    }

    pub(crate) fn clear(&mut self) {
        self.lanes.clear();
    }

    fn change(&mut self, function: &FunctionKey, change: impl FnOnce(&mut Lane)) {
        let Some(lane) = self.lanes.get_mut(function) else { return };
        change(lane);
        if lane.waiting.is_empty() && lane.running == 0 {
            self.lanes.remove(function);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_do_not_wait_for_one_another() {
        let (f, g) = (FunctionKey::from("f"), FunctionKey::from("g"));
        let mut lanes = Lanes::new(1);
        lanes.join(&f, EventId(1));
        lanes.join(&f, EventId(2));
        lanes.join(&g, EventId(3));
        assert_eq!((lanes.start(&f), lanes.start(&f), lanes.start(&g)), (Some(EventId(1)), None, Some(EventId(3))));
        lanes.stop(&f);
        assert_eq!(lanes.start(&f), Some(EventId(2)));
    }

    #[test]
    fn nothing_is_left_of_lanes_without_events() {
        let f = FunctionKey::from("f");
        let mut lanes = Lanes::new(1);
        let place = lanes.join(&f, EventId(1));
        lanes.leave(&f, place, EventId(1));
        lanes.join(&f, EventId(2));
        lanes.start(&f);
        lanes.stop(&f);
        lanes.stop(&f);
        assert!(lanes.lanes.is_empty());
    }
}
