//! What is configured for a version, an alias or a whole function besides what it runs.

use serde::{Deserialize, Serialize};

use crate::{event_invoke::EventInvoke, function_url::FunctionUrl, policy::Policy};

/// Goes away with the version or alias that it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attachments {
    pub(crate) policy: Option<Policy>,
    pub(crate) event_invoke: Option<EventInvoke>,
    pub(crate) url: Option<FunctionUrl>,
}
