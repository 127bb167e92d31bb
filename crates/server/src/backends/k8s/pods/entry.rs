//! What is known of one Pod.

use std::collections::BTreeSet;
use std::time::Instant;

use fakecloud_podspec::PodName;

use crate::environments::deployment::SharedDeployment;

/// One Pod, from the decision to start it until its deletion is confirmed.
pub(super) struct Entry {
    pub(super) name: PodName,
    pub(super) deployment: SharedDeployment,
    pub(super) standing: Standing,
    /// The API server has said that it has the Pod.
    pub(super) is_acknowledged: bool,
    /// The watch has told its node.
    pub(super) is_scheduled: bool,
    /// Its init container has asked for its files.
    pub(super) has_called: bool,
    /// Its address is known.
    pub(super) is_located: bool,
    /// The function's own process runs.
    pub(super) runs: bool,
    /// How far it has come, as the watch saw last.
    pub(super) progress: Option<String>,
    /// Nothing of it is left in the cluster.
    pub(super) is_gone: bool,
    /// A list has begun in which it has to be.
    pub(super) is_expected_in_resync: bool,
    /// The scheduler's last word, if no node took the Pod then.
    spell: Option<Spell>,
}

/// A time in which no node takes a Pod.
pub(super) struct Spell {
    /// When it began; it tells one spell from the next.
    pub(super) since: Instant,
    /// The scheduler's last word on it.
    pub(super) cause: String,
}

/// Where the Pod object stands with the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
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

// === impl Entry ===

impl Entry {
    pub(super) fn new(name: PodName, deployment: SharedDeployment) -> Self {
        Self {
            name,
            deployment,
            standing: Standing::Requested,
            is_acknowledged: false,
            is_scheduled: false,
            has_called: false,
            is_located: false,
            runs: false,
            progress: None,
            is_gone: false,
            is_expected_in_resync: false,
            spell: None,
        }
    }

    /// Takes the scheduler's word: with a cause, no node takes the Pod. Returns when that began, if it was not so before.
    pub(super) fn scheduler_says(&mut self, now: Instant, cause: Option<String>) -> Option<Instant> {
        let since = self.spell.take().map(|spell| spell.since);
        self.spell = cause.map(|cause| Spell { since: since.unwrap_or(now), cause });
        (self.spell.is_some() && since.is_none()).then_some(now)
    }

    /// Returns the spell in which no node takes the Pod. One that has called, or has an address, is on a node, whatever the
    /// scheduler was heard to say.
    pub(super) fn unschedulable(&self) -> Option<&Spell> {
        self.spell.as_ref().filter(|_| !self.has_node())
    }

    /// Returns `true` once, when it is noticed that a node has taken the Pod after all.
    pub(super) fn has_found_node(&mut self) -> bool {
        self.has_node() && self.spell.take().is_some()
    }

    /// Returns `true` if a complete list shows that the Pod is gone.
    pub(super) fn is_missing_from(&self, names: &BTreeSet<String>) -> bool {
        self.is_expected_in_resync && !names.contains(self.name.as_str())
    }

    /// Returns `true` if something was seen that only a Pod on a node can do or have.
    fn has_node(&self) -> bool {
        self.is_scheduled || self.has_called || self.is_located
    }
}
