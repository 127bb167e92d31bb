//! What the driver knows of one Pod.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use fakecloud_podspec::PodName;
use fakecloud_pool::{InstanceId, InvocationId};
use k8s_openapi::api::core::v1::PodStatus;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tracing::warn;

use crate::backends::k8s::pod_status;
use crate::environments::connection::Connection;
use crate::environments::deployment::SharedDeployment;
use crate::environments::driver::Handle;
use crate::environments::emulator;
use crate::environments::lease::Lease;
use crate::environments::timeline::Timeline;

/// One Pod, from the decision to start it until its deletion is confirmed.
pub(crate) struct PodEntry {
    pub(crate) instance: InstanceId,
    pub(crate) name: PodName,
    pub(crate) deployment: SharedDeployment,
    pub(crate) standing: Standing,
    pub(crate) holding: Holding,
    /// What the scheduler said last, if no node took the Pod then.
    unschedulable: Option<Unschedulable>,
    /// Why it is to serve nobody else: its node is not heard of.
    pub(crate) unheard: Option<String>,
    /// The last status the watch saw, until the Pod listens.
    pub(crate) starting: Option<Box<PodStatus>>,
    pub(crate) timeline: Timeline,
    /// Nothing of it is left in the cluster.
    pub(crate) gone: bool,
    expected_in_resync: bool,
}

/// That no node takes a Pod.
pub(crate) struct Unschedulable {
    /// When this began; it tells one spell from the next.
    pub(crate) since: Instant,
    /// The scheduler's last word on it.
    pub(crate) cause: String,
}

/// Where the Pod object stands with the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The create is under way.
    Requested,
    /// The create is under way, and a delete must follow it.
    StopWanted,
    /// The Pod exists, or may exist.
    Created,
    /// The delete is under way; its answer, or the lack of one, decides what is next.
    Deleting,
    /// The API server refused it: there is nothing to delete.
    Refused,
}

/// What the driver holds of the way to the Pod, in the order of a Pod's life; `Idle` and `Lent` alternate.
pub(crate) enum Holding {
    /// Nobody knows yet where it listens.
    Nothing,
    /// Dropping it ends the dialling.
    Dialling { _task: DialTask },
    /// The connection waits for an invocation.
    Idle(Connection),
    /// The connection is lent out; sending a reason cuts the invocation off.
    Lent { abort: oneshot::Sender<Arc<str>> },
    /// The Pod is given up, or was cut off: it is never dialled again.
    Closed,
}

/// A dialling task that ends when it is dropped.
pub(crate) struct DialTask(pub(crate) AbortHandle);

// === impl PodEntry ===

impl PodEntry {
    pub(crate) fn new(instance: InstanceId, name: PodName, deployment: SharedDeployment) -> Self {
        Self {
            instance,
            name,
            deployment,
            standing: Standing::Requested,
            holding: Holding::Nothing,
            unschedulable: None,
            unheard: None,
            starting: None,
            timeline: Timeline::begin(),
            gone: false,
            expected_in_resync: false,
        }
    }

    /// The API server has the Pod.
    pub(crate) fn acknowledged(&mut self, now: Instant) {
        self.timeline.created(now);
    }

    /// No node takes it, if there is a cause, says the scheduler. When that began, if it was not so before.
    pub(crate) fn scheduler_says(&mut self, now: Instant, cause: Option<String>) -> Option<Instant> {
        let since = self.unschedulable.take().map(|spell| spell.since);
        self.unschedulable = cause.map(|cause| Unschedulable { since: since.unwrap_or(now), cause });
        (self.unschedulable.is_some() && since.is_none()).then_some(now)
    }

    /// That no node takes it. A Pod that has called, or has an address, is on one, whatever the scheduler was heard to say.
    pub(crate) fn unschedulable(&self) -> Option<&Unschedulable> {
        self.unschedulable.as_ref().filter(|_| !self.timeline.has_node())
    }

    /// Whether it is only now noticed that a node has taken it after all.
    pub(crate) fn has_found_node(&mut self) -> bool {
        self.timeline.has_node() && self.unschedulable.take().is_some()
    }

    /// Lends the connection out, if there is one that still lives.
    pub(crate) fn lease(&mut self, invocation: InvocationId, handle: &Handle) -> Option<Lease> {
        let Holding::Idle(connection) = std::mem::replace(&mut self.holding, Holding::Closed) else { return None };
        if !connection.is_open() {
            return None;
        }
        let (abort, aborted) = oneshot::channel();
        self.holding = Holding::Lent { abort };
        let is_first = !self.timeline.has_answered();
        Some(Lease::new(
            self.instance,
            invocation,
            self.name.to_string(),
            connection,
            is_first,
            aborted,
            handle.clone(),
        ))
    }

    /// Takes a connection back, if it can be used again.
    pub(crate) fn take_back(&mut self, connection: Connection) -> bool {
        let usable = matches!(self.holding, Holding::Lent { .. }) && connection.is_open();
        if usable {
            self.holding = Holding::Idle(connection);
        }
        usable
    }

    /// Tells the invocation in flight why it is cut off.
    pub(crate) fn abort(&mut self, reason: &Arc<str>) {
        if let Holding::Lent { abort } = std::mem::replace(&mut self.holding, Holding::Closed) {
            // The invocation may have ended in this very moment.
            drop(abort.send(Arc::clone(reason)));
        }
    }

    /// Logs why the Pod is of no use any more. An invocation's end is logged where it is cut off, and what was given up
    /// is meant to end.
    pub(crate) fn log_end(&self, cause: &str) {
        match self.holding {
            Holding::Nothing | Holding::Dialling { .. } => warn!(pod = %self.name, cause, "the Pod did not start"),
            Holding::Idle(_) => warn!(pod = %self.name, cause, "lost an idle Pod"),
            Holding::Lent { .. } | Holding::Closed => {}
        }
    }

    /// How far a Pod that does not listen yet has come, in words.
    pub(crate) fn progress(&self) -> String {
        let status = self.starting.as_deref().map(pod_status::progress);
        let progress = status.unwrap_or_else(|| "nothing was heard of it".to_owned());
        match self.unschedulable() {
            Some(unschedulable) => unschedulable.cause.clone(),
            None => format!("{progress} (ms: {})", self.timeline),
        }
    }

    /// What may keep a Pod from listening whose process runs.
    pub(crate) fn advice(&self) -> Option<String> {
        let runs = self.starting.as_deref().is_some_and(pod_status::runs);
        emulator::advice(&self.deployment.function).filter(|_| runs)
    }

    /// Whether it does not listen yet, and may.
    pub(crate) fn is_starting(&self) -> bool {
        matches!(self.holding, Holding::Nothing | Holding::Dialling { .. })
    }

    /// Whether the Pod still takes its place although its deletion is confirmed.
    pub(crate) fn is_leaving(&self) -> bool {
        self.standing == Standing::Deleting && !self.gone
    }

    /// A list begins now: whatever the API server has acknowledged will be in it.
    pub(crate) fn expect_in_resync(&mut self) {
        self.expected_in_resync = self.timeline.is_created();
    }

    /// Whether a complete list shows that the Pod is gone.
    pub(crate) fn missing_from(&self, names: &BTreeSet<String>) -> bool {
        self.expected_in_resync && !names.contains(self.name.as_str())
    }
}

// === impl DialTask ===

impl Drop for DialTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
