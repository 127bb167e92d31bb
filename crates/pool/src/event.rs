//! What a driver tells the pool.

use std::sync::Arc;

use crate::{DeployId, InstanceId, InvocationId, NodeId};

/// Something that happened outside the pool.
///
/// Late, repeated and unknown events are normal in a distributed system: the pool ignores an event about an instance or
/// invocation it does not know, or that cannot happen in the state the instance is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A caller wants `invocation` run by an instance of `deploy`.
    ///
    /// Answered, now or later, by exactly one of `Dispatch` and `Fail`, unless `Abandoned` comes first. Revives a
    /// retired deploy: the function went back to a configuration it had before.
    Invoke {
        /// A number that was not used before.
        invocation: InvocationId,
        /// The deploy that must run it.
        deploy: DeployId,
    },
    /// The caller of a waiting invocation gave up; no answer is wanted any more.
    ///
    /// Ignored once dispatched: then whoever talks to the instance reports `Finished`.
    Abandoned {
        /// The invocation nobody waits for any more.
        invocation: InvocationId,
    },
    /// A starting instance accepts connections.
    Started {
        /// The instance.
        instance: InstanceId,
    },
    /// A starting instance will never accept connections: its creation was refused, its image cannot be pulled, its
    /// init container failed. For an instance that did start, the same as `Lost`.
    StartFailed {
        /// The instance.
        instance: InstanceId,
        /// The cause, in words for the caller.
        reason: Arc<str>,
    },
    /// The cluster has no room for a starting instance now; it may have once an environment has gone.
    ///
    /// The start waits as long as environments of other instances leave their places, of which the longest idle one is made
    /// to, and comes as a `StartEnvironment` again. Where there is none it fails for this reason, unless it is the only hope
    /// of its deploy and other environments start on nodes or leave; and also where its fit was doubtful too often. The
    /// environment need not exist: ignored while the start waits already. For an instance that did start, the same as
    /// `Lost`.
    NoRoom {
        /// The instance.
        instance: InstanceId,
        /// Whether it is known to need no more room than there can be.
        fit: Fit,
        /// The cause, in words for the caller.
        reason: Arc<str>,
    },
    /// There is room after all: a node took the environment of an instance that there was none for. If it does not start
    /// now, that is for another reason.
    Placed {
        /// The instance.
        instance: InstanceId,
    },
    /// A node was chosen for a starting instance. Where it is not reported, all nodes count as one.
    Scheduled {
        /// The instance.
        instance: InstanceId,
        /// The node.
        node: NodeId,
    },
    /// No node takes a starting instance for now, and it is to wait for one: it slows no other start down. `NoRoom` may follow.
    Unscheduled {
        /// The instance.
        instance: InstanceId,
    },
    /// The node of a starting instance has set its environment up: the first container runs. From how long that takes the
    /// pool learns how many starts a node digests; where it is not reported, it learns from `Started` alone, and less.
    SetUp {
        /// The instance.
        instance: InstanceId,
    },
    /// A starting instance has come further in some way that no other event tells.
    Progressed {
        /// The instance.
        instance: InstanceId,
    },
    /// A busy instance is done with its invocation. Reported exactly once per `Dispatch`, unless `Lost` came first.
    Finished {
        /// The instance.
        instance: InstanceId,
        /// Whether it can serve again.
        after: After,
    },
    /// An instance is gone or unusable: its environment was deleted, evicted or killed, its connection was closed.
    Lost {
        /// The instance.
        instance: InstanceId,
        /// The cause, in words for the caller.
        reason: Arc<str>,
    },
    /// The deletion that `StopEnvironment` asked for is confirmed; the pool forgets the instance.
    ///
    /// Without a `StopEnvironment` before it, the same as `Lost`: a `StopEnvironment` follows and wants its own confirmation.
    Stopped {
        /// The instance.
        instance: InstanceId,
    },
    /// The environment of an instance that was to stop has left the cluster, and its place there is free; before or after
    /// `Stopped`, which comes as soon as it is certain that the environment will go. Where it is not reported, starts that
    /// wait for a place are tried again somewhat later.
    Gone {
        /// The instance.
        instance: InstanceId,
    },
    /// An instance that was stopped, or is to be, never had an environment: the last word on its creation was a refusal. No
    /// place becomes free, and nobody is to wait for one.
    NeverThere {
        /// The instance.
        instance: InstanceId,
    },
    /// An update or a deletion made this deploy old. What already waits is still served, then everything stops.
    Retire {
        /// The old deploy.
        deploy: DeployId,
    },
    /// So many instances of this deploy are to be there at any time, started and waiting for work: they neither expire nor
    /// make room for others, and are replaced when they are lost. Idle and starting ones that are there already are kept;
    /// when the number falls, idle ones are stopped. Revives a retired deploy if the number is not zero.
    ///
    /// Both limits apply: what exceeds [`Config::max_concurrency`](crate::Config::max_concurrency) is never started, and
    /// in a full house they wait for their places like invocations.
    Provision {
        /// The deploy.
        deploy: DeployId,
        /// How many; zero ends it.
        count: usize,
    },
    /// The process ends: waiting and new invocations fail, busy instances finish, everything stops.
    Shutdown,
    /// The caller of the invocation that this instance runs gave up. The invocation goes on, but nobody is to wait
    /// behind it: the instance serves no other, and is stopped when it reports `Finished`.
    Deserted {
        /// The instance.
        instance: InstanceId,
        /// What it runs; ignored if it runs something else by now.
        invocation: InvocationId,
    },
    /// Someone wants this instance gone: a starting or idle one stops now, and another one is started for whoever waits; a
    /// busy one stops when it reports `Finished`, and serves no other invocation until then. Ignored unless it is one of
    /// these.
    Evict {
        /// The instance.
        instance: InstanceId,
    },
}

/// What is known of the size of a start for which there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It fits once enough others have gone.
    Certain,
    /// It may be larger than all the room that the cluster has. No more than two instances are made to go for it, and none
    /// for further starts of its deploy as long as the failure of this one is remembered.
    Doubtful,
}

/// What becomes of an instance that finished an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It can serve the next one.
    Reuse,
    /// It cannot be trusted any more (a timeout, a caller that hung up, a crash) and is stopped.
    Retire,
}
