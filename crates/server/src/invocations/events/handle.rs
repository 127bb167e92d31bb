//! The way to the task that owns the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fakecloud_events::{Attempt, EventId, Full, Policy};
use fakecloud_lambda::{Error, EventAnswer, Generation};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use super::Event;
use crate::app::App;
use crate::control::room;
use crate::disk::writer::{Written, on_disk};
use crate::environments::driver::RESET;

/// Everything that can happen to the queue.
pub(crate) enum Input {
    /// A caller has an event. The answer tells when it is on disk, if it is to be.
    Accept { event: Box<Event>, reply: oneshot::Sender<Result<Option<Written>, NotAccepted>> },
    /// An attempt is over.
    Attempted { event: EventId, answer: Option<EventAnswer>, attempt: Attempt, policy: Policy },
    /// Nothing can run the event any more.
    Gone { event: EventId },
    /// The event's destinations are told.
    Settled { event: EventId },
    /// Forgets every event, and accepts none whose target was looked up before this generation. The answer tells when the
    /// disk has forgotten them as well, if it had any.
    Reset { generation: Generation, done: oneshot::Sender<Option<Written>> },
    /// Runs nothing more; what is under way may end.
    Shutdown,
    /// Ends the task when nothing is under way. The answer is the number of events that are left.
    Close { done: oneshot::Sender<usize> },
}

/// Why an event is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAccepted {
    Full(Full),
    /// What it is for was looked up before a reset.
    Reset,
}

/// Sends to the task.
#[derive(Clone)]
pub(crate) struct Handle {
    inputs: mpsc::UnboundedSender<Input>,
    count: Arc<AtomicUsize>,
}

/// Makes the handle by which others reach the task, and the queue of inputs that it reads.
pub(crate) fn channel() -> (Handle, mpsc::UnboundedReceiver<Input>) {
    let (inputs, receiver) = mpsc::unbounded_channel();
    (Handle { inputs, count: Arc::default() }, receiver)
}

/// Accepts an event: when this returns it is queued, and on disk if there is a data directory.
///
/// # Errors
///
/// A full queue or disk; a reset that came before it; a disk that does not take the record.
pub(crate) async fn accept(app: &App, event: Event) -> Result<(), Error> {
    let request_id = event.request_id.clone();
    if let Err(limit) = room::for_record(app).await {
        warn!(request_id, %limit, "an asynchronous invocation was refused");
        return Err(Error::throttled("FunctionInvocationRateLimitExceeded"));
    }
    let (reply, answer) = oneshot::channel();
    app.events.send(Input::Accept { event: Box::new(event), reply });
    let written = match answer.await {
        Ok(Ok(written)) => written,
        Ok(Err(NotAccepted::Reset)) => return Err(Error::environment_not_started(RESET)),
        Ok(Err(NotAccepted::Full(full))) => {
            let limit = match full {
                Full::Events => "FAKECLOUD_LAMBDA_ASYNC_QUEUE_LIMIT is reached",
                Full::Bytes => {
                    "events, and answers that destinations are to be told of, take as much memory as they may"
                }
            };
            warn!(request_id, limit, "an asynchronous invocation was refused");
            return Err(Error::throttled("FunctionInvocationRateLimitExceeded"));
        }
        Err(_closed) => return Err(Error::service("fakecloud is shutting down")),
    };
    on_disk(written).await.map_err(|cause| {
        error!(request_id, error = %cause, "an asynchronous invocation could not be written to the data directory");
        let message =
            "the invocation is queued, but could not be written to the data directory and ends with this process";
        Error::service(format!("{message}: {cause}"))
    })
}

/// Forgets every event; when this returns, no record is left either.
///
/// # Errors
///
/// A disk that does not forget.
pub(crate) async fn reset(app: &App, generation: Generation) -> std::io::Result<()> {
    let (done, written) = oneshot::channel();
    app.events.send(Input::Reset { generation, done });
    // Where the task is gone, the process ends.
    on_disk(written.await.unwrap_or_default()).await
}

// === impl Handle ===

impl Handle {
    /// Hands `input` to the task. After its end nobody listens, and nothing needs to be heard.
    pub(crate) fn send(&self, input: Input) {
        drop(self.inputs.send(input));
    }

    /// How many events are not settled.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn set_count(&self, count: usize) {
        self.count.store(count, Ordering::Relaxed);
    }
}
