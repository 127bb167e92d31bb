//! What the pool wants done.

use std::fmt;
use std::sync::Arc;

use crate::{DeployId, InstanceId, InvocationId};

/// Something a driver must carry out, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Create an environment. Report `Started`, `StartFailed` or `NoRoom`; after the latter it comes again for the same
    /// instance.
    StartEnvironment {
        /// The new instance.
        instance: InstanceId,
        /// What it runs.
        deploy: DeployId,
        /// What it is started for.
        initialization: Initialization,
    },
    /// Send this invocation to this instance, which serves nothing else meanwhile. Report `Finished` or `Lost`.
    Dispatch {
        /// The invocation.
        invocation: InvocationId,
        /// The instance.
        instance: InstanceId,
    },
    /// Answer the caller with this failure; the invocation was never sent to an instance.
    Fail {
        /// The invocation.
        invocation: InvocationId,
        /// Why.
        failure: Failure,
    },
    /// Answer the caller: its instance was lost while it ran the invocation, which is not run again.
    Abort {
        /// The invocation.
        invocation: InvocationId,
        /// The instance that was lost.
        instance: InstanceId,
        /// Why it was lost.
        reason: Arc<str>,
    },
    /// Delete the environment, or make sure that it does not exist. Report `Stopped` once that is confirmed.
    ///
    /// Comes again after each [`Config::stop_timeout`](crate::Config::stop_timeout) without a `Stopped`, and also for an
    /// instance whose creation was refused: only the driver knows whether an environment came of it.
    StopEnvironment {
        /// The instance.
        instance: InstanceId,
        /// Why it goes.
        reason: StopReason,
    },
    /// The pool holds nothing of this deploy any more, so what is needed to start it may be dropped; the next `Invoke`
    /// of it, if one ever comes, must bring that along. Also the answer to `Retire` of a deploy the pool does not know.
    Forget {
        /// The deploy.
        deploy: DeployId,
    },
}

/// What an instance is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Initialization {
    /// For invocations, until it has idled for too long or another deploy needs its place.
    OnDemand,
    /// As one of those that `Provision` wants to be there at any time.
    Provisioned,
}

/// Why an invocation never reached an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No instance is free, none can be started, and [`Config::queue_limit`](crate::Config::queue_limit) invocations wait
    /// already, or all places are provisioned for other deploys.
    Throttled,
    /// No instance could be started.
    StartFailed {
        /// The cause, as the event reported it.
        reason: Arc<str>,
    },
    /// No instance started within [`Config::start_timeout`](crate::Config::start_timeout).
    StartTimedOut,
    /// Its deploy has no instance, and none was begun within [`Config::start_wait`](crate::Config::start_wait), as the nodes had
    /// others to start.
    NotBegunInTime,
    /// The process ends.
    ShuttingDown,
}

/// Why an instance is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// It idled for [`Config::idle_ttl`](crate::Config::idle_ttl).
    IdleExpired,
    /// Its deploy is old.
    Retired,
    /// The process ends.
    Shutdown,
    /// `Evict` asked for it.
    Evicted,
    /// The caller of its last invocation gave up while it ran.
    Deserted,
    /// Fewer are provisioned than before.
    Deprovisioned,
    /// The house is full, and another deploy needs its place more.
    Displaced,
    /// Its last invocation ended with [`After::Retire`](crate::After::Retire).
    NotReusable,
    /// It was lost; whatever is left of its environment must go.
    Lost,
    /// Its start failed.
    StartFailed,
    /// It did not start within [`Config::start_timeout`](crate::Config::start_timeout).
    StartTimedOut,
}

// === impl Failure ===

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled => f.write_str("all instances are busy and the queue is full"),
            Self::StartFailed { reason } => write!(f, "no instance could be started: {reason}"),
            Self::StartTimedOut => f.write_str("no instance started in time"),
            Self::NotBegunInTime => f.write_str("the nodes had too many other instances to start"),
            Self::ShuttingDown => f.write_str("shutting down"),
        }
    }
}

// === impl StopReason ===

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdleExpired => "idle for too long",
            Self::Retired => "deploy is old",
            Self::Shutdown => "shutting down",
            Self::Evicted => "evicted on request",
            Self::Deserted => "the caller of its last invocation hung up",
            Self::Deprovisioned => "no longer provisioned",
            Self::Displaced => "another function needs its place",
            Self::NotReusable => "not reusable after its last invocation",
            Self::Lost => "lost",
            Self::StartFailed => "start failed",
            Self::StartTimedOut => "start timed out",
        })
    }
}
