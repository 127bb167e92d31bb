//! Carries out what the pool wants done.

use std::sync::Arc;
use std::time::Instant;

use fakecloud_pool::{Action, After, DeployId, Failure, Initialization, InstanceId, InvocationId, StopReason};
use tracing::{debug, info, warn};

use super::{Driver, Input, Waiting};
use crate::environments::backend::Start;
use crate::environments::emulator;
use crate::environments::environment::{Environment, Holding};

impl Driver {
    pub(super) fn drain_actions(&mut self) {
        while let Some(action) = self.pool.poll_action() {
            match action {
                Action::StartEnvironment { instance, deploy, initialization } => {
                    self.start(instance, &deploy, initialization)
                }
                Action::Dispatch { invocation, instance } => self.dispatch(invocation, instance),
                Action::Fail { invocation, failure } => self.fail(invocation, failure),
                Action::Abort { instance, reason, .. } => self.abort(instance, &reason),
                Action::StopEnvironment { instance, reason } => self.stop(instance, reason),
                Action::Forget { deploy } => drop(self.deploys.remove(&deploy)),
            }
        }
    }

    /// Starts an environment, or tries again to start it.
    pub(super) fn start(&mut self, instance: InstanceId, deploy: &DeployId, initialization: Initialization) {
        if let Some(entry) = self.environments.get(&instance) {
            debug!(environment = %entry.name, "trying again to start an environment");
            let deployment = Arc::clone(&entry.deployment);
            return self.backend.start_again(Start { instance, deployment, initialization });
        }
        let deployment = &self.deploys.get(deploy).expect("a deploy is kept until the pool forgets it").deployment;
        let deployment = Arc::clone(deployment);
        let name = self.backend.start(Start { instance, deployment: Arc::clone(&deployment), initialization });
        let function = deployment.function.name.as_str();
        info!(environment = name.as_str(), function, %deploy, "starting a {}", name.noun);
        self.environments.insert(instance, Environment::new(instance, name, deployment));
    }

    pub(super) fn dispatch(&mut self, invocation: InvocationId, instance: InstanceId) {
        let lease = self.environments.get_mut(&instance).and_then(|entry| entry.lease(invocation, &self.handle));
        let reply = self.waiting.remove(&invocation).map(|waiting| waiting.reply);
        match (reply, lease) {
            // A caller that has gone gives the lease back by dropping it.
            (Some(reply), Some(lease)) => drop(reply.send(Ok(lease))),
            (None, Some(lease)) => drop(lease),
            (reply, None) => {
                // The connection ended in this very moment; whoever asked gets the next environment.
                drop(reply);
                self.handle.send(Input::Released {
                    instance,
                    connection: None,
                    first_byte: None,
                    after: After::Retire,
                });
            }
        }
    }

    pub(super) fn fail(&mut self, invocation: InvocationId, failure: Failure) {
        let Some(Waiting { deploy, reply }) = self.waiting.remove(&invocation) else { return };
        if failure == Failure::Throttled {
            self.throttled(Instant::now(), &deploy);
        }
        let timed_out = self.deploys.get(&deploy).and_then(|deploy| deploy.timed_out.clone());
        let failure = match (failure, timed_out) {
            (Failure::StartTimedOut, Some(reason)) => Failure::StartFailed { reason },
            (Failure::NotBegunInTime, _) => Failure::StartFailed { reason: self.not_begun_in_time().into() },
            (failure, _) => failure,
        };
        // A caller that has gone does not need to hear it.
        drop(reply.send(Err(failure)));
    }

    /// Keeps how far an environment had come that did not listen in time: it is forgotten before the last caller asks.
    fn start_timed_out(&mut self, instance: InstanceId) {
        let Some(entry) = self.environments.get(&instance) else { return };
        let (timeout, progress) = (self.config.start_timeout, self.backend.progress(instance));
        let timeline = match progress.is_without_room {
            true => String::new(),
            false => format!(" (ms: {})", entry.timeline),
        };
        let advice = emulator::advice(&entry.deployment.function).filter(|_| progress.runs);
        let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
        let words = progress.words;
        let cause = format!("did not listen within {timeout:?} of the decision to start it: {words}{timeline}{advice}");
        entry.log_end(&cause);
        if let Some(deploy) = self.deploys.get_mut(&entry.deployment.id) {
            deploy.timed_out = Some(format!("{} {cause}", entry.name).into());
        }
    }

    pub(super) fn abort(&mut self, instance: InstanceId, reason: &Arc<str>) {
        if let Some(entry) = self.environments.get_mut(&instance) {
            warn!(environment = entry.name.as_str(), reason = %reason, "an invocation was cut off");
            entry.abort(reason);
        }
    }

    pub(super) fn stop(&mut self, instance: InstanceId, reason: StopReason) {
        if reason == StopReason::StartTimedOut {
            self.start_timed_out(instance);
        }
        let Some(entry) = self.environments.get_mut(&instance) else { return };
        info!(environment = entry.name.as_str(), %reason, "stopping a {}", entry.name.noun);
        entry.holding = Holding::Closed;
        self.backend.stop(instance);
    }
}
