//! An invocation's place under reserved concurrency and the account's limit, given back whatever happens.

use std::sync::Arc;

use fakecloud_lambda::{Admitted, Error, Invocation};

use crate::app::App;

/// Held as long as an invocation waits for its environment or runs, be its caller there or not; the last holder gives it
/// back.
pub(crate) struct Admission {
    app: App,
    admitted: Admitted,
}

impl Admission {
    /// Counts an invocation in.
    ///
    /// # Errors
    /// `TooManyRequestsException`: unlike this server's own limits, AWS's let nobody wait.
    pub(crate) fn of(app: &App, invocation: &Invocation) -> Result<Arc<Self>, Error> {
        let admitted = app.lambda().admit(invocation)?;
        Ok(Arc::new(Self { app: app.clone(), admitted }))
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.app.lambda().ended(&self.admitted);
    }
}
