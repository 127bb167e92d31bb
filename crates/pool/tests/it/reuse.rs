//! Warm reuse: which instance serves, when more are started, and how long one idles.

use std::time::Duration;

use fakecloud_pool::{Action, Config, Initialization, InstanceState, InstanceView, InvocationId, StopReason};

use crate::harness::*;

#[test]
fn cold_invoke_starts_one_pod_and_waits_for_it() {
    let mut pool = TestPool::new();

    let instance = pool.cold(1, "a");

    assert_eq!((pool.pool.waiting(), pool.states()), (1, vec!["starting"]));
    pool.assert(started(instance), &[dispatch(1, instance)]);
    assert_eq!((pool.pool.waiting(), pool.states()), (0, vec!["busy"]));
}

#[test]
fn finished_instance_serves_the_next_invocation() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");

    pool.assert(reusable(instance), &[]);

    pool.assert(invoke(2, "a"), &[dispatch(2, instance)]);
}

#[test]
fn instance_serves_its_own_deploy_only() {
    let mut pool = TestPool::new();
    let a = pool.busy(1, "a");
    pool.assert(reusable(a), &[]);

    let b = pool.cold(2, "b");

    assert_ne!(a, b);
    pool.assert(started(b), &[dispatch(2, b)]);
}

#[test]
fn busy_instance_gets_no_second_invocation() {
    let mut pool = TestPool::new();
    let first = pool.busy(1, "a");

    let second = pool.cold(2, "a");

    assert_ne!(first, second);
}

#[test]
fn instance_used_last_serves_first() {
    let mut pool = TestPool::new();
    let (first, second) = (pool.busy(1, "a"), pool.busy(2, "a"));
    pool.assert(reusable(second), &[]);
    pool.sleep(TICK);
    pool.assert(reusable(first), &[]);

    pool.assert(invoke(3, "a"), &[dispatch(3, first)]);
    pool.assert(invoke(4, "a"), &[dispatch(4, second)]);
}

#[test]
fn surplus_instances_reach_their_ttl_under_steady_load() {
    let mut pool = TestPool::new();
    let (first, second) = (pool.busy(1, "a"), pool.busy(2, "a"));
    pool.assert(reusable(second), &[]);
    pool.sleep(TICK);
    pool.assert(reusable(first), &[]);

    for invocation in 3..13 {
        pool.assert_after(IDLE_TTL / 11, &[]);
        pool.assert(invoke(invocation, "a"), &[dispatch(invocation, first)]);
        pool.assert(reusable(first), &[]);
    }

    pool.assert_after(IDLE_TTL / 11, &[stop(second, StopReason::IdleExpired)]);
}

#[test]
fn idle_instance_expires_exactly_at_its_ttl() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    pool.assert(reusable(instance), &[]);

    assert_eq!(pool.pool.poll_timeout(), Some((pool.now + IDLE_TTL, "idle instance expires")));
    pool.assert_after(IDLE_TTL - TICK, &[]);
    pool.assert_after(TICK, &[stop(instance, StopReason::IdleExpired)]);
}

#[test]
fn each_use_renews_the_ttl() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    pool.assert(reusable(instance), &[]);
    pool.assert_after(IDLE_TTL - TICK, &[]);
    pool.assert(invoke(2, "a"), &[dispatch(2, instance)]);
    pool.assert(reusable(instance), &[]);

    pool.assert_after(IDLE_TTL - TICK, &[]);
    pool.assert_after(TICK, &[stop(instance, StopReason::IdleExpired)]);
}

#[test]
fn busy_instance_never_expires() {
    let mut pool = TestPool::new();
    pool.busy(1, "a");

    assert_eq!(pool.pool.poll_timeout(), None);
    pool.assert_after(IDLE_TTL * 10, &[]);
}

#[test]
fn event_beats_a_deadline_of_the_same_moment() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    pool.assert(reusable(instance), &[]);

    pool.sleep(IDLE_TTL);
    pool.assert(invoke(2, "a"), &[dispatch(2, instance)]);

    pool.assert_after(Duration::ZERO, &[]);
}

#[test]
fn ttl_of_zero_stops_an_instance_that_nobody_waits_for() {
    let mut pool =
        TestPool::with(Config { idle_ttl: Duration::ZERO, max_concurrency: 1.try_into().unwrap(), ..config() });
    let instance = pool.busy(1, "a");
    pool.assert(invoke(2, "a"), &[]);

    pool.assert(reusable(instance), &[dispatch(2, instance)]);
    pool.assert(reusable(instance), &[]);

    pool.assert_after(Duration::ZERO, &[stop(instance, StopReason::IdleExpired)]);
}

#[test]
fn time_that_runs_backwards_counts_as_standing_still() {
    let mut pool = TestPool::new();
    let instance = pool.busy(1, "a");
    let finished_at = pool.now;
    pool.assert(reusable(instance), &[]);

    pool.now = finished_at - IDLE_TTL / 2;
    pool.assert(invoke(2, "a"), &[dispatch(2, instance)]);
    pool.assert(reusable(instance), &[]);

    assert_eq!(pool.pool.poll_timeout(), Some((finished_at + IDLE_TTL, "idle instance expires")));
}

#[test]
fn times_beyond_any_clock_do_not_overflow() {
    let forever = Duration::MAX;
    let mut pool = TestPool::with(Config {
        idle_ttl: forever,
        start_timeout: forever,
        stop_timeout: forever,
        backoff_min: forever,
        backoff_max: forever,
        ..config()
    });
    let first = pool.busy(1, "a");
    pool.assert(reusable(first), &[]);
    let failing = pool.cold(2, "b");
    pool.assert(start_failed(failing, "no"), &[stop(failing, StopReason::StartFailed), fail(2, refused("no"))]);

    pool.assert_after(Duration::from_secs(1 << 31), &[]);
}

#[test]
fn evicted_instance_stops_once_it_runs_nothing() {
    let mut pool = TestPool::new();
    let idle = pool.busy(1, "a");
    pool.assert(reusable(idle), &[]);
    pool.assert(evict(idle), &[stop(idle, StopReason::Evicted)]);

    let busy = pool.busy(2, "a");
    pool.assert(evict(busy), &[]);
    pool.assert(reusable(busy), &[stop(busy, StopReason::Evicted)]);
}

#[test]
fn evicted_instance_that_starts_is_replaced_for_whoever_waits() {
    let mut pool = TestPool::new();
    let evicted = pool.cold(1, "a");
    pool.pool.handle(pool.now, evict(evicted));
    let actions = pool.actions();
    let [stopped, Action::StartEnvironment { instance, .. }] = &actions[..] else {
        panic!("one stops, one starts: {actions:?}")
    };
    assert_eq!(*stopped, stop(evicted, StopReason::Evicted));
    pool.assert(started(*instance), &[dispatch(1, *instance)]);

    let surplus = pool.cold(2, "b");
    pool.assert(abandoned(2), &[]);
    pool.assert(evict(surplus), &[stop(surplus, StopReason::Evicted)]);
}

#[test]
fn view_shows_state_and_use() {
    let mut pool = TestPool::new();
    let created_at = pool.now;
    let instance = pool.cold(1, "a");
    pool.sleep(TICK);
    pool.assert(started(instance), &[dispatch(1, instance)]);

    let deploy = "a".into();
    let busy = InstanceView {
        id: instance,
        deploy: &deploy,
        initialization: Initialization::OnDemand,
        created: created_at,
        served: 1,
        state: InstanceState::Busy,
        since: created_at + TICK,
        last_used: created_at + TICK,
        invocation: Some(InvocationId(1)),
    };
    assert_eq!(pool.pool.instances().collect::<Vec<_>>(), [busy]);

    pool.sleep(TICK);
    pool.assert(reusable(instance), &[]);
    pool.sleep(TICK);
    pool.assert(retire("a"), &[stop(instance, StopReason::Retired)]);
    let stopping = InstanceView {
        state: InstanceState::Stopping,
        since: created_at + TICK * 3,
        last_used: created_at + TICK * 2,
        invocation: None,
        ..busy
    };
    assert_eq!(pool.pool.instances().collect::<Vec<_>>(), [stopping]);
}
