//! How many environments start at once: as many as the nodes digest, while the others wait their turn.
//!
//! A node starts a certain number of environments a second, however many it is asked for; asked for all of a burst at once,
//! it has all of them ready at the very end. Each node has a limit of its own ([`Pace`]), and the scheduler alone knows
//! where the next start goes: most likely where the last one went, or to a node with more room. So starts may be without a
//! node as far as the last node would still take them, and a slot that another node frees is good for one more. Nothing
//! starts while the scheduler has given some node more than twice as many as that node digests, or while more than twice as
//! many are without a node as a node begins with. A cluster of many nodes is thus known within some round trips to its API
//! server.

mod course;
mod node;
mod pace;

use std::collections::BTreeMap;
use std::time::Instant;

pub(crate) use self::node::NodeKey;
use self::node::Nodes;
use self::pace::Bounds;
use crate::expiry::Expiry;
use crate::{Config, InstanceId, NodeId};

/// Starts at once on a node of which nothing is known: few enough for the first to be ready soon, enough to keep a small node
/// busy.
const BEGIN: usize = 3;

/// Starts that find no room in the cluster before others are held back because of them.
const ROOMLESS: usize = 6;

/// All instances that start, and what is known of the nodes.
#[derive(Debug)]
pub(crate) struct Admission {
    starts: BTreeMap<InstanceId, Start>,
    nodes: Nodes,
    /// The node that took the last start.
    last: NodeKey,
    /// Slots that became free while others waited for them, less the starts since.
    freed: usize,
    /// Something waits for a slot.
    is_limited: bool,
    /// Starts for which the cluster has no room.
    roomless: usize,
    /// When the next start may be tried although more than a few found no room.
    probe_at: Option<Instant>,
    /// Nodes that hold starts, until nothing was heard of them for too long.
    stuck: Expiry<NodeKey>,
}

#[derive(Debug)]
struct Start {
    began: Instant,
    seat: Seat,
    /// The starts on its node when it came there, itself included.
    beside: usize,
    /// Others waited for a slot when it began.
    was_limited: bool,
    is_set_up: bool,
    /// When something was last heard of it.
    progressed: Instant,
}

/// What a start takes of the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seat {
    /// A slot of this node, which may be the unknown one.
    On(NodeKey),
    /// Nothing, as the cluster has no room for it.
    Roomless,
    /// Nothing, as it was overtaken or stuck.
    Passed,
}

/// How many instances start, and how many may, as a driver may show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartsView<'a> {
    /// Instances that start and count among a limit.
    pub starting: usize,
    /// Instances that are wanted and wait for a slot, or for a place in a full house.
    pub waiting: usize,
    /// Instances for which the cluster has no room.
    pub roomless: usize,
    /// The nodes on which environments start or started, in the order of their names; none stands for starts whose node is
    /// not known.
    pub nodes: Vec<(Option<&'a NodeId>, NodeView)>,
}

/// The starts of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeView {
    /// Starts at once at most, as of now.
    pub limit: usize,
    /// Starts that count among the limit.
    pub starting: usize,
}

// === impl Admission ===

impl Admission {
    pub(crate) fn new(config: &Config) -> Self {
        let bounds = Bounds { min: config.starts_min(), max: config.starts_max() };
        Self {
            starts: BTreeMap::new(),
            nodes: Nodes::new(bounds, BEGIN),
            last: NodeKey::UNKNOWN,
            freed: 0,
            is_limited: false,
            roomless: 0,
            probe_at: None,
            stuck: Expiry::default(),
        }
    }

    /// How many more the nodes digest now.
    pub(crate) fn slots(&self) -> usize {
        if self.nodes.is_any_swamped() {
            return 0;
        }
        let last = self.nodes.get(self.last);
        let coming = if self.last == NodeKey::UNKNOWN { 0 } else { self.nowhere() };
        last.spare().saturating_sub(coming).max(self.freed)
    }

    /// How many more may be tried now beside so many instances, as far as the room in the cluster is known: one after the other
    /// once a few have found none.
    pub(crate) fn tries(&self, now: Instant, instances: usize) -> usize {
        if self.is_short_of_room() {
            let is_time = self.probe_at.is_none_or(|at| at <= now);
            let may_try = is_time
                && self.nowhere() == 0
                && self.roomless < (2 * ROOMLESS).max(instances.saturating_sub(self.roomless) / 4);
            usize::from(may_try)
        } else {
            usize::MAX
        }
    }

    /// Whether more starts than a few find no room in the cluster.
    pub(crate) fn is_short_of_room(&self) -> bool {
        self.roomless >= ROOMLESS
    }

    /// Whether a start is under way on a node.
    pub(crate) fn is_any_placed(&self) -> bool {
        self.nodes.is_any_held()
    }

    /// Starts that no node has taken yet.
    pub(crate) fn unplaced(&self) -> usize {
        self.roomless + self.nowhere()
    }

    fn nowhere(&self) -> usize {
        self.nodes.get(NodeKey::UNKNOWN).held()
    }

    /// Something waits for a slot.
    pub(crate) fn limits(&mut self, now: Instant) {
        self.is_limited = true;
        self.probe_at = self.probe_at.filter(|at| *at > now);
    }

    /// Nothing waits for a slot.
    pub(crate) fn relax(&mut self) {
        self.is_limited = false;
        self.freed = 0;
    }

    /// When one more may start although no slot became free; as long as nothing waits, that may have passed.
    pub(crate) fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        let probe = self.probe_at.map(|at| (at, "a start is tried in a full cluster"));
        [self.next_stuck(), probe].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// When nothing was heard of the starts of some node for too long.
    pub(crate) fn next_stuck(&self) -> Option<(Instant, &'static str)> {
        self.stuck.next().map(|(at, _)| (at, "nothing is heard of a node's starts"))
    }

    pub(crate) fn is_limited(&self) -> bool {
        self.is_limited
    }

    /// Lets the oldest start of each node of which nothing was heard for too long hold up nobody any more; says whether there
    /// was one.
    pub(crate) fn pass_stuck(&mut self, now: Instant) -> bool {
        let mut is_any = false;
        while let Some(node) = self.stuck.pop_due(now) {
            self.pass_oldest(now, node);
            is_any = true;
        }
        is_any
    }

    pub(crate) fn view(&self, waiting: usize) -> StartsView<'_> {
        let nodes: Vec<_> = self.nodes.views().collect();
        let starting = nodes.iter().map(|(_, node)| node.starting).sum();
        StartsView { starting, waiting, roomless: self.roomless, nodes }
    }
}
