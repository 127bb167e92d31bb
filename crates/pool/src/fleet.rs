//! All instances and deploys, with the indexes over them: the one place that changes an instance's state.
//!
//! Whatever happens to an instance takes as long in a large fleet as in a small one: each is in a slot that its id names,
//! and in lists that it enters at the end and leaves from anywhere.

mod deploys;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::time::Instant;

use crate::deadlines::{Deadlines, Limit};
use crate::deploy::{Deploy, DeployKey};
use crate::expiry::Expiry;
use crate::instance::{Instance, InstanceView, State};
use crate::links::Links;
use crate::slab::{Slab, Slot};
use crate::{Config, DeployId, Initialization, InstanceId};

/// Instances, deploys and deadlines. An instance is counted by its deploy, and has a deadline, exactly as its state says.
#[derive(Debug)]
pub(crate) struct Fleet {
    config: Config,
    instances: Slab<Instance>,
    deploys: Slab<Deploy>,
    /// Hashed without a secret: what nobody iterates over is as deterministic as a sorted map.
    keys: HashMap<DeployId, DeployKey, BuildHasherDefault<DefaultHasher>>,
    /// Of the lists that deploys keep.
    links: Links,
    deadlines: Deadlines,
    backoffs: Expiry<DeployKey>,
    stopping: usize,
    /// Instances that are provisioned, and so make no room for another deploy.
    kept: usize,
    /// How many instances and deploys there ever were.
    created: u64,
    opened: u64,
}

/// What a deadline is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// An instance was in its state for as long as it may be.
    Instance(InstanceId),
    /// A deploy may start instances again, or forget that it could not.
    Backoff(DeployKey),
}

// === impl Fleet: instances ===

impl Fleet {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            instances: Slab::default(),
            deploys: Slab::default(),
            keys: HashMap::default(),
            links: Links::default(),
            deadlines: Deadlines::default(),
            backoffs: Expiry::default(),
            stopping: 0,
            kept: 0,
            created: 0,
            opened: 0,
        }
    }

    /// Adds a starting instance, a provisioned one if the deploy lacks some.
    pub(crate) fn create(&mut self, now: Instant, key: DeployKey) -> (InstanceId, Initialization) {
        self.created += 1;
        let id = InstanceId { number: self.created, slot: self.instances.next_slot() };
        let deploy = self.deploy(key);
        let initialization = match deploy.provisioned() < deploy.provision {
            true => Initialization::Provisioned,
            false => Initialization::OnDemand,
        };
        let state = State::Starting;
        let instance =
            Instance { id, deploy: key, initialization, created: now, served: 0, state, since: now, last_used: now };
        self.instances.insert(instance);
        self.enter(&instance);
        self.keep_or_give_up(&instance, false, instance.is_kept());
        self.renew_deadline(now, &instance);
        (id, initialization)
    }

    /// Moves a known instance into another state.
    pub(crate) fn set_state(&mut self, now: Instant, id: InstanceId, state: State) {
        let instance = self.change(id, |instance| {
            if instance.state.invocation().is_some() || state.invocation().is_some() {
                instance.last_used = now;
            }
            instance.served += u64::from(matches!(state, State::Busy { .. }));
            instance.state = state;
            instance.since = now;
        });
        self.renew_deadline(now, &instance);
    }

    /// Keeps a known instance for something else from now on.
    pub(crate) fn set_initialization(&mut self, now: Instant, id: InstanceId, initialization: Initialization) {
        let instance = self.change(id, |instance| instance.initialization = initialization);
        if matches!(instance.state, State::Idle) {
            self.renew_deadline(now, &instance);
        }
    }

    /// Asks for the deletion of a known instance again after as long again.
    pub(crate) fn await_deletion(&mut self, now: Instant, id: InstanceId) {
        self.deadlines.set(id.slot, Limit::Stop, now + Limit::Stop.duration(&self.config));
    }

    pub(crate) fn remove(&mut self, id: InstanceId) {
        if self.known(id).is_some()
            && let Some(instance) = self.instances.remove(id.slot)
        {
            self.leave(&instance);
            self.keep_or_give_up(&instance, instance.is_kept(), false);
            self.deadlines.remove(id.slot);
        }
    }

    pub(crate) fn get(&self, id: InstanceId) -> Option<(DeployKey, State)> {
        self.known(id).map(|instance| (instance.deploy, instance.state))
    }

    /// Instances that may still be created, in all.
    pub(crate) fn room(&self) -> usize {
        self.config.house_max().saturating_sub(self.instances.len())
    }

    /// Instances whose place becomes free as soon as their deletion is confirmed.
    pub(crate) fn stopping(&self) -> usize {
        self.stopping
    }

    /// Whether every place is taken by a provisioned instance.
    pub(crate) fn is_all_provisioned(&self) -> bool {
        self.kept >= self.config.house_max()
    }

    /// Instances whose place is to be had.
    pub(crate) fn idle(&self) -> usize {
        self.deadlines.idle()
    }

    pub(crate) fn longest_idle(&self) -> Option<InstanceId> {
        self.deadlines.longest_idle().map(|slot| self.id(slot))
    }

    /// What a known instance is kept for.
    pub(crate) fn initialization(&self, id: InstanceId) -> Initialization {
        self.known(id).expect("callers look the instance up first").initialization
    }

    pub(crate) fn is_provisioned(&self, id: InstanceId) -> bool {
        self.known(id).is_some_and(Instance::is_kept)
    }

    /// Instances of all deploys.
    pub(crate) fn len(&self) -> usize {
        self.instances.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.instances.len() == 0
    }

    /// In the order of their creation.
    pub(crate) fn views(&self) -> impl Iterator<Item = InstanceView<'_>> {
        let mut instances: Vec<&Instance> = self.instances.iter().map(|(_, instance)| instance).collect();
        instances.sort_unstable_by_key(|instance| instance.id);
        instances.into_iter().map(|instance| InstanceView {
            id: instance.id,
            deploy: &self.deploy(instance.deploy).id,
            initialization: instance.initialization,
            created: instance.created,
            served: instance.served,
            state: instance.state.shown(),
            since: instance.since,
            last_used: instance.last_used,
            invocation: instance.state.invocation(),
        })
    }

    /// The number of the instance that was created last.
    pub(crate) fn newest(&self) -> u64 {
        self.created
    }

    fn known(&self, id: InstanceId) -> Option<&Instance> {
        self.instances.get(id.slot).filter(|instance| instance.id == id)
    }

    fn id(&self, slot: Slot) -> InstanceId {
        self.instances.get(slot).expect("lists hold instances that are there").id
    }

    fn change(&mut self, id: InstanceId, change: impl FnOnce(&mut Instance)) -> Instance {
        let instance = self.instances.get_mut(id.slot).expect("callers look the instance up first");
        let before = *instance;
        change(instance);
        let after = *instance;
        self.leave(&before);
        self.enter(&after);
        self.keep_or_give_up(&after, before.is_kept(), after.is_kept());
        after
    }

    /// Counts an instance in as what it is.
    fn enter(&mut self, instance: &Instance) {
        self.stopping += usize::from(instance.is_stopping());
        let deploy = self.deploys.get_mut(instance.deploy.0).expect(deploys::OPEN);
        deploy.enter(&mut self.links, instance);
    }

    /// Takes back what `enter` did.
    fn leave(&mut self, instance: &Instance) {
        self.stopping -= usize::from(instance.is_stopping());
        let deploy = self.deploys.get_mut(instance.deploy.0).expect(deploys::OPEN);
        deploy.leave(&mut self.links, instance);
    }

    fn keep_or_give_up(&mut self, instance: &Instance, was_kept: bool, is_kept: bool) {
        let Instance { id, deploy, .. } = *instance;
        match (was_kept, is_kept) {
            (false, true) => {
                self.kept += 1;
                self.deploy_mut(deploy).keep(id);
            }
            (true, false) => {
                self.kept -= 1;
                self.deploy_mut(deploy).give_up(id);
            }
            (true, true) | (false, false) => {}
        }
    }
}

// === impl Fleet: deadlines ===

impl Fleet {
    pub(crate) fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        let instance = self.deadlines.next().map(|(deadline, limit, _)| (deadline, limit.name()));
        let backoff = self.backoffs.next().map(|(deadline, _)| (deadline, "start back-off ends"));
        [instance, backoff].into_iter().flatten().min_by_key(|(deadline, _)| *deadline)
    }

    /// Takes out what is due soonest, if it is `now` or earlier.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let backoff = self.backoffs.next().map(|(deadline, _)| deadline);
        let instance =
            self.deadlines.next().filter(|(deadline, ..)| backoff.is_none_or(|backoff| *deadline <= backoff));
        match instance {
            Some((deadline, _, slot)) if deadline <= now => {
                self.deadlines.remove(slot);
                Some(Timer::Instance(self.id(slot)))
            }
            Some(_) => None,
            None => self.backoffs.pop_due(now).map(Timer::Backoff),
        }
    }

    pub(crate) fn set_backoff_deadline(&mut self, key: DeployKey, deadline: Instant) {
        self.backoffs.set(key, deadline);
    }

    /// Lets a deploy start instances without restraint.
    pub(crate) fn reset_backoff(&mut self, key: DeployKey) {
        self.deploy_mut(key).backoff.reset();
        self.backoffs.remove(key);
    }

    /// Gives a known starting instance as much time again.
    pub(crate) fn renew_start(&mut self, now: Instant, id: InstanceId) {
        self.deadlines.set(id.slot, Limit::Start, now + Limit::Start.duration(&self.config));
    }

    /// Gives an instance as long as its state allows.
    fn renew_deadline(&mut self, now: Instant, instance: &Instance) {
        let slot = instance.id.slot;
        match instance.limit() {
            Some(limit) => self.deadlines.set(slot, limit, now + limit.duration(&self.config)),
            None => self.deadlines.remove(slot),
        }
    }
}
