//! All instances and deploys, with the indexes over them: the one place that changes an instance's state.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::deploy::{Deploy, DeployKey};
use crate::expiry::Expiry;
use crate::instance::{Instance, InstanceView, State};
use crate::{Config, DeployId, Initialization, InstanceId};

/// Instances, deploys and deadlines. An instance is counted by its deploy, and has a deadline, exactly as its state says.
#[derive(Debug)]
pub(crate) struct Fleet {
    config: Config,
    instances: BTreeMap<InstanceId, Instance>,
    deploys: BTreeMap<DeployKey, Deploy>,
    keys: BTreeMap<DeployId, DeployKey>,
    deadlines: Expiry<Timer>,
    /// All instances that can make room for another deploy, longest idle first.
    idle: BTreeSet<(Instant, InstanceId)>,
    stopping: usize,
    /// Instances that are provisioned, and so make no room for another deploy.
    kept: usize,
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
            kept: 0,
            newest: InstanceId(0),
            last_key: DeployKey(0),
        }
    }

    /// Adds a starting instance, a provisioned one if the deploy lacks some.
    pub(crate) fn create(&mut self, now: Instant, key: DeployKey) -> (InstanceId, Initialization) {
        self.newest = InstanceId(self.newest.0 + 1);
        let id = self.newest;
        let deploy = self.deploy(key);
        let initialization = match deploy.provisioned() < deploy.provision {
            true => Initialization::Provisioned,
            false => Initialization::OnDemand,
        };
        let state = State::Starting;
        let instance =
            Instance { deploy: key, initialization, created: now, served: 0, state, since: now, last_used: now };
        self.instances.insert(id, instance);
        self.enter(id, instance);
        self.renew_deadline(now, id);
        (id, initialization)
    }

    /// Moves a known instance into another state.
    pub(crate) fn set_state(&mut self, now: Instant, id: InstanceId, state: State) {
        self.change(id, |instance| {
            if instance.state.invocation().is_some() || state.invocation().is_some() {
                instance.last_used = now;
            }
            instance.served += u64::from(matches!(state, State::Busy { .. }));
            instance.state = state;
            instance.since = now;
        });
        self.renew_deadline(now, id);
    }

    /// Keeps a known instance for something else from now on.
    pub(crate) fn set_initialization(&mut self, now: Instant, id: InstanceId, initialization: Initialization) {
        self.change(id, |instance| instance.initialization = initialization);
        if let Some((_, State::Idle)) = self.get(id) {
            self.renew_deadline(now, id);
        }
    }

    /// Gives an instance as long again as its state allows.
    pub(crate) fn renew_deadline(&mut self, now: Instant, id: InstanceId) {
        let limit = self.instances.get(&id).and_then(|instance| instance.limit(&self.config));
        match limit {
            Some((duration, _)) => self.deadlines.set(Timer::Instance(id), now + duration),
            None => self.deadlines.remove(Timer::Instance(id)),
        }
    }

    pub(crate) fn remove(&mut self, id: InstanceId) {
        if let Some(instance) = self.instances.remove(&id) {
            self.leave(id, instance);
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

    /// Whether every place is taken by a provisioned instance.
    pub(crate) fn is_all_provisioned(&self) -> bool {
        self.kept >= self.config.house_max()
    }

    /// Instances whose place is to be had.
    pub(crate) fn idle(&self) -> usize {
        self.idle.len()
    }

    pub(crate) fn longest_idle(&self) -> Option<InstanceId> {
        self.idle.first().map(|(_, instance)| *instance)
    }

    pub(crate) fn is_provisioned(&self, id: InstanceId) -> bool {
        self.instances.get(&id).is_some_and(Instance::is_kept)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = InstanceView<'_>> {
        self.instances.iter().map(|(id, instance)| InstanceView {
            id: *id,
            deploy: &self.deploy(instance.deploy).id,
            initialization: instance.initialization,
            created: instance.created,
            served: instance.served,
            state: instance.state.name(),
            since: instance.since,
            last_used: instance.last_used,
            invocation: instance.state.invocation(),
        })
    }

    fn change(&mut self, id: InstanceId, change: impl FnOnce(&mut Instance)) {
        let instance = self.instances.get_mut(&id).expect("callers look the instance up first");
        let before = *instance;
        change(instance);
        let after = *instance;
        self.leave(id, before);
        self.enter(id, after);
    }

    /// Counts an instance in as what it is.
    fn enter(&mut self, id: InstanceId, instance: Instance) {
        self.stopping += usize::from(instance.is_stopping());
        self.kept += usize::from(instance.is_kept());
        if instance.is_displaceable() {
            self.idle.insert((instance.since, id));
        }
        self.deploy_mut(instance.deploy).enter(id, instance);
    }

    /// Takes back what `enter` did.
    fn leave(&mut self, id: InstanceId, instance: Instance) {
        self.stopping -= usize::from(instance.is_stopping());
        self.kept -= usize::from(instance.is_kept());
        if instance.is_displaceable() {
            self.idle.remove(&(instance.since, id));
        }
        self.deploy_mut(instance.deploy).leave(id, instance);
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

    pub(crate) fn deploys(&self) -> impl Iterator<Item = (DeployKey, &Deploy)> {
        self.deploys.iter().map(|(key, deploy)| (*key, deploy))
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
                let limit = self.instances.get(&id).and_then(|instance| instance.limit(&self.config));
                limit.expect("an instance's deadline comes from its state").1
            }
            Timer::Backoff(_) => "start back-off ends",
        }
    }
}
