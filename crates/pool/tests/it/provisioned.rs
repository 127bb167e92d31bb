//! Instances that are there at any time, whether anybody calls or not.

use fakecloud_pool::{Action, Config, Failure, Initialization, InstanceId, StopReason};

use crate::harness::*;

/// A pool that keeps two instances of a deploy, which have started.
fn provisioned() -> (TestPool, [InstanceId; 2]) {
    let mut pool = TestPool::new();
    let [one, two] = starts(&mut pool, 2)[..] else { panic!("two start") };
    pool.assert(started(one), &[]);
    pool.sleep(TICK);
    pool.assert(started(two), &[]);
    (pool, [one, two])
}

/// Provisions a cold deploy and returns what starts for it.
fn starts(pool: &mut TestPool, count: usize) -> Vec<InstanceId> {
    pool.pool.handle(pool.now, provision("a", count));
    let start = |action| {
        let Action::StartEnvironment { instance, initialization: Initialization::Provisioned, .. } = action else {
            panic!("provisioned instances should start, not {action:?}");
        };
        instance
    };
    pool.actions().into_iter().map(start).collect()
}

/// Wanted, there, ready.
fn figures(pool: &TestPool) -> (usize, usize, usize) {
    let view = pool.pool.deploy(&"a".into()).expect("the deploy is known");
    (view.provision, view.provisioned, view.provisioned_ready)
}

#[test]
fn provisioned_instances_start_without_any_call() {
    let mut pool = TestPool::new();
    let [one, two] = starts(&mut pool, 2)[..] else { panic!("two start") };
    assert_eq!(figures(&pool), (2, 2, 0));
    pool.assert(started(one), &[]);
    assert_eq!(figures(&pool), (2, 2, 1));
    pool.assert(started(two), &[]);
    assert_eq!(figures(&pool), (2, 2, 2));
    pool.assert(provision("a", 2), &[]);
}

#[test]
fn provisioned_instances_never_expire() {
    let (mut pool, [_, two]) = provisioned();
    pool.assert_after(10 * IDLE_TTL, &[]);
    pool.assert(invoke(1, "a"), &[dispatch(1, two)]);
    pool.assert(reusable(two), &[]);
    pool.assert_after(10 * IDLE_TTL, &[]);
}

#[test]
fn instances_beyond_those_start_on_demand_and_expire() {
    let (mut pool, [one, two]) = provisioned();
    pool.assert(invoke(1, "a"), &[dispatch(1, two)]);
    pool.assert(invoke(2, "a"), &[dispatch(2, one)]);
    let third = pool.assert_start(invoke(3, "a"), "a", &[]);
    pool.assert(started(third), &[dispatch(3, third)]);
    for instance in [third, one, two] {
        pool.assert(reusable(instance), &[]);
    }

    pool.assert(invoke(4, "a"), &[dispatch(4, two)]);
    pool.assert(reusable(two), &[]);
    pool.assert_after(IDLE_TTL, &[stop(third, StopReason::IdleExpired)]);
    assert_eq!(figures(&pool), (2, 2, 2));
}

#[test]
fn lost_instance_is_replaced() {
    let (mut pool, [one, two]) = provisioned();
    pool.pool.handle(pool.now, lost(one, "evicted"));
    let actions = pool.actions();
    assert!(
        matches!(
            actions[..],
            [
                Action::StopEnvironment { .. },
                Action::StartEnvironment { initialization: Initialization::Provisioned, .. }
            ]
        ),
        "{actions:?}"
    );
    assert_eq!(figures(&pool), (2, 2, 1));
    pool.assert(invoke(1, "a"), &[dispatch(1, two)]);
}

#[test]
fn instances_that_are_there_already_are_kept_instead_of_new_ones() {
    let mut pool = TestPool::new();
    let [idle, starting] = [pool.busy(1, "a"), pool.cold(2, "a")];
    pool.assert(reusable(idle), &[dispatch(2, idle)]);
    pool.assert(reusable(idle), &[]);

    pool.assert(provision("a", 2), &[]);

    assert_eq!(figures(&pool), (2, 2, 1));
    pool.assert(started(starting), &[]);
    pool.assert_after(10 * IDLE_TTL, &[]);
}

#[test]
fn adoption_of_a_starting_instance_gives_it_no_more_time() {
    let mut pool = TestPool::new();
    let starting = pool.cold(1, "a");
    pool.sleep(START_TIMEOUT - TICK);
    pool.assert(provision("a", 1), &[]);

    let stopped = [stop(starting, StopReason::StartTimedOut), fail(1, Failure::StartTimedOut)];
    pool.assert_after(TICK, &stopped);
}

#[test]
fn fewer_provisioned_means_that_idle_ones_stop_and_busy_ones_become_ordinary() {
    let (mut pool, [one, two]) = provisioned();
    pool.assert(invoke(1, "a"), &[dispatch(1, two)]);

    pool.assert(provision("a", 1), &[stop(one, StopReason::Deprovisioned)]);
    pool.assert(stopped(one), &[]);
    pool.assert(provision("a", 0), &[]);
    pool.assert(reusable(two), &[]);
    pool.assert_after(IDLE_TTL, &[stop(two, StopReason::IdleExpired)]);
}

#[test]
fn retired_deploy_is_provisioned_no_more() {
    let (mut pool, [one, two]) = provisioned();
    pool.assert(retire("a"), &[stop(two, StopReason::Retired), stop(one, StopReason::Retired)]);
    pool.assert(stopped(one), &[]);
    pool.assert(stopped(two), &[forget("a")]);
}

#[test]
fn failed_start_is_shown_and_tried_again_after_the_back_off() {
    let mut pool = TestPool::new();
    let [first] = starts(&mut pool, 1)[..] else { panic!("one starts") };
    pool.assert(start_failed(first, "no image"), &[stop(first, StopReason::StartFailed)]);
    let failure = |pool: &TestPool| pool.pool.deploy(&"a".into()).and_then(|view| view.failure.cloned());
    assert_eq!(failure(&pool), Some(refused("no image")));
    pool.assert(stopped(first), &[]);

    pool.sleep(BACKOFF_MIN);
    pool.pool.handle_timeout(pool.now);
    let [Action::StartEnvironment { instance, .. }] = pool.actions()[..] else { panic!("one more try") };
    pool.assert(started(instance), &[]);
    assert_eq!((failure(&pool), figures(&pool)), (None, (1, 1, 1)));
}

#[test]
fn more_than_the_cap_is_never_started() {
    let mut pool = TestPool::new();
    assert_eq!(starts(&mut pool, 9).len(), 3);
    assert_eq!(figures(&pool), (9, 3, 0));
}

#[test]
fn instance_that_becomes_free_at_the_cap_is_kept() {
    let mut pool = TestPool::new();
    let busy: Vec<InstanceId> = (1..=3).map(|invocation| pool.busy(invocation, "a")).collect();
    pool.assert(invoke(4, "a"), &[]);
    pool.assert(provision("a", 1), &[]);
    assert_eq!(figures(&pool), (1, 0, 0));

    pool.assert(reusable(busy[0]), &[dispatch(4, busy[0])]);
    assert_eq!(figures(&pool), (1, 1, 1));
}

#[test]
fn provisioned_instance_makes_room_for_nobody() {
    let two = 2.try_into().expect("2 is not zero");
    let mut pool = TestPool::with(Config { max_instances: two, ..config() });
    let [provisioned] = starts(&mut pool, 1)[..] else { panic!("one starts") };
    pool.assert(started(provisioned), &[]);
    pool.busy(1, "c");

    pool.assert(invoke(2, "b"), &[]);
    pool.assert(invoke(3, "a"), &[dispatch(3, provisioned)]);
    pool.sleep(2 * HANDOVER_AFTER);
    pool.assert(reusable(provisioned), &[]);
}

#[test]
fn idle_instance_of_another_deploy_makes_room_for_a_provisioned_one() {
    let one = 1.try_into().expect("1 is not zero");
    let mut pool = TestPool::with(Config { max_instances: one, ..config() });
    let idle = pool.busy(1, "b");
    pool.assert(reusable(idle), &[]);

    pool.assert(provision("a", 1), &[stop(idle, StopReason::Displaced)]);
    pool.assert_start(stopped(idle), "a", &[forget("b")]);
}

#[test]
fn unknown_deploy_that_is_not_provisioned_stays_unknown() {
    let mut pool = TestPool::new();
    pool.assert(provision("a", 0), &[]);
    assert!(pool.pool.deploy(&"a".into()).is_none());
}

#[test]
fn deploy_whose_provision_never_found_a_place_is_forgotten_with_it() {
    let one = 1.try_into().expect("1 is not zero");
    let mut pool = TestPool::with(Config { max_instances: one, ..config() });
    pool.busy(1, "b");
    pool.assert(provision("a", 1), &[]);
    pool.assert(provision("a", 0), &[forget("a")]);
}

#[test]
fn nobody_waits_for_a_place_that_is_provisioned_for_another_deploy() {
    let two = 2.try_into().expect("2 is not zero");
    let mut pool = TestPool::with(Config { max_instances: two, ..config() });
    let [one, other] = starts(&mut pool, 2)[..] else { panic!("two start") };
    pool.assert(invoke(1, "b"), &[fail(1, Failure::Throttled), forget("b")]);
    pool.assert(started(one), &[]);
    pool.assert(started(other), &[]);
    pool.assert(invoke(2, "b"), &[fail(2, Failure::Throttled), forget("b")]);
    pool.assert(invoke(3, "a"), &[dispatch(3, other)]);

    // The place of a busy one becomes free.
    pool.pool.handle(pool.now, provision("a", 1));
    pool.actions();
    pool.assert(invoke(4, "b"), &[]);
}

#[test]
fn those_who_wait_are_turned_away_when_the_last_place_is_provisioned_for_another_deploy() {
    let one = 1.try_into().expect("1 is not zero");
    let mut pool = TestPool::with(Config { max_instances: one, ..config() });
    let busy = pool.busy(1, "a");
    pool.assert(invoke(2, "b"), &[]);
    pool.assert(invoke(3, "b"), &[]);
    pool.assert(invoke(4, "a"), &[]);
    pool.assert(provision("a", 1), &[]);

    // It serves its own waiter, and is kept from now on.
    let throttled = [fail(2, Failure::Throttled), fail(3, Failure::Throttled), forget("b")];
    pool.assert(reusable(busy), &[&[dispatch(4, busy)], &throttled[..]].concat());
    assert_eq!(figures(&pool), (1, 1, 1));
}

#[test]
fn those_who_wait_go_on_where_one_place_is_not_provisioned() {
    let two = 2.try_into().expect("2 is not zero");
    let mut pool = TestPool::with(Config { max_instances: two, ..config() });
    let [kept, other] = [pool.busy(1, "a"), pool.busy(2, "c")];
    pool.assert(invoke(3, "b"), &[]);
    pool.assert(provision("a", 1), &[]);
    pool.assert(reusable(kept), &[]);
    pool.assert(reusable(other), &[stop(other, StopReason::Displaced)]);
    pool.assert_start(stopped(other), "b", &[forget("c")]);
}
