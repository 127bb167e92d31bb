//! Room in the cluster, which may be less than the pool's own limits: starts that wait for some, and environments that
//! leave some.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::expiry::Expiry;
use crate::{Fit, InstanceId};

/// An environment that was stopped longer ago than this and is still there is hoped on no more: its node may be gone.
/// Kubelets take up to 10 s for environments with a grace period of 2 s.
const LEAVES_WITHIN: Duration = Duration::from_secs(30);

/// A start that waits is tried again after this although none of the environments here has gone: others make room as well.
pub(crate) const TRIED_WITHIN: Duration = Duration::from_secs(5);

/// The cluster notices within this that an environment has gone: a quota is recounted some time later.
pub(crate) const NOTICED_WITHIN: Duration = Duration::from_secs(1);

/// While that may be the case, starts are tried again after this.
pub(crate) const RETRY_AFTER: Duration = Duration::from_millis(200);

/// A cluster that had no room for several starts is taken for full for so long: others begin in the place of environments
/// that leave.
const FULL_FOR: Duration = Duration::from_secs(2 * 60);

/// A start whose fit was doubtful so many times is given up, whatever leaves: two others have made way by then.
const DOUBTS_MAX: u32 = 3;

/// Starts that were refused for want of room, and environments whose place is about to become free.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// Until they have started or are given up.
    refused: BTreeMap<InstanceId, Refused>,
    /// Those of them that wait, and until when at most; the others are being tried again.
    waiting: Expiry<InstanceId>,
    /// The same in the order in which they get the places that become free.
    turns: BTreeMap<u64, InstanceId>,
    turns_given: u64,
    /// Stopped instances whose environments may still be there. Hashed without a secret, and nobody iterates over it.
    leaving: HashSet<InstanceId, BuildHasherDefault<DefaultHasher>>,
    /// The same and some that have gone, with the time at which each was stopped, oldest first.
    stopped: VecDeque<(Instant, InstanceId)>,
    /// Until when the cluster is taken for full.
    full_until: Option<Instant>,
    /// When the last environment had gone.
    gone_at: Option<Instant>,
}

#[derive(Debug)]
struct Refused {
    /// Where it stands in `turns`, if it waits.
    turn: u64,
    /// The tries after which its fit was doubtful.
    doubts: u32,
    /// Others were made to go for it while its fit was doubtful.
    displaced: bool,
    /// Nobody said yet what became of the last try.
    is_tried_again: bool,
    /// When it was first refused, or was last given the place of an environment that had gone.
    since: Instant,
    /// The cluster's last word on it.
    reason: Arc<str>,
}

// === impl Room: starts ===

impl Room {
    /// A start was refused. Says whether it may be tried again.
    pub(crate) fn refuse(&mut self, now: Instant, instance: InstanceId, fit: Fit, reason: Arc<str>) -> bool {
        let refused = self.refused.entry(instance).or_insert_with(|| Refused::new(now, Arc::clone(&reason)));
        refused.is_tried_again = false;
        refused.doubts += u32::from(fit == Fit::Doubtful);
        refused.reason = reason;
        refused.doubts < DOUBTS_MAX
    }

    /// Another instance is made to go for a refused start.
    pub(crate) fn displace_for(&mut self, instance: InstanceId) {
        if let Some(refused) = self.refused.get_mut(&instance) {
            refused.displaced = refused.doubts > 0;
        }
    }

    /// Whether others went in vain, should this start fail now.
    pub(crate) fn displaced_in_vain(&self, instance: InstanceId) -> bool {
        self.refused.get(&instance).is_some_and(|refused| refused.displaced)
    }

    /// A refused start waits for room, until then at most, behind those that wait already.
    pub(crate) fn wait(&mut self, instance: InstanceId, until: Instant) {
        let Some(refused) = self.refused.get_mut(&instance) else { return };
        self.turns_given += 1;
        refused.turn = self.turns_given;
        self.turns.insert(refused.turn, instance);
        self.waiting.set(instance, until);
    }

    /// A start that waited is tried again.
    pub(crate) fn tried(&mut self, instance: InstanceId) {
        self.waiting.remove(instance);
        if let Some(refused) = self.refused.get_mut(&instance) {
            self.turns.remove(&refused.turn);
            refused.is_tried_again = true;
        }
    }

    /// A start that waits is given the place of an environment that has gone.
    pub(crate) fn give_place(&mut self, now: Instant, instance: InstanceId) {
        if let Some(refused) = self.refused.get_mut(&instance) {
            refused.since = now;
        }
    }

    /// The instance needs no room any more: it has some, or is not to start.
    pub(crate) fn forget(&mut self, instance: InstanceId) {
        self.waiting.remove(instance);
        if let Some(refused) = self.refused.remove(&instance) {
            self.turns.remove(&refused.turn);
        }
    }

    /// What a start waits for, in the cluster's words; none unless it waits.
    pub(crate) fn awaited_by(&self, instance: InstanceId) -> Option<&Arc<str>> {
        let refused = self.refused.get(&instance).filter(|_| self.waiting.contains(instance))?;
        Some(&refused.reason)
    }

    /// Of the starts that wait, the one whose last try is longest ago: one that needs many places, or comes before a quota
    /// is recounted, does not keep those behind it waiting.
    pub(crate) fn first_waiting(&self) -> Option<InstanceId> {
        self.turns.first_key_value().map(|(_, instance)| *instance)
    }

    /// A start that has waited long enough.
    pub(crate) fn due(&self, now: Instant) -> Option<InstanceId> {
        self.waiting.next().filter(|(until, _)| *until <= now).map(|(_, instance)| instance)
    }

    pub(crate) fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        self.waiting.next().map(|(until, _)| (until, "refused start is tried again"))
    }
}

// === impl Room: Environments ===

impl Room {
    /// An instance is stopped. Its environment leaves its place, if it had one.
    pub(crate) fn stopped(&mut self, now: Instant, instance: InstanceId) {
        let has_place = self.refused.get(&instance).is_none_or(Refused::may_have_place);
        self.forget(instance);
        self.give_up_on(now);
        if has_place && self.leaving.insert(instance) {
            self.stopped.push_back((now, instance));
        }
    }

    /// An environment has gone; says whether that leaves a place.
    pub(crate) fn gone(&mut self, now: Instant, instance: InstanceId) -> bool {
        let left = self.leaving.remove(&instance);
        if left {
            self.gone_at = Some(now);
        }
        left
    }

    /// There never was an environment of a stopped instance.
    pub(crate) fn was_never_there(&mut self, instance: InstanceId) {
        self.leaving.remove(&instance);
    }

    /// Whether an environment leaves its place for which no start waits yet.
    pub(crate) fn is_spare(&mut self, now: Instant) -> bool {
        self.give_up_on(now);
        self.leaving.len() > self.waiting.len()
    }

    /// Whether a start may have been refused only because the cluster has not noticed yet that an environment has gone: one
    /// that went since the start was given a place, for others have theirs.
    pub(crate) fn is_unnoticed_by(&self, now: Instant, instance: InstanceId) -> bool {
        let is_recent = |at: Instant| now < at + NOTICED_WITHIN;
        self.gone_at.is_some_and(is_recent) && self.refused.get(&instance).is_some_and(|start| is_recent(start.since))
    }

    /// The cluster has no room for several starts.
    pub(crate) fn is_full_from(&mut self, now: Instant) {
        self.full_until = Some(now + FULL_FOR);
    }

    /// The cluster has room again.
    pub(crate) fn is_full_no_more(&mut self) {
        self.full_until = None;
    }

    /// Forgets that the cluster was full, if that is long ago.
    pub(crate) fn forget_full(&mut self, now: Instant) {
        self.full_until = self.full_until.filter(|until| now < *until);
    }

    /// Whether the cluster is taken for full.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full_until.is_some_and(|until| now < until)
    }

    /// When the cluster is not taken for full any more.
    pub(crate) fn full_until(&self) -> Option<Instant> {
        self.full_until
    }

    /// Whether an environment leaves its place, or left it so recently that whoever has it now will idle soon.
    pub(crate) fn changes_hands(&self, now: Instant) -> bool {
        self.leaving() > 0 || self.gone_at.is_some_and(|at| now < at + TRIED_WITHIN)
    }

    /// Environments that leave their places.
    pub(crate) fn leaving(&self) -> usize {
        self.leaving.len()
    }

    /// Forgets the environments that should have gone by now.
    fn give_up_on(&mut self, now: Instant) {
        while let Some((at, instance)) = self.stopped.front().copied() {
            if now < at + LEAVES_WITHIN && self.leaving.contains(&instance) {
                break;
            }
            self.stopped.pop_front();
            self.leaving.remove(&instance);
        }
    }
}

// === impl Refused ===

impl Refused {
    fn new(now: Instant, reason: Arc<str>) -> Self {
        Self { turn: 0, doubts: 0, displaced: false, is_tried_again: false, since: now, reason }
    }

    /// Whether it takes a place while it starts, as far as anybody knows. One that is tried again is believed to, or its
    /// place would be taken from another once more: if it was refused again, that is told within moments. Not so where its
    /// fit is doubtful, for that takes long: a place that never was would cost the next start a whole wait.
    fn may_have_place(&self) -> bool {
        self.is_tried_again && self.doubts == 0
    }
}
