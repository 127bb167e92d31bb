//! Invocations that wait for an instance: one line per deploy, first come, first served.

use std::collections::BTreeMap;

use crate::InvocationId;
use crate::deploy::DeployKey;

/// All lines, and where in them each invocation stands.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// A line is here only while somebody stands in it.
    lines: BTreeMap<DeployKey, BTreeMap<Ticket, InvocationId>>,
    places: BTreeMap<InvocationId, (DeployKey, Ticket)>,
    last_ticket: Ticket,
}

/// Grows with every arrival, so that order in a line is order of arrival.
type Ticket = u64;

// === impl Waiting ===

impl Waiting {
    pub(crate) fn push(&mut self, deploy: DeployKey, invocation: InvocationId) {
        self.last_ticket += 1;
        self.places.insert(invocation, (deploy, self.last_ticket));
        self.lines.entry(deploy).or_default().insert(self.last_ticket, invocation);
    }

    /// Takes out the oldest waiter of a deploy.
    pub(crate) fn pop(&mut self, deploy: DeployKey) -> Option<InvocationId> {
        let oldest = *self.lines.get(&deploy)?.values().next()?;
        self.remove(oldest);
        Some(oldest)
    }

    /// Takes out one waiter, and says which deploy it waited for.
    pub(crate) fn remove(&mut self, invocation: InvocationId) -> Option<DeployKey> {
        let (deploy, ticket) = self.places.remove(&invocation)?;
        let line = self.lines.get_mut(&deploy).expect("an invocation with a place stands in its line");
        line.remove(&ticket);
        if line.is_empty() {
            self.lines.remove(&deploy);
        }
        Some(deploy)
    }

    pub(crate) fn contains(&self, invocation: InvocationId) -> bool {
        self.places.contains_key(&invocation)
    }

    /// The deploys that somebody waits for.
    pub(crate) fn deploys(&self) -> impl Iterator<Item = DeployKey> {
        self.lines.keys().copied()
    }

    /// Waiters of one deploy.
    pub(crate) fn len(&self, deploy: DeployKey) -> usize {
        self.lines.get(&deploy).map_or(0, BTreeMap::len)
    }

    /// Waiters of all deploys.
    pub(crate) fn total(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slab::Slot;

    const A: DeployKey = DeployKey(Slot::after(0));
    const B: DeployKey = DeployKey(Slot::after(1));

    #[test]
    fn order_of_arrival_decides_whatever_the_numbers_are() {
        let mut waiting = waiting(&[(A, 9), (A, 1), (B, 5), (A, 4)]);

        assert_eq!(drain(&mut waiting, A), [9, 1, 4]);
        assert_eq!(drain(&mut waiting, B), [5]);
    }

    #[test]
    fn one_who_leaves_the_middle_keeps_nobody_waiting() {
        let mut waiting = waiting(&[(A, 1), (A, 2), (A, 3)]);

        assert_eq!(waiting.remove(InvocationId(2)), Some(A));
        assert_eq!(waiting.remove(InvocationId(2)), None);
        assert_eq!(drain(&mut waiting, A), [1, 3]);
    }

    #[test]
    fn empty_lines_are_dropped() {
        let mut waiting = waiting(&[(A, 1), (B, 2)]);
        assert_eq!((waiting.len(A), waiting.len(B), waiting.total()), (1, 1, 2));

        waiting.pop(A);
        waiting.remove(InvocationId(2));

        assert_eq!((waiting.len(A), waiting.len(B), waiting.total()), (0, 0, 0));
        assert!(waiting.lines.is_empty());
    }

    fn waiting(arrivals: &[(DeployKey, u64)]) -> Waiting {
        let mut waiting = Waiting::default();
        for (deploy, invocation) in arrivals {
            waiting.push(*deploy, InvocationId(*invocation));
        }
        waiting
    }

    fn drain(waiting: &mut Waiting, deploy: DeployKey) -> Vec<u64> {
        std::iter::from_fn(|| waiting.pop(deploy)).map(|invocation| invocation.0).collect()
    }
}
