//! How long a deploy waits after failed starts before it tries again.

use std::time::{Duration, Instant};

use crate::{Config, Failure, InstanceId};

/// Memory of the failed starts of one deploy since its last successful one.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failing: Option<Failing>,
}

#[derive(Debug)]
struct Failing {
    delay: Duration,
    /// No start before this moment; one at a time from then on.
    until: Instant,
    /// The number of the newest instance when `until` was set: starts that were under way by then tell nothing new.
    newest: u64,
    failure: Failure,
    /// Others were made to go for a start that failed all the same.
    is_vain: bool,
}

// === impl Backoff ===

impl Backoff {
    /// Remembers that `instance` did not start; `newest` is the number of the instance that was created last.
    ///
    /// The delay doubles only for an instance that was created after the delay was set: ten environments of one burst that
    /// a quota refuses are one piece of bad news, not ten.
    pub(crate) fn failed(
        &mut self,
        now: Instant,
        instance: InstanceId,
        newest: u64,
        failure: Failure,
        config: &Config,
    ) {
        let is_vain = self.is_vain();
        let delay = match &mut self.failing {
            Some(failing) if instance.number <= failing.newest => {
                failing.failure = failure;
                return;
            }
            Some(failing) => failing.delay.saturating_mul(2).min(config.backoff_max),
            None => config.backoff_min,
        };
        self.failing = Some(Failing { delay, until: now + delay, newest, failure, is_vain });
    }

    /// Remembers with the failed start that others were made to go for it.
    pub(crate) fn remember_vain(&mut self) {
        if let Some(failing) = &mut self.failing {
            failing.is_vain = true;
        }
    }

    /// Whether others were made to go in vain, as long as that is remembered.
    pub(crate) fn is_vain(&self) -> bool {
        self.failing.as_ref().is_some_and(|failing| failing.is_vain)
    }

    pub(crate) fn reset(&mut self) {
        self.failing = None;
    }

    pub(crate) fn is_reset(&self) -> bool {
        self.failing.is_none()
    }

    /// The end of the current delay.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.failing.as_ref().map(|failing| failing.until)
    }

    /// The last failure, while no start may be tried.
    pub(crate) fn holding(&self, now: Instant) -> Option<&Failure> {
        self.failing.as_ref().filter(|failing| now < failing.until).map(|failing| &failing.failure)
    }

    /// The last failure, as long as it is remembered.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failing.as_ref().map(|failing| &failing.failure)
    }

    /// How many instances may be starting at once.
    pub(crate) fn starting_max(&self, now: Instant) -> usize {
        match &self.failing {
            None => usize::MAX,
            Some(failing) if now < failing.until => 0,
            Some(_) => 1,
        }
    }
}
