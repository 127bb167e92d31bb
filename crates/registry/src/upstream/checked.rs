//! Which tags were compared with their upstreams of late, and whose turn it is to compare one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// How long a tag is taken to be where it was.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// Manifests by their path, `<name>:<tag>` or `<name>@<digest>`.
#[derive(Default)]
pub(super) struct Checked {
    at: Mutex<BTreeMap<String, Instant>>,
    turns: Mutex<BTreeMap<String, Weak<Turn<()>>>>,
}

// === impl Checked ===

impl Checked {
    /// Whether it was compared less than a minute ago.
    pub(super) fn is_fresh(&self, now: Instant, path: &str) -> bool {
        let at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        at.get(path).is_some_and(|at| is_fresh(now, *at))
    }

    /// Remembers that it is compared, and forgets what was compared long ago.
    pub(super) fn note(&self, now: Instant, path: String) {
        let mut all = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, at| is_fresh(now, *at));
        all.insert(path, now);
    }

    /// Waits until nobody else asks an upstream for this manifest. Then it may be here already.
    pub(super) async fn turn(&self, path: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let known = turns.get(path).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                turns.retain(|_, turn| turn.strong_count() > 0);
                let turn = Arc::default();
                turns.insert(path.to_owned(), Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }
}

fn is_fresh(now: Instant, at: Instant) -> bool {
    now.saturating_duration_since(at) < GOOD_FOR
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn tag_is_compared_once_a_minute() {
        let (checked, start) = (Checked::default(), Instant::now());
        assert!(!checked.is_fresh(start, "a:1"));
        checked.note(start, "a:1".to_owned());
        let just_before = start + GOOD_FOR - Duration::from_nanos(1);
        assert!(checked.is_fresh(just_before, "a:1") && !checked.is_fresh(just_before, "a:2"));
        assert!(!checked.is_fresh(start + GOOD_FOR, "a:1"));
        checked.note(start + GOOD_FOR, "a:2".to_owned());
        assert_eq!(checked.at.lock().unwrap().len(), 1, "what is no longer fresh is forgotten");
    }

    #[tokio::test]
    async fn one_at_a_time_asks_for_a_manifest() {
        let checked = Checked::default();
        let mine = checked.turn("a:1").await;
        drop(checked.turn("a:2").await);
        let mut theirs = Box::pin(checked.turn("a:1"));
        assert!(theirs.as_mut().now_or_never().is_none());
        drop(mine);
        drop(theirs.await);
        drop(checked.turn("b:1").await);
        assert_eq!(checked.turns.lock().unwrap().len(), 1, "turns that nobody takes are forgotten");
    }
}
