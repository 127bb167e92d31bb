//! One instance: the states it goes through and how long it may stay in each.

use std::time::Instant;

use crate::deadlines::Limit;
use crate::deploy::DeployKey;
use crate::{DeployId, Initialization, InstanceId, InvocationId, StopReason};

/// What the pool knows of one instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance {
    pub(crate) id: InstanceId,
    pub(crate) deploy: DeployKey,
    pub(crate) initialization: Initialization,
    pub(crate) created: Instant,
    /// Invocations it was given.
    pub(crate) served: u64,
    pub(crate) state: State,
    /// When it entered `state`.
    pub(crate) since: Instant,
    /// When it last began or ended an invocation; before the first one, when it was created.
    pub(crate) last_used: Instant,
}

/// `Starting -> Idle <-> Busy`, and from each of them to `Stopping`, which only ends by being forgotten; from `Busy` perhaps
/// by way of `Draining`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State {
    Starting,
    Idle,
    Busy {
        invocation: InvocationId,
    },
    /// It runs its last invocation and is then stopped for this reason.
    Draining {
        invocation: InvocationId,
        reason: StopReason,
    },
    Stopping {
        reason: StopReason,
    },
}

/// One instance as a driver may show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceView<'a> {
    /// The instance.
    pub id: InstanceId,
    /// What it runs.
    pub deploy: &'a DeployId,
    /// What it is kept for.
    pub initialization: Initialization,
    /// When it was asked for.
    pub created: Instant,
    /// Invocations it was given.
    pub served: u64,
    /// What it does.
    pub state: InstanceState,
    /// When it entered that state.
    pub since: Instant,
    /// When it last began or ended an invocation; before the first one, when it was created.
    pub last_used: Instant,
    /// What it is busy with.
    pub invocation: Option<InvocationId>,
}

/// What an instance does, as a driver may show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceState {
    /// It was asked for, and takes no invocations yet.
    Starting,
    /// It waits for an invocation.
    Idle,
    /// It runs one.
    Busy,
    /// It runs its last one.
    Draining,
    /// Its deletion was asked for.
    Stopping,
}

// === impl Instance ===

impl Instance {
    /// Whether it is one of those that are there at any time.
    pub(crate) fn is_kept(&self) -> bool {
        self.state.shown().is_live() && self.initialization == Initialization::Provisioned
    }

    pub(crate) fn is_stopping(&self) -> bool {
        matches!(self.state, State::Stopping { .. })
    }

    /// What limits the time in its state.
    ///
    /// A busy one is bounded by the function's own timeout, which the holder of the connection watches.
    pub(crate) fn limit(&self) -> Option<Limit> {
        match self.state {
            State::Starting => Some(Limit::Start),
            State::Idle if self.initialization == Initialization::Provisioned => None,
            State::Idle => Some(Limit::Idle),
            State::Busy { .. } | State::Draining { .. } => None,
            State::Stopping { .. } => Some(Limit::Stop),
        }
    }
}

// === impl State ===

impl State {
    pub(crate) fn shown(self) -> InstanceState {
        match self {
            Self::Starting => InstanceState::Starting,
            Self::Idle => InstanceState::Idle,
            Self::Busy { .. } => InstanceState::Busy,
            Self::Draining { .. } => InstanceState::Draining,
            Self::Stopping { .. } => InstanceState::Stopping,
        }
    }

    pub(crate) fn invocation(self) -> Option<InvocationId> {
        match self {
            Self::Busy { invocation } | Self::Draining { invocation, .. } => Some(invocation),
            Self::Starting | Self::Idle | Self::Stopping { .. } => None,
        }
    }
}

// === impl InstanceState ===

impl InstanceState {
    /// Whether it serves, or will, whoever waits for its deploy.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Starting | Self::Idle | Self::Busy)
    }

    /// In one word, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Draining => "draining",
            Self::Stopping => "stopping",
        }
    }
}
