//! Deletions: asked for until confirmed, and what is left afterwards.

use fakecloud_pool::{Config, StopReason};

use crate::harness::*;

#[test]
fn spent_instance_is_stopped_and_replaced_on_demand() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");

    pool.assert(spent(instance), &[stop(instance, StopReason::NotReusable)]);

    assert_ne!(pool.cold(2, "a"), instance);
}

#[test]
fn unconfirmed_deletion_is_asked_for_again_until_confirmed() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    let again = stop(instance, StopReason::NotReusable);
    pool.assert(spent(instance), std::slice::from_ref(&again));

    assert_eq!(pool.pool.poll_timeout(), Some((pool.now + STOP_TIMEOUT, "deletion is unconfirmed")));
    pool.assert_after(STOP_TIMEOUT - TICK, &[]);
    pool.assert_after(TICK, std::slice::from_ref(&again));
    pool.assert_after(STOP_TIMEOUT * 2, &[again.clone(), again]);

    pool.assert(stopped(instance), &[forget("a")]);
    assert_eq!(pool.pool.poll_timeout(), None);
}

#[test]
fn pool_is_empty_only_after_the_last_confirmation() {
    let mut pool = TestPool::new();
    assert!(pool.pool.is_empty());
    let instance = pool.busy(1, "a");
    pool.assert(spent(instance), &[stop(instance, StopReason::NotReusable)]);
    assert!(!pool.pool.is_empty());

    pool.assert(stopped(instance), &[forget("a")]);

    assert!(pool.pool.is_empty());
}

#[test]
fn deploy_is_forgotten_after_its_last_instance() {
    let mut pool = TestPool::new();
    let (first, second) = (pool.busy(1, "a"), pool.busy(2, "a"));
    pool.assert(spent(first), &[stop(first, StopReason::NotReusable)]);
    pool.assert(spent(second), &[stop(second, StopReason::NotReusable)]);

    pool.assert(stopped(first), &[]);
    pool.assert(stopped(second), &[forget("a")]);
}

#[test]
fn deserted_instance_stops_when_its_invocation_ends() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");

    pool.assert(deserted(instance, 1), &[]);
    pool.assert(deserted(instance, 1), &[]);
    assert_eq!(pool.states(), ["draining"]);

    pool.assert(reusable(instance), &[stop(instance, StopReason::Deserted)]);
    pool.assert(stopped(instance), &[forget("a")]);
}

#[test]
fn nobody_waits_behind_a_deserted_instance() {
    let one = 1.try_into().expect("1 is not zero");
    let mut pool = TestPool::with(Config { max_concurrency: one, ..config() });
    let instance = pool.busy(1, "a");
    pool.assert(invoke(2, "a"), &[]);

    let next = pool.assert_start(deserted(instance, 1), "a", &[]);

    pool.assert(reusable(instance), &[stop(instance, StopReason::Deserted)]);
    pool.assert(started(next), &[dispatch(2, next)]);
}

#[test]
fn deserted_instance_takes_its_place_in_a_full_house_until_it_is_gone() {
    let one = 1.try_into().expect("1 is not zero");
    let mut pool = TestPool::with(Config { max_instances: one, ..config() });
    let instance = pool.busy(1, "a");

    pool.assert(deserted(instance, 1), &[]);
    pool.assert(invoke(2, "a"), &[]);
    pool.assert(reusable(instance), &[stop(instance, StopReason::Deserted)]);
    pool.assert_start(stopped(instance), "a", &[]);
}

#[test]
fn instance_that_is_lost_after_its_caller_is_aborted_all_the_same() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    pool.assert(deserted(instance, 1), &[]);

    pool.assert(lost(instance, "gone"), &[abort(1, instance, "gone"), stop(instance, StopReason::Lost)]);
}

#[test]
fn desertion_that_comes_too_late_or_too_early_is_ignored() {
    let mut pool = TestPool::new();
    let instance = pool.cold(1, "a");
    pool.assert(deserted(instance, 1), &[]);
    pool.assert(started(instance), &[dispatch(1, instance)]);
    pool.assert(reusable(instance), &[]);
    pool.assert(deserted(instance, 1), &[]);
    pool.assert(invoke(2, "a"), &[dispatch(2, instance)]);
    pool.assert(deserted(instance, 1), &[]);

    assert_eq!(pool.states(), ["busy"]);
}
