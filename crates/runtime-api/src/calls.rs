//! The calls that wait for an answer, or whose body is not complete.

use std::collections::BTreeMap;

use crate::event::Api;
use crate::extensions::State;
use crate::{Answer, CALLS_MAX, CallId, SMALL_BODY_BYTES_MAX};

/// The open calls, at most [`CALLS_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Calls {
    open: BTreeMap<CallId, Call>,
}

/// An open call.
#[derive(Debug)]
pub(crate) enum Call {
    /// The runtime waits for an event or for the restore.
    RuntimeWaits,
    /// The extension with this number waits for an event.
    ExtensionWaits(usize),
    /// The runtime brings the answer to the invocation, or its error.
    Response,
    /// A body of up to 64 KiB comes.
    Small {
        /// The purpose of the body.
        purpose: Purpose,
        /// The bytes so far.
        body: Vec<u8>,
    },
    /// A body of up to 6 MiB comes that tells an error of the initialisation.
    InitError {
        /// The type that the header gives the error.
        kind: String,
        /// The bytes so far.
        body: Vec<u8>,
    },
}

/// The purpose of a small body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    Register { name: String, wants_account: bool },
    Subscribe { extension: usize, api: Api },
    ExtensionError { extension: usize, told: State, kind: String },
}

// === impl Calls ===

impl Calls {
    pub(crate) fn is_full(&self) -> bool {
        self.open.len() >= CALLS_MAX
    }

    pub(crate) fn open(&mut self, call: CallId, what: Call) {
        self.open.insert(call, what);
    }

    pub(crate) fn get(&self, call: CallId) -> Option<&Call> {
        self.open.get(&call)
    }

    pub(crate) fn remove(&mut self, call: CallId) -> Option<Call> {
        self.open.remove(&call)
    }

    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }

    /// Whether the runtime is telling an error of its initialisation already.
    pub(crate) fn has_init_error(&self) -> bool {
        self.open.values().any(|call| matches!(call, Call::InitError { .. }))
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// The bytes of the bodies that are held.
    pub(crate) fn held_bytes(&self) -> usize {
        let bytes = |call: &Call| match call {
            Call::Small { body, .. } | Call::InitError { body, .. } => body.len(),
            Call::RuntimeWaits | Call::ExtensionWaits(_) | Call::Response => 0,
        };
        self.open.values().map(bytes).sum()
    }

    /// Adds to a body that is collected. The answer refuses a body that is too long; its call is forgotten.
    pub(crate) fn collect(&mut self, call: CallId, chunk: &[u8]) -> Option<Answer> {
        let (body, bytes_max) = match self.open.get_mut(&call)? {
            Call::Small { body, .. } => (body, SMALL_BODY_BYTES_MAX),
            Call::InitError { body, .. } => (body, crate::PAYLOAD_BYTES_MAX),
            Call::RuntimeWaits | Call::ExtensionWaits(_) | Call::Response => return None,
        };
        if body.len() + chunk.len() > bytes_max {
            self.open.remove(&call);
            return Some(Answer::too_large(bytes_max as u64));
        }
        body.extend_from_slice(chunk);
        None
    }
}
