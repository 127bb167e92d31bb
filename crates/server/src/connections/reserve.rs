//! Connections beyond the limit, for requests that no number of clients may keep out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;

use super::activity::Activity;

/// Enough for the probes of a kubelet and for the Pods that start at a time.
pub(super) const RESERVE_MAX: usize = 64;

/// The few connections beyond the limit. For the next one the oldest makes way that has had no request, or else has none
/// now, or else is no Pod's.
pub(super) struct Reserve {
    max: usize,
    held: Mutex<VecDeque<Entry>>,
}

struct Entry {
    activity: Arc<Activity>,
    task: AbortHandle,
}

/// The loss if a connection is cut, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// No request has come.
    Silent,
    /// All requests are answered.
    Idle,
    /// A request that a probe sends again, or one that is refused: its client may never come to an end with it.
    Asking,
    /// The start of a Pod.
    Fetching,
}

// === impl Reserve ===

impl Reserve {
    pub(super) fn new(max: usize) -> Self {
        Self { max, held: Mutex::default() }
    }

    /// Begins a connection, unless Pods fetch what they need over all of them.
    pub(super) fn begin(&self, activity: Arc<Activity>, spawn: impl FnOnce() -> AbortHandle) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|entry| !entry.task.is_finished());
        if held.len() >= self.max {
            let least = held.iter().enumerate().min_by_key(|(_, entry)| entry.worth());
            let index = least.filter(|(_, entry)| entry.worth() < Worth::Fetching).map(|(index, _)| index);
            let Some(entry) = index.and_then(|index| held.remove(index)) else { return };
            entry.task.abort();
        }
        held.push_back(Entry { activity, task: spawn() });
    }
}

// === impl Entry ===

impl Entry {
    fn worth(&self) -> Worth {
        let seen = self.activity.snapshot();
        match seen.requests {
            0 => Worth::Silent,
            _ if !seen.is_in_use => Worth::Idle,
            _ if !self.activity.is_fetching() => Worth::Asking,
            _ => Worth::Fetching,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn connection_that_is_worth_least_makes_way_and_none_of_a_pod_that_fetches() {
        let reserve = Reserve::new(4);
        let (mut tasks, mut requests) = (Vec::new(), Vec::new());
        let mut begin = |worth: Worth| {
            let activity = Arc::new(Activity::default());
            if worth != Worth::Silent {
                requests.extend(Some(activity.begin()).filter(|_| worth != Worth::Idle));
            }
            if worth == Worth::Fetching {
                activity.fetch();
            }
            let before = tasks.len();
            reserve.begin(activity, || {
                let task = tokio::spawn(pending::<()>());
                let handle = task.abort_handle();
                tasks.push(task);
                handle
            });
            tasks.len() > before
        };
        for worth in [Worth::Asking, Worth::Fetching, Worth::Idle, Worth::Silent] {
            assert!(begin(worth), "there is room for four");
        }
        for (made_way, worth) in [(3, Worth::Fetching), (2, Worth::Fetching), (0, Worth::Fetching)] {
            assert!(begin(worth), "{made_way} makes way");
        }
        assert!(!begin(Worth::Silent), "the start of a Pod would be lost");
        for (index, task) in tasks.into_iter().enumerate() {
            let makes_way = [0, 2, 3].contains(&index);
            tokio::task::yield_now().await;
            assert_eq!(task.is_finished(), makes_way, "{index}");
        }
    }
}
