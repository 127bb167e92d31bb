//! Times to wait for: the next deadline of a state machine, and a tick that makes the others cheap.

use std::time::{Duration, Instant};

/// Shorter than any limit of an invocation, and long enough to cost nothing.
const TICK: Duration = Duration::from_secs(1);

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

/// Keeps a timer set that is due soon. One that becomes the first to be due wakes the thread that waits for timers and
/// sockets, at the cost of two system calls; the limit of each invocation would be such a one.
pub(crate) async fn tick() {
    loop {
        tokio::time::sleep(TICK).await;
    }
}
