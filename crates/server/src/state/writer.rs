//! Writes the control plane's changes to disk, one call after the other, in the order in which they were made.

use std::io;

use tokio::sync::{mpsc, oneshot};

use crate::state::store::{Store, Write};

/// The way to the one thread that writes.
pub(crate) struct Writer(mpsc::UnboundedSender<Job>);

struct Job {
    work: Work,
    done: oneshot::Sender<io::Result<()>>,
}

enum Work {
    Write(Vec<Write>),
    Clear,
}

/// Tells when the changes are on disk.
pub(crate) type Written = oneshot::Receiver<io::Result<()>>;

/// Waits until what was queued is on disk; where nothing was, there is nothing to wait for.
pub(crate) async fn on_disk(written: Option<Written>) -> io::Result<()> {
    match written {
        Some(written) => written.await.unwrap_or_else(|_gone| Err(io::Error::other("the writer ended"))),
        None => Ok(()),
    }
}

impl Writer {
    /// Starts the thread; it ends with the last handle.
    pub(crate) fn start(store: Store) -> io::Result<Self> {
        let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
        let write = move || {
            while let Some(Job { work, done }) = jobs.blocking_recv() {
                let result = match work {
                    Work::Write(writes) => writes.iter().try_for_each(|write| store.write(write)),
                    Work::Clear => store.clear(),
                };
                // A caller that has gone does not need to hear it.
                drop(done.send(result));
            }
        };
        std::thread::Builder::new().name("records".to_owned()).spawn(write)?;
        Ok(Self(sender))
    }

    /// Queues changes. Called while the state is still locked, so that the disk sees changes in the order of the state.
    pub(crate) fn write(&self, writes: Vec<Write>) -> Written {
        self.queue(Work::Write(writes))
    }

    /// Queues the deletion of all records, in the order of the state as well.
    pub(crate) fn clear(&self) -> Written {
        self.queue(Work::Clear)
    }

    fn queue(&self, work: Work) -> Written {
        let (done, written) = oneshot::channel();
        // Where the thread is gone, `done` goes with it, and the receiver says so.
        drop(self.0.send(Job { work, done }));
        written
    }
}
