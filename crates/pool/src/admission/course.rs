//! What becomes of a start, from its beginning to its end, and what the limits learn of it.

use std::time::{Duration, Instant};

use super::pace::{Sample, Signal};
use super::{Admission, NodeKey, Seat, Start};
use crate::{InstanceId, NodeId};

/// A start that so many younger ones have overtaken on its node is slow for a reason of its own, like an image that is pulled or
/// a process that never listens: it holds up nobody any more. For large limits twice the limit.
const OVERTAKEN_MIN: usize = 8;

/// On a node of which nothing was heard for so long, the oldest start may be stuck, and one more is tried.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// While more starts than a few wait for a node with room, another one is tried so long after the last that found none.
const PROBED_AFTER: Duration = Duration::from_millis(500);

impl Admission {
    pub(crate) fn begin(&mut self, now: Instant, instance: InstanceId) {
        self.freed = self.freed.saturating_sub(1);
        let beside = self.nodes.hold(NodeKey::UNKNOWN, instance);
        let start = Start {
            began: now,
            seat: Seat::On(NodeKey::UNKNOWN),
            beside,
            was_limited: self.is_limited,
            is_set_up: false,
            progressed: now,
        };
        self.starts.insert(instance, start);
        self.listen(now, NodeKey::UNKNOWN);
    }

    /// A node was chosen; says whether the cluster had no room for it before.
    pub(crate) fn scheduled(&mut self, now: Instant, instance: InstanceId, node: &NodeId) -> bool {
        let Some(start) = self.starts.get(&instance) else { return false };
        let was_roomless = start.seat == Seat::Roomless;
        match start.seat {
            Seat::On(NodeKey::UNKNOWN) => {
                self.nodes.release(NodeKey::UNKNOWN, instance);
            }
            Seat::Roomless => self.roomless -= 1,
            Seat::On(_) | Seat::Passed => return false,
        }
        let node = self.nodes.open(node, self.last);
        let beside = self.nodes.hold(node, instance);
        let start = self.starts.get_mut(&instance).expect("just found");
        start.seat = Seat::On(node);
        start.beside = beside;
        start.progressed = now;
        self.last = node;
        self.listen(now, NodeKey::UNKNOWN);
        self.listen(now, node);
        was_roomless
    }

    /// The cluster has no room for it now.
    pub(crate) fn finds_no_room(&mut self, now: Instant, instance: InstanceId) {
        let Some(start) = self.starts.get_mut(&instance) else { return };
        let Seat::On(node) = start.seat else { return };
        start.seat = Seat::Roomless;
        self.roomless += 1;
        self.probe_at = Some(now + PROBED_AFTER);
        self.release(now, instance, node);
    }

    /// Its node has set its environment up.
    pub(crate) fn set_up(&mut self, now: Instant, instance: InstanceId) {
        let Some(start) = self.starts.get_mut(&instance) else { return };
        start.progressed = now;
        if !std::mem::replace(&mut start.is_set_up, true) {
            self.learn(now, instance, Signal::SetUp);
        }
    }

    /// It has come further.
    pub(crate) fn progress(&mut self, now: Instant, instance: InstanceId) {
        if let Some(start) = self.starts.get_mut(&instance) {
            start.progressed = now;
        }
    }

    /// It takes invocations.
    pub(crate) fn started(&mut self, now: Instant, instance: InstanceId) {
        let Some(start) = self.starts.get(&instance) else { return };
        let seat = start.seat;
        if !start.is_set_up {
            self.learn(now, instance, Signal::Started);
        }
        self.end(now, instance);
        if let Seat::On(node) = seat
            && self.nodes.was_overtaken(node, instance, OVERTAKEN_MIN)
        {
            self.pass_oldest(now, node);
        }
    }

    /// It starts no more, for whatever reason.
    pub(crate) fn end(&mut self, now: Instant, instance: InstanceId) {
        match self.starts.remove(&instance).map(|start| start.seat) {
            Some(Seat::On(node)) => self.release(now, instance, node),
            Some(Seat::Roomless) => self.roomless -= 1,
            Some(Seat::Passed) | None => {}
        }
    }

    /// When something was last heard of a start, its beginning included.
    pub(crate) fn progressed(&self, instance: InstanceId) -> Option<Instant> {
        self.starts.get(&instance).map(|start| start.progressed)
    }

    fn learn(&mut self, now: Instant, instance: InstanceId, signal: Signal) {
        let start = self.starts.get(&instance).expect("callers look the start up first");
        let Seat::On(node) = start.seat else { return };
        let sample = Sample {
            signal,
            began: start.began,
            took: now.saturating_duration_since(start.began),
            beside: start.beside,
            is_alone: start.beside == 1 && self.nodes.get(node).held() == 1,
            was_limited: start.was_limited || self.is_limited,
        };
        let grown = self.nodes.learn(now, node, sample);
        self.free_slots(grown);
        self.listen(now, node);
    }

    pub(super) fn pass_oldest(&mut self, now: Instant, node: NodeKey) {
        if let Some(oldest) = self.nodes.get(node).oldest() {
            self.starts.get_mut(&oldest).expect("nodes hold starts").seat = Seat::Passed;
            self.release(now, oldest, node);
        }
    }

    fn release(&mut self, now: Instant, instance: InstanceId, node: NodeKey) {
        let has_spare = self.nodes.release(node, instance);
        self.free_slots(usize::from(has_spare));
        self.listen(now, node);
    }

    fn free_slots(&mut self, count: usize) {
        if self.is_limited {
            self.freed += count;
        }
    }

    /// Something was heard of a node, and will be soon again if it holds starts.
    fn listen(&mut self, now: Instant, node: NodeKey) {
        match self.nodes.get(node).held() {
            0 => self.stuck.remove(node),
            _ => self.stuck.set(node, now + STUCK_AFTER),
        }
    }
}
