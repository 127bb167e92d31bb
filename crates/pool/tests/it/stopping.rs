//! Deletions: asked for until confirmed, and what is left afterwards.

use fakecloud_pool::StopReason;

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
