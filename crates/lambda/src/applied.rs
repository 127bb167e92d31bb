//! The results of a call: its answer, the records to persist, and the changes of function versions.

use std::sync::Arc;

use crate::{Change, FunctionRecord, Response};

/// The results of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The answer, to be sent when the changes are on disk.
    pub response: Response,
    /// The records to persist, in this order; empty when nothing changed.
    pub changes: Vec<Change>,
    /// The changes of function versions.
    pub effects: Vec<Effect>,
}

/// A change that a call made to a function version that Pods may run.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// This record is what the version runs from now on.
    Deployed(Arc<FunctionRecord>),
    /// The version with this ARN, unqualified for `$LATEST`, is gone.
    Removed {
        /// The ARN, as [`FunctionRecord::arn`] gives it.
        arn: String,
    },
}

// === impl Applied ===

impl Applied {
    /// An answer that changes nothing.
    pub(crate) fn read(response: Response) -> Self {
        Self { response, changes: Vec::new(), effects: Vec::new() }
    }

    /// An answer with changes of which no Pod takes notice.
    pub(crate) fn changed(response: Response, changes: impl Into<Vec<Change>>) -> Self {
        Self { response, changes: changes.into(), effects: Vec::new() }
    }
}
