//! Environments that are there before anybody calls.

use std::time::Instant;

use fakecloud_lambda::Readiness;
use fakecloud_pool::{DeployId, DeployView, Event, Failure};
use tokio::sync::oneshot;

use super::{Deploy, Driver};
use crate::environments::deployment::SharedDeployment;

/// Why an alias need not wait for its new version any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// The environments of its new version are ready.
    Ready,
    /// They never will be as long as other environments are kept: there is no room for all that are provisioned.
    NoRoom,
}

/// What the driver knows of a deploy that is provisioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) deploy: DeployId,
    pub(crate) readiness: Readiness,
}

/// Someone who waits for a deploy's provisioned environments.
pub(super) struct Awaited {
    deploy: DeployId,
    reply: oneshot::Sender<Settled>,
}

impl Driver {
    pub(super) fn provision(&mut self, now: Instant, deployment: SharedDeployment, count: usize) {
        let deploy = deployment.id.clone();
        self.deploys.entry(deploy.clone()).or_insert(Deploy { deployment, timed_out: None });
        self.pool.handle(now, Event::Provision { deploy, count });
    }

    pub(super) fn await_provisioned(&mut self, deploy: DeployId, reply: oneshot::Sender<Settled>) {
        self.awaited.push(Awaited { deploy, reply });
    }

    /// Tells those whose environments are ready; those whose deploy is provisioned no more hear nothing.
    pub(super) fn settle_awaited(&mut self) {
        for awaited in std::mem::take(&mut self.awaited) {
            let view = self.pool.deploy(&awaited.deploy).filter(|view| view.provision > 0);
            let Some(view) = view.filter(|_| !awaited.reply.is_closed()) else { continue };
            let settled = match view.provisioned_ready >= view.provision {
                true => Some(Settled::Ready),
                false => self.exceeds_house().then_some(Settled::NoRoom),
            };
            match settled {
                // Whoever asked may have given up waiting.
                Some(settled) => drop(awaited.reply.send(settled)),
                None => self.awaited.push(awaited),
            }
        }
    }

    /// Whether more is provisioned than there are places: then some wait for others to be given up.
    fn exceeds_house(&self) -> bool {
        let provisioned: usize = self.pool.deploys().map(|view| view.provision).sum();
        provisioned > self.config.max_instances.get() as usize
    }

    /// What there is of each provisioned deploy.
    pub(super) fn figures(&self) -> Vec<Figures> {
        let provisioned = self.pool.deploys().filter(|view| view.provision > 0);
        provisioned.map(|view| Figures { deploy: view.id.clone(), readiness: self.readiness(&view) }).collect()
    }

    fn readiness(&self, view: &DeployView<'_>) -> Readiness {
        let count = |pods: usize| u32::try_from(pods).unwrap_or(u32::MAX);
        let failure = view.failure.map(|failure| self.in_words(view.id, failure));
        Readiness {
            allocated: count(view.provisioned),
            available: count(view.provisioned_ready),
            failure: failure.or_else(|| self.beyond_limit(view.provision)),
        }
    }

    /// Why so many environments of one function version are never started.
    fn beyond_limit(&self, count: usize) -> Option<String> {
        let many = self.backend.nouns().many;
        let limits = [
            (
                "FAKECLOUD_LAMBDA_MAX_CONCURRENCY",
                self.config.max_concurrency,
                format!("{many} of one function version"),
            ),
            ("FAKECLOUD_LAMBDA_MAX_PODS", self.config.max_instances, format!("{many} in all")),
        ];
        let (name, limit, what) = limits.into_iter().find(|(_, limit, _)| count > limit.get() as usize)?;
        Some(format!("{name}={limit} allows no more {what}; start fakecloud with a higher one"))
    }

    /// A failure with what is known of the last environment.
    pub(super) fn in_words(&self, deploy: &DeployId, failure: &Failure) -> String {
        let timed_out = self.deploys.get(deploy).and_then(|deploy| deploy.timed_out.as_deref());
        match (failure, timed_out) {
            (Failure::StartTimedOut, Some(reason)) => reason.to_owned(),
            (Failure::StartFailed { reason }, _) => reason.to_string(),
            (failure, _) => failure.to_string(),
        }
    }
}
