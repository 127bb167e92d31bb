//! What becomes of a start for which the cluster has no room.

use std::sync::Arc;
use std::time::Instant;

use crate::deploy::DeployKey;
use crate::instance::State;
use crate::room::{RETRY_AFTER, TRIED_WITHIN};
use crate::{Action, Failure, Fit, InstanceId, Pool, StopReason};

impl Pool {
    /// Lets a start wait for an environment that leaves its place, or gives it up where none does.
    pub(crate) fn no_room(
        &mut self,
        now: Instant,
        instance: InstanceId,
        fit: Fit,
        reason: Arc<str>,
    ) -> Option<DeployKey> {
        let (deploy, State::Starting) = self.fleet.get(instance)? else {
            return self.start_failed(now, instance, reason);
        };
        if self.room.awaited_by(instance).is_some() {
            return None;
        }
        self.admission.finds_no_room(now, instance);
        if self.admission.is_short_of_room() {
            self.room.is_full_from(now);
        }
        let may_be_tried_again = self.room.refuse(now, instance, fit, Arc::clone(&reason));
        if !self.is_wanted(deploy, instance) {
            self.drop_start(now, instance);
            return Some(deploy);
        }
        let next_try = if may_be_tried_again { self.next_try(now, deploy, instance, fit) } else { None };
        match next_try {
            Some(until) => self.room.wait(instance, until),
            None => {
                let failure = Failure::StartFailed { reason };
                self.abandon_start(now, deploy, instance, failure, StopReason::StartFailed);
            }
        }
        Some(deploy)
    }

    /// The place of an environment that has gone is for one of the starts that wait.
    pub(crate) fn gone(&mut self, now: Instant, instance: InstanceId) -> Option<DeployKey> {
        if !self.room.gone(now, instance) {
            return None;
        }
        while let Some(next) = self.room.first_waiting() {
            self.room.give_place(now, next);
            let Some(unwanted) = self.try_again(now, next) else { break };
            self.settle(now, unwanted);
        }
        None
    }

    /// Nobody is to wait for the place of an environment that never was.
    pub(crate) fn never_there(&mut self, instance: InstanceId) -> Option<DeployKey> {
        self.room.was_never_there(instance);
        None
    }

    /// Tries a start again that waits, or drops it; names the deploy that must be settled then.
    pub(crate) fn try_again(&mut self, now: Instant, instance: InstanceId) -> Option<DeployKey> {
        let (key, _) = self.fleet.get(instance).expect("only a starting instance waits for room");
        if !self.is_wanted(key, instance) {
            self.drop_start(now, instance);
            return Some(key);
        }
        self.room.tried(instance);
        let deploy = self.fleet.deploy(key).id.clone();
        let initialization = self.fleet.initialization(instance);
        self.actions.push_back(Action::StartEnvironment { instance, deploy, initialization });
        None
    }

    /// A node has taken the environment of a refused start.
    pub(crate) fn placed(&mut self, instance: InstanceId) -> Option<DeployKey> {
        self.room.forget(instance);
        None
    }

    /// When a refused start is tried again if no environment goes before; none if none is to go, and none can be made to. A
    /// doubtful one was refused after a long look, which notices what has gone.
    fn next_try(&mut self, now: Instant, key: DeployKey, instance: InstanceId, fit: Fit) -> Option<Instant> {
        if fit == Fit::Certain && self.room.is_unnoticed_by(now, instance) {
            return Some(now + RETRY_AFTER);
        }
        if !self.room.is_spare(now) {
            if self.fleet.deploy(key).backoff.is_vain() {
                return None;
            }
            match self.fleet.longest_idle() {
                Some(idle) => {
                    self.room.displace_for(instance);
                    self.stop(now, idle, StopReason::Displaced);
                }
                // What starts, or will in the place of an environment that leaves, idles then or is busy: the next try
                // tells. A deploy with another instance has less to lose.
                None if self.is_any_on_its_way(now) && self.fleet.deploy(key).live() == 1 => {}
                None => return None,
            }
        }
        Some(now + TRIED_WITHIN)
    }

    /// Whether some environment starts on a node, or leaves its place, or left it moments ago.
    fn is_any_on_its_way(&self, now: Instant) -> bool {
        self.admission.is_any_placed() || self.room.changes_hands(now)
    }

    /// Whether somebody still waits for a starting instance, or it is to be there at any time.
    fn is_wanted(&self, key: DeployKey, instance: InstanceId) -> bool {
        self.fleet.is_provisioned(instance) || self.fleet.deploy(key).starting() <= self.waiting.len(key)
    }

    /// Ends a refused start that is wanted no more; nobody has to hear of it.
    fn drop_start(&mut self, now: Instant, instance: InstanceId) {
        self.stop(now, instance, StopReason::StartFailed);
    }
}
