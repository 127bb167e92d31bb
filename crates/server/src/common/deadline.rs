//! The next deadline of a state machine, as a task that owns one waits for it.

use std::time::Instant;

/// Ends when the deadline has passed, with what is due then; never where there is none.
pub(crate) async fn passed(deadline: Option<(Instant, &'static str)>) -> &'static str {
    match deadline {
        Some((instant, reason)) => {
            tokio::time::sleep_until(instant.into()).await;
            reason
        }
        None => std::future::pending().await,
    }
}
