//! The one task that owns the pool: it turns what happens into pool events, and the pool's actions into
//! environments, connections and leases. Whatever takes time runs in a task of its own and comes back as an [`Input`].

mod actions;
mod inspect;
mod provisioned;
mod reports;
mod reset;
mod starts;
mod throttled;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use fakecloud_lambda::Generation;
use fakecloud_pool::{After, Config, DeployId, Event, Failure, InstanceId, InvocationId, Pool};
use tokio::sync::{mpsc, oneshot};
use tracing::debug;

pub(crate) use self::provisioned::{Figures, Settled};
pub(crate) use self::reset::RESET;
use crate::common::deadline;
use crate::environments::backend::{Backend, Report};
use crate::environments::connection::Connection;
use crate::environments::deployment::SharedDeployment;
use crate::environments::dialler::Dialler;
use crate::environments::environment::Environment;
use crate::environments::lease::Lease;
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
    /// The backend has news of an environment.
    Report { instance: InstanceId, report: Report },
    /// The environment's port took a connection.
    Connected { instance: InstanceId, connection: Connection },
    /// Something happened to a kept connection that nobody spoke over.
    Stirred { instance: InstanceId },
    /// The connection ended under an invocation.
    Disconnected { instance: InstanceId },
    /// An update or a delete made this deploy old, and those of its tenants.
    Retire { family: DeployId },
    /// So many environments of a deploy are to be there at any time.
    Provision { deployment: SharedDeployment, count: usize },
    /// No environment of it has to be there any more.
    Unprovision { deploy: DeployId },
    /// Someone wants to know when as many environments as are provisioned of a deploy are ready, or never will be for want of room.
    AwaitProvisioned { deploy: DeployId, reply: oneshot::Sender<Settled> },
    /// Someone asks what there is of provisioned deploys.
    Figures { reply: oneshot::Sender<Vec<Figures>> },
    /// Someone asks what there is.
    Inspect { reply: oneshot::Sender<Snapshot> },
    /// The warm environments of a function are to go.
    Evict { function: String, reply: oneshot::Sender<bool> },
    /// Ends every environment and everyone who waits for one, or will with what was there before this generation; `done` is told
    /// when those environments are gone.
    Reset { generation: Generation, done: oneshot::Sender<()> },
    /// Shutdown has waited long enough for invocations in flight.
    CutOff,
    /// Ends every environment; `done` is told when the last one is gone.
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
    environments: HashMap<InstanceId, Environment>,
    deploys: HashMap<DeployId, Deploy>,
    waiting: HashMap<InvocationId, Waiting>,
    backend: Arc<dyn Backend>,
    dialler: Dialler,
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
    /// How far the last environment had come that did not listen in time, in words: what callers hear until the pool tries again.
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

/// Runs until shutdown has ended every environment.
pub(crate) async fn run(
    config: Config,
    backend: Arc<dyn Backend>,
    handle: Handle,
    mut inputs: mpsc::UnboundedReceiver<Input>,
) {
    let mut driver = Driver {
        pool: Pool::new(config),
        environments: HashMap::new(),
        deploys: HashMap::new(),
        waiting: HashMap::new(),
        backend,
        dialler: Dialler::default(),
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
        // 2. The end: shutdown was asked for, and no environment is left.
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
            Input::Report { instance, report } => self.reported(now, instance, report),
            Input::Connected { instance, connection } => self.connected(now, instance, connection),
            Input::Stirred { instance } => self.stirred(now, instance),
            Input::Disconnected { instance } => self.disconnected(now, instance),
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
                for instance in self.environments.keys().copied().collect::<Vec<_>>() {
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
        if let Some(entry) = self.environments.get(&instance) {
            debug!(environment = %entry.name, "the caller hung up; what runs for it ends, and the {} with it", entry.name.noun);
        }
        self.pool.handle(now, Event::Deserted { instance, invocation });
    }

    fn released(&mut self, now: Instant, instance: InstanceId, connection: Option<Connection>, after: After) {
        let taken_back = match (self.environments.get_mut(&instance), connection) {
            (Some(entry), Some(connection)) => entry.take_back(connection),
            (Some(_) | None, _) => false,
        };
        let after = if taken_back { after } else { After::Retire };
        self.pool.handle(now, Event::Finished { instance, after });
    }
}
