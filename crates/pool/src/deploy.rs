//! One deploy: its instances by state, and whether it may start more.

use std::collections::BTreeSet;

use crate::backoff::Backoff;
use crate::instance::{Instance, State};
use crate::links::{Links, List};
use crate::slab::Slot;
use crate::{DeployId, Failure, Initialization, InstanceId};

/// A short stand-in for a [`DeployId`] inside the pool: cheap to copy and to compare. Another deploy has it once this one
/// is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeployKey(pub(crate) Slot);

/// What the pool knows of one deploy.
#[derive(Debug)]
pub(crate) struct Deploy {
    pub(crate) id: DeployId,
    /// Higher than those of all deploys that were known before.
    pub(crate) number: u64,
    /// Oldest first.
    pub(crate) starting: List,
    /// Longest idle first, those on demand.
    pub(crate) idle: List,
    /// Longest idle first, those that are provisioned.
    pub(crate) idle_provisioned: List,
    busy: usize,
    /// Draining or stopping.
    leaving: usize,
    /// Those that are starting, idle or busy and kept at any time.
    provisioned: BTreeSet<InstanceId>,
    /// Those of them that are starting.
    provisioned_starting: usize,
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
    pub(crate) fn new(id: DeployId, number: u64) -> Self {
        Self {
            id,
            number,
            starting: List::default(),
            idle: List::default(),
            idle_provisioned: List::default(),
            busy: 0,
            leaving: 0,
            provisioned: BTreeSet::new(),
            provisioned_starting: 0,
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
    pub(crate) fn enter(&mut self, links: &mut Links, instance: &Instance) {
        match instance.state {
            State::Starting => {
                links.push(&mut self.starting, instance.id.slot);
                self.provisioned_starting += usize::from(instance.is_kept());
            }
            State::Idle => links.push(self.idle_mut(instance.initialization), instance.id.slot),
            State::Busy { .. } => self.busy += 1,
            State::Draining { .. } | State::Stopping { .. } => self.leaving += 1,
        }
    }

    /// Takes back what `enter` did.
    pub(crate) fn leave(&mut self, links: &mut Links, instance: &Instance) {
        match instance.state {
            State::Starting => {
                links.remove(&mut self.starting, instance.id.slot);
                self.provisioned_starting -= usize::from(instance.is_kept());
            }
            State::Idle => links.remove(self.idle_mut(instance.initialization), instance.id.slot),
            State::Busy { .. } => self.busy -= 1,
            State::Draining { .. } | State::Stopping { .. } => self.leaving -= 1,
        }
    }

    /// Counts an instance in that is kept from now on.
    pub(crate) fn keep(&mut self, id: InstanceId) {
        self.provisioned.insert(id);
    }

    /// Takes back what `keep` did.
    pub(crate) fn give_up(&mut self, id: InstanceId) {
        self.provisioned.remove(&id);
    }

    fn idle_mut(&mut self, initialization: Initialization) -> &mut List {
        match initialization {
            Initialization::OnDemand => &mut self.idle,
            Initialization::Provisioned => &mut self.idle_provisioned,
        }
    }

    /// Instances that serve or will serve. Those that are draining or stopping do not count: they serve nobody else.
    pub(crate) fn live(&self) -> usize {
        self.starting.len() + self.idle.len() + self.idle_provisioned.len() + self.busy
    }

    pub(crate) fn has_instances(&self) -> bool {
        self.live() + self.leaving > 0
    }

    pub(crate) fn starting(&self) -> usize {
        self.starting.len()
    }

    /// The idle instance that was in use last, those that are provisioned before the others. Taking this one lets surplus
    /// ones grow old and expire.
    pub(crate) fn latest_idle(&self) -> Option<Slot> {
        self.idle_provisioned.last().or_else(|| self.idle.last())
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
        self.provisioned.len() - self.provisioned_starting
    }

    /// The provisioned instance that was asked for last.
    pub(crate) fn newest_provisioned(&self) -> Option<InstanceId> {
        self.provisioned.last().copied()
    }
}
