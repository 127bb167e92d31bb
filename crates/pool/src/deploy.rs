//! One deploy: its instances by state, and whether it may start more.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::backoff::Backoff;
use crate::instance::{Instance, State};
use crate::{DeployId, Failure, Initialization, InstanceId};

/// A short stand-in for a [`DeployId`] inside the pool: cheap to copy and to compare. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeployKey(pub(crate) u64);

/// What the pool knows of one deploy.
#[derive(Debug)]
pub(crate) struct Deploy {
    pub(crate) id: DeployId,
    /// Oldest first.
    starting: BTreeSet<InstanceId>,
    /// Longest idle first; those on demand before those that are provisioned.
    idle: BTreeSet<(Initialization, Instant, InstanceId)>,
    busy: usize,
    /// Draining or stopping.
    leaving: usize,
    /// Those that are starting, idle or busy and kept at any time.
    provisioned: BTreeSet<InstanceId>,
    /// How many are to be kept at any time.
    pub(crate) provision: usize,
    /// An update or a deletion made it old: it keeps no instance that nothing waits for.
    pub(crate) retired: bool,
    pub(crate) backoff: Backoff,
}

/// One deploy as a driver may show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployView<'a> {
    /// The deploy.
    pub id: &'a DeployId,
    /// Invocations that wait for an instance of it.
    pub waiting: usize,
    /// How many instances are to be there at any time.
    pub provision: usize,
    /// How many of those are there, starting ones included.
    pub provisioned: usize,
    /// How many of those have started.
    pub provisioned_ready: usize,
    /// Why its last start failed, until one succeeds or long enough has passed.
    pub failure: Option<&'a Failure>,
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
            provisioned: BTreeSet::new(),
            provision: 0,
            retired: false,
            backoff: Backoff::default(),
        }
    }

    pub(crate) fn retire(&mut self) {
        self.retired = true;
        self.provision = 0;
    }

    /// Counts an instance in as what it is.
    pub(crate) fn enter(&mut self, id: InstanceId, instance: Instance) {
        let Instance { state, since, initialization, .. } = instance;
        match state {
            State::Starting => drop(self.starting.insert(id)),
            State::Idle => drop(self.idle.insert((initialization, since, id))),
            State::Busy { .. } => self.busy += 1,
            State::Draining { .. } | State::Stopping { .. } => self.leaving += 1,
        }
        if instance.is_kept() {
            self.provisioned.insert(id);
        }
    }

    /// Takes back what `enter` did.
    pub(crate) fn leave(&mut self, id: InstanceId, instance: Instance) {
        let Instance { state, since, initialization, .. } = instance;
        match state {
            State::Starting => drop(self.starting.remove(&id)),
            State::Idle => drop(self.idle.remove(&(initialization, since, id))),
            State::Busy { .. } => self.busy -= 1,
            State::Draining { .. } | State::Stopping { .. } => self.leaving -= 1,
        }
        if instance.is_kept() {
            self.provisioned.remove(&id);
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

    /// The idle instance that was in use last, those that are provisioned before the others. Taking this one lets surplus
    /// ones grow old and expire.
    pub(crate) fn latest_idle(&self) -> Option<InstanceId> {
        self.idle.last().map(|(_, _, instance)| *instance)
    }

    pub(crate) fn view(&self, waiting: usize) -> DeployView<'_> {
        DeployView {
            id: &self.id,
            waiting,
            provision: self.provision,
            provisioned: self.provisioned(),
            provisioned_ready: self.provisioned_ready(),
            failure: self.backoff.failure(),
        }
    }

    /// Provisioned instances, starting ones included.
    pub(crate) fn provisioned(&self) -> usize {
        self.provisioned.len()
    }

    /// Provisioned instances that have started.
    pub(crate) fn provisioned_ready(&self) -> usize {
        self.provisioned.difference(&self.starting).count()
    }

    /// An instance on demand that can be kept instead of starting another one: an idle one, or one that starts.
    pub(crate) fn adoptable(&self) -> Option<InstanceId> {
        let idle = self.idle.first().filter(|(initialization, ..)| *initialization == Initialization::OnDemand);
        let starting = || self.starting.difference(&self.provisioned).next().copied();
        idle.map(|(_, _, instance)| *instance).or_else(starting)
    }

    /// A provisioned instance that is idle.
    pub(crate) fn idle_provisioned(&self) -> Option<InstanceId> {
        let idle = self.idle.last().filter(|(initialization, ..)| *initialization == Initialization::Provisioned);
        idle.map(|(_, _, instance)| *instance)
    }

    /// The provisioned instance that was asked for last.
    pub(crate) fn newest_provisioned(&self) -> Option<InstanceId> {
        self.provisioned.last().copied()
    }
}
