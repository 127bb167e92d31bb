//! An invocation's place under reserved concurrency and the account's limit, and that of its payload in memory, given back
//! whatever happens.

use fakecloud_lambda::{Admitted, Error, Invocation, InvocationKind};
use tracing::warn;

use super::waiting_bytes::Share;
use crate::app::App;

/// Held as long as an invocation waits for its environment or runs, be its caller there or not.
pub(crate) struct Admission {
    app: App,
    admitted: Admitted,
    #[expect(dead_code, reason = "held for its end")]
    memory: Option<Share>,
}

impl Admission {
    /// Counts an invocation in.
    ///
    /// # Errors
    /// `TooManyRequestsException`: unlike this server's own limits on Pods, AWS's let nobody wait, and neither does memory.
    pub(crate) fn of(app: &App, invocation: &Invocation) -> Result<Self, Error> {
        let memory = memory(app, invocation)?;
        let admitted = app.lambda().admit(invocation)?;
        Ok(Self { app: app.clone(), admitted, memory })
    }
}

/// The share of a payload in the memory there is. Those of events are counted where they are queued.
fn memory(app: &App, invocation: &Invocation) -> Result<Option<Share>, Error> {
    if invocation.kind == InvocationKind::Event {
        return Ok(None);
    }
    let bytes = invocation.payload.len();
    app.payloads.share(bytes).map_err(|cause| {
        warn!(function = invocation.function.arn(), bytes, %cause, "an invocation was refused with 429");
        Error::throttled("ConcurrentInvocationLimitExceeded")
    })
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.app.lambda().ended(&self.admitted);
    }
}
