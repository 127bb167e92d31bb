//! All instances and deploys, with the indexes over them: the one place that changes an instance's state.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::deploy::{Deploy, DeployKey};
use crate::expiry::Expiry;
use crate::instance::{Instance, InstanceView, State};
use crate::{Config, DeployId, InstanceId};

/// Instances, deploys and deadlines. An instance is counted by its deploy, and has a deadline, exactly as its state says.
#[derive(Debug)]
pub(crate) struct Fleet {
    config: Config,
    instances: BTreeMap<InstanceId, Instance>,
    deploys: BTreeMap<DeployKey, Deploy>,
    keys: BTreeMap<DeployId, DeployKey>,
    deadlines: Expiry<Timer>,
    /// All idle instances, longest idle first.
    idle: BTreeSet<(Instant, InstanceId)>,
    stopping: usize,
    newest: InstanceId,
    last_key: DeployKey,
}

/// What a deadline is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
            instances: BTreeMap::new(),
            deploys: BTreeMap::new(),
            keys: BTreeMap::new(),
            deadlines: Expiry::default(),
            idle: BTreeSet::new(),
            stopping: 0,
            newest: InstanceId(0),
            last_key: DeployKey(0),
        }
    }

    /// Adds a starting instance.
    pub(crate) fn create(&mut self, now: Instant, deploy: DeployKey) -> InstanceId {
        self.newest = InstanceId(self.newest.0 + 1);
        let id = self.newest;
        self.instances.insert(id, Instance { deploy, state: State::Starting, since: now, last_used: now });
        self.enter(deploy, id, State::Starting, now);
        self.set_deadline(now, id, State::Starting);
        id
    }

    /// Moves a known instance into another state.
    pub(crate) fn set_state(&mut self, now: Instant, id: InstanceId, state: State) {
        let instance = self.instances.get_mut(&id).expect("callers look the instance up first");
        let (old_state, old_since) = (instance.state, instance.since);
        instance.state = state;
        instance.since = now;
        if old_state.invocation().is_some() || state.invocation().is_some() {
            instance.last_used = now;
        }
        let deploy = instance.deploy;
        self.leave(deploy, id, old_state, old_since);
        self.enter(deploy, id, state, now);
        self.set_deadline(now, id, state);
    }

    /// Gives an instance as long again as its state allows.
    pub(crate) fn set_deadline(&mut self, now: Instant, id: InstanceId, state: State) {
        match state.limit(&self.config) {
            Some((duration, _)) => self.deadlines.set(Timer::Instance(id), now + duration),
            None => self.deadlines.remove(Timer::Instance(id)),
        }
    }

    pub(crate) fn remove(&mut self, id: InstanceId) {
        if let Some(instance) = self.instances.remove(&id) {
            self.leave(instance.deploy, id, instance.state, instance.since);
            self.deadlines.remove(Timer::Instance(id));
        }
    }

    pub(crate) fn get(&self, id: InstanceId) -> Option<(DeployKey, State)> {
        self.instances.get(&id).map(|instance| (instance.deploy, instance.state))
    }

    /// Instances that may still be created, in all.
    pub(crate) fn room(&self) -> usize {
        self.config.house_max().saturating_sub(self.instances.len())
    }

    /// Instances whose place becomes free as soon as their deletion is confirmed.
    pub(crate) fn stopping(&self) -> usize {
        self.stopping
    }

    /// Idle instances, whose place is to be had.
    pub(crate) fn idle(&self) -> usize {
        self.idle.len()
    }

    pub(crate) fn longest_idle(&self) -> Option<InstanceId> {
        self.idle.first().map(|(_, instance)| *instance)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = InstanceView<'_>> {
        self.instances.iter().map(|(id, instance)| InstanceView {
            id: *id,
            deploy: &self.deploy(instance.deploy).id,
            state: instance.state.name(),
            since: instance.since,
            last_used: instance.last_used,
            invocation: instance.state.invocation(),
        })
    }

    /// Counts an instance in under a state it has been in since `since`.
    fn enter(&mut self, deploy: DeployKey, id: InstanceId, state: State, since: Instant) {
        match state {
            State::Idle => drop(self.idle.insert((since, id))),
            State::Stopping { .. } => self.stopping += 1,
            State::Starting | State::Busy { .. } | State::Draining { .. } => {}
        }
        self.deploy_mut(deploy).enter(id, state, since);
    }

    /// Takes back what `enter` did.
    fn leave(&mut self, deploy: DeployKey, id: InstanceId, state: State, since: Instant) {
        match state {
            State::Idle => drop(self.idle.remove(&(since, id))),
            State::Stopping { .. } => self.stopping -= 1,
            State::Starting | State::Busy { .. } | State::Draining { .. } => {}
        }
        self.deploy_mut(deploy).leave(id, state, since);
    }
}

// === impl Fleet: deploys ===

impl Fleet {
    /// The key of a deploy, which becomes known if it was not.
    pub(crate) fn open(&mut self, id: DeployId) -> DeployKey {
        if let Some(key) = self.key(&id) {
            return key;
        }
        self.last_key = DeployKey(self.last_key.0 + 1);
        self.keys.insert(id.clone(), self.last_key);
        self.deploys.insert(self.last_key, Deploy::new(id));
        self.last_key
    }

    /// Forgets a deploy that has no instance.
    pub(crate) fn close(&mut self, key: DeployKey) -> DeployId {
        let deploy = self.deploys.remove(&key).expect("callers look the deploy up first");
        self.keys.remove(&deploy.id);
        self.deadlines.remove(Timer::Backoff(key));
        deploy.id
    }

    pub(crate) fn key(&self, id: &DeployId) -> Option<DeployKey> {
        self.keys.get(id).copied()
    }

    pub(crate) fn keys(&self) -> Vec<DeployKey> {
        self.deploys.keys().copied().collect()
    }

    pub(crate) fn deploy(&self, key: DeployKey) -> &Deploy {
        self.deploys.get(&key).expect("a deploy is closed only when nothing refers to it")
    }

    pub(crate) fn deploy_mut(&mut self, key: DeployKey) -> &mut Deploy {
        self.deploys.get_mut(&key).expect("a deploy is closed only when nothing refers to it")
    }
}

// === impl Fleet: deadlines ===

impl Fleet {
    pub(crate) fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        let (deadline, timer) = self.deadlines.next()?;
        Some((deadline, self.timer_name(timer)))
    }

    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        self.deadlines.pop_due(now)
    }

    pub(crate) fn set_backoff_deadline(&mut self, key: DeployKey, deadline: Instant) {
        self.deadlines.set(Timer::Backoff(key), deadline);
    }

    pub(crate) fn newest(&self) -> InstanceId {
        self.newest
    }

    /// Lets a deploy start instances without restraint.
    pub(crate) fn reset_backoff(&mut self, key: DeployKey) {
        self.deploy_mut(key).backoff.reset();
        self.deadlines.remove(Timer::Backoff(key));
    }

    fn timer_name(&self, timer: Timer) -> &'static str {
        match timer {
            Timer::Instance(id) => {
                let limit = self.get(id).and_then(|(_, state)| state.limit(&self.config));
                limit.expect("an instance's deadline comes from its state").1
            }
            Timer::Backoff(_) => "start back-off ends",
        }
    }
}
