//! How patient a function is with its events.

use std::time::Duration;

/// What FunctionEventInvokeConfig says about errors.
///
/// The ranges and defaults are AWS's:
/// <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// MaximumRetryAttempts: how often a run that ended in a function error is repeated, 0 to 2. Default 2.
    pub retries_max: u32,
    /// MaximumEventAgeInSeconds: how long after it was accepted an event may still be run, 60 s to 6 h. Default 6 h.
    /// Longer ages than 6 h count as 6 h.
    pub age_max: Duration,
}

/// The greatest age that AWS allows.
const AGE_MAX: Duration = Duration::from_secs(6 * 60 * 60);

impl Default for Policy {
    fn default() -> Self {
        Self { retries_max: 2, age_max: AGE_MAX }
    }
}

impl Policy {
    /// Brings the age into the range this type documents, so that adding it to an `Instant` cannot overflow.
    pub(crate) fn bounded(self) -> Self {
        Self { age_max: self.age_max.min(AGE_MAX), ..self }
    }
}
