//! The one task that owns the pool: it turns what happens into pool events, and the pool's actions into Pods,
//! connections and leases. Whatever takes time runs in a task of its own and comes back as an [`Input`].

mod actions;
mod evidence;
mod inspect;
mod provisioned;
mod reset;
mod starts;
mod throttled;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use fakecloud_lambda::Generation;
use fakecloud_pool::{After, Config, DeployId, Event, Failure, InstanceId, InvocationId, Pool};
use tokio::sync::{mpsc, oneshot};
use tracing::debug;

pub(crate) use self::provisioned::{Figures, Settled};
pub(crate) use self::reset::RESET;
use crate::backends::k8s::api::{ApiError, Deletion, PodChange};
use crate::backends::k8s::launcher::Launcher;
use crate::common::deadline;
use crate::environments::connection::Connection;
use crate::environments::deployment::SharedDeployment;
use crate::environments::lease::Lease;
use crate::environments::pod_entry::PodEntry;
use crate::environments::snapshot::Snapshot;

/// Everything that can happen to the driver.
pub(crate) enum Input {
    /// A caller wants an execution environment.
    Acquire(Acquire),
    /// That caller has gone before it got one.
    Abandoned { invocation: InvocationId },
    /// The caller of what runs on a lease has gone.
    Deserted { instance: InstanceId, invocation: InvocationId },
    /// A lease is over.
    Released { instance: InstanceId, connection: Option<Connection>, first_byte: Option<Instant>, after: After },
    /// The API server has answered a create.
    Created { instance: InstanceId, result: Result<(), ApiError> },
    /// An init container asks for its files; it may say where its Pod listens.
    Fetching { pod: String, ip: Option<IpAddr>, reply: oneshot::Sender<Option<SharedDeployment>> },
    /// What an init container asked for cannot be read, in words.
    FetchFailed { pod: String, cause: String },
    /// The Pod's port took a connection.
    Connected { instance: InstanceId, connection: Connection },
    /// Something happened to a kept connection that nobody spoke over.
    Stirred { instance: InstanceId },
    /// The connection ended under an invocation.
    Disconnected { instance: InstanceId },
    /// As long as an autoscaler, or then the scheduler again, is given has passed, and no node took the Pod.
    UnschedulableForLong { instance: InstanceId, since: Instant },
    /// The shared watch saw something.
    Pod(PodChange),
    /// The API server has answered a delete.
    Deleted { instance: InstanceId, result: Result<Deletion, ApiError> },
    /// An update or a delete made this deploy old, and those of its tenants.
    Retire { family: DeployId },
    /// So many Pods of a deploy are to be there at any time.
    Provision { deployment: SharedDeployment, count: usize },
    /// No Pod of it has to be there any more.
    Unprovision { deploy: DeployId },
    /// Someone wants to know when as many Pods as are provisioned of a deploy are ready, or never will be for want of room.
    AwaitProvisioned { deploy: DeployId, reply: oneshot::Sender<Settled> },
    /// Someone asks what there is of provisioned deploys.
    Figures { reply: oneshot::Sender<Vec<Figures>> },
    /// Someone asks what there is.
    Inspect { reply: oneshot::Sender<Snapshot> },
    /// The warm Pods of a function are to go.
    Evict { function: String, reply: oneshot::Sender<bool> },
    /// Ends every Pod and everyone who waits for one, or will with what was there before this generation; `done` is told
    /// when those Pods are deleted.
    Reset { generation: Generation, done: oneshot::Sender<()> },
    /// Shutdown has waited long enough for invocations in flight.
    CutOff,
    /// Ends every Pod; `done` is told when the last one is deleted.
    Shutdown { done: oneshot::Sender<()> },
}

/// A caller who wants an execution environment.
pub(crate) struct Acquire {
    pub(crate) invocation: InvocationId,
    pub(crate) deployment: SharedDeployment,
    /// When the deployment was looked up.
    pub(crate) generation: Generation,
    pub(crate) reply: oneshot::Sender<Result<Lease, Failure>>,
}

/// Sends to the driver.
#[derive(Clone)]
pub(crate) struct Handle(mpsc::UnboundedSender<Input>);

/// The driver's state.
pub(crate) struct Driver {
    pool: Pool,
    pods: HashMap<InstanceId, PodEntry>,
    names: HashMap<String, InstanceId>,
    /// Pods whose deletion is confirmed and that the watch still has to see go.
    leaving: HashMap<String, InstanceId>,
    deploys: HashMap<DeployId, Deploy>,
    waiting: HashMap<InvocationId, Waiting>,
    launcher: Launcher,
    config: Config,
    handle: Handle,
    awaited: Vec<provisioned::Awaited>,
    resets: Vec<reset::Reset>,
    generation: Generation,
    throttled: throttled::Throttled,
    queued: starts::Queued,
    shutdown: Option<oneshot::Sender<()>>,
}

/// What is kept of a deploy until the pool forgets it.
struct Deploy {
    deployment: SharedDeployment,
    /// How far the last Pod had come that did not listen in time, in words: what callers hear until the pool tries again.
    timed_out: Option<Arc<str>>,
}

/// A caller that has no environment yet.
struct Waiting {
    deploy: DeployId,
    reply: oneshot::Sender<Result<Lease, Failure>>,
}

/// Makes the handle by which others reach the driver, and the queue that [`run`] reads.
pub(crate) fn channel() -> (Handle, mpsc::UnboundedReceiver<Input>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Handle(sender), receiver)
}

/// Runs until shutdown has deleted every Pod.
pub(crate) async fn run(
    config: Config,
    launcher: Launcher,
    handle: Handle,
    mut inputs: mpsc::UnboundedReceiver<Input>,
) {
    let mut driver = Driver {
        pool: Pool::new(config),
        pods: HashMap::new(),
        names: HashMap::new(),
        leaving: HashMap::new(),
        deploys: HashMap::new(),
        waiting: HashMap::new(),
        launcher,
        config,
        handle,
        awaited: Vec::new(),
        resets: Vec::new(),
        generation: Generation::default(),
        throttled: throttled::Throttled::default(),
        queued: starts::Queued::default(),
        shutdown: None,
    };
    loop {
        // 1. Whatever the pool wants done; each action may change the next deadline.
        driver.drain_actions();
        driver.settle_awaited();
        driver.tell_of_queued();
        // 2. The end: shutdown was asked for, and no Pod is left.
        if driver.shutdown.is_some() && driver.pool.is_empty() {
            break;
        }
        // 3. One input, or the pool's next deadline.
        let deadline = driver.pool.poll_timeout();
        tokio::select! {
            biased;
            input = inputs.recv() => match input {
                Some(input) => driver.take(Instant::now(), input),
                None => break,
            },
            reason = deadline::passed(deadline) => {
                debug!(reason, "pool deadline");
                driver.pool.handle_timeout(Instant::now());
            }
        }
    }
    if let Some(done) = driver.shutdown {
        // Whoever asked may have given up waiting.
        let _: Result<(), ()> = done.send(());
    }
}

// === impl Handle ===

impl Handle {
    /// Hands `input` to the driver. After shutdown nobody listens, and nothing needs to be heard.
    pub(crate) fn send(&self, input: Input) {
        drop(self.0.send(input));
    }

    /// Whether the driver has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

// === impl Driver ===

impl Driver {
    fn take(&mut self, now: Instant, input: Input) {
        match input {
            Input::Acquire(acquire) => self.acquire(now, acquire),
            Input::Abandoned { invocation } => {
                self.waiting.remove(&invocation);
                self.pool.handle(now, Event::Abandoned { invocation });
            }
            Input::Deserted { instance, invocation } => self.deserted(now, instance, invocation),
            Input::Released { instance, connection, first_byte, after } => {
                self.first_byte(instance, first_byte);
                self.released(now, instance, connection, after);
            }
            Input::Created { instance, result } => self.created(now, instance, result),
            Input::Fetching { pod, ip, reply } => self.fetching(now, &pod, ip, reply),
            Input::FetchFailed { pod, cause } => self.fetch_failed(now, &pod, &cause),
            Input::Connected { instance, connection } => self.connected(now, instance, connection),
            Input::Stirred { instance } => self.stirred(now, instance),
            Input::Disconnected { instance } => self.disconnected(now, instance),
            Input::UnschedulableForLong { instance, since } => self.unschedulable_for_long(now, instance, since),
            Input::Pod(change) => self.pod_changed(now, change),
            Input::Deleted { instance, result } => self.deleted(now, instance, result),
            Input::Retire { family } => self.retire(now, &family),
            Input::Reset { generation, done } => self.reset(now, generation, done),
            Input::Provision { deployment, count } => self.provision(now, deployment, count),
            Input::Unprovision { deploy } => self.pool.handle(now, Event::Provision { deploy, count: 0 }),
            Input::AwaitProvisioned { deploy, reply } => self.await_provisioned(deploy, reply),
            // Whoever asks may have given up waiting.
            Input::Figures { reply } => drop(reply.send(self.figures())),
            Input::Inspect { reply } => drop(reply.send(self.snapshot(now))),
            Input::Evict { function, reply } => drop(reply.send(self.evict(now, &function))),
            Input::CutOff => {
                for instance in self.pods.keys().copied().collect::<Vec<_>>() {
                    self.lost(now, instance, "fakecloud is shutting down");
                }
            }
            Input::Shutdown { done } => {
                self.shutdown = Some(done);
                self.pool.handle(now, Event::Shutdown);
            }
        }
    }

    fn acquire(&mut self, now: Instant, acquire: Acquire) {
        let Acquire { invocation, deployment, generation, reply } = acquire;
        if generation < self.generation {
            // A caller that has gone does not need to hear it.
            return drop(reply.send(Err(reset::failure())));
        }
        let deploy = deployment.id.clone();
        self.deploys.entry(deploy.clone()).or_insert(Deploy { deployment, timed_out: None });
        self.waiting.insert(invocation, Waiting { deploy: deploy.clone(), reply });
        self.pool.handle(now, Event::Invoke { invocation, deploy });
    }

    fn retire(&mut self, now: Instant, family: &DeployId) {
        let members = self.deploys.iter().filter(|(_, deploy)| deploy.deployment.family == *family);
        for deploy in members.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.pool.handle(now, Event::Retire { deploy });
        }
    }

    /// The emulator would end if another invocation came before this one's handler has ended.
    fn deserted(&mut self, now: Instant, instance: InstanceId, invocation: InvocationId) {
        if let Some(entry) = self.pods.get(&instance) {
            debug!(pod = %entry.name, "the caller hung up; the Pod finishes and is then deleted");
        }
        self.pool.handle(now, Event::Deserted { instance, invocation });
    }

    fn released(&mut self, now: Instant, instance: InstanceId, connection: Option<Connection>, after: After) {
        let taken_back = match (self.pods.get_mut(&instance), connection) {
            (Some(entry), Some(connection)) => entry.take_back(connection),
            (Some(_) | None, _) => false,
        };
        let after = if taken_back { after } else { After::Retire };
        self.pool.handle(now, Event::Finished { instance, after });
    }
}
