//! What is heard of Pods, from the API server, their init containers, their connections and the watch, as pool events.

use std::net::IpAddr;
use std::time::Instant;

use fakecloud_pool::{Event, Fit, InstanceId};
use k8s_openapi::api::core::v1::Pod;
use tokio::sync::oneshot;
use tracing::{debug, warn};

use super::Driver;
use crate::backends::k8s::api::{ApiError, Deletion, PodChange};
use crate::backends::k8s::pod_status::{self, Verdict};
use crate::backends::k8s::pull_failure;
use crate::backends::k8s::refusal_hint;
use crate::environments::connection::Connection;
use crate::environments::deployment::SharedDeployment;
use crate::environments::emulator;
use crate::environments::pod_entry::{Holding, PodEntry, Standing};

impl Driver {
    pub(super) fn created(&mut self, now: Instant, instance: InstanceId, result: Result<(), ApiError>) {
        let Some(entry) = self.pods.get_mut(&instance) else { return };
        let standing = match &result {
            Ok(()) | Err(ApiError::Unanswered(_)) => Standing::Created,
            Err(ApiError::Refused(_) | ApiError::QuotaUsedUp(_)) => Standing::Refused,
        };
        let before = std::mem::replace(&mut entry.standing, standing);
        match result {
            Ok(()) => entry.acknowledged(now),
            Err(error) => {
                warn!(pod = %entry.name, %error, "the API server did not create the Pod");
                let way_out = refusal_hint::explain(&error.to_string()).map(|hint| format!(" ({hint})"));
                let way_out = way_out.unwrap_or_default();
                let reason = format!("Pod {} could not be created: {error}{way_out}", entry.name).into();
                self.pool.handle(
                    now,
                    match error {
                        ApiError::QuotaUsedUp(_) => Event::NoRoom { instance, fit: Fit::Certain, reason },
                        ApiError::Refused(_) | ApiError::Unanswered(_) => Event::StartFailed { instance, reason },
                    },
                );
            }
        }
        if before == Standing::StopWanted {
            self.delete(now, instance);
        }
    }

    pub(super) fn fetching(
        &mut self,
        now: Instant,
        pod: &str,
        ip: Option<IpAddr>,
        reply: oneshot::Sender<Option<SharedDeployment>>,
    ) {
        let known = self.names.get(pod).copied();
        let entry = known.and_then(|instance| self.pods.get_mut(&instance));
        let deployment = entry.map(|entry| {
            entry.timeline.fetched(Instant::now());
            entry.deployment.clone()
        });
        if let Some(instance) = known {
            self.pool.handle(now, Event::SetUp { instance });
            if let Some(ip) = ip {
                self.reach(instance, ip);
            }
            self.notice_node(now, instance);
        }
        // The init container may have gone away while it waited.
        drop(reply.send(deployment));
    }

    /// The caller hears it from here: to the init container, its files merely come incomplete.
    pub(super) fn fetch_failed(&mut self, now: Instant, pod: &str, cause: &str) {
        let Some(instance) = self.names.get(pod).copied() else { return };
        let holding = self.pods.get(&instance).map(|entry| &entry.holding);
        if matches!(holding, Some(Holding::Nothing | Holding::Dialling { .. })) {
            self.start_failed(now, instance, &format!("cannot start: {cause}"));
        }
    }

    /// Starts to dial the Pod at the first evidence of where it is.
    pub(super) fn reach(&mut self, instance: InstanceId, ip: IpAddr) {
        let Some(entry) = self.pods.get_mut(&instance) else { return };
        if matches!(entry.holding, Holding::Nothing) {
            entry.timeline.located(Instant::now());
            entry.holding = Holding::Dialling { _task: self.launcher.dial(&self.handle, instance, ip) };
        }
    }

    pub(super) fn connected(&mut self, now: Instant, instance: InstanceId, connection: Connection) {
        let Some(entry) = self.pods.get_mut(&instance) else { return };
        let Holding::Dialling { .. } = entry.holding else { return };
        if !connection.is_open() {
            return self.lost(now, instance, "it closed its connection at once");
        }
        entry.timeline.opened(now);
        debug!(pod = %entry.name, timeline = %entry.timeline, "the Pod is ready");
        entry.holding = Holding::Idle(connection);
        entry.starting = None;
        self.pool.handle(now, Event::Started { instance });
    }

    /// The cold start is over once its first answer has begun.
    pub(super) fn first_byte(&mut self, instance: InstanceId, first_byte: Option<Instant>) {
        let (Some(entry), Some(first_byte)) = (self.pods.get_mut(&instance), first_byte) else { return };
        if entry.timeline.answered(first_byte) {
            debug!(pod = %entry.name, timeline = %entry.timeline, "the Pod has served its first invocation");
        }
    }

    /// An idle Pod whose connection ended is lost. Whoever speaks over a connection sees its end himself.
    pub(super) fn stirred(&mut self, now: Instant, instance: InstanceId) {
        let Some(entry) = self.pods.get(&instance) else { return };
        if matches!(&entry.holding, Holding::Idle(connection) if !connection.is_open()) {
            self.lost(now, instance, "it closed its connection");
        }
    }

    /// The watch may still say why, and the connection is not taken back.
    pub(super) fn disconnected(&mut self, now: Instant, instance: InstanceId) {
        let Some(PodEntry { holding: Holding::Lent { .. }, unheard: Some(cause), .. }) = self.pods.get(&instance)
        else {
            return;
        };
        let cause = cause.clone();
        self.lost(now, instance, &cause);
    }

    /// Fails the start, unless a node took the Pod meanwhile, be it for a moment, or may take it once another has gone.
    pub(super) fn unschedulable_for_long(&mut self, now: Instant, instance: InstanceId, since: Instant) {
        let Some(entry) = self.pods.get(&instance) else { return };
        if let Some(unschedulable) = entry.unschedulable().filter(|spell| spell.since == since) {
            let cause = format!("is not scheduled: {}", unschedulable.cause);
            if !pod_status::is_for_want_of_room(&unschedulable.cause) {
                return self.start_failed(now, instance, &cause);
            }
            warn!(pod = %entry.name, cause, "no node has room for the Pod");
            let reason = format!("Pod {} {cause}", entry.name).into();
            self.pool.handle(now, Event::NoRoom { instance, fit: Fit::Doubtful, reason });
        }
    }

    pub(super) fn pod_changed(&mut self, now: Instant, change: PodChange) {
        match change {
            PodChange::Seen(pod) => {
                let Some(name) = pod.metadata.name.as_ref() else { return };
                match self.names.get(name).copied() {
                    Some(instance) => self.pod_read(now, instance, *pod),
                    // A create whose answer got lost: the Pod carries our label, and nobody waits for it.
                    None if pod.metadata.deletion_timestamp.is_none() => self.launcher.delete_stray(name.clone()),
                    None => {}
                }
            }
            PodChange::Gone { name } => {
                if let Some(instance) = self.names.get(&name).copied() {
                    self.lost(now, instance, "the Pod was deleted");
                    self.gone(now, instance);
                } else if let Some(instance) = self.leaving.remove(&name) {
                    self.gone(now, instance);
                }
            }
            PodChange::ResyncBegan => self.pods.values_mut().for_each(PodEntry::expect_in_resync),
            PodChange::Resynced { names } => {
                let missing = self.pods.values().filter(|entry| entry.missing_from(&names)).map(|entry| entry.instance);
                for instance in missing.collect::<Vec<_>>() {
                    self.lost(now, instance, "the Pod is gone");
                    self.gone(now, instance);
                }
                let gone = self.leaving.extract_if(|name, _| !names.contains(name)).map(|(_, instance)| instance);
                for instance in gone.collect::<Vec<_>>() {
                    self.gone(now, instance);
                }
            }
        }
    }

    pub(super) fn pod_read(&mut self, now: Instant, instance: InstanceId, pod: Pod) {
        let reading = pod_status::read(&pod);
        if let Some(ip) = reading.ip {
            self.reach(instance, ip);
        }
        self.start_read(now, instance, &pod);
        let Some(entry) = self.pods.get_mut(&instance) else { return };
        if reading.scheduled {
            entry.timeline.scheduled(now);
        }
        self.notice_node(now, instance);
        let Some(entry) = self.pods.get_mut(&instance) else { return };
        if matches!(entry.holding, Holding::Nothing | Holding::Dialling { .. }) {
            entry.starting = pod.status.map(Box::new);
        }
        let cause = if let Verdict::Unschedulable(cause) = &reading.verdict { Some(cause.clone()) } else { None };
        if let Some(since) = entry.scheduler_says(now, cause) {
            self.launcher.await_autoscaler(&self.handle, instance, since);
            self.pool.handle(now, Event::Unscheduled { instance });
        }
        match reading.verdict {
            Verdict::Fine | Verdict::Unschedulable(_) => {}
            Verdict::CannotStart(cause) => self.start_failed(now, instance, &format!("cannot start: {cause}")),
            Verdict::CannotPull { image, cause } => {
                let missing = pull_failure::explain(&image, &cause, self.launcher.registry.as_ref());
                let missing = missing.map(|words| format!(" ({words})")).unwrap_or_default();
                self.start_failed(now, instance, &format!("cannot start: {cause}{missing}"));
            }
            Verdict::Exited(cause) => self.exited(now, instance, &cause),
            Verdict::NodeNotReady(cause) => self.unheard(now, instance, cause),
            Verdict::Ended(cause) => self.lost(now, instance, &cause),
        }
    }

    /// A start that waited for room has it now.
    fn notice_node(&mut self, now: Instant, instance: InstanceId) {
        if self.pods.get_mut(&instance).is_some_and(PodEntry::has_found_node) {
            self.pool.handle(now, Event::Placed { instance });
        }
    }

    /// Nobody may wait for a Pod whose node is not heard of; what it runs may well come to its end.
    fn unheard(&mut self, now: Instant, instance: InstanceId, cause: String) {
        let Some(entry) = self.pods.get_mut(&instance) else { return };
        if matches!(entry.holding, Holding::Idle(_)) {
            return self.lost(now, instance, &cause);
        }
        if entry.unheard.is_none() {
            warn!(pod = %entry.name, cause, "no further invocation goes to the Pod");
        }
        entry.unheard = Some(cause);
        self.pool.handle(now, Event::Evict { instance });
    }

    /// A process that ends before it listens may be none that takes invocations.
    fn exited(&mut self, now: Instant, instance: InstanceId, cause: &str) {
        let Some(entry) = self.pods.get(&instance) else { return };
        let listened = !matches!(entry.holding, Holding::Nothing | Holding::Dialling { .. });
        match emulator::advice(&entry.deployment.function).filter(|_| !listened) {
            Some(advice) => self.lost(now, instance, &format!("{cause}; {advice}")),
            None => self.lost(now, instance, cause),
        }
    }

    /// The Pod will never listen; `cause` goes on from its name.
    fn start_failed(&mut self, now: Instant, instance: InstanceId, cause: &str) {
        let Some(entry) = self.pods.get(&instance) else { return };
        entry.log_end(cause);
        let reason = format!("Pod {} {cause}", entry.name);
        self.pool.handle(now, Event::StartFailed { instance, reason: reason.into() });
    }

    pub(super) fn lost(&mut self, now: Instant, instance: InstanceId, cause: &str) {
        let Some(entry) = self.pods.get(&instance) else { return };
        entry.log_end(cause);
        let reason = match entry.holding {
            // Its caller reads it after `Runtime exited with error:`, where AWS says how.
            Holding::Lent { .. } => format!("{cause} (Pod {} is lost)", entry.name),
            Holding::Nothing | Holding::Dialling { .. } | Holding::Idle(_) | Holding::Closed => {
                format!("Pod {} is lost: {cause}", entry.name)
            }
        };
        self.pool.handle(now, Event::Lost { instance, reason: reason.into() });
    }

    /// Nothing of the Pod is left in the cluster.
    fn gone(&mut self, now: Instant, instance: InstanceId) {
        if let Some(entry) = self.pods.get_mut(&instance) {
            entry.gone = true;
        }
        self.pool.handle(now, Event::Gone { instance });
    }

    pub(super) fn deleted(&mut self, now: Instant, instance: InstanceId, result: Result<Deletion, ApiError>) {
        match result {
            Ok(Deletion::Accepted) => self.forget(now, instance),
            Ok(Deletion::NothingThere) => {
                self.gone(now, instance);
                self.forget(now, instance);
            }
            Err(error) => {
                let Some(entry) = self.pods.get_mut(&instance) else { return };
                warn!(pod = %entry.name, %error, "the API server did not delete the Pod; trying again later");
                entry.standing = Standing::Created;
            }
        }
    }

    pub(super) fn forget(&mut self, now: Instant, instance: InstanceId) {
        self.pool.handle(now, Event::Stopped { instance });
        if let Some(entry) = self.pods.remove(&instance) {
            self.names.remove(entry.name.as_str());
            if entry.is_leaving() {
                self.leaving.insert(entry.name.to_string(), instance);
            } else if entry.standing == Standing::Refused {
                self.pool.handle(now, Event::NeverThere { instance });
            }
        }
        self.settle_resets();
    }
}
