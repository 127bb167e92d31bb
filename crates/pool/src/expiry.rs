//! A deadline index: which key is due next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// One deadline per key; setting it anew moves it.
#[derive(Debug)]
pub(crate) struct Expiry<K> {
    by_key: BTreeMap<K, Instant>,
    /// The same pairs as in `by_key`, soonest first.
    by_deadline: BTreeSet<(Instant, K)>,
}

// === impl Expiry ===

impl<K> Default for Expiry<K> {
    fn default() -> Self {
        Self { by_key: BTreeMap::new(), by_deadline: BTreeSet::new() }
    }
}

impl<K: Copy + Ord> Expiry<K> {
    pub(crate) fn set(&mut self, key: K, deadline: Instant) {
        if let Some(old) = self.by_key.insert(key, deadline) {
            self.by_deadline.remove(&(old, key));
        }
        self.by_deadline.insert((deadline, key));
    }

    pub(crate) fn remove(&mut self, key: K) {
        if let Some(old) = self.by_key.remove(&key) {
            self.by_deadline.remove(&(old, key));
        }
    }

    pub(crate) fn contains(&self, key: K) -> bool {
        self.by_key.contains_key(&key)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(crate) fn next(&self) -> Option<(Instant, K)> {
        self.by_deadline.first().copied()
    }

    /// Takes out the soonest key whose deadline is `now` or earlier.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let (_, key) = self.next().filter(|(deadline, _)| *deadline <= now)?;
        self.remove(key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn soonest_deadline_comes_first() {
        let mut expiry = Expiry::default();
        expiry.set('b', at(2));
        expiry.set('a', at(3));
        expiry.set('c', at(1));

        assert_eq!(expiry.next(), Some((at(1), 'c')));
        assert_eq!(due(&mut expiry, at(9)), ['c', 'b', 'a']);
        assert_eq!(expiry.next(), None);
    }

    #[test]
    fn exactly_now_expires() {
        let mut expiry = Expiry::default();
        expiry.set('a', at(5));

        assert_eq!(expiry.pop_due(at(5) - Duration::from_nanos(1)), None);
        assert_eq!(expiry.pop_due(at(5)), Some('a'));
    }

    #[test]
    fn renewed_key_survives_its_old_deadline() {
        let mut expiry = Expiry::default();
        expiry.set('a', at(1));
        expiry.set('a', at(4));

        assert_eq!(due(&mut expiry, at(3)), []);
        assert_eq!(due(&mut expiry, at(4)), ['a']);
        assert_eq!(due(&mut expiry, at(9)), [], "expires once");
    }

    #[test]
    fn deadline_can_be_brought_forward() {
        let mut expiry = Expiry::default();
        expiry.set('a', at(4));
        expiry.set('a', at(1));

        assert_eq!(due(&mut expiry, at(1)), ['a']);
        assert_eq!(expiry.next(), None);
    }

    #[test]
    fn removal_leaves_nothing_behind() {
        let mut expiry = Expiry::default();
        expiry.set('a', at(1));
        expiry.set('b', at(1));
        expiry.remove('a');
        expiry.remove('a');

        assert_eq!(expiry.next(), Some((at(1), 'b')));
        assert_eq!(due(&mut expiry, at(1)), ['b']);
        assert!(expiry.by_key.is_empty() && expiry.by_deadline.is_empty());
    }

    fn due(expiry: &mut Expiry<char>, now: Instant) -> Vec<char> {
        std::iter::from_fn(|| expiry.pop_due(now)).collect()
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn at(seconds: u64) -> Instant {
        static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *ORIGIN.get_or_init(Instant::now) + Duration::from_secs(seconds)
    }
}
