//! What the catalog knows of a repository and of a manifest: each is a record on disk.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::manifest::Manifest;

/// A point in time, in milliseconds since 1970 began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct UnixMillis(pub(crate) u64);

/// What a repository is beside its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    pub(crate) created_at: UnixMillis,
    #[serde(default)]
    pub(crate) mutability: Mutability,
    #[serde(default)]
    pub(crate) scan_on_push: bool,
    #[serde(default)]
    pub(crate) encryption: Encryption,
    #[serde(default)]
    pub(crate) lifecycle_policy: Option<String>,
    #[serde(default)]
    pub(crate) policy: Option<String>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
}

/// Whether a tag that is there may be given to another image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Mutability {
    #[default]
    Mutable,
    Immutable,
    /// Mutable but for the tags that one of the patterns fits.
    MutableExcept(Vec<String>),
    /// Immutable but for the tags that one of the patterns fits.
    ImmutableExcept(Vec<String>),
}

/// What ECR is asked to encrypt images with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Encryption {
    #[default]
    Aes256,
    Kms(String),
    KmsDsse(String),
}

/// A manifest that was pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManifestRecord {
    /// The length of its content in bytes.
    pub(crate) size: u64,
    pub(crate) pushed_at: UnixMillis,
    #[serde(default)]
    pub(crate) pulled_at: Option<UnixMillis>,
    /// Whether it came from an upstream, where it can be had again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) fetched: bool,
    pub(crate) manifest: Manifest,
}

// === impl UnixMillis ===

impl UnixMillis {
    /// This moment, by the clock on the wall.
    pub(crate) fn now() -> Self {
        Self::of(SystemTime::now())
    }

    /// A point in time; one before 1970 is 1970's beginning.
    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// In seconds, as AWS's JSON protocol has it.
    pub(crate) fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

// === impl Settings ===

impl Settings {
    /// Those of a repository that nobody has set anything of.
    pub(crate) fn new(created_at: UnixMillis) -> Self {
        Self {
            created_at,
            mutability: Mutability::default(),
            scan_on_push: false,
            encryption: Encryption::default(),
            lifecycle_policy: None,
            policy: None,
            tags: BTreeMap::new(),
        }
    }
}

// === impl Mutability ===

impl Mutability {
    /// Whether this tag, once given, stays with its image.
    pub(crate) fn is_immutable(&self, tag: &str) -> bool {
        let fits = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, tag));
        match self {
            Self::Mutable => false,
            Self::Immutable => true,
            Self::MutableExcept(patterns) => fits(patterns),
            Self::ImmutableExcept(patterns) => !fits(patterns),
        }
    }
}

/// Whether a tag fits a pattern in which `*` stands for any letters, or none.
fn matches(pattern: &str, tag: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == tag,
        Some((start, rest)) => tag
            .strip_prefix(start)
            .is_some_and(|tail| (0..=tail.len()).any(|at| tail.get(at..).is_some_and(|tail| matches(rest, tail)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_turn_the_rule_around() {
        let patterns = || vec!["dev-*".to_owned(), "*latest*".to_owned()];
        for (tag, fits) in
            [("dev-1", true), ("dev-", true), ("latest", true), ("my-latest-1", true), ("v1", false), ("xdev-1", false)]
        {
            assert_eq!(Mutability::MutableExcept(patterns()).is_immutable(tag), fits, "{tag}");
            assert_eq!(Mutability::ImmutableExcept(patterns()).is_immutable(tag), !fits, "{tag}");
        }
        assert!(Mutability::Immutable.is_immutable("v1") && !Mutability::Mutable.is_immutable("v1"));
    }
}
