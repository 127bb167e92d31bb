//! The limits and times a queue works with.

use std::num::NonZeroUsize;
use std::time::Duration;

/// The longest time between two attempts, so that adding it to an `Instant` cannot overflow.
const WAIT_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The shortest: without it a function that throttles would be asked without end.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// Limits and times, the same for every function. Times above 100 years count as 100 years; those of the back-off below
/// 1 ms count as 1 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Events that are not settled, of all functions together. Default 10,000.
    pub events_max: usize,
    /// The sum of what these say they hold. Default 256 MiB.
    pub bytes_max: usize,
    /// Events of one function that run at the same time. Default 10.
    pub running_max: NonZeroUsize,
    /// Time between a function error and the first retry; twice as long before the second. Default 60 s, as on AWS:
    /// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>
    pub retry_base: Duration,
    /// Time after the first throttle or system error in a row, doubled with each further one. Default 1 s, as there.
    pub backoff_min: Duration,
    /// Upper bound of that time; a lower value than `backoff_min` counts as `backoff_min`. Default 5 min, as there.
    pub backoff_max: Duration,
}

// === impl Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            events_max: 10_000,
            bytes_max: 256 << 20,
            running_max: NonZeroUsize::new(10).expect("10 is not zero"),
            retry_base: Duration::from_secs(60),
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(300),
        }
    }
}

impl Config {
    /// Brings every time into the range this type documents.
    pub(crate) fn bounded(self) -> Self {
        let backoff_min = self.backoff_min.clamp(WAIT_MIN, WAIT_MAX);
        Self {
            retry_base: self.retry_base.min(WAIT_MAX),
            backoff_min,
            backoff_max: self.backoff_max.clamp(backoff_min, WAIT_MAX),
            ..self
        }
    }

    /// The time between the run with this number, from 1, that ended in a function error and the next one.
    pub(crate) fn retry_after(&self, runs: u32) -> Duration {
        doubled(self.retry_base, runs.saturating_sub(1)).min(WAIT_MAX)
    }

    /// The time after so many throttles or system errors in a row, from 1.
    pub(crate) fn backoff_after(&self, refusals: u32) -> Duration {
        doubled(self.backoff_min, refusals.saturating_sub(1)).min(self.backoff_max)
    }
}

fn doubled(time: Duration, times: u32) -> Duration {
    time.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_retry_waits_twice_as_long_as_the_first() {
        let config = Config::default().bounded();
        assert_eq!(config.retry_after(1), Duration::from_secs(60));
        assert_eq!(config.retry_after(2), Duration::from_secs(120));
    }

    #[test]
    fn backoff_doubles_from_a_second_to_five_minutes() {
        let config = Config::default().bounded();
        let seconds: Vec<u64> = (1..=11).map(|refusals| config.backoff_after(refusals).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(config.backoff_after(u32::MAX), config.backoff_max);
    }

    #[test]
    fn times_out_of_range_are_brought_into_it() {
        let (zero, max) = (Duration::ZERO, Duration::MAX);
        let config = Config { retry_base: max, backoff_min: zero, backoff_max: zero, ..Config::default() }.bounded();
        assert_eq!(config.retry_after(2), WAIT_MAX);
        assert_eq!(config.backoff_after(9), WAIT_MIN);
    }
}
