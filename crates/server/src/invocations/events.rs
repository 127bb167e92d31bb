//! Asynchronous invocations: the one task that owns their queue. It turns what happens into the queue's inputs, and the
//! queue's actions into attempts, records on disk and deliveries. Whatever takes time runs in a task of its own and comes
//! back as an [`Input`].

mod attempt;
mod event;
mod handle;
mod restore;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fakecloud_events::{Action, Condition, Config, EventId, Full, Queue};
use fakecloud_lambda::Change;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, info};

pub(crate) use self::event::Event;
use self::event::Progress;
pub(crate) use self::handle::{Handle, Input, accept, channel, reset};
pub(crate) use self::restore::restored;
use crate::app::App;
use crate::invocations::destinations;
use crate::state::writer::{Writer, Written};

/// What is asked for when the process ends is given up after this.
const LAST_DELIVERIES: Duration = Duration::from_secs(2);

/// The task's state.
struct Events {
    app: App,
    queue: Queue,
    held: HashMap<EventId, Held>,
    /// None where nothing is to outlive the process.
    writer: Option<Writer>,
    handle: Handle,
    last: u64,
    /// Attempts and deliveries under way.
    busy: usize,
    closing: Option<oneshot::Sender<usize>>,
}

/// An event that is not settled.
struct Held {
    event: Arc<Event>,
    /// How the last attempt was answered.
    answer: Option<fakecloud_lambda::EventAnswer>,
}

/// Runs until it is closed. `restored` are the events that an earlier process accepted.
async fn run(
    app: App,
    config: Config,
    writer: Option<Writer>,
    restored: Vec<(Event, Progress)>,
    mut inputs: mpsc::UnboundedReceiver<Input>,
) {
    let (held, handle) = (HashMap::new(), app.events.clone());
    let queue = Queue::new(config);
    let mut events = Events { app, queue, held, writer, handle, last: 0, busy: 0, closing: None };
    for (event, progress) in restored {
        events.restore(event, progress);
    }
    loop {
        // 1. Whatever the queue wants done.
        while let Some(action) = events.queue.poll_action() {
            events.act(action);
        }
        // 2. The end: it was asked for, and nothing is under way.
        if events.busy == 0 && events.closing.is_some() {
            break;
        }
        // 3. One input, or the queue's next deadline.
        let deadline = events.queue.poll_timeout();
        tokio::select! {
            biased;
            input = inputs.recv() => match input {
                Some(input) => events.take(Instant::now(), input),
                None => break,
            },
            reason = at(deadline) => {
                debug!(reason, "deadline of an event");
                events.queue.handle_timeout(Instant::now());
            }
        }
    }
    events.close().await;
}

async fn at(deadline: Option<(Instant, &'static str)>) -> &'static str {
    match deadline {
        Some((instant, reason)) => {
            tokio::time::sleep_until(instant.into()).await;
            reason
        }
        None => std::future::pending().await,
    }
}

/// Lets what is under way end, and tells what becomes of the events that are left.
pub(crate) async fn close(app: &App, is_durable: bool) {
    let (done, left) = oneshot::channel();
    app.events.send(Input::Close { done });
    let left = match tokio::time::timeout(LAST_DELIVERIES, left).await {
        Ok(Ok(left)) => left,
        // Whatever is still under way is not settled.
        Ok(Err(_)) | Err(_) => app.events.count(),
    };
    match (left, is_durable) {
        (0, _) => {}
        (events, true) => info!(events, "asynchronous invocations are kept for the next start"),
        (events, false) => {
            tracing::warn!(events, "asynchronous invocations are lost: FAKECLOUD_DATA_DIR would keep them");
        }
    }
}

// === impl Events ===

impl Events {
    fn take(&mut self, now: Instant, input: Input) {
        use fakecloud_events::Input as Queued;
        match input {
            Input::Accept { event, reply } => {
                // A caller that has gone has an event all the same.
                drop(reply.send(self.accept(now, *event)));
            }
            Input::Attempted { event, answer, attempt, policy } => {
                self.busy -= 1;
                if let Some(held) = self.held.get_mut(&event) {
                    held.answer = answer;
                }
                self.queue.handle(now, Queued::Attempted { event, attempt, policy });
            }
            Input::Gone { event } => {
                self.busy -= 1;
                self.queue.handle(now, Queued::Gone { event });
                self.forget(event);
            }
            Input::Settled { event } => {
                self.busy -= 1;
                self.queue.handle(now, Queued::Settled { event });
                self.forget(event);
            }
            Input::Reset { done } => self.reset(now, done),
            Input::Shutdown => self.queue.handle(now, Queued::Shutdown),
            Input::Close { done } => self.closing = Some(done),
        }
        self.handle.set_count(self.held.len());
    }

    /// Queues an event and its record, which is on disk when the receiver says so.
    fn accept(&mut self, now: Instant, event: Event) -> Result<Option<Written>, Full> {
        self.last += 1;
        let id = EventId(self.last);
        let policy = attempt::policy(&self.app, &event.target);
        self.queue.accept(now, event.arrival(id, Progress::default(), policy))?;
        let written = self.writer.as_ref().map(|writer| writer.write(vec![event.record(Progress::default()).into()]));
        self.hold(id, event);
        Ok(written)
    }

    fn restore(&mut self, event: Event, progress: Progress) {
        self.last += 1;
        let id = EventId(self.last);
        let policy = attempt::policy(&self.app, &event.target);
        self.queue.restore(Instant::now(), event.arrival(id, progress, policy));
        self.hold(id, event);
    }

    fn hold(&mut self, id: EventId, event: Event) {
        self.held.insert(id, Held { event: Arc::new(event), answer: None });
        self.handle.set_count(self.held.len());
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Run { event } => self.attempt(event),
            Action::Keep { event, runs, wait } => {
                let Some(held) = self.held.get(&event) else { return };
                info!(
                    request_id = held.event.request_id, function = %held.event.target.unqualified_arn(), runs, ?wait,
                    "an asynchronous invocation is tried again"
                );
                self.write(held.event.record(Progress::in_future(runs, wait)));
            }
            Action::Finish { event, condition, runs } => self.finish(event, condition, runs),
        }
    }

    fn attempt(&mut self, id: EventId) {
        let Some(event) = self.held.get(&id).map(|held| Arc::clone(&held.event)) else { return };
        self.busy += 1;
        let (app, handle) = (self.app.clone(), self.handle.clone());
        tokio::spawn(async move { handle.send(attempt::run(&app, id, event).await) });
    }

    fn finish(&mut self, id: EventId, condition: Condition, runs: u32) {
        let Some(Held { event, answer }) = self.held.get_mut(&id) else { return };
        debug!(request_id = event.request_id, %condition, runs, "an asynchronous invocation is over");
        let end = destinations::End { event: Arc::clone(event), condition, runs, answer: answer.take() };
        self.busy += 1;
        let (app, handle) = (self.app.clone(), self.handle.clone());
        tokio::spawn(async move {
            // A panic is logged by the runtime; the event is over all the same.
            drop(tokio::spawn(async move { destinations::tell(&app, end).await }).await);
            handle.send(Input::Settled { event: id });
        });
    }

    fn forget(&mut self, event: EventId) {
        if let Some(held) = self.held.remove(&event) {
            self.write(Change::Delete { key: held.event.key() });
        }
    }

    /// What is under way goes on, but nobody listens to how it ends.
    fn reset(&mut self, now: Instant, done: oneshot::Sender<Option<Written>>) {
        self.queue.handle(now, fakecloud_events::Input::Reset);
        self.held.clear();
        // Whoever asked may have given up waiting.
        drop(done.send(self.writer.as_ref().map(Writer::clear)));
    }

    /// Queues a change of the records; the next start makes up for one that fails, which the writer logs.
    fn write(&self, change: Change) {
        if let Some(writer) = &self.writer {
            drop(writer.write(vec![change.into()]));
        }
    }

    /// Ends when every record is as it should be.
    async fn close(self) {
        if let Some(writer) = &self.writer {
            // Where the writer is gone there is nothing to wait for.
            drop(writer.write(Vec::new()).await);
        }
        if let Some(done) = self.closing {
            // Whoever asked may have given up waiting.
            let _: Result<(), usize> = done.send(self.held.len());
        }
    }
}
