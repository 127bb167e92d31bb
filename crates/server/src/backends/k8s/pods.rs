//! The Pods of this instance as they stand with the API server: a table without IO.
//!
//! Answers of the API server, calls of init containers and the shared watch go in. Requests to the API server, times to wait
//! for and reports to the driver come out of [`Pods::poll`], in the order in which they are to be carried out.

mod entry;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use fakecloud_podspec::{INVOKE_PORT, PodName, Registry};
use fakecloud_pool::{Fit, Initialization, InstanceId};

use self::entry::{Entry, Standing};
use crate::backends::k8s::api::{ApiError, Deletion, PodChange};
use crate::backends::k8s::{pod_status, refusal_hint};
use crate::environments::backend::{Progress, Report, Start, Step};
use crate::environments::deployment::SharedDeployment;

/// A scheduler that found no node looks again when a Pod has gone, but for its back-off after the last look: from 1 s, which
/// doubles with each look, to 10 s (`podInitialBackoffSeconds` and `podMaxBackoffSeconds` of
/// <https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/>).
const RESCHEDULED_WITHIN: RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(10);

/// All Pods of this instance, from the decision to start one until nothing of it is left.
pub(crate) struct Pods {
    entries: HashMap<InstanceId, Entry>,
    names: HashMap<String, InstanceId>,
    /// Pods whose deletion is confirmed and that the watch still has to see go.
    leaving: HashMap<String, InstanceId>,
    /// Where nodes find this server's own registry, if it is that which image URIs of ECR name.
    registry: Option<Registry>,
    /// How long an autoscaler is given.
    unschedulable_grace: Duration,
    outputs: VecDeque<Output>,
}

/// What the table wants done.
#[derive(Debug)]
pub(crate) enum Output {
    /// Create this Pod, and answer with [`Pods::created`].
    Create { instance: InstanceId, name: PodName, deployment: SharedDeployment, initialization: Initialization },
    /// Delete this Pod, and answer with [`Pods::deleted`].
    Delete { instance: InstanceId, name: PodName },
    /// Delete a Pod of this instance that nobody waits for.
    DeleteStray { name: String },
    /// Wait, then call [`Pods::waited`].
    Wait { instance: InstanceId, since: Instant, time: Duration },
    /// Tell the driver.
    Report { instance: InstanceId, report: Report },
}

// === impl Pods ===

impl Pods {
    pub(crate) fn new(registry: Option<Registry>, unschedulable_grace: Duration) -> Self {
        Self {
            entries: HashMap::new(),
            names: HashMap::new(),
            leaving: HashMap::new(),
            registry,
            unschedulable_grace,
            outputs: VecDeque::new(),
        }
    }

    /// The next thing to be done.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Starts a Pod of this name, which was never used.
    pub(crate) fn start(&mut self, start: Start, name: PodName) {
        let Start { instance, deployment, initialization } = start;
        self.names.insert(name.to_string(), instance);
        self.outputs.push_back(Output::Create {
            instance,
            name: name.clone(),
            deployment: deployment.clone(),
            initialization,
        });
        self.entries.insert(instance, Entry::new(name, deployment));
    }

    /// Tries again to create a Pod that was refused; one that no node takes has a while for the scheduler to look again.
    pub(crate) fn start_again(&mut self, start: Start) {
        let Start { instance, initialization, .. } = start;
        let Some(entry) = self.entries.get_mut(&instance) else { return };
        if entry.standing == Standing::Refused {
            entry.standing = Standing::Requested;
            let (name, deployment) = (entry.name.clone(), entry.deployment.clone());
            self.outputs.push_back(Output::Create { instance, name, deployment, initialization });
        } else if let Some(spell) = entry.unschedulable() {
            let time = self.unschedulable_grace.clamp(*RESCHEDULED_WITHIN.start(), *RESCHEDULED_WITHIN.end());
            self.outputs.push_back(Output::Wait { instance, since: spell.since, time });
        }
    }

    /// Sees to it that there is no such Pod: now, or as soon as the request under way is answered.
    pub(crate) fn stop(&mut self, instance: InstanceId) {
        let Some(entry) = self.entries.get_mut(&instance) else { return };
        match entry.standing {
            // A delete must not overtake the create.
            Standing::Requested | Standing::StopWanted => entry.standing = Standing::StopWanted,
            Standing::Created => {
                entry.standing = Standing::Deleting;
                self.outputs.push_back(Output::Delete { instance, name: entry.name.clone() });
            }
            Standing::Deleting => {}
            Standing::Refused => self.forget(instance),
        }
    }

    /// The API server has answered a create, or has not.
    pub(crate) fn created(&mut self, instance: InstanceId, result: Result<(), ApiError>) {
        let Some(entry) = self.entries.get_mut(&instance) else { return };
        let standing = match &result {
            Ok(()) | Err(ApiError::Unanswered(_)) => Standing::Created,
            Err(ApiError::Refused(_) | ApiError::QuotaUsedUp(_)) => Standing::Refused,
        };
        let before = std::mem::replace(&mut entry.standing, standing);
        match result {
            Ok(()) => {
                entry.is_acknowledged = true;
                self.report(instance, Report::Step(Step::Created));
            }
            Err(error) => {
                let way_out = refusal_hint::explain(&error.to_string()).map(|hint| format!(" ({hint})"));
                let cause = format!("could not be created: {error}{}", way_out.unwrap_or_default());
                let report = match error {
                    ApiError::QuotaUsedUp(_) => Report::NoRoom { fit: Fit::Certain, cause },
                    ApiError::Refused(_) | ApiError::Unanswered(_) => Report::Refused { cause },
                };
                self.report(instance, report);
            }
        }
        if before == Standing::StopWanted {
            self.stop(instance);
        }
    }

    /// The API server has answered a delete, or has not.
    pub(crate) fn deleted(&mut self, instance: InstanceId, result: Result<Deletion, ApiError>) {
        match result {
            Ok(Deletion::Accepted) => self.forget(instance),
            Ok(Deletion::NothingThere) => {
                self.gone(instance);
                self.forget(instance);
            }
            Err(_) => {
                if let Some(entry) = self.entries.get_mut(&instance) {
                    entry.standing = Standing::Created;
                }
            }
        }
    }

    /// An init container asks for its files; it may say where its Pod listens. Returns what its Pod is made of, if it is known.
    pub(crate) fn called(&mut self, name: &str, ip: Option<IpAddr>) -> Option<SharedDeployment> {
        let instance = self.names.get(name).copied()?;
        let entry = self.entries.get_mut(&instance)?;
        entry.has_called = true;
        let deployment = entry.deployment.clone();
        self.report(instance, Report::Step(Step::SetUp));
        if let Some(ip) = ip {
            self.locate(instance, ip);
        }
        self.notice_node(instance);
        Some(deployment)
    }

    /// The files of a Pod cannot be read. The caller hears it from here: to the init container, they merely come incomplete.
    pub(crate) fn fetch_failed(&mut self, name: &str, cause: &str) {
        let Some(instance) = self.names.get(name).copied() else { return };
        if self.entries.get(&instance).is_some_and(|entry| !entry.runs) {
            self.report(instance, Report::StartFailed { cause: format!("cannot start: {cause}") });
        }
    }

    /// The watch saw something. Pods that carry this instance's label and that nobody waits for are deleted.
    pub(crate) fn changed(&mut self, now: Instant, change: PodChange) {
        match change {
            PodChange::Seen(pod) => {
                let Some(name) = pod.metadata.name.as_ref() else { return };
                match self.names.get(name).copied() {
                    Some(instance) => self.seen(now, instance, &pod),
                    // A create whose answer got lost.
                    None if pod.metadata.deletion_timestamp.is_none() => {
                        self.outputs.push_back(Output::DeleteStray { name: name.clone() });
                    }
                    None => {}
                }
            }
            PodChange::Gone { name } => match self.names.get(&name).copied() {
                Some(instance) => self.found_missing(instance, "the Pod was deleted"),
                None => {
                    if let Some(instance) = self.leaving.remove(&name) {
                        self.report(instance, Report::Gone);
                    }
                }
            },
            // Whatever the API server has acknowledged will be in the list.
            PodChange::ResyncBegan => {
                self.entries.values_mut().for_each(|entry| entry.is_expected_in_resync = entry.is_acknowledged);
            }
            PodChange::Resynced { names } => self.resynced(&names),
        }
    }

    /// The time to wait is over that this spell without a node was given. The start has failed now, unless a node took the Pod
    /// meanwhile, be it for a moment, or may take it once another has gone.
    pub(crate) fn waited(&mut self, instance: InstanceId, since: Instant) {
        let spell = self.entries.get(&instance).and_then(Entry::unschedulable);
        let Some(spell) = spell.filter(|spell| spell.since == since) else { return };
        let cause = format!("is not scheduled: {}", spell.cause);
        let report = match pod_status::is_for_want_of_room(&spell.cause) {
            true => Report::NoRoom { fit: Fit::Doubtful, cause },
            false => Report::StartFailed { cause },
        };
        self.report(instance, report);
    }

    /// Returns how far a Pod has come.
    pub(crate) fn progress(&self, instance: InstanceId) -> Progress {
        let entry = self.entries.get(&instance);
        let spell = entry.and_then(Entry::unschedulable);
        let heard = entry.and_then(|entry| entry.progress.clone());
        Progress {
            is_without_room: spell.is_some(),
            words: spell
                .map(|spell| spell.cause.clone())
                .or(heard)
                .unwrap_or_else(|| "nothing was heard of it".to_owned()),
            runs: entry.is_some_and(|entry| entry.runs),
        }
    }

    fn locate(&mut self, instance: InstanceId, ip: IpAddr) {
        let Some(entry) = self.entries.get_mut(&instance) else { return };
        if !std::mem::replace(&mut entry.is_located, true) {
            self.report(instance, Report::Located(SocketAddr::new(ip, INVOKE_PORT)));
        }
    }

    /// A start that waited for room has it now.
    fn notice_node(&mut self, instance: InstanceId) {
        if self.entries.get_mut(&instance).is_some_and(Entry::has_found_node) {
            self.report(instance, Report::Placed);
        }
    }

    fn resynced(&mut self, names: &BTreeSet<String>) {
        let missing =
            self.entries.iter().filter(|(_, entry)| entry.is_missing_from(names)).map(|(instance, _)| *instance);
        for instance in missing.collect::<Vec<_>>() {
            self.found_missing(instance, "the Pod is gone");
        }
        let gone = self.leaving.extract_if(|name, _| !names.contains(name)).map(|(_, instance)| instance);
        for instance in gone.collect::<Vec<_>>() {
            self.report(instance, Report::Gone);
        }
    }

    fn found_missing(&mut self, instance: InstanceId, cause: &str) {
        self.report(instance, Report::Lost { cause: cause.to_owned() });
        self.gone(instance);
    }

    /// Nothing of the Pod is left in the cluster.
    fn gone(&mut self, instance: InstanceId) {
        if let Some(entry) = self.entries.get_mut(&instance) {
            entry.is_gone = true;
        }
        self.report(instance, Report::Gone);
    }

    fn forget(&mut self, instance: InstanceId) {
        let Some(entry) = self.entries.remove(&instance) else { return };
        self.names.remove(entry.name.as_str());
        self.report(instance, Report::Stopped);
        if entry.standing == Standing::Refused {
            self.report(instance, Report::NeverThere);
        } else if !entry.is_gone {
            self.leaving.insert(entry.name.to_string(), instance);
        }
    }

    fn report(&mut self, instance: InstanceId, report: Report) {
        self.outputs.push_back(Output::Report { instance, report });
    }
}
