//! The seam between the driver and what execution environments run on.
//!
//! Every verb of a [`Backend`] returns at once. Whatever comes of it is told later, as a [`Report`].

use std::fmt;
use std::net::SocketAddr;

use fakecloud_pool::{Fit, Initialization, InstanceId, NodeId};

use crate::environments::deployment::SharedDeployment;

/// A place that runs execution environments.
pub(crate) trait Backend: Send + Sync {
    /// One environment and several, as messages call them.
    fn nouns(&self) -> Nouns;

    /// Starts an environment and names it.
    fn start(&self, start: Start) -> EnvironmentName;

    /// Tries again to start an environment that found no room. One that exists waits a little longer for it.
    fn start_again(&self, start: Start);

    /// Ends an environment, whatever state it is in. [`Report::Stopped`] follows; if it does not, the driver asks again.
    fn stop(&self, instance: InstanceId);

    /// Returns how far an environment that does not listen yet has come.
    fn progress(&self, instance: InstanceId) -> Progress;
}

/// The backend's words for environments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nouns {
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
}

/// An environment to start.
pub(crate) struct Start {
    pub(crate) instance: InstanceId,
    pub(crate) deployment: SharedDeployment,
    pub(crate) initialization: Initialization,
}

/// The name of an environment. [`fmt::Display`] puts the backend's word for it in front.
#[derive(Debug, Clone)]
pub(crate) struct EnvironmentName {
    pub(crate) noun: &'static str,
    pub(crate) name: String,
}

/// How far a start has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) words: String,
    /// The start waits for room, which the words say.
    pub(crate) is_without_room: bool,
    /// The function's own process runs.
    pub(crate) runs: bool,
}

/// News of one environment. Causes are in words that go on from its name, such as "cannot start: …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    /// Its start has come this far.
    Step(Step),
    /// Its start has come further in some other way.
    Progressed,
    /// It will listen here.
    Located(SocketAddr),
    /// No node takes it for now, and it waits for one.
    Unplaced,
    /// A node took it after all.
    Placed,
    /// There is no room for it; there may be once another environment has gone.
    NoRoom { fit: Fit, cause: String },
    /// It was refused: nothing of it exists.
    Refused { cause: String },
    /// It will never listen.
    StartFailed { cause: String },
    /// The function's own process ended, and nobody made it.
    Exited { cause: String },
    /// It is of no use any more.
    Lost { cause: String },
    /// Nothing was heard of its node, which may be gone for good.
    Unreachable { cause: String },
    /// Its end is under way, and needs nobody any more. Only [`Report::Gone`] or [`Report::NeverThere`] follows.
    Stopped,
    /// Nothing of it is left, its room included.
    Gone,
    /// It never took any room.
    NeverThere,
}

/// A step of a start, each of which is told once at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The backend has it.
    Created,
    /// A node was chosen for it.
    Scheduled(NodeId),
    /// Its node has set it up, and it asks for its files.
    SetUp,
}

impl EnvironmentName {
    /// The name alone.
    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.noun, self.name)
    }
}
