//! Ends all that runs, waits and idles, and tells when the last of these environments has ended.

use std::collections::HashSet;
use std::time::Instant;

use fakecloud_lambda::Generation;
use fakecloud_pool::{Event, Failure, InstanceId};
use tokio::sync::oneshot;

use super::Driver;

/// What callers hear.
pub(crate) const RESET: &str = "fakecloud was reset";

/// A reset that waits for environments to go.
pub(super) struct Reset {
    left: HashSet<InstanceId>,
    done: oneshot::Sender<()>,
}

/// How the waiting ends of those whose function is gone.
pub(super) fn failure() -> Failure {
    Failure::StartFailed { reason: RESET.into() }
}

impl Driver {
    pub(super) fn reset(&mut self, now: Instant, generation: Generation, done: oneshot::Sender<()>) {
        self.generation = self.generation.max(generation);
        // First those who wait, for whom environments would otherwise be started in the place of those that end.
        for (invocation, waiting) in std::mem::take(&mut self.waiting) {
            self.pool.handle(now, Event::Abandoned { invocation });
            // A caller that has gone does not need to hear it.
            drop(waiting.reply.send(Err(failure())));
        }
        for deploy in self.deploys.keys().cloned().collect::<Vec<_>>() {
            self.pool.handle(now, Event::Retire { deploy });
        }
        let left: HashSet<InstanceId> = self.environments.keys().copied().collect();
        for instance in left.iter().copied() {
            self.lost(now, instance, RESET);
        }
        self.resets.push(Reset { left, done });
        self.settle_resets();
    }

    /// Tells those whose environments are all gone.
    pub(super) fn settle_resets(&mut self) {
        for mut reset in std::mem::take(&mut self.resets) {
            reset.left.retain(|instance| self.environments.contains_key(instance));
            if reset.left.is_empty() {
                // Whoever asked may have given up waiting.
                let _: Result<(), ()> = reset.done.send(());
            } else {
                self.resets.push(reset);
            }
        }
    }
}
