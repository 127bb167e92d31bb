//! The rules: who is let in, who is served, what is started, stopped and forgotten.

use std::time::Instant;

use crate::demand::{Next, Wanted};
use crate::deploy::DeployKey;
use crate::instance::State;
use crate::{Action, Failure, Initialization, InstanceId, InvocationId, Pool, StopReason};

impl Pool {
    /// Brings a deploy back to its rules after something about it changed, and the house with it.
    pub(crate) fn settle(&mut self, now: Instant, key: DeployKey) {
        if self.fleet.deploy(key).retired {
            self.stop_surplus(now, key);
        }
        self.keep_provisioned(now, key);
        self.update_demand(now, key);
        self.meet_demand(now);
        if self.is_forgettable(key) {
            let deploy = self.fleet.close(key);
            self.actions.push_back(Action::Forget { deploy });
        }
    }

    /// Whether one more invocation of a deploy without an idle instance may wait.
    ///
    /// # Errors
    /// The failure its caller gets instead: the queue is full, or all places are provisioned for others; or starts fail, and
    /// there is neither an instance nor a waiter to share the fate of.
    pub(crate) fn admit(&self, now: Instant, key: DeployKey) -> Result<(), Failure> {
        let deploy = self.fleet.deploy(key);
        let waiting = self.waiting.len(key);
        if deploy.live() == 0
            && waiting == 0
            && let Some(failure) = deploy.backoff.holding(now)
        {
            return Err(failure.clone());
        }
        if self.is_shut_out(key) {
            return Err(Failure::Throttled);
        }
        let others = self.demand.total() - self.demand.of(key);
        let places = (self.fleet.room() + self.fleet.stopping() + self.fleet.idle()).saturating_sub(others);
        let started_for = deploy.starting() + self.startable(now, key).min(places);
        if waiting < started_for.saturating_add(self.config.queue_limit) { Ok(()) } else { Err(Failure::Throttled) }
    }

    /// Ends the waiting of those whose deploys get no place any more, once all places are provisioned for others.
    pub(crate) fn turn_away_if_filled(&mut self, now: Instant, was_all_provisioned: bool) {
        if was_all_provisioned || !self.fleet.is_all_provisioned() {
            return;
        }
        let mut shut_out = self.waiting.deploys();
        shut_out.retain(|key| self.is_shut_out(*key));
        for key in shut_out {
            self.fail_waiting(key, &Failure::Throttled);
            self.settle(now, key);
        }
    }

    /// Gives a free instance to the oldest waiter of its deploy, or lets it idle.
    pub(crate) fn serve(&mut self, now: Instant, key: DeployKey, instance: InstanceId) {
        if self.lacks_provisioned(key) {
            self.fleet.set_initialization(now, instance, Initialization::Provisioned);
        }
        match self.waiting.pop(key) {
            Some(invocation) => self.dispatch(now, invocation, instance),
            None => self.fleet.set_state(now, instance, State::Idle),
        }
    }

    pub(crate) fn dispatch(&mut self, now: Instant, invocation: InvocationId, instance: InstanceId) {
        self.fleet.set_state(now, instance, State::Busy { invocation });
        self.actions.push_back(Action::Dispatch { invocation, instance });
    }

    pub(crate) fn stop(&mut self, now: Instant, instance: InstanceId, reason: StopReason) {
        self.fleet.set_state(now, instance, State::Stopping { reason });
        self.admission.end(now, instance);
        self.room.stopped(now, instance);
        self.actions.push_back(Action::StopEnvironment { instance, reason });
    }

    /// Lets an instance run what it runs, and nothing else.
    pub(crate) fn drain(&mut self, now: Instant, instance: InstanceId, invocation: InvocationId, reason: StopReason) {
        self.fleet.set_state(now, instance, State::Draining { invocation, reason });
    }

    pub(crate) fn fail(&mut self, invocation: InvocationId, failure: Failure) {
        self.actions.push_back(Action::Fail { invocation, failure });
    }

    pub(crate) fn fail_waiting(&mut self, key: DeployKey, failure: &Failure) {
        while let Some(invocation) = self.waiting.pop(key) {
            self.fail(invocation, failure.clone());
        }
    }

    /// Ends a start that failed. Waiters stay as long as another instance of the deploy lives that may serve them.
    pub(crate) fn abandon_start(
        &mut self,
        now: Instant,
        key: DeployKey,
        instance: InstanceId,
        failure: Failure,
        reason: StopReason,
    ) {
        let was_vain = self.room.displaced_in_vain(instance);
        self.stop(now, instance, reason);
        let newest = self.fleet.newest();
        let deploy = self.fleet.deploy_mut(key);
        deploy.backoff.failed(now, instance, newest, failure.clone(), &self.config);
        if was_vain {
            deploy.backoff.remember_vain();
        }
        let none_lives = deploy.live() == 0;
        if let Some(until) = deploy.backoff.until().filter(|until| *until > now) {
            self.fleet.set_backoff_deadline(key, until);
        }
        if none_lives {
            self.fail_waiting(key, &failure);
        }
    }

    /// Whether a free instance, for which its own deploy has work, is due to another deploy: the house is full, and the
    /// other one has waited long enough for a place, and has no instance or at least two fewer.
    ///
    /// So two deploys with as many waiters as you like end up with the same number of instances and leave each other
    /// alone. Only where there are more such deploys than places do they take turns.
    pub(crate) fn must_hand_over(&self, now: Instant, key: DeployKey, instance: InstanceId) -> bool {
        if self.fleet.is_provisioned(instance) {
            return false;
        }
        let Some(next) = self.demand.next().filter(|next| next.deploy != key) else { return false };
        let is_due = match next.live {
            0 => self.fleet.stopping() < self.demand.starving(),
            live => self.fleet.stopping() == 0 && live + 2 <= self.fleet.deploy(key).live(),
        };
        let is_full = self.fleet.room() == 0 || self.room.is_full(now);
        is_due && is_full && self.admission.slots() > 0 && next.since + self.config.handover_after <= now
    }

    pub(crate) fn update_demand(&mut self, now: Instant, key: DeployKey) {
        let count = self.missing(now, key);
        let deploy = self.fleet.deploy(key);
        let is_called = count > 0 && self.waiting.len(key) > deploy.starting();
        self.demand.set(now, key, Wanted { count, live: deploy.live(), is_called });
    }

    /// Starts what is wanted and may start, and has others make way for the rest.
    pub(crate) fn meet_demand(&mut self, now: Instant) {
        if self.demand.total() == 0 {
            return self.admission.relax();
        }
        self.fill_house(now);
        self.make_room(now);
    }

    /// Starts what is wanted, in turn, as far as there is room and the nodes digest it.
    fn fill_house(&mut self, now: Instant) {
        while self.fleet.room() > 0
            && let Some(next) = self.next_to_start()
        {
            if self.startable_at_once(now) == 0 {
                if self.admission.pass_stuck(now) {
                    continue;
                }
                self.room.forget_full(now);
                return self.admission.limits(now);
            }
            let (instance, initialization) = self.fleet.create(now, next.deploy);
            self.admission.begin(now, instance);
            let deploy = self.fleet.deploy(next.deploy).id.clone();
            self.actions.push_back(Action::StartEnvironment { instance, deploy, initialization });
            self.demand.had_its_turn(next.deploy);
            self.update_demand(now, next.deploy);
        }
        self.admission.relax();
    }

    /// Whose start is next: where there is a place for everybody, what is to be there at any time comes after what callers wait
    /// for.
    fn next_to_start(&self) -> Option<Next> {
        if self.fleet.room() < self.demand.total() { self.demand.next() } else { self.demand.next_called() }
    }

    /// How many more may start now, as far as the nodes and the room in the cluster are known.
    fn startable_at_once(&self, now: Instant) -> usize {
        let room = match self.room.is_full(now) {
            true => self.promised(),
            false => self.admission.tries(now, self.fleet.len()),
        };
        self.admission.slots().min(room)
    }

    /// Places of environments that leave, which no start waits for yet.
    fn promised(&self) -> usize {
        self.room.leaving().saturating_sub(self.admission.unplaced())
    }

    /// Stops idle instances for what is still wanted and may start at once. A deploy that wants one has no idle instance itself.
    fn make_room(&mut self, now: Instant) {
        while self.demand.total() > 0
            && self.demand.total().min(self.admission.slots()) > self.coming_places(now)
            && let Some(instance) = self.fleet.longest_idle()
        {
            self.stop(now, instance, StopReason::Displaced);
        }
    }

    /// Places that become free for what is wanted, or are.
    fn coming_places(&self, now: Instant) -> usize {
        if self.fleet.room() == 0 {
            self.fleet.stopping()
        } else if self.room.is_full(now) {
            self.promised()
        } else {
            usize::MAX
        }
    }

    /// Whether all places are provisioned for other deploys.
    fn is_shut_out(&self, key: DeployKey) -> bool {
        self.fleet.deploy(key).live() == 0 && self.fleet.is_all_provisioned()
    }

    fn lacks_provisioned(&self, key: DeployKey) -> bool {
        let deploy = self.fleet.deploy(key);
        deploy.provisioned() < deploy.provision
    }

    /// Keeps what is there as far as instances are to be provisioned, and no more than that.
    fn keep_provisioned(&mut self, now: Instant, key: DeployKey) {
        while self.lacks_provisioned(key)
            && let Some(instance) = self.fleet.adoptable(key)
        {
            self.fleet.set_initialization(now, instance, Initialization::Provisioned);
        }
        while self.fleet.deploy(key).provisioned() > self.fleet.deploy(key).provision {
            if let Some(instance) = self.fleet.idle_provisioned(key) {
                self.stop(now, instance, StopReason::Deprovisioned);
            } else if let Some(instance) = self.fleet.deploy(key).newest_provisioned() {
                self.fleet.set_initialization(now, instance, Initialization::OnDemand);
            }
        }
    }

    /// Instances to start now, within the limits: one per waiter that none is starting for, and those that are to be
    /// provisioned.
    fn missing(&self, now: Instant, key: DeployKey) -> usize {
        let deploy = self.fleet.deploy(key);
        let unprovided = self.waiting.len(key).saturating_sub(deploy.starting());
        let unprovisioned = deploy.provision.saturating_sub(deploy.provisioned());
        unprovided.max(unprovisioned).min(self.startable(now, key))
    }

    /// Instances that may be started now, if there is room.
    fn startable(&self, now: Instant, key: DeployKey) -> usize {
        let deploy = self.fleet.deploy(key);
        let room = self.config.deploy_max().saturating_sub(deploy.live());
        room.min(deploy.backoff.starting_max(now).saturating_sub(deploy.starting()))
    }

    /// Stops what a retired deploy needs no more: idle instances, and starting ones beyond its waiters.
    fn stop_surplus(&mut self, now: Instant, key: DeployKey) {
        let reason = if self.shutting_down { StopReason::Shutdown } else { StopReason::Retired };
        while let Some(instance) = self.fleet.latest_idle(key) {
            self.stop(now, instance, reason);
        }
        while self.fleet.deploy(key).starting() > self.waiting.len(key) {
            let Some(instance) = self.fleet.newest_starting(key) else { return };
            self.stop(now, instance, reason);
        }
    }

    fn is_forgettable(&self, key: DeployKey) -> bool {
        let deploy = self.fleet.deploy(key);
        !deploy.has_instances()
            && deploy.provision == 0
            && self.waiting.len(key) == 0
            && (deploy.retired || deploy.backoff.is_reset())
    }
}
