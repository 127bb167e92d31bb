//! Spans of time as settings.

use std::str::FromStr;
use std::time::Duration;

/// A span of time, such as `10m` or `1h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) Duration);

/// Not a span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a span of time with its unit, such as 90s, 10m or 1h")]
pub(crate) struct InvalidPeriod;

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let span: jiff::SignedDuration = text.parse().map_err(|_unhelpful| InvalidPeriod)?;
        span.try_into().map(Self).map_err(|_negative| InvalidPeriod)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_need_a_unit_and_no_sign() {
        assert_eq!("1h 30m".parse(), Ok(Period(Duration::from_secs(5400))));
        assert_eq!("250ms".parse(), Ok(Period(Duration::from_millis(250))));
        for text in ["", "10", "-3s", "10 parsecs"] {
            assert_eq!(text.parse::<Period>(), Err(InvalidPeriod), "{text}");
        }
    }
}
