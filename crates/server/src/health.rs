//! What tells an instance's life: `/_fakecloud/health`, `/livez` and `/readyz`.

use serde::{Deserialize, Serialize};

/// The answer of `/_fakecloud/health`; another instance reads it before it deletes Pods of this one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Health {
    pub(crate) status: String,
    /// The value of the instance label of this instance's Pods.
    pub(crate) instance: String,
    pub(crate) version: String,
}

impl Health {
    /// The health of an instance that serves.
    pub(crate) fn serving(instance: &str) -> Self {
        Self { status: "ok".to_owned(), instance: instance.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}
