//! The last steps of every change: its records are queued under the lock of the state that changed, and its caller waits for
//! the disk without that lock.

use std::io;

use tracing::error;

use crate::app::App;
use crate::disk::store::{Cleared, Write};
use crate::disk::writer::{Written, on_disk};

/// Records of a change on their way to the disk.
#[must_use = "a change is answered when its records are on disk"]
pub(crate) struct Records(Option<Written>);

/// A change that is made in memory alone.
#[derive(Debug, thiserror::Error)]
#[error("the change is made, but could not be written to the data directory and ends with this process: {0}")]
pub(crate) struct NotKept(io::Error);

impl Records {
    /// Queues what changed. The caller holds the lock of the state that changed, so that the disk sees changes in the order of
    /// the state. Without a data directory there is nothing to write.
    pub(crate) fn of<C>(app: &App, changes: Vec<C>) -> Self
    where
        Write: From<C>,
    {
        let writer = app.writer.as_ref().filter(|_| !changes.is_empty());
        Self(writer.map(|writer| writer.write(changes.into_iter().map(Write::from).collect())))
    }

    /// Queues the deletion of records, under the same lock.
    pub(crate) fn cleared(app: &App, what: Cleared) -> Self {
        Self(app.writer.as_ref().map(|writer| writer.clear(what)))
    }

    /// Waits until the records are on disk.
    ///
    /// # Errors
    ///
    /// A disk that does not take them: the log says so as well, for a restart will undo the change.
    pub(crate) async fn kept(self) -> Result<(), NotKept> {
        self.settled().await.map_err(|cause| {
            error!(error = %cause, "a change could not be written to the data directory: a restart will undo it");
            NotKept(cause)
        })
    }

    /// Waits likewise, and leaves the words to the caller.
    pub(crate) async fn settled(self) -> io::Result<()> {
        on_disk(self.0).await
    }
}
