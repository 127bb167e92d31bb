//! The limit for all deploys together: whose place is taken, who waits for it, and who gets it.

use fakecloud_pool::{Config, Failure, InstanceId, StopReason};

use crate::harness::*;

/// Room for two instances.
fn crowded() -> TestPool {
    TestPool::with(Config { max_instances: 2.try_into().expect("2 is not zero"), ..config() })
}

/// A pool whose two places are taken by idle instances, the first of which idled longest.
fn idle_house() -> (TestPool, [InstanceId; 2]) {
    let mut pool = crowded();
    let [a, b] = [pool.busy(1, "a"), pool.busy(2, "b")];
    pool.assert(reusable(a), &[]);
    pool.sleep(TICK);
    pool.assert(reusable(b), &[]);
    (pool, [a, b])
}

/// A pool whose two places are taken by busy instances of one deploy.
fn busy_house() -> (TestPool, [InstanceId; 2]) {
    let mut pool = crowded();
    let instances = [pool.busy(1, "a"), pool.busy(2, "a")];
    (pool, instances)
}

#[test]
fn full_house_ends_the_instance_that_idled_longest() {
    let (mut pool, [a, _]) = idle_house();

    pool.assert(invoke(3, "c"), &[stop(a, StopReason::Displaced)]);
    pool.assert_start(stopped(a), "c", &[forget("a")]);
}

#[test]
fn own_idle_instance_is_preferred_to_anybodys_place() {
    let (mut pool, [a, _]) = idle_house();

    pool.assert(invoke(3, "a"), &[dispatch(3, a)]);
}

#[test]
fn stopping_instance_takes_its_place_until_its_deletion_is_confirmed() {
    let (mut pool, [a, b]) = idle_house();
    pool.assert(evict(a), &[stop(a, StopReason::Evicted)]);
    pool.assert(evict(b), &[stop(b, StopReason::Evicted)]);

    pool.assert(invoke(3, "c"), &[]);
    pool.assert_start(stopped(b), "c", &[forget("b")]);
}

#[test]
fn place_that_becomes_free_anyway_costs_no_second_one() {
    let (mut pool, [a, _]) = idle_house();
    pool.assert(evict(a), &[stop(a, StopReason::Evicted)]);

    pool.assert(invoke(3, "c"), &[]);

    assert_eq!(pool.states(), ["stopping", "idle"]);
}

#[test]
fn nobody_idles_so_callers_wait_in_a_bounded_queue() {
    let (mut pool, _) = busy_house();

    pool.assert(invoke(3, "b"), &[]);
    pool.assert(invoke(4, "b"), &[]);
    pool.assert(invoke(5, "b"), &[fail(5, Failure::Throttled)]);
    pool.assert(invoke(6, "c"), &[]);
}

#[test]
fn queue_of_zero_takes_what_a_place_is_made_for() {
    let one = 1.try_into().expect("1 is not zero");
    let mut pool = TestPool::with(Config { max_instances: one, queue_limit: 0, ..config() });
    let idle = pool.busy(1, "a");
    pool.assert(reusable(idle), &[]);

    pool.assert(invoke(2, "b"), &[stop(idle, StopReason::Displaced)]);
    pool.assert(invoke(3, "b"), &[fail(3, Failure::Throttled)]);
    pool.assert(invoke(4, "c"), &[fail(4, Failure::Throttled), forget("c")]);
}

#[test]
fn instance_that_finds_no_work_of_its_own_leaves_its_place() {
    let (mut pool, [first, _]) = busy_house();
    pool.assert(invoke(3, "b"), &[]);

    pool.assert(reusable(first), &[stop(first, StopReason::Displaced)]);
    pool.assert_start(stopped(first), "b", &[]);
}

#[test]
fn place_goes_to_the_deploy_with_the_fewest_instances_then_to_who_waited_longest() {
    let (mut pool, [first, second]) = busy_house();
    for (invocation, deploy) in [(3, "a"), (4, "c"), (5, "b")] {
        pool.assert(invoke(invocation, deploy), &[]);
        pool.sleep(TICK);
    }

    pool.assert(spent(first), &[stop(first, StopReason::NotReusable)]);
    pool.assert_start(stopped(first), "c", &[]);
    pool.assert(spent(second), &[stop(second, StopReason::NotReusable)]);
    pool.assert_start(stopped(second), "a", &[]);
}

#[test]
fn busy_deploy_keeps_its_places_until_another_has_waited_long_enough() {
    let (mut pool, [first, second]) = busy_house();
    pool.assert(invoke(3, "b"), &[]);
    pool.assert(invoke(4, "a"), &[]);
    pool.assert(invoke(5, "a"), &[]);

    pool.sleep(HANDOVER_AFTER - TICK);
    pool.assert(reusable(first), &[dispatch(4, first)]);
    pool.sleep(TICK);
    pool.assert(reusable(first), &[stop(first, StopReason::Displaced)]);
    pool.assert(reusable(second), &[dispatch(5, second)]);
}

#[test]
fn deploys_with_equal_shares_leave_each_other_alone() {
    let mut pool = crowded();
    let [a, b] = [pool.busy(1, "a"), pool.busy(2, "b")];
    for (invocation, deploy) in [(3, "a"), (4, "b"), (5, "a"), (6, "b")] {
        pool.assert(invoke(invocation, deploy), &[]);
    }

    pool.sleep(10 * HANDOVER_AFTER);
    pool.assert(reusable(a), &[dispatch(3, a)]);
    pool.assert(reusable(b), &[dispatch(4, b)]);
}

#[test]
fn larger_share_is_levelled() {
    let three = 3.try_into().expect("3 is not zero");
    let mut pool = TestPool::with(Config { max_instances: three, ..config() });
    let [first, second, _] = [pool.busy(1, "a"), pool.busy(2, "a"), pool.busy(3, "a")];
    pool.assert(invoke(4, "a"), &[]);
    pool.assert(invoke(5, "b"), &[]);
    pool.assert(invoke(6, "b"), &[]);

    pool.sleep(HANDOVER_AFTER);
    pool.assert(reusable(first), &[stop(first, StopReason::Displaced)]);
    pool.assert_start(stopped(first), "b", &[]);
    pool.sleep(HANDOVER_AFTER);
    pool.assert(reusable(second), &[dispatch(4, second)]);
}

#[test]
fn waiter_that_hangs_up_wants_no_place_any_more() {
    let (mut pool, [a, _]) = idle_house();
    pool.assert(invoke(3, "c"), &[stop(a, StopReason::Displaced)]);

    pool.assert(abandoned(3), &[forget("c")]);
    pool.assert(stopped(a), &[forget("a")]);
}
