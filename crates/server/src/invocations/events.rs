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

use fakecloud_events::{Action, Condition, Config, EventId, Queue};
use fakecloud_lambda::{Change, EventAnswer, Generation};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tracing::{debug, info};

pub(crate) use self::event::Event;
use self::event::{Ended, Progress};
use self::handle::NotAccepted;
pub(crate) use self::handle::{Handle, Input, accept, channel, reset};
pub(crate) use self::restore::restored;
use crate::app::App;
use crate::common::deadline;
use crate::disk::store::Cleared;
use crate::disk::writer::{Writer, Written};
use crate::invocations::destinations;

/// What is asked for when the process ends is given up after this.
const LAST_DELIVERIES: Duration = Duration::from_secs(2);

/// Events whose destinations are told at the same time; the others wait.
const DELIVERIES_MAX: usize = 32;

/// The task's state.
struct Events {
    app: App,
    queue: Queue,
    held: HashMap<EventId, Held>,
    /// None where nothing is to outlive the process.
    writer: Option<Writer>,
    handle: Handle,
    last: u64,
    /// Events of earlier generations are not accepted.
    generation: Generation,
    /// Attempts and deliveries under way.
    busy: usize,
    deliveries: HashMap<EventId, AbortHandle>,
    delivering: Arc<Semaphore>,
    closing: Option<oneshot::Sender<usize>>,
}

/// An event that is not settled.
struct Held {
    event: Arc<Event>,
    /// How the last attempt was answered, in short where there is to be another one.
    answer: Option<EventAnswer>,
}

/// Runs until it is closed. `restored` are the events that an earlier process accepted.
async fn run(
    app: App,
    config: Config,
    writer: Option<Writer>,
    restored: Vec<(Event, Progress)>,
    mut inputs: mpsc::UnboundedReceiver<Input>,
) {
    let mut events = Events {
        handle: app.events.clone(),
        app,
        queue: Queue::new(config),
        held: HashMap::new(),
        writer,
        last: 0,
        generation: Generation::default(),
        busy: 0,
        deliveries: HashMap::new(),
        delivering: Arc::new(Semaphore::new(DELIVERIES_MAX)),
        closing: None,
    };
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
            reason = deadline::passed(deadline) => {
                debug!(reason, "deadline of an event");
                events.queue.handle_timeout(Instant::now());
            }
        }
    }
    events.close().await;
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
                let answer_bytes = answer.as_ref().map_or(0, EventAnswer::payload_bytes);
                if let Some(held) = self.held.get_mut(&event) {
                    held.answer = answer;
                }
                self.queue.handle(now, Queued::Attempted { event, attempt, answer_bytes, policy });
            }
            Input::Gone { event } => {
                self.busy -= 1;
                self.queue.handle(now, Queued::Gone { event });
                self.forget(event);
            }
            Input::Settled { event } => {
                self.busy -= 1;
                self.deliveries.remove(&event);
                self.queue.handle(now, Queued::Settled { event });
                self.forget(event);
            }
            Input::Reset { generation, done } => self.reset(now, generation, done),
            Input::Shutdown => self.queue.handle(now, Queued::Shutdown),
            Input::Close { done } => self.closing = Some(done),
        }
        self.handle.set_count(self.held.len());
    }

    /// Queues an event and its record, which is on disk when the receiver says so.
    fn accept(&mut self, now: Instant, event: Event) -> Result<Option<Written>, NotAccepted> {
        if event.generation < self.generation {
            return Err(NotAccepted::Reset);
        }
        self.last += 1;
        let id = EventId(self.last);
        let policy = attempt::policy(&self.app, &event.target);
        let progress = Progress::default();
        self.queue.accept(now, event.arrival(id, &progress, policy)).map_err(NotAccepted::Full)?;
        let written = self.writer.as_ref().map(|writer| writer.write(vec![event.record(&progress).into()]));
        self.hold(id, event, None);
        Ok(written)
    }

    fn restore(&mut self, event: Event, progress: Progress) {
        self.last += 1;
        let id = EventId(self.last);
        let policy = attempt::policy(&self.app, &event.target);
        let arrival = event.arrival(id, &progress, policy);
        match progress.ended {
            None => {
                self.queue.restore(Instant::now(), arrival);
                self.hold(id, event, None);
            }
            Some(Ended { condition, answer }) => {
                self.queue.restore_finished(Instant::now(), arrival, condition);
                self.hold(id, event, answer);
            }
        }
    }

    fn hold(&mut self, id: EventId, event: Event, answer: Option<EventAnswer>) {
        self.held.insert(id, Held { event: Arc::new(event), answer });
        self.handle.set_count(self.held.len());
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Run { event } => self.attempt(event),
            Action::Keep { event, runs, wait } => {
                let Some(held) = self.held.get_mut(&event) else { return };
                held.answer = held.answer.take().map(EventAnswer::shortened);
                info!(
                    request_id = held.event.request_id, function = %held.event.target.unqualified_arn(), runs, ?wait,
                    "an asynchronous invocation is tried again"
                );
                let record = held.event.record(&Progress::in_future(runs, wait));
                drop(self.write(record));
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
        let anybody = end.concerns_anybody(&self.app);
        let ended = || Ended { condition, answer: end.answer.clone() };
        let written = anybody.then(|| self.write(end.event.record(&Progress::ended(runs, ended())))).flatten();
        self.busy += 1;
        let (app, handle, delivering) = (self.app.clone(), self.handle.clone(), Arc::clone(&self.delivering));
        let telling = tokio::spawn(async move {
            // Once that is on disk the function does not run again; where the disk fails, it may after a restart.
            if let Some(written) = written {
                drop(written.await);
            }
            let _permit = if anybody { delivering.acquire().await.ok() } else { None };
            destinations::tell(&app, end).await;
        });
        self.deliveries.insert(id, telling.abort_handle());
        tokio::spawn(async move {
            // A panic is logged by the runtime; the event is over all the same.
            drop(telling.await);
            handle.send(Input::Settled { event: id });
        });
    }

    fn forget(&mut self, event: EventId) {
        if let Some(held) = self.held.remove(&event) {
            drop(self.write(Change::Delete { key: held.event.key() }));
        }
    }

    /// Attempts that are under way go on, but nobody listens to how they end. Deliveries end: a function of the same name
    /// may be there soon.
    fn reset(&mut self, now: Instant, generation: Generation, done: oneshot::Sender<Option<Written>>) {
        self.generation = self.generation.max(generation);
        self.queue.handle(now, fakecloud_events::Input::Reset);
        self.held.clear();
        self.deliveries.drain().for_each(|(_, delivery)| delivery.abort());
        // Whoever asked may have given up waiting.
        drop(done.send(self.writer.as_ref().map(|writer| writer.clear(Cleared::All))));
    }

    /// Queues a change of the records; the next start makes up for one that fails.
    fn write(&self, change: Change) -> Option<Written> {
        self.writer.as_ref().map(|writer| writer.write(vec![change.into()]))
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
