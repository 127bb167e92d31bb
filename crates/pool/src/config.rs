//! The limits and times a pool works with.

use std::num::NonZeroU32;
use std::time::Duration;

/// The shortest time the pool waits before it repeats something: a timer of zero would fire without end.
const REPEAT_MIN: Duration = Duration::from_millis(1);

/// The longest time the pool waits for anything, so that adding it to an `Instant` cannot overflow.
const WAIT_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Limits and times, the same for every deploy.
///
/// Times above 100 years count as 100 years. Apart from `idle_ttl` and `handover_after`, times below 1 ms count as 1 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Live instances (starting, idle or busy) of one deploy at most. Default 10.
    pub max_concurrency: NonZeroU32,
    /// Instances of all deploys together at most, those that are stopping included: their environments still take their
    /// place in the cluster. Default 1,000, as many invocations as AWS lets an account run at once.
    ///
    /// In a full house the instance that idled longest is stopped for a deploy that needs one.
    pub max_instances: NonZeroU32,
    /// Time a deploy waits for a place in a full house before an instance of a deploy that has more is stopped for it
    /// between two invocations. The longer, the rarer do two busy deploys take the place from each other. Default 1 s.
    pub handover_after: Duration,
    /// Time an instance may idle before it is stopped. Zero: stopped as soon as nothing waits for it. Default 10 min.
    pub idle_ttl: Duration,
    /// Time from the first `StartEnvironment` of an instance until `Started` at most. Default 60 s.
    pub start_timeout: Duration,
    /// Invocations of one deploy that may wait **beyond** those an instance is being started for. Default 1,000.
    ///
    /// With 10 instances at most and a limit of 5, a cold function thus takes 15 invocations at once: 10 get an
    /// instance each and 5 wait their turn. Zero: nothing waits that no instance is being started for.
    pub queue_limit: usize,
    /// Instances that may start at once on one node, at least, whatever is learned. Default 2.
    pub starts_min: NonZeroU32,
    /// Instances that may start at once on one node, at most; a lower value than `starts_min` counts as `starts_min`. Between
    /// the two, the pool learns how many a node digests. Default 64.
    pub starts_max: NonZeroU32,
    /// Time a deploy without any instance waits for its first start at most, while there is a place for it; then its waiting
    /// invocations fail. Neither `start_timeout` nor anything else runs meanwhile. Default 15 min.
    pub start_wait: Duration,
    /// Time after which an unconfirmed `StopEnvironment` is asked for again. Default 30 s.
    pub stop_timeout: Duration,
    /// Time without new starts after the first failed start of a deploy. Doubles with each further one. Default 1 s.
    pub backoff_min: Duration,
    /// Upper bound of that time; a lower value than `backoff_min` counts as `backoff_min`. Default 30 s.
    pub backoff_max: Duration,
}

// === impl Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            max_concurrency: NonZeroU32::new(10).expect("10 is not zero"),
            max_instances: NonZeroU32::new(1_000).expect("1,000 is not zero"),
            handover_after: Duration::from_secs(1),
            idle_ttl: Duration::from_secs(10 * 60),
            start_timeout: Duration::from_secs(60),
            queue_limit: 1_000,
            starts_min: NonZeroU32::new(2).expect("2 is not zero"),
            starts_max: NonZeroU32::new(64).expect("64 is not zero"),
            start_wait: Duration::from_secs(15 * 60),
            stop_timeout: Duration::from_secs(30),
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(30),
        }
    }
}

impl Config {
    /// Brings every time into the range this type documents.
    pub(crate) fn bounded(self) -> Self {
        let backoff_min = self.backoff_min.clamp(REPEAT_MIN, WAIT_MAX);
        Self {
            max_concurrency: self.max_concurrency,
            max_instances: self.max_instances,
            handover_after: self.handover_after.min(WAIT_MAX),
            idle_ttl: self.idle_ttl.min(WAIT_MAX),
            start_timeout: self.start_timeout.clamp(REPEAT_MIN, WAIT_MAX),
            queue_limit: self.queue_limit,
            starts_min: self.starts_min,
            starts_max: self.starts_max.max(self.starts_min),
            start_wait: self.start_wait.clamp(REPEAT_MIN, WAIT_MAX),
            stop_timeout: self.stop_timeout.clamp(REPEAT_MIN, WAIT_MAX),
            backoff_min,
            backoff_max: self.backoff_max.clamp(backoff_min, WAIT_MAX),
        }
    }

    /// Starts at once on one node at least.
    pub(crate) fn starts_min(&self) -> usize {
        usize::try_from(self.starts_min.get()).unwrap_or(usize::MAX)
    }

    /// Starts at once on one node at most.
    pub(crate) fn starts_max(&self) -> usize {
        usize::try_from(self.starts_max.get()).unwrap_or(usize::MAX)
    }

    /// Live instances of one deploy at most.
    pub(crate) fn deploy_max(&self) -> usize {
        usize::try_from(self.max_concurrency.get()).unwrap_or(usize::MAX)
    }

    /// Instances of all deploys at most.
    pub(crate) fn house_max(&self) -> usize {
        usize::try_from(self.max_instances.get()).unwrap_or(usize::MAX)
    }
}
