//! The wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use fakecloud_lambda::Moment;

use crate::common::request_id;

/// The wall clock and fresh randomness, for the pure control plane.
pub(crate) fn now() -> Moment {
    Moment { epoch_ms: epoch_ms(), random: request_id::random() }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn epoch_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
