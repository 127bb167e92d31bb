//! The nodes that take starts, each with its limit and the starts that count among it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::NodeView;
use super::pace::{Bounds, Pace, Sample};
use crate::slab::{Slab, Slot};
use crate::{InstanceId, NodeId};

/// Nodes that are remembered; beyond that, one without starts is forgotten for each new one. Kubernetes is built for 5,000.
const NODES_MAX: usize = 5_000;

/// Why a node's key is good.
const HOLDS: &str = "a node is forgotten only without starts";

/// A short stand-in for a [`NodeId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeKey(Slot);

/// All nodes, and the one that stands for starts whose node is not known.
#[derive(Debug)]
pub(crate) struct Nodes {
    fresh: Pace,
    nodes: Slab<Node>,
    keys: BTreeMap<NodeId, NodeKey>,
    /// Nodes that were given twice as many starts as they digest.
    swamped: usize,
    /// Starts on nodes that are known.
    placed: usize,
}

#[derive(Debug)]
pub(crate) struct Node {
    pace: Pace,
    /// The starts that count among its limit, oldest first.
    starts: BTreeSet<InstanceId>,
    /// Starts that were younger than the oldest and have ended before it.
    overtakes: usize,
}

// === impl NodeKey ===

impl NodeKey {
    /// The node that stands for those that are not known.
    pub(crate) const UNKNOWN: Self = Self(Slot::after(0));
}

// === impl Nodes ===

impl Nodes {
    pub(super) fn new(bounds: Bounds, begin: usize) -> Self {
        let fresh = Pace::new(bounds, begin);
        let mut nodes = Slab::default();
        nodes.insert(Node::new(fresh.clone()));
        Self { fresh, nodes, keys: BTreeMap::new(), swamped: 0, placed: 0 }
    }

    pub(super) fn get(&self, key: NodeKey) -> &Node {
        self.nodes.get(key.0).expect(HOLDS)
    }

    /// Counts a start among a node's limit; says how many count then.
    pub(super) fn hold(&mut self, key: NodeKey, instance: InstanceId) -> usize {
        self.change(key, |node| {
            node.starts.insert(instance);
            node.held()
        })
    }

    /// Takes back what `hold` did; says whether the limit leaves room for another.
    pub(super) fn release(&mut self, key: NodeKey, instance: InstanceId) -> bool {
        self.change(key, |node| node.release(instance))
    }

    /// Counts a start that has ended well and is not held any more. Whether so many have ended before the oldest one, `min` at
    /// least, that it must be slow for a reason of its own.
    pub(super) fn was_overtaken(&mut self, key: NodeKey, instance: InstanceId, min: usize) -> bool {
        self.change(key, |node| node.was_overtaken(instance, min))
    }

    /// Takes in how long a start of a node took; says by how much its limit has grown. What is learned of an idle node is expected
    /// of those that are not known yet.
    pub(super) fn learn(&mut self, now: Instant, key: NodeKey, sample: Sample) -> usize {
        let grown = self.change(key, |node| node.pace.learn(now, sample));
        if sample.is_alone {
            self.fresh.expect_like(&self.nodes.get(key.0).expect(HOLDS).pace);
        }
        grown
    }

    /// Whether a node was given twice as many starts as it digests.
    pub(super) fn is_any_swamped(&self) -> bool {
        self.swamped > 0
    }

    /// Whether a node that is known holds a start.
    pub(super) fn is_any_held(&self) -> bool {
        self.placed > 0
    }

    fn change<T>(&mut self, key: NodeKey, change: impl FnOnce(&mut Node) -> T) -> T {
        let node = self.nodes.get_mut(key.0).expect(HOLDS);
        let is_known = usize::from(key != NodeKey::UNKNOWN);
        self.swamped -= usize::from(node.is_swamped());
        self.placed -= is_known * node.held();
        let result = change(node);
        self.swamped += usize::from(node.is_swamped());
        self.placed += is_known * node.held();
        result
    }

    /// The key of a node, which becomes known if it was not.
    pub(super) fn open(&mut self, node: &NodeId, last: NodeKey) -> NodeKey {
        if let Some(key) = self.keys.get(node) {
            return *key;
        }
        if self.keys.len() >= NODES_MAX {
            self.forget_one(last);
        }
        let key = NodeKey(self.nodes.insert(Node::new(self.fresh.clone())));
        self.keys.insert(node.clone(), key);
        key
    }

    /// In the order of their names, the unknown one first, if it holds starts.
    pub(super) fn views(&self) -> impl Iterator<Item = (Option<&NodeId>, NodeView)> {
        let unknown = Some((None, self.get(NodeKey::UNKNOWN).view())).filter(|(_, view)| view.starting > 0);
        unknown.into_iter().chain(self.keys.iter().map(|(node, key)| (Some(node), self.get(*key).view())))
    }

    fn forget_one(&mut self, last: NodeKey) {
        let idle = |key: NodeKey| key != last && self.get(key).held() == 0;
        if let Some(node) = self.keys.iter().find(|(_, key)| idle(**key)).map(|(node, _)| node.clone())
            && let Some(key) = self.keys.remove(&node)
        {
            self.nodes.remove(key.0);
        }
    }
}

// === impl Node ===

impl Node {
    fn new(pace: Pace) -> Self {
        Self { pace, starts: BTreeSet::new(), overtakes: 0 }
    }

    fn release(&mut self, instance: InstanceId) -> bool {
        if self.oldest() == Some(instance) {
            self.overtakes = 0;
        }
        self.starts.remove(&instance);
        self.spare() > 0
    }

    fn was_overtaken(&mut self, instance: InstanceId, min: usize) -> bool {
        if self.oldest().is_some_and(|oldest| oldest < instance) {
            self.overtakes += 1;
        }
        self.overtakes >= min.max(2 * self.pace.limit())
    }

    fn is_swamped(&self) -> bool {
        self.held() > 2 * self.pace.limit()
    }

    pub(super) fn held(&self) -> usize {
        self.starts.len()
    }

    pub(super) fn spare(&self) -> usize {
        self.pace.limit().saturating_sub(self.held())
    }

    pub(super) fn oldest(&self) -> Option<InstanceId> {
        self.starts.first().copied()
    }

    fn view(&self) -> NodeView {
        NodeView { limit: self.pace.limit(), starting: self.held() }
    }
}
