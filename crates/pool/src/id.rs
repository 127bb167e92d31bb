//! Names of the things the pool reasons about: instances, invocations, deploys and nodes.

use std::fmt;
use std::sync::Arc;

use crate::slab::Slot;

/// One instance: an environment from the moment the pool asks for it until its deletion is confirmed.
///
/// A counter that starts at 1 and is never reused within one [`Pool`](crate::Pool), so that ids are in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId {
    pub(crate) number: u64,
    /// Where the pool keeps it.
    pub(crate) slot: Slot,
}

/// One invocation, as its caller numbers it.
///
/// The caller never uses a number twice within one [`Pool`](crate::Pool).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvocationId(pub u64);

/// The digest of everything an environment of a function depends on: two environments of one deploy are interchangeable.
///
/// Any string will do: the pool compares it and never looks inside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeployId(Arc<str>);

/// A node of the cluster, by a name that no other has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Arc<str>);

// === impl InstanceId ===

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

// === impl InvocationId ===

impl fmt::Display for InvocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// === impl DeployId ===

impl DeployId {
    /// The digest as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for DeployId {
    fn from(digest: &str) -> Self {
        Self(digest.into())
    }
}

impl From<String> for DeployId {
    fn from(digest: String) -> Self {
        Self(digest.into())
    }
}

impl From<Arc<str>> for DeployId {
    fn from(digest: Arc<str>) -> Self {
        Self(digest)
    }
}

impl fmt::Display for DeployId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// === impl NodeId ===

impl From<&str> for NodeId {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
