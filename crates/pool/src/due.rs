//! What becomes of whom when a deadline passes; each method names the deploy that must be settled.

use std::sync::Arc;
use std::time::Instant;

use crate::deploy::DeployKey;
use crate::instance::State;
use crate::{Action, Failure, InstanceId, Pool, StopReason};

impl Pool {
    /// An instance was in its state for as long as it may be.
    pub(crate) fn instance_due(&mut self, now: Instant, instance: InstanceId) -> Option<DeployKey> {
        let (deploy, state) = self.fleet.get(instance)?;
        match state {
            State::Starting if self.goes_on(now, instance) => self.fleet.renew_start(now, instance),
            State::Starting => {
                let (failure, reason) = match self.room.awaited_by(instance) {
                    Some(reason) => (Failure::StartFailed { reason: Arc::clone(reason) }, StopReason::StartFailed),
                    None => (Failure::StartTimedOut, StopReason::StartTimedOut),
                };
                self.abandon_start(now, deploy, instance, failure, reason);
            }
            State::Idle => self.stop(now, instance, StopReason::IdleExpired),
            State::Busy { .. } | State::Draining { .. } => {}
            State::Stopping { reason } => {
                self.actions.push_back(Action::StopEnvironment { instance, reason });
                self.fleet.await_deletion(now, instance);
            }
        }
        Some(deploy)
    }

    /// Fires when a delay ends, and again until the failure is old enough to be forgotten.
    pub(crate) fn backoff_due(&mut self, now: Instant, key: DeployKey) -> Option<DeployKey> {
        let deploy = self.fleet.deploy(key);
        let forgettable =
            deploy.starting() == 0 && deploy.backoff.until().is_none_or(|until| until + self.config.backoff_max <= now);
        if forgettable {
            self.fleet.reset_backoff(key);
        } else {
            self.fleet.set_backoff_deadline(key, now + self.config.backoff_max);
        }
        Some(key)
    }
}
