//! Words about starts that wait their turn, for the log and for callers.

use std::time::{Duration, Instant};

use tracing::info;

use super::Driver;

/// While starts wait all the time, it is said again after this.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What was said of starts that wait.
#[derive(Debug, Default)]
pub(super) struct Queued {
    said: Option<Instant>,
}

impl Driver {
    /// Says in the log that starts wait, when they begin to and now and then while they do.
    pub(super) fn tell_of_queued(&mut self) {
        let waiting = self.pool.queued_starts();
        if waiting == 0 {
            return;
        }
        if self.queued.is_to_be_said(Instant::now()) {
            let view = self.pool.starts();
            let limit: usize = view.nodes.iter().map(|(_, node)| node.limit).sum();
            info!(
                waiting,
                starting = view.starting,
                limit,
                "more {} are wanted than the nodes start at once; they wait",
                self.backend.nouns().many
            );
        }
    }

    /// What a caller hears whose start was never begun.
    pub(super) fn not_begun_in_time(&self) -> String {
        let (wait, view) = (self.config.start_wait, self.pool.starts());
        format!(
            "no {} was begun for it within FAKECLOUD_LAMBDA_START_WAIT={wait:?}: the nodes had others to start, of which \
             {} start now and {} wait; add nodes, or wait longer",
            self.backend.nouns().one,
            view.starting,
            view.waiting
        )
    }
}

// === impl Queued ===

impl Queued {
    fn is_to_be_said(&mut self, now: Instant) -> bool {
        let is_due = self.said.is_none_or(|said| now >= said + AGAIN_AFTER);
        if is_due {
            self.said = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_that_wait_are_told_of_at_once_and_then_from_time_to_time() {
        let start = Instant::now();
        let mut queued = Queued::default();
        let said = [0, 1, 9, 10, 11, 20].map(|seconds| queued.is_to_be_said(start + Duration::from_secs(seconds)));
        assert_eq!(said, [true, false, false, true, false, true]);
    }
}
