//! What tells an instance's life: `/_fakecloud/health`, `/livez` and `/readyz`.

use http::StatusCode;
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

/// The answer of `/livez` and `/readyz`: a restart mends what a panic has left behind in a lock, and nothing else does.
pub(crate) fn probed(poisoned: Option<&str>) -> (StatusCode, String) {
    match poisoned {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(what) => {
            let words =
                format!("a panic has left {what} in an unknown condition: restart fakecloud, and see its log\n");
            (StatusCode::INTERNAL_SERVER_ERROR, words)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_under_a_lock_fails_the_probes_in_words() {
        let (status, words) = probed(Some("functions"));
        assert!(status.is_server_error() && words.contains("functions"), "{words}");
        assert_eq!(probed(None).0, StatusCode::OK);
    }
}
