//! One deploy: its instances by state, and whether it may start more.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::backoff::Backoff;
use crate::instance::State;
use crate::{DeployId, InstanceId};

/// A short stand-in for a [`DeployId`] inside the pool: cheap to copy and to compare. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeployKey(pub(crate) u64);

/// What the pool knows of one deploy.
#[derive(Debug)]
pub(crate) struct Deploy {
    pub(crate) id: DeployId,
    /// Oldest first.
    starting: BTreeSet<InstanceId>,
    /// Longest idle first.
    idle: BTreeSet<(Instant, InstanceId)>,
    busy: usize,
    /// Draining or stopping.
    leaving: usize,
    /// An update or a deletion made it old: it keeps no instance that nothing waits for.
    pub(crate) retired: bool,
    pub(crate) backoff: Backoff,
}

// === impl Deploy ===

impl Deploy {
    pub(crate) fn new(id: DeployId) -> Self {
        Self {
            id,
            starting: BTreeSet::new(),
            idle: BTreeSet::new(),
            busy: 0,
            leaving: 0,
            retired: false,
            backoff: Backoff::default(),
        }
    }

    /// Counts an instance in under a state it has been in since `since`.
    pub(crate) fn enter(&mut self, instance: InstanceId, state: State, since: Instant) {
        match state {
            State::Starting => drop(self.starting.insert(instance)),
            State::Idle => drop(self.idle.insert((since, instance))),
            State::Busy { .. } => self.busy += 1,
            State::Draining { .. } | State::Stopping { .. } => self.leaving += 1,
        }
    }

    /// Takes back what `enter` did.
    pub(crate) fn leave(&mut self, instance: InstanceId, state: State, since: Instant) {
        match state {
            State::Starting => drop(self.starting.remove(&instance)),
            State::Idle => drop(self.idle.remove(&(since, instance))),
            State::Busy { .. } => self.busy -= 1,
            State::Draining { .. } | State::Stopping { .. } => self.leaving -= 1,
        }
    }

    /// Instances that serve or will serve. Those that are draining or stopping do not count: they serve nobody else.
    pub(crate) fn live(&self) -> usize {
        self.starting.len() + self.idle.len() + self.busy
    }

    pub(crate) fn has_instances(&self) -> bool {
        self.live() + self.leaving > 0
    }

    pub(crate) fn starting(&self) -> usize {
        self.starting.len()
    }

    /// The starting instance that was asked for last, so presumably the last to be ready.
    pub(crate) fn newest_starting(&self) -> Option<InstanceId> {
        self.starting.last().copied()
    }

    /// The idle instance that was in use last. Taking this one lets surplus ones grow old and expire.
    pub(crate) fn latest_idle(&self) -> Option<InstanceId> {
        self.idle.last().map(|(_, instance)| *instance)
    }
}
