//! Moments as values: a monotonic clock for limits and a wall clock for what others read.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock. Every limit is measured on it.
    pub instant: Instant,
    /// The wall clock in milliseconds since 1970, for deadlines that functions read and for timestamps.
    pub epoch_ms: u64,
}

/// A timestamp as AWS writes it, such as `2022-10-12T00:00:15.064Z`. A time beyond year 9999 is written as 1970.
pub(crate) fn timestamp(epoch_ms: u64) -> String {
    moment(epoch_ms).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The folder of a log stream's name, such as `2022/10/12`.
pub(crate) fn day(epoch_ms: u64) -> String {
    moment(epoch_ms).strftime("%Y/%m/%d").to_string()
}

/// A duration in milliseconds with AWS's two decimals, such as `1.23`.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1_000.0)
}

/// A duration in milliseconds for a JSON number, rounded to a thousandth.
pub(crate) fn milliseconds_f64(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

/// A duration in seconds with AWS's two decimals, such as `3.00`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64())
}

fn moment(epoch_ms: u64) -> Timestamp {
    i64::try_from(epoch_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_three_decimals_and_a_z() {
        assert_eq!(timestamp(1_665_532_815_064), "2022-10-12T00:00:15.064Z");
        assert_eq!(timestamp(1_665_532_815_000), "2022-10-12T00:00:15.000Z");
        assert_eq!(day(1_665_532_815_064), "2022/10/12");
    }

    #[test]
    fn moment_that_no_calendar_has_is_written_all_the_same() {
        assert_eq!(timestamp(u64::MAX), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn durations_have_two_decimals() {
        assert_eq!(milliseconds(Duration::from_micros(1_234)), "1.23");
        assert_eq!(seconds(Duration::from_secs(3)), "3.00");
        assert_eq!(milliseconds_f64(Duration::from_nanos(1_234_567)), 1.235);
    }
}
