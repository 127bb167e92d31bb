//! Carries out what the pool wants done.

use std::sync::Arc;
use std::time::Instant;

use fakecloud_pool::{Action, After, DeployId, Failure, Initialization, InstanceId, InvocationId, StopReason};
use tracing::{debug, info, warn};

use super::{Driver, Input, Waiting};
use crate::environments::pod_entry::{Holding, Standing, Unschedulable};

impl Driver {
    pub(super) fn drain_actions(&mut self) {
        while let Some(action) = self.pool.poll_action() {
            match action {
                Action::StartPod { instance, deploy, initialization } => self.start(instance, &deploy, initialization),
                Action::Dispatch { invocation, instance } => self.dispatch(invocation, instance),
                Action::Fail { invocation, failure } => self.fail(invocation, failure),
                Action::Abort { instance, reason, .. } => self.abort(instance, &reason),
                Action::StopPod { instance, reason } => self.stop(instance, reason),
                Action::Forget { deploy } => drop(self.deploys.remove(&deploy)),
            }
        }
    }

    /// Creates a Pod, or tries to create it again; one that is there has a while for the scheduler to look again.
    pub(super) fn start(&mut self, instance: InstanceId, deploy: &DeployId, initialization: Initialization) {
        if let Some(entry) = self.pods.get_mut(&instance) {
            if entry.standing == Standing::Refused {
                debug!(pod = %entry.name, "trying again to create a Pod");
                entry.standing = Standing::Requested;
                self.launcher.create(&self.handle, entry, initialization);
            } else if let Some(Unschedulable { since, .. }) = entry.unschedulable() {
                self.launcher.await_scheduler(&self.handle, instance, *since);
            }
            return;
        }
        let deployment = &self.deploys.get(deploy).expect("a deploy is kept until the pool forgets it").deployment;
        let entry = self.launcher.launch(&self.handle, instance, Arc::clone(deployment), initialization);
        info!(pod = %entry.name, function = %entry.deployment.function.name, %deploy, "starting a Pod");
        self.names.insert(entry.name.to_string(), instance);
        self.pods.insert(instance, entry);
    }

    pub(super) fn dispatch(&mut self, invocation: InvocationId, instance: InstanceId) {
        let lease = self.pods.get_mut(&instance).and_then(|entry| entry.lease(invocation, &self.handle));
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

    /// Keeps how far a Pod had come that did not listen in time: it is forgotten before the last caller asks.
    fn start_timed_out(&mut self, instance: InstanceId) {
        let Some(entry) = self.pods.get(&instance) else { return };
        let (timeout, progress) = (self.config.start_timeout, entry.progress());
        let advice = entry.advice().map(|advice| format!("; {advice}")).unwrap_or_default();
        let cause = format!("did not listen within {timeout:?} of the decision to start it: {progress}{advice}");
        entry.log_end(&cause);
        if let Some(deploy) = self.deploys.get_mut(&entry.deployment.id) {
            deploy.timed_out = Some(format!("Pod {} {cause}", entry.name).into());
        }
    }

    pub(super) fn abort(&mut self, instance: InstanceId, reason: &Arc<str>) {
        if let Some(entry) = self.pods.get_mut(&instance) {
            warn!(pod = %entry.name, reason = %reason, "an invocation was cut off");
            entry.abort(reason);
        }
    }

    pub(super) fn stop(&mut self, instance: InstanceId, reason: StopReason) {
        if reason == StopReason::StartTimedOut {
            self.start_timed_out(instance);
        }
        let Some(entry) = self.pods.get_mut(&instance) else { return };
        info!(pod = %entry.name, %reason, "stopping a Pod");
        entry.holding = Holding::Closed;
        self.delete(Instant::now(), instance);
    }

    /// Sees to it that there is no Pod: now, or as soon as the request under way is answered.
    pub(super) fn delete(&mut self, now: Instant, instance: InstanceId) {
        let Some(entry) = self.pods.get_mut(&instance) else { return };
        match entry.standing {
            // A delete must not overtake the create.
            Standing::Requested | Standing::StopWanted => entry.standing = Standing::StopWanted,
            Standing::Created => {
                entry.standing = Standing::Deleting;
                self.launcher.delete(&self.handle, instance, entry.name.clone());
            }
            Standing::Deleting => {}
            Standing::Refused => self.forget(now, instance),
        }
    }
}
