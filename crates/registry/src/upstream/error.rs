//! Why something could not be had from an upstream.

pub(super) use crate::failure::causes;

use std::error::Error;

use fakecloud_durable::LimitReached;

/// An upstream and what went wrong with it. Several clients may be told of one failure.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the upstream {upstream} (FAKECLOUD_REGISTRY_UPSTREAM) {problem}")]
pub(crate) struct UpstreamError {
    pub(super) upstream: String,
    pub(crate) problem: Problem,
}

/// What went wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Problem {
    /// It has no such thing.
    #[error("has no {0}")]
    Missing(String),
    /// It wants to know who asks, or does not let them.
    #[error(
        "refuses {0}: check that the repository exists there, and the user and password in \
         prefix=https://user:password@host"
    )]
    Refused(String),
    /// It has answered too often of late; with the `Retry-After` that it said.
    #[error("answers no more for now, 429 to {asked}; with a user and password it may allow more")]
    TooManyRequests { asked: String, retry_after: Option<String> },
    /// There is no connection to it, or no answer.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// Its answer is none that a registry gives.
    #[error("gave no good answer: {0}")]
    BadAnswer(String),
    /// What it sent ended early, or is not what was asked for.
    #[error("sent a broken {0}")]
    Broken(String),
    /// Somebody wants to put something into its repositories.
    #[error("is where all below the prefix '{0}' comes from: push to another name")]
    Push(String),
    /// This registry may keep no more.
    #[error("sent what could not be stored: {0}")]
    Full(LimitReached),
    /// It is this registry's disk that failed.
    #[error("sent what could not be stored: {0}")]
    Storage(String),
}

impl Problem {
    /// A failure of this registry's disk, or its limit.
    pub(super) fn of_disk(error: &(dyn Error + 'static)) -> Self {
        match LimitReached::behind(error) {
            Some(reached) => Self::Full(reached.clone()),
            None => Self::Storage(causes(error)),
        }
    }
}
