//! Instances that disappear, and events that come late, twice or out of nowhere.

use fakecloud_pool::{Action, InstanceId, StopReason};

use crate::harness::*;

#[test]
fn instance_lost_while_idle_is_replaced_at_the_next_invoke() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    pool.assert(reusable(instance), &[]);

    pool.assert(lost(instance, "evicted"), &[stop(instance, StopReason::Lost)]);

    assert_ne!(pool.cold(2, "a"), instance);
}

#[test]
fn instance_lost_while_busy_aborts_its_invocation_and_does_not_run_it_again() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");

    pool.assert(lost(instance, "OOMKilled"), &[abort(1, instance, "OOMKilled"), stop(instance, StopReason::Lost)]);

    pool.assert(reusable(instance), &[]);
    pool.assert(stopped(instance), &[forget("a")]);
}

#[test]
fn waiters_behind_a_lost_instance_get_a_new_one() {
    let mut pool = TestPool::new();
    let instances: Vec<InstanceId> = (1..=3).map(|invocation| pool.busy(invocation, "a")).collect();
    pool.assert(invoke(4, "a"), &[]);

    pool.pool.handle(pool.now, lost(instances[1], "drained"));

    let actions = pool.actions();
    assert_eq!(actions[..2], [abort(2, instances[1], "drained"), stop(instances[1], StopReason::Lost)]);
    assert!(matches!(actions[2..], [Action::StartEnvironment { .. }]), "{actions:?}");
}

#[test]
fn instance_lost_while_starting_is_a_failed_start() {
    let mut pool = TestPool::new();
    let instance = pool.cold(1, "a");

    pool.assert(lost(instance, "preempted"), &[stop(instance, StopReason::Lost), fail(1, refused("preempted"))]);

    pool.assert(invoke(2, "a"), &[fail(2, refused("preempted"))]);
}

#[test]
fn start_failure_of_a_started_instance_is_a_loss() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");

    pool.assert(start_failed(instance, "exit 1"), &[abort(1, instance, "exit 1"), stop(instance, StopReason::Lost)]);
}

#[test]
fn deletion_that_nobody_asked_for_is_a_loss() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");

    let reason = "its Pod was deleted";
    pool.assert(stopped(instance), &[abort(1, instance, reason), stop(instance, StopReason::Lost)]);

    pool.assert(stopped(instance), &[forget("a")]);
    assert!(pool.pool.is_empty());
}

#[test]
fn stopping_instance_ignores_everything_but_its_confirmation() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    pool.assert(spent(instance), &[stop(instance, StopReason::NotReusable)]);

    for late in [
        started(instance),
        start_failed(instance, "late"),
        reusable(instance),
        spent(instance),
        lost(instance, "late"),
        evict(instance),
    ] {
        pool.assert(late, &[]);
    }

    pool.assert(stopped(instance), &[forget("a")]);
}

#[test]
fn forgotten_instance_is_ignored() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    pool.assert(spent(instance), &[stop(instance, StopReason::NotReusable)]);
    pool.assert(stopped(instance), &[forget("a")]);

    for unknown in [
        started(instance),
        start_failed(instance, "late"),
        reusable(instance),
        lost(instance, "late"),
        stopped(instance),
        evict(instance),
        abandoned(1),
    ] {
        pool.assert(unknown, &[]);
    }
    assert!(pool.pool.is_empty());
}

#[test]
fn events_out_of_order_change_nothing() {
    let mut pool = TestPool::new();
    let instance = pool.cold(1, "a");

    pool.assert(reusable(instance), &[]);
    pool.assert(started(instance), &[dispatch(1, instance)]);
    pool.assert(started(instance), &[]);
    pool.assert(reusable(instance), &[]);
    pool.assert(reusable(instance), &[]);

    assert_eq!(pool.states(), ["idle"]);
}
