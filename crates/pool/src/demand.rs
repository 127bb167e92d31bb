//! Which deploys want more instances than they have, and whose turn it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::deploy::DeployKey;

/// Unmet wants of all deploys. The next place goes to the deploy with the fewest live instances, and among equals to the
/// one that has waited longest since it last got a place or gave one up.
#[derive(Debug, Default)]
pub(crate) struct Demand {
    wants: BTreeMap<DeployKey, Want>,
    /// The same deploys as in `wants`, next first.
    turns: BTreeSet<(usize, Turn, DeployKey)>,
    /// Those of them that callers wait for.
    called: BTreeSet<(usize, Turn, DeployKey)>,
    total: usize,
    /// Deploys without any live instance.
    starving: usize,
    last_turn: Turn,
}

/// What a deploy wants now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Instances; none, and it wants nothing.
    pub(crate) count: usize,
    /// Instances it has.
    pub(crate) live: usize,
    /// Callers wait for one that nothing starts for yet.
    pub(crate) is_called: bool,
}

/// What one deploy wants.
#[derive(Debug, Clone, Copy)]
struct Want {
    /// `count` is at least 1.
    wanted: Wanted,
    turn: Turn,
    since: Instant,
}

/// The deploy whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) deploy: DeployKey,
    /// Instances it has.
    pub(crate) live: usize,
    /// Since when it waits for a place.
    pub(crate) since: Instant,
}

/// Grows with every deploy that begins to wait, or goes on waiting after it got a place or gave one up.
type Turn = u64;

// === impl Demand ===

impl Demand {
    /// Remembers what a deploy wants; whoever wanted some before keeps its turn.
    pub(crate) fn set(&mut self, now: Instant, deploy: DeployKey, wanted: Wanted) {
        let before = self.remove(deploy);
        if wanted.count > 0 {
            let (turn, since) = before.map_or_else(|| (self.new_turn(), now), |want| (want.turn, want.since));
            self.insert(deploy, Want { wanted, turn, since });
        }
    }

    /// A deploy got a place, or gave one up; whatever else it wants has a new turn.
    pub(crate) fn had_its_turn(&mut self, deploy: DeployKey) {
        self.remove(deploy);
    }

    /// Whose turn it is.
    pub(crate) fn next(&self) -> Option<Next> {
        self.turns.first().map(|turn| self.with_since(*turn))
    }

    /// Whose turn it is, those before all others that callers wait for.
    pub(crate) fn next_called(&self) -> Option<Next> {
        self.called.first().or_else(|| self.turns.first()).map(|turn| self.with_since(*turn))
    }

    /// What one deploy wants.
    pub(crate) fn of(&self, deploy: DeployKey) -> usize {
        self.wants.get(&deploy).map_or(0, |want| want.wanted.count)
    }

    /// What all deploys want.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// How many deploys want an instance and have none.
    pub(crate) fn starving(&self) -> usize {
        self.starving
    }

    /// Of the deploys that callers wait for and that have no instance, the one that waits longest.
    pub(crate) fn longest_starving(&self) -> Option<Next> {
        self.called.first().filter(|(live, ..)| *live == 0).map(|turn| self.with_since(*turn))
    }

    fn with_since(&self, (live, _, deploy): (usize, Turn, DeployKey)) -> Next {
        let since = self.wants.get(&deploy).expect("whose turn it is wants something").since;
        Next { deploy, live, since }
    }

    fn insert(&mut self, deploy: DeployKey, want: Want) {
        let Wanted { count, live, is_called } = want.wanted;
        self.total += count;
        self.starving += usize::from(live == 0);
        self.turns.insert((live, want.turn, deploy));
        if is_called {
            self.called.insert((live, want.turn, deploy));
        }
        self.wants.insert(deploy, want);
    }

    fn remove(&mut self, deploy: DeployKey) -> Option<Want> {
        let want = self.wants.remove(&deploy)?;
        let Wanted { count, live, .. } = want.wanted;
        self.turns.remove(&(live, want.turn, deploy));
        self.called.remove(&(live, want.turn, deploy));
        self.starving -= usize::from(live == 0);
        self.total -= count;
        Some(want)
    }

    fn new_turn(&mut self) -> Turn {
        self.last_turn += 1;
        self.last_turn
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::slab::Slot;

    const A: DeployKey = DeployKey(Slot::after(0));
    const B: DeployKey = DeployKey(Slot::after(1));
    const C: DeployKey = DeployKey(Slot::after(2));

    #[test]
    fn fewest_instances_come_first_then_who_waited_longest() {
        let mut demand = Demand::default();
        demand.set(at(1), A, called(1, 2));
        demand.set(at(2), C, called(1, 0));
        demand.set(at(3), B, called(1, 0));

        assert_eq!(order(&mut demand), [C, B, A]);
        assert_eq!((demand.total(), demand.starving()), (0, 0));
    }

    #[test]
    fn turn_is_kept_while_something_is_wanted_until_it_was_had() {
        let mut demand = Demand::default();
        demand.set(at(1), A, called(3, 0));
        demand.set(at(2), B, called(1, 0));
        demand.set(at(3), A, called(5, 0));
        assert_eq!(demand.next(), Some(Next { deploy: A, live: 0, since: at(1) }));

        demand.had_its_turn(A);
        demand.set(at(4), A, called(4, 0));

        assert_eq!((demand.of(A), demand.of(B), demand.total(), demand.starving()), (4, 1, 5, 2));
        assert_eq!(order(&mut demand), [B, A]);
    }

    #[test]
    fn what_callers_wait_for_comes_before_what_is_kept_where_that_is_asked_for() {
        let mut demand = Demand::default();
        demand.set(at(1), A, Wanted { is_called: false, ..called(1, 0) });
        demand.set(at(2), B, called(1, 2));
        let next = |next: Option<Next>| next.map(|next| next.deploy);

        assert_eq!((next(demand.next()), next(demand.next_called())), (Some(A), Some(B)));
        assert_eq!(demand.longest_starving(), None);
        demand.had_its_turn(B);
        assert_eq!((next(demand.next()), next(demand.next_called())), (Some(A), Some(A)));
    }

    fn called(count: usize, live: usize) -> Wanted {
        Wanted { count, live, is_called: true }
    }

    fn order(demand: &mut Demand) -> Vec<DeployKey> {
        std::iter::from_fn(|| {
            let next = demand.next()?.deploy;
            demand.had_its_turn(next);
            Some(next)
        })
        .collect()
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn at(seconds: u64) -> Instant {
        static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *ORIGIN.get_or_init(Instant::now) + Duration::from_secs(seconds)
    }
}
