//! What is heard of starts on their way, and the end of waiting for one; each event names the deploy that must be settled.

use std::sync::Arc;
use std::time::Instant;

use crate::deploy::DeployKey;
use crate::instance::State;
use crate::{Failure, InstanceId, NodeId, Pool, StopReason};

impl Pool {
    /// A node was chosen.
    pub(crate) fn scheduled(&mut self, now: Instant, instance: InstanceId, node: &NodeId) -> Option<DeployKey> {
        let (deploy, State::Starting) = self.fleet.get(instance)? else { return None };
        // Where no environment has left, the cluster has grown.
        if self.admission.scheduled(now, instance, node) && !self.room.changes_hands(now) {
            self.room.is_full_no_more();
        }
        Some(deploy)
    }

    /// No node takes it for now.
    pub(crate) fn unscheduled(&mut self, now: Instant, instance: InstanceId) -> Option<DeployKey> {
        let (deploy, State::Starting) = self.fleet.get(instance)? else { return None };
        self.admission.finds_no_room(now, instance);
        Some(deploy)
    }

    /// Its first container runs.
    pub(crate) fn set_up(&mut self, now: Instant, instance: InstanceId) -> Option<DeployKey> {
        let (deploy, State::Starting) = self.fleet.get(instance)? else { return None };
        self.admission.set_up(now, instance);
        Some(deploy)
    }

    /// It takes invocations.
    pub(crate) fn started(&mut self, now: Instant, instance: InstanceId) -> Option<DeployKey> {
        let (deploy, State::Starting) = self.fleet.get(instance)? else { return None };
        self.fleet.reset_backoff(deploy);
        self.room.forget(instance);
        self.admission.started(now, instance);
        self.serve(now, deploy, instance);
        Some(deploy)
    }

    /// It will never take any.
    pub(crate) fn start_failed(&mut self, now: Instant, instance: InstanceId, reason: Arc<str>) -> Option<DeployKey> {
        match self.fleet.get(instance)? {
            (deploy, State::Starting) => {
                let failure = Failure::StartFailed { reason };
                self.abandon_start(now, deploy, instance, failure, StopReason::StartFailed);
                Some(deploy)
            }
            (_, State::Idle | State::Busy { .. } | State::Draining { .. } | State::Stopping { .. }) => {
                self.lost(now, instance, reason)
            }
        }
    }

    /// It has come further.
    pub(crate) fn progressed(&mut self, now: Instant, instance: InstanceId) -> Option<DeployKey> {
        self.admission.progress(now, instance);
        None
    }

    /// Whether a start whose time is over gets as much again: something was heard of it in the second half of that time.
    pub(crate) fn goes_on(&self, now: Instant, instance: InstanceId) -> bool {
        let half = self.config.start_timeout / 2;
        self.room.awaited_by(instance).is_none()
            && self.admission.progressed(instance).is_some_and(|at| now < at + half)
    }

    /// When to look again whether something may start that waits for its slot.
    pub(crate) fn next_look(&self) -> Option<(Instant, &'static str)> {
        if self.is_held_up() {
            return self.admission.next_stuck();
        }
        let room = self.room.full_until().map(|at| (at, "a full cluster is tried again"));
        let next = [room, self.admission.next_deadline()].into_iter().flatten().min_by_key(|(at, _)| *at);
        next.filter(|_| self.admission.is_limited())
    }

    /// Starts what waited for its slot, or for a place, after `next_look`.
    pub(crate) fn look(&mut self, now: Instant) {
        if self.is_held_up() {
            self.admission.pass_stuck(now);
        }
        self.meet_demand(now);
    }

    /// Whether nobody makes way in a full house because the nodes start as many as they digest.
    fn is_held_up(&self) -> bool {
        self.demand.total() > 0 && self.fleet.room() == 0 && self.admission.slots() == 0
    }

    /// When the next deploy has waited for its first start as long as it may.
    pub(crate) fn next_wait_end(&self) -> Option<(Instant, &'static str)> {
        // In a full house it waits for a place instead, and as long as that takes.
        let next = self.demand.longest_starving().filter(|_| self.fleet.room() > 0)?;
        Some((next.since + self.config.start_wait, "no start was begun in time"))
    }

    /// Ends the waiting of those whose deploys had no start in time.
    pub(crate) fn give_up_waits(&mut self, now: Instant) {
        while let Some((until, _)) = self.next_wait_end()
            && until <= now
            && let Some(next) = self.demand.longest_starving()
        {
            self.fail_waiting(next.deploy, &Failure::NotBegunInTime);
            self.settle(now, next.deploy);
        }
    }
}
