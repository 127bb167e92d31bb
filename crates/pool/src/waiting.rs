//! Invocations that wait for an instance: one line per deploy, first come, first served.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use crate::InvocationId;
use crate::deploy::DeployKey;
use crate::links::{Links, List};
use crate::slab::{Slab, Slot};

/// All lines, and where in them each invocation stands.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    waiters: Slab<Waiter>,
    links: Links,
    /// By the slots of deploys, in order of arrival.
    lines: Vec<List>,
    /// Hashed without a secret: what nobody iterates over is as deterministic as a sorted map.
    places: HashMap<InvocationId, Slot, BuildHasherDefault<DefaultHasher>>,
}

#[derive(Debug, Clone, Copy)]
struct Waiter {
    invocation: InvocationId,
    deploy: DeployKey,
}

// === impl Waiting ===

impl Waiting {
    pub(crate) fn push(&mut self, deploy: DeployKey, invocation: InvocationId) {
        let slot = self.waiters.insert(Waiter { invocation, deploy });
        let line = deploy.0.index();
        if self.lines.len() <= line {
            self.lines.resize(line + 1, List::default());
        }
        self.links.push(&mut self.lines[line], slot);
        self.places.insert(invocation, slot);
    }

    /// Takes out the oldest waiter of a deploy.
    pub(crate) fn pop(&mut self, deploy: DeployKey) -> Option<InvocationId> {
        let slot = self.lines.get(deploy.0.index())?.first()?;
        let oldest = self.take(slot).invocation;
        self.places.remove(&oldest);
        Some(oldest)
    }

    /// Takes out one waiter, and says which deploy it waited for.
    pub(crate) fn remove(&mut self, invocation: InvocationId) -> Option<DeployKey> {
        let slot = self.places.remove(&invocation)?;
        Some(self.take(slot).deploy)
    }

    pub(crate) fn contains(&self, invocation: InvocationId) -> bool {
        self.places.contains_key(&invocation)
    }

    /// The deploys that somebody waits for.
    pub(crate) fn deploys(&self) -> Vec<DeployKey> {
        let mut deploys: Vec<DeployKey> = self.waiters.iter().map(|(_, waiter)| waiter.deploy).collect();
        deploys.sort_unstable();
        deploys.dedup();
        deploys
    }

    /// Waiters of one deploy.
    pub(crate) fn len(&self, deploy: DeployKey) -> usize {
        self.lines.get(deploy.0.index()).map_or(0, List::len)
    }

    /// Waiters of all deploys.
    pub(crate) fn total(&self) -> usize {
        self.waiters.len()
    }

    fn take(&mut self, slot: Slot) -> Waiter {
        let waiter = self.waiters.remove(slot).expect("a place in a line is somebody's");
        self.links.remove(&mut self.lines[waiter.deploy.0.index()], slot);
        waiter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn empty_lines_are_nobodys() {
        let mut waiting = waiting(&[(A, 1), (B, 2)]);
        assert_eq!((waiting.len(A), waiting.len(B), waiting.total()), (1, 1, 2));
        assert_eq!(waiting.deploys(), [A, B]);

        waiting.pop(A);
        waiting.remove(InvocationId(2));

        assert_eq!((waiting.len(A), waiting.len(B), waiting.total()), (0, 0, 0));
        assert_eq!((waiting.deploys(), waiting.pop(A)), (vec![], None));
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
