//! Bursts: how many Pods start, who waits, and in which order waiters are served.

use fakecloud_pool::{Action, Config, Failure, InstanceId, StopReason};

use crate::harness::*;

#[test]
fn burst_starts_one_pod_per_waiter_up_to_the_cap() {
    let mut pool = TestPool::new();

    burst(&mut pool, 1..=3);
    pool.assert(invoke(4, "a"), &[]);

    assert_eq!((pool.pool.waiting(), pool.states()), (4, vec!["starting"; 3]));
}

#[test]
fn cap_is_per_deploy() {
    let mut pool = TestPool::new();
    burst(&mut pool, 1..=3);

    pool.cold(4, "b");
}

#[test]
fn queue_takes_its_limit_beyond_the_starting_and_no_more() {
    let mut pool = TestPool::new();
    burst(&mut pool, 1..=3);

    pool.assert(invoke(4, "a"), &[]);
    pool.assert(invoke(5, "a"), &[]);
    pool.assert(invoke(6, "a"), &[fail(6, Failure::Throttled)]);

    assert_eq!(pool.pool.waiting(), 5);
}

#[test]
fn queue_behind_busy_instances_takes_its_limit_and_no_more() {
    let mut pool = TestPool::new();
    for invocation in 1..=3 {
        pool.busy(invocation, "a");
    }

    pool.assert(invoke(4, "a"), &[]);
    pool.assert(invoke(5, "a"), &[]);
    pool.assert(invoke(6, "a"), &[fail(6, Failure::Throttled)]);
}

#[test]
fn place_in_a_full_queue_becomes_free() {
    let mut pool = TestPool::new();
    let instances: Vec<InstanceId> = (1..=3).map(|invocation| pool.busy(invocation, "a")).collect();
    pool.assert(invoke(4, "a"), &[]);
    pool.assert(invoke(5, "a"), &[]);

    pool.assert(abandoned(4), &[]);
    pool.assert(invoke(6, "a"), &[]);
    pool.assert(invoke(7, "a"), &[fail(7, Failure::Throttled)]);

    pool.assert(reusable(instances[0]), &[dispatch(5, instances[0])]);
    pool.assert(invoke(8, "a"), &[]);
}

#[test]
fn full_queue_of_one_deploy_refuses_no_other() {
    let mut pool = TestPool::new();
    burst(&mut pool, 1..=3);
    pool.assert(invoke(4, "a"), &[]);
    pool.assert(invoke(5, "a"), &[]);

    pool.cold(6, "b");
}

#[test]
fn queue_of_zero_still_takes_what_an_instance_starts_for() {
    let mut pool = TestPool::with(Config { queue_limit: 0, ..config() });
    let instances = burst(&mut pool, 1..=3);

    pool.assert(invoke(4, "a"), &[fail(4, Failure::Throttled)]);
    pool.assert(started(instances[0]), &[dispatch(1, instances[0])]);
    pool.assert(invoke(5, "a"), &[fail(5, Failure::Throttled)]);
}

#[test]
fn waiters_are_served_in_order_of_arrival_by_whichever_instance_comes_first() {
    let mut pool = TestPool::new();
    let warm = pool.busy(9, "a");
    let [second, third] = burst(&mut pool, 3..=4)[..] else { panic!("two start") };

    pool.assert(invoke(1, "a"), &[]);
    pool.assert(started(third), &[dispatch(3, third)]);
    pool.assert(reusable(warm), &[dispatch(4, warm)]);
    pool.assert(started(second), &[dispatch(1, second)]);
}

#[test]
fn surplus_pod_keeps_starting_and_becomes_idle() {
    let mut pool = TestPool::new();
    let warm = pool.busy(1, "a");
    let surplus = pool.cold(2, "a");
    pool.assert(reusable(warm), &[dispatch(2, warm)]);

    pool.assert(invoke(3, "a"), &[]);
    pool.assert(abandoned(3), &[]);
    pool.assert(started(surplus), &[]);

    assert_eq!(pool.states(), ["busy", "idle"]);
    pool.assert(invoke(4, "a"), &[dispatch(4, surplus)]);
}

#[test]
fn abandoned_waiter_is_not_served() {
    let mut pool = TestPool::new();
    let instance = pool.cold(1, "a");

    pool.assert(abandoned(1), &[]);

    pool.assert(started(instance), &[]);
    assert_eq!(pool.states(), ["idle"]);
}

#[test]
fn abandoning_a_dispatched_invocation_changes_nothing() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");

    pool.assert(abandoned(1), &[]);

    assert_eq!(pool.states(), ["busy"]);
    pool.assert(reusable(instance), &[]);
}

#[test]
fn repeated_invoke_of_a_waiter_counts_once() {
    let mut pool = TestPool::new();
    let instance = pool.cold(1, "a");

    pool.assert(invoke(1, "a"), &[]);

    pool.assert(started(instance), &[dispatch(1, instance)]);
    pool.assert(reusable(instance), &[]);
}

#[test]
fn stopping_instances_leave_room_for_new_ones() {
    let mut pool = TestPool::new();
    let instances: Vec<InstanceId> = (1..=3).map(|invocation| pool.busy(invocation, "a")).collect();
    for instance in instances {
        pool.assert(spent(instance), &[stop(instance, StopReason::NotReusable)]);
    }

    burst(&mut pool, 4..=6);

    assert_eq!(pool.states(), ["stopping", "stopping", "stopping", "starting", "starting", "starting"]);
}

/// Invokes a deploy several times, each of which starts an instance.
fn burst(pool: &mut TestPool, invocations: std::ops::RangeInclusive<u64>) -> Vec<InstanceId> {
    invocations
        .map(|invocation| {
            pool.pool.handle(pool.now, invoke(invocation, "a"));
            match pool.actions()[..] {
                [Action::StartEnvironment { instance, .. }] => instance,
                ref other => panic!("each should start one Pod, not {other:?}"),
            }
        })
        .collect()
}
