//! The settings of cold starts: how many at once, and how long one is waited for.

use std::num::NonZeroU32;

use super::Period;

/// How Pods start where many are asked for at once.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cold starts")]
pub(crate) struct StartsArgs {
    /// Pods that may start at once on one node, at least; how many more, fakecloud learns from how long starts take
    #[arg(
        id = "lambda-starts-min",
        long,
        env = "FAKECLOUD_LAMBDA_STARTS_MIN",
        value_name = "FAKECLOUD_LAMBDA_STARTS_MIN",
        default_value = "2"
    )]
    pub(crate) min: NonZeroU32,

    /// Pods that may start at once on one node, at most; if it is lower than FAKECLOUD_LAMBDA_STARTS_MIN, that counts
    #[arg(
        id = "lambda-starts-max",
        long,
        env = "FAKECLOUD_LAMBDA_STARTS_MAX",
        value_name = "FAKECLOUD_LAMBDA_STARTS_MAX",
        default_value = "64"
    )]
    pub(crate) max: NonZeroU32,

    /// An invocation whose function has no Pod fails if none is begun in this time, as the nodes had others to start
    #[arg(
        id = "lambda-start-wait",
        long,
        env = "FAKECLOUD_LAMBDA_START_WAIT",
        value_name = "FAKECLOUD_LAMBDA_START_WAIT",
        default_value = "15m"
    )]
    pub(crate) wait: Period,
}
