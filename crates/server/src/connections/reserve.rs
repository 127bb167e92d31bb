//! Connections beyond the limit, for requests that no number of clients may keep out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;

use super::activity::Activity;

/// Enough for the probes of a kubelet and for the Pods that start at a time.
pub(super) const RESERVE_MAX: usize = 64;

/// The few connections beyond the limit. The one that has been silent for longest makes way for the next.
pub(super) struct Reserve {
    max: usize,
    held: Mutex<VecDeque<Entry>>,
}

struct Entry {
    activity: Arc<Activity>,
    task: AbortHandle,
}

impl Reserve {
    pub(super) fn new(max: usize) -> Self {
        Self { max, held: Mutex::default() }
    }

    /// Begins a connection, unless all others have a request and none has ended.
    pub(super) fn begin(&self, activity: Arc<Activity>, spawn: impl FnOnce() -> AbortHandle) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|entry| !entry.task.is_finished());
        if held.len() >= self.max {
            let silent = held.iter().position(|entry| entry.activity.snapshot().requests == 0);
            let Some(entry) = silent.and_then(|index| held.remove(index)) else { return };
            entry.task.abort();
        }
        held.push_back(Entry { activity, task: spawn() });
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn longest_silent_connection_makes_way_and_none_that_has_a_request() {
        let reserve = Reserve::new(2);
        let mut tasks = Vec::new();
        let mut begin = |requests: usize| {
            let activity = Arc::new(Activity::default());
            (0..requests).for_each(|_| drop(activity.begin()));
            let before = tasks.len();
            reserve.begin(activity, || {
                let task = tokio::spawn(pending::<()>());
                let handle = task.abort_handle();
                tasks.push(task);
                handle
            });
            tasks.len() > before
        };
        assert!(begin(1) && begin(0), "there is room for two");
        assert!(begin(1), "the second made way");
        assert!(!begin(0), "the other two have requests");
        assert!(tasks.remove(1).await.unwrap_err().is_cancelled());
        assert!(tasks.iter().all(|task| !task.is_finished()));
    }
}
