//! News of environments, from the backend and from their connections, as pool events.

use std::net::SocketAddr;
use std::time::Instant;

use fakecloud_pool::{Event, Fit, InstanceId};
use tracing::{debug, warn};

use super::{Driver, Input};
use crate::environments::backend::{Report, Step};
use crate::environments::connection::Connection;
use crate::environments::emulator;
use crate::environments::environment::{DialTask, Environment, Holding};

impl Driver {
    /// Takes the backend's news.
    pub(super) fn reported(&mut self, now: Instant, instance: InstanceId, report: Report) {
        match report {
            Report::Step(step) => self.came_to(now, instance, step),
            Report::Progressed => {
                if self.environments.get(&instance).is_some_and(Environment::is_starting) {
                    self.pool.handle(now, Event::Progressed { instance });
                }
            }
            Report::Located(address) => self.dial(instance, address),
            Report::Unplaced => self.pool.handle(now, Event::Unscheduled { instance }),
            Report::Placed => self.pool.handle(now, Event::Placed { instance }),
            Report::NoRoom { fit, cause } => {
                let Some(entry) = self.environments.get(&instance) else { return };
                if fit == Fit::Doubtful {
                    warn!(environment = entry.name.as_str(), cause, "no node has room for the {}", entry.name.noun);
                }
                let reason = format!("{} {cause}", entry.name).into();
                self.pool.handle(now, Event::NoRoom { instance, fit, reason });
            }
            Report::Refused { cause } => {
                let Some(entry) = self.environments.get(&instance) else { return };
                let reason = format!("{} {cause}", entry.name).into();
                self.pool.handle(now, Event::StartFailed { instance, reason });
            }
            Report::StartFailed { cause } => self.start_failed(now, instance, &cause),
            Report::Exited { cause } => self.exited(now, instance, &cause),
            Report::Lost { cause } => self.lost(now, instance, &cause),
            Report::Unreachable { cause } => self.unreachable(now, instance, cause),
            Report::Stopped => self.stopped(now, instance),
            Report::Gone => self.pool.handle(now, Event::Gone { instance }),
            Report::NeverThere => self.pool.handle(now, Event::NeverThere { instance }),
        }
    }

    fn came_to(&mut self, now: Instant, instance: InstanceId, step: Step) {
        let Some(entry) = self.environments.get_mut(&instance) else { return };
        match step {
            Step::Created => entry.timeline.created(now),
            Step::Scheduled(node) => {
                entry.timeline.scheduled(now);
                if entry.is_starting() {
                    self.pool.handle(now, Event::Scheduled { instance, node });
                }
            }
            Step::SetUp => {
                entry.timeline.fetched(now);
                self.pool.handle(now, Event::SetUp { instance });
            }
        }
    }

    /// Starts to dial the environment at the first evidence of where it is.
    fn dial(&mut self, instance: InstanceId, address: SocketAddr) {
        let Some(entry) = self.environments.get_mut(&instance) else { return };
        if !matches!(entry.holding, Holding::Nothing) {
            return;
        }
        entry.timeline.located(Instant::now());
        let (dialler, handle) = (self.dialler.clone(), self.handle.clone());
        let task = tokio::spawn(async move {
            let watching = handle.clone();
            let stirred = move || watching.send(Input::Stirred { instance });
            let connection = dialler.dial(address, stirred).await;
            handle.send(Input::Connected { instance, connection });
        });
        entry.holding = Holding::Dialling { _task: DialTask(task.abort_handle()) };
    }

    pub(super) fn connected(&mut self, now: Instant, instance: InstanceId, connection: Connection) {
        let Some(entry) = self.environments.get_mut(&instance) else { return };
        let Holding::Dialling { .. } = entry.holding else { return };
        if !connection.is_open() {
            return self.lost(now, instance, "it closed its connection at once");
        }
        entry.timeline.opened(now);
        debug!(environment = %entry.name, timeline = %entry.timeline, "the {} is ready", entry.name.noun);
        entry.holding = Holding::Idle(connection);
        self.pool.handle(now, Event::Started { instance });
    }

    /// The cold start is over once its first answer has begun.
    pub(super) fn first_byte(&mut self, instance: InstanceId, first_byte: Option<Instant>) {
        let (Some(entry), Some(first_byte)) = (self.environments.get_mut(&instance), first_byte) else { return };
        if entry.timeline.answered(first_byte) {
            let noun = entry.name.noun;
            debug!(environment = %entry.name, timeline = %entry.timeline, "the {noun} has served its first invocation");
        }
    }

    /// An idle environment whose connection ended is lost. Whoever speaks over a connection sees its end himself.
    pub(super) fn stirred(&mut self, now: Instant, instance: InstanceId) {
        let Some(entry) = self.environments.get(&instance) else { return };
        if matches!(&entry.holding, Holding::Idle(connection) if !connection.is_open()) {
            self.lost(now, instance, "it closed its connection");
        }
    }

    /// The backend may still say why, and the connection is not taken back.
    pub(super) fn disconnected(&mut self, now: Instant, instance: InstanceId) {
        let Some(Environment { holding: Holding::Lent { .. }, unreachable: Some(cause), .. }) =
            self.environments.get(&instance)
        else {
            return;
        };
        let cause = cause.clone();
        self.lost(now, instance, &cause);
    }

    /// Nobody may wait for an environment whose node is not heard of; what it runs may well come to its end.
    fn unreachable(&mut self, now: Instant, instance: InstanceId, cause: String) {
        let Some(entry) = self.environments.get_mut(&instance) else { return };
        if matches!(entry.holding, Holding::Idle(_)) {
            return self.lost(now, instance, &cause);
        }
        if entry.unreachable.is_none() {
            let noun = entry.name.noun;
            warn!(environment = entry.name.as_str(), cause, "no further invocation goes to the {noun}");
        }
        entry.unreachable = Some(cause);
        self.pool.handle(now, Event::Evict { instance });
    }

    /// A process that ends before it listens may be none that takes invocations.
    fn exited(&mut self, now: Instant, instance: InstanceId, cause: &str) {
        let Some(entry) = self.environments.get(&instance) else { return };
        match emulator::advice(&entry.deployment.function).filter(|_| entry.is_starting()) {
            Some(advice) => self.lost(now, instance, &format!("{cause}; {advice}")),
            None => self.lost(now, instance, cause),
        }
    }

    /// The environment will never listen; `cause` goes on from its name.
    fn start_failed(&mut self, now: Instant, instance: InstanceId, cause: &str) {
        let Some(entry) = self.environments.get(&instance) else { return };
        entry.log_end(cause);
        let reason = format!("{} {cause}", entry.name).into();
        self.pool.handle(now, Event::StartFailed { instance, reason });
    }

    pub(super) fn lost(&mut self, now: Instant, instance: InstanceId, cause: &str) {
        let Some(entry) = self.environments.get(&instance) else { return };
        entry.log_end(cause);
        let reason = match entry.holding {
            // Its caller reads it after `Runtime exited with error:`, where AWS says how.
            Holding::Lent { .. } => format!("{cause} ({} is lost)", entry.name),
            Holding::Nothing | Holding::Dialling { .. } | Holding::Idle(_) | Holding::Closed => {
                format!("{} is lost: {cause}", entry.name)
            }
        };
        self.pool.handle(now, Event::Lost { instance, reason: reason.into() });
    }

    /// Its end needs nobody any more.
    fn stopped(&mut self, now: Instant, instance: InstanceId) {
        self.pool.handle(now, Event::Stopped { instance });
        self.environments.remove(&instance);
        self.settle_resets();
    }
}
