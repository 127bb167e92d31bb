//! The pool's public face: events and time in, actions and the next deadline out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::admission::Admission;
use crate::demand::Demand;
use crate::deploy::DeployKey;
use crate::fleet::{Fleet, Timer};
use crate::instance::State;
use crate::room::Room;
use crate::waiting::Waiting;
use crate::{
    Action, After, Config, DeployId, DeployView, Event, Failure, InstanceId, InstanceView, InvocationId, StartsView,
    StopReason,
};

/// Decides which instance serves which invocation, and when instances start and stop.
///
/// After every `handle` and `handle_timeout`, take all actions out with [`poll_action`](Self::poll_action) and sleep until
/// [`poll_timeout`](Self::poll_timeout) at most. An event beats a deadline of the same moment: deadlines are looked at in
/// [`handle_timeout`](Self::handle_timeout) only, so a warm instance is not thrown away under a caller's nose.
///
/// Time only moves forward: a `now` before the latest one counts as the latest one. An event costs the same however many
/// instances, deploys and waiting invocations there are; O(log n) of the deploys that wait for places in a full house, and of
/// the provisioned instances of one deploy.
#[derive(Debug)]
pub struct Pool {
    pub(crate) config: Config,
    pub(crate) fleet: Fleet,
    pub(crate) waiting: Waiting,
    pub(crate) demand: Demand,
    pub(crate) room: Room,
    pub(crate) admission: Admission,
    pub(crate) actions: VecDeque<Action>,
    pub(crate) shutting_down: bool,
    latest: Option<Instant>,
}

// === impl Pool: the interface ===

impl Pool {
    /// An empty pool.
    pub fn new(config: Config) -> Self {
        let config = config.bounded();
        Self {
            config,
            fleet: Fleet::new(config),
            waiting: Waiting::default(),
            demand: Demand::default(),
            room: Room::default(),
            admission: Admission::new(&config),
            actions: VecDeque::new(),
            shutting_down: false,
            latest: None,
        }
    }

    /// Takes in something that happened at `now`.
    pub fn handle(&mut self, now: Instant, event: Event) {
        let now = self.advance(now);
        let was_full = self.fleet.is_all_provisioned();
        let changed = match event {
            Event::Invoke { invocation, deploy } => self.invoke(now, invocation, deploy),
            Event::Abandoned { invocation } => self.waiting.remove(invocation),
            Event::Started { instance } => self.started(now, instance),
            Event::StartFailed { instance, reason } => self.start_failed(now, instance, reason),
            Event::NoRoom { instance, fit, reason } => self.no_room(now, instance, fit, reason),
            Event::Finished { instance, after } => self.finished(now, instance, after),
            Event::Lost { instance, reason } => self.lost(now, instance, reason),
            Event::Stopped { instance } => self.stopped(now, instance),
            Event::Gone { instance } => self.gone(now, instance),
            Event::NeverThere { instance } => self.never_there(instance),
            Event::Placed { instance } => self.placed(instance),
            Event::Scheduled { instance, node } => self.scheduled(now, instance, &node),
            Event::Unscheduled { instance } => self.unscheduled(now, instance),
            Event::SetUp { instance } => self.set_up(now, instance),
            Event::Progressed { instance } => self.progressed(now, instance),
            Event::Retire { deploy } => self.retire(&deploy),
            Event::Provision { deploy, count } => self.provision(deploy, count),
            Event::Shutdown => self.shutdown(now),
            Event::Deserted { instance, invocation } => self.deserted(now, instance, invocation),
            Event::Evict { instance } => self.evict(now, instance),
        };
        if let Some(deploy) = changed {
            self.settle(now, deploy);
        }
        self.turn_away_if_filled(now, was_full);
    }

    /// Does what was due at `now` or before.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.advance(now);
        let was_full = self.fleet.is_all_provisioned();
        while let Some(timer) = self.fleet.pop_due(now) {
            let changed = match timer {
                Timer::Instance(instance) => self.instance_due(now, instance),
                Timer::Backoff(deploy) => self.backoff_due(now, deploy),
            };
            if let Some(deploy) = changed {
                self.settle(now, deploy);
            }
        }
        while let Some(instance) = self.room.due(now) {
            if let Some(deploy) = self.try_again(now, instance) {
                self.settle(now, deploy);
            }
        }
        self.give_up_waits(now);
        if self.next_look().is_some_and(|(at, _)| at <= now) {
            self.look(now);
        }
        self.turn_away_if_filled(now, was_full);
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next, and what is due then (for the log).
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        [self.fleet.next_deadline(), self.room.next_deadline(), self.next_look(), self.next_wait_end()]
            .into_iter()
            .flatten()
            .min_by_key(|(deadline, _)| *deadline)
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// All instances whose deletion is not confirmed yet, in the order of their creation.
    pub fn instances(&self) -> impl Iterator<Item = InstanceView<'_>> {
        self.fleet.views()
    }

    /// All deploys the pool knows, in the order in which it came to know them.
    pub fn deploys(&self) -> impl Iterator<Item = DeployView<'_>> {
        self.fleet.deploys().map(|(key, deploy)| deploy.view(self.waiting.len(key)))
    }

    /// What the pool knows of a deploy.
    pub fn deploy(&self, deploy: &DeployId) -> Option<DeployView<'_>> {
        let key = self.fleet.key(deploy)?;
        Some(self.fleet.deploy(key).view(self.waiting.len(key)))
    }

    /// How many instances start, and how many may.
    pub fn starts(&self) -> StartsView<'_> {
        self.admission.view(self.demand.total())
    }

    /// Instances that wait for a slot to start.
    pub fn queued_starts(&self) -> usize {
        if self.admission.is_limited() { self.demand.total() } else { 0 }
    }

    /// Invocations that wait for an instance.
    pub fn waiting(&self) -> usize {
        self.waiting.total()
    }

    /// Whether there is neither an instance, not even one that is stopping, nor a waiting invocation.
    pub fn is_empty(&self) -> bool {
        self.fleet.is_empty() && self.waiting.total() == 0
    }
}

// === impl Pool: one method per event; each names the deploy that must be settled ===

impl Pool {
    fn invoke(&mut self, now: Instant, invocation: InvocationId, deploy: DeployId) -> Option<DeployKey> {
        if self.shutting_down {
            self.fail(invocation, Failure::ShuttingDown);
            return None;
        }
        if self.waiting.contains(invocation) {
            return None;
        }
        let key = self.fleet.open(deploy);
        self.fleet.deploy_mut(key).retired = false;
        if let Some(instance) = self.fleet.latest_idle(key) {
            self.dispatch(now, invocation, instance);
        } else {
            match self.admit(now, key) {
                Ok(()) => self.waiting.push(key, invocation),
                Err(failure) => self.fail(invocation, failure),
            }
        }
        Some(key)
    }

    fn finished(&mut self, now: Instant, instance: InstanceId, after: After) -> Option<DeployKey> {
        let (deploy, state) = self.fleet.get(instance)?;
        match (state, after) {
            (State::Busy { .. }, After::Reuse) if self.must_hand_over(now, deploy, instance) => {
                self.stop(now, instance, StopReason::Displaced);
                self.demand.had_its_turn(deploy);
            }
            (State::Busy { .. }, After::Reuse) => self.serve(now, deploy, instance),
            (State::Busy { .. }, After::Retire) => self.stop(now, instance, StopReason::NotReusable),
            (State::Draining { reason, .. }, _) => self.stop(now, instance, reason),
            (State::Starting | State::Idle | State::Stopping { .. }, _) => return None,
        }
        Some(deploy)
    }

    pub(crate) fn lost(&mut self, now: Instant, instance: InstanceId, reason: Arc<str>) -> Option<DeployKey> {
        let (deploy, state) = self.fleet.get(instance)?;
        match state {
            State::Starting => {
                self.abandon_start(now, deploy, instance, Failure::StartFailed { reason }, StopReason::Lost);
            }
            State::Idle => self.stop(now, instance, StopReason::Lost),
            State::Busy { invocation } | State::Draining { invocation, .. } => {
                self.actions.push_back(Action::Abort { invocation, instance, reason });
                self.stop(now, instance, StopReason::Lost);
            }
            State::Stopping { .. } => {}
        }
        Some(deploy)
    }

    fn stopped(&mut self, now: Instant, instance: InstanceId) -> Option<DeployKey> {
        match self.fleet.get(instance)? {
            (deploy, State::Stopping { .. }) => {
                self.fleet.remove(instance);
                Some(deploy)
            }
            (_, State::Starting | State::Idle | State::Busy { .. } | State::Draining { .. }) => {
                self.lost(now, instance, "its Pod was deleted".into())
            }
        }
    }

    fn retire(&mut self, deploy: &DeployId) -> Option<DeployKey> {
        let Some(key) = self.fleet.key(deploy) else {
            self.actions.push_back(Action::Forget { deploy: deploy.clone() });
            return None;
        };
        self.fleet.deploy_mut(key).retire();
        Some(key)
    }

    fn provision(&mut self, deploy: DeployId, count: usize) -> Option<DeployKey> {
        let key = match count {
            0 => self.fleet.key(&deploy)?,
            _ if self.shutting_down => return None,
            _ => self.fleet.open(deploy),
        };
        let deploy = self.fleet.deploy_mut(key);
        deploy.provision = count;
        deploy.retired &= count == 0;
        Some(key)
    }

    fn shutdown(&mut self, now: Instant) -> Option<DeployKey> {
        self.shutting_down = true;
        let deploys: Vec<DeployKey> = self.fleet.deploys().map(|(key, _)| key).collect();
        // All wants end first, or the places of the first deploys would go to the next ones.
        for deploy in &deploys {
            self.fail_waiting(*deploy, &Failure::ShuttingDown);
            self.fleet.deploy_mut(*deploy).retire();
            self.update_demand(now, *deploy);
        }
        for deploy in deploys {
            self.settle(now, deploy);
        }
        None
    }

    fn evict(&mut self, now: Instant, instance: InstanceId) -> Option<DeployKey> {
        match self.fleet.get(instance)? {
            (deploy, State::Starting | State::Idle) => {
                self.stop(now, instance, StopReason::Evicted);
                Some(deploy)
            }
            (deploy, State::Busy { invocation }) => {
                self.drain(now, instance, invocation, StopReason::Evicted);
                Some(deploy)
            }
            (_, State::Draining { .. } | State::Stopping { .. }) => None,
        }
    }

    fn deserted(&mut self, now: Instant, instance: InstanceId, invocation: InvocationId) -> Option<DeployKey> {
        let (deploy, State::Busy { invocation: running }) = self.fleet.get(instance)? else { return None };
        if running != invocation {
            return None;
        }
        self.drain(now, instance, invocation, StopReason::Deserted);
        Some(deploy)
    }

    fn advance(&mut self, now: Instant) -> Instant {
        let latest = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(latest);
        latest
    }
}
