//! One execution environment, as the driver knows it.

use std::sync::Arc;

use fakecloud_pool::{InstanceId, InvocationId};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tracing::warn;

use crate::environments::backend::EnvironmentName;
use crate::environments::connection::Connection;
use crate::environments::deployment::SharedDeployment;
use crate::environments::driver::Handle;
use crate::environments::lease::Lease;
use crate::environments::timeline::Timeline;

/// One environment, from the decision to start it until its end needs nobody any more.
pub(crate) struct Environment {
    pub(crate) instance: InstanceId,
    pub(crate) name: EnvironmentName,
    pub(crate) deployment: SharedDeployment,
    pub(crate) holding: Holding,
    /// The reason why it is to serve nobody else: nothing was heard of its node.
    pub(crate) unreachable: Option<String>,
    pub(crate) timeline: Timeline,
}

/// The driver's hold on the way to the environment, in the order of an environment's life; `Idle` and `Lent` alternate.
pub(crate) enum Holding {
    /// Nobody knows yet where it listens.
    Nothing,
    /// Dropping it ends the dialling.
    Dialling { _task: DialTask },
    /// The connection waits for an invocation.
    Idle(Connection),
    /// The connection is lent out; sending a reason cuts the invocation off.
    Lent { abort: oneshot::Sender<Arc<str>> },
    /// The environment is given up, or was cut off: it is never dialled again.
    Closed,
}

/// A dialling task that ends when it is dropped.
pub(crate) struct DialTask(pub(crate) AbortHandle);

// === impl Environment ===

impl Environment {
    pub(crate) fn new(instance: InstanceId, name: EnvironmentName, deployment: SharedDeployment) -> Self {
        Self { instance, name, deployment, holding: Holding::Nothing, unreachable: None, timeline: Timeline::begin() }
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
        Some(Lease::new(self.instance, invocation, self.name.clone(), connection, is_first, aborted, handle.clone()))
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

    /// Logs why the environment is of no use any more. An invocation's end is logged where it is cut off, and what was given
    /// up is meant to end.
    pub(crate) fn log_end(&self, cause: &str) {
        let noun = self.name.noun;
        match self.holding {
            Holding::Nothing | Holding::Dialling { .. } => {
                warn!(environment = self.name.as_str(), cause, "the {noun} did not start");
            }
            Holding::Idle(_) => warn!(environment = self.name.as_str(), cause, "lost an idle {noun}"),
            Holding::Lent { .. } | Holding::Closed => {}
        }
    }

    /// Returns `true` if it does not listen yet, and may.
    pub(crate) fn is_starting(&self) -> bool {
        matches!(self.holding, Holding::Nothing | Holding::Dialling { .. })
    }
}

// === impl DialTask ===

impl Drop for DialTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
