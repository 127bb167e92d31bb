//! Old deploys and shutdown: what still runs, what stops, what is refused.

use fakecloud_pool::{Event, Failure, StopReason};

use crate::harness::*;

#[test]
fn retired_deploy_stops_idle_instances_at_once_and_busy_ones_when_done() {
    let mut pool = TestPool::new();
    let (idle, busy) = (pool.busy(1, "old"), pool.busy(2, "old"));
    pool.assert(reusable(idle), &[]);

    pool.assert(retire("old"), &[stop(idle, StopReason::Retired)]);
    pool.assert(reusable(busy), &[stop(busy, StopReason::Retired)]);

    pool.assert(stopped(idle), &[]);
    pool.assert(stopped(busy), &[forget("old")]);
}

#[test]
fn retired_deploy_still_serves_what_waits() {
    let mut pool = TestPool::new();
    let instances: Vec<_> = (1..=3).map(|invocation| pool.busy(invocation, "old")).collect();
    pool.assert(invoke(4, "old"), &[]);

    pool.assert(retire("old"), &[]);

    pool.assert(reusable(instances[2]), &[dispatch(4, instances[2])]);
    pool.assert(reusable(instances[0]), &[stop(instances[0], StopReason::Retired)]);
    pool.assert(reusable(instances[2]), &[stop(instances[2], StopReason::Retired)]);
}

#[test]
fn retired_deploy_keeps_as_many_starting_as_wait() {
    let mut pool = TestPool::new();
    let (first, second) = (pool.cold(1, "old"), pool.cold(2, "old"));
    let third = pool.cold(3, "old");
    pool.assert(abandoned(1), &[]);

    pool.assert(retire("old"), &[stop(third, StopReason::Retired)]);
    pool.assert(started(first), &[dispatch(2, first)]);
    pool.assert(abandoned(3), &[stop(second, StopReason::Retired)]);
}

#[test]
fn retired_deploy_replaces_a_spent_instance_for_its_waiters() {
    let mut pool = TestPool::new();
    let instances: Vec<_> = (1..=3).map(|invocation| pool.busy(invocation, "old")).collect();
    pool.assert(invoke(4, "old"), &[]);
    pool.assert(retire("old"), &[]);

    pool.pool.handle(pool.now, spent(instances[0]));

    assert_eq!(pool.actions().len(), 2);
    assert_eq!(pool.states(), ["stopping", "busy", "busy", "starting"]);
}

#[test]
fn new_deploy_starts_while_the_old_one_drains() {
    let mut pool = TestPool::new();
    for invocation in 1..=3 {
        pool.busy(invocation, "old");
    }
    pool.assert(retire("old"), &[]);

    let new = pool.busy(4, "new");

    pool.assert(reusable(new), &[]);
    assert_eq!(pool.states(), ["busy", "busy", "busy", "idle"]);
}

#[test]
fn invoke_revives_a_retired_deploy() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    pool.assert(retire("a"), &[]);

    let second = pool.busy(2, "a");

    pool.assert(reusable(instance), &[]);
    pool.assert(reusable(second), &[]);
    assert_eq!(pool.states(), ["idle", "idle"]);
}

#[test]
fn retiring_an_unknown_deploy_is_answered_at_once() {
    let mut pool = TestPool::new();

    pool.assert(retire("never-invoked"), &[forget("never-invoked")]);
}

#[test]
fn retiring_twice_changes_nothing() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");

    pool.assert(retire("a"), &[]);
    pool.assert(retire("a"), &[]);

    pool.assert(reusable(instance), &[stop(instance, StopReason::Retired)]);
    pool.assert(retire("a"), &[]);
}

#[test]
fn retired_deploy_that_could_not_start_is_forgotten_at_once() {
    let mut pool = TestPool::new();
    let failing = pool.cold(1, "a");
    pool.assert(start_failed(failing, "no"), &[stop(failing, StopReason::StartFailed), fail(1, refused("no"))]);
    pool.assert(stopped(failing), &[]);

    pool.assert(retire("a"), &[forget("a")]);

    assert_eq!(pool.pool.poll_timeout(), None);
}

#[test]
fn retired_deploy_is_not_forgotten_while_somebody_waits_for_the_back_off() {
    let mut pool = TestPool::new();
    let busy = pool.busy(1, "old");
    let failing = pool.cold(2, "old");
    pool.assert(start_failed(failing, "quota"), &[stop(failing, StopReason::StartFailed)]);
    pool.assert(retire("old"), &[]);
    pool.assert(spent(busy), &[stop(busy, StopReason::NotReusable)]);

    pool.assert(stopped(failing), &[]);
    pool.assert(stopped(busy), &[]);

    assert_eq!((pool.pool.waiting(), pool.states()), (1, vec![]));
    pool.sleep(BACKOFF_MIN);
    pool.pool.handle_timeout(pool.now);
    assert_eq!(pool.states(), ["starting"]);
}

#[test]
fn shutdown_stops_all_but_the_busy_and_refuses_the_rest() {
    let mut pool = TestPool::new();
    let (idle, busy) = (pool.busy(1, "a"), pool.busy(2, "a"));
    let starting = pool.cold(3, "a");
    let other = pool.cold(4, "b");
    pool.assert(started(other), &[dispatch(4, other)]);
    pool.assert(reusable(other), &[]);
    pool.assert(reusable(idle), &[dispatch(3, idle)]);
    pool.assert(invoke(5, "a"), &[]);

    pool.assert(
        Event::Shutdown,
        &[fail(5, Failure::ShuttingDown), stop(starting, StopReason::Shutdown), stop(other, StopReason::Shutdown)],
    );
    pool.assert(invoke(6, "a"), &[fail(6, Failure::ShuttingDown)]);
    pool.assert(invoke(7, "new"), &[fail(7, Failure::ShuttingDown)]);

    pool.assert(reusable(busy), &[stop(busy, StopReason::Shutdown)]);
    pool.assert(spent(idle), &[stop(idle, StopReason::NotReusable)]);
    for instance in [starting, busy] {
        pool.assert(stopped(instance), &[]);
    }
    pool.assert(stopped(idle), &[forget("a")]);
    pool.assert(stopped(other), &[forget("b")]);
    assert!(pool.pool.is_empty());
    assert_eq!(pool.pool.poll_timeout(), None);
}

#[test]
fn shutdown_twice_changes_nothing() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");

    pool.assert(Event::Shutdown, &[]);
    pool.assert(Event::Shutdown, &[]);

    pool.assert(reusable(instance), &[stop(instance, StopReason::Shutdown)]);
    pool.assert(Event::Shutdown, &[]);
}
