//! Starts that fail or hang: who is told, and when a start is tried again.

use std::time::Duration;

use fakecloud_pool::{Action, Config, Failure, InstanceId, StopReason};

use crate::harness::*;

#[test]
fn failed_start_of_the_only_instance_fails_all_waiters_with_its_reason() {
    let mut pool = TestPool::new();
    let instance = pool.cold(1, "a");
    pool.assert(abandoned(1), &[]);
    for invocation in 2..=4 {
        pool.pool.handle(pool.now, invoke(invocation, "a"));
    }
    let others: Vec<InstanceId> = pool.pool.instances().map(|view| view.id).filter(|id| *id != instance).collect();
    pool.actions();
    assert_eq!(others.len(), 2);

    pool.assert(start_failed(instance, "quota"), &[stop(instance, StopReason::StartFailed)]);
    pool.assert(start_failed(others[0], "quota"), &[stop(others[0], StopReason::StartFailed)]);
    pool.assert(
        start_failed(others[1], "no such image"),
        &[
            stop(others[1], StopReason::StartFailed),
            fail(2, refused("no such image")),
            fail(3, refused("no such image")),
            fail(4, refused("no such image")),
        ],
    );
}

#[test]
fn waiters_stay_while_a_busy_instance_lives() {
    let mut pool = TestPool::new();
    let busy = pool.busy(1, "a");
    let failing = pool.cold(2, "a");

    pool.assert(start_failed(failing, "quota"), &[stop(failing, StopReason::StartFailed)]);

    pool.assert(reusable(busy), &[dispatch(2, busy)]);
}

#[test]
fn invoke_during_the_back_off_waits_for_an_instance_that_lives() {
    let mut pool = TestPool::new();
    let busy = pool.busy(1, "a");
    let failing = pool.cold(2, "a");
    pool.assert(start_failed(failing, "quota"), &[stop(failing, StopReason::StartFailed)]);
    pool.assert(abandoned(2), &[]);

    pool.assert(invoke(3, "a"), &[]);

    pool.assert(reusable(busy), &[dispatch(3, busy)]);
}

#[test]
fn no_start_is_tried_during_the_back_off() {
    let mut pool = TestPool::new();
    let failing = pool.cold(1, "a");
    pool.assert(start_failed(failing, "quota"), &[stop(failing, StopReason::StartFailed), fail(1, refused("quota"))]);

    pool.assert(invoke(2, "a"), &[fail(2, refused("quota"))]);
    pool.sleep(BACKOFF_MIN - TICK);
    pool.assert(invoke(3, "a"), &[fail(3, refused("quota"))]);

    pool.sleep(TICK);
    pool.cold(4, "a");
}

#[test]
fn other_deploys_start_during_the_back_off() {
    let mut pool = TestPool::new();
    fail_to_start(&mut pool, 1);

    pool.cold(2, "b");
}

#[test]
fn one_start_is_tried_after_the_back_off() {
    let mut pool = TestPool::new();
    fail_to_start(&mut pool, 1);
    pool.assert_after(BACKOFF_MIN, &[]);

    let probe = pool.cold(2, "a");
    pool.assert(invoke(3, "a"), &[]);
    pool.assert(invoke(4, "a"), &[]);
    assert_eq!(pool.states(), ["stopping", "starting"]);

    pool.pool.handle(pool.now, started(probe));
    let actions = pool.actions();
    assert_eq!(actions[0], dispatch(2, probe));
    assert_eq!(starts(&actions).len(), 2, "a started one lifts the restraint: {actions:?}");
}

#[test]
fn waiters_behind_a_busy_instance_get_a_new_start_when_the_back_off_ends() {
    let mut pool = TestPool::new();
    pool.busy(1, "a");
    let failing = pool.cold(2, "a");
    pool.assert(start_failed(failing, "quota"), &[stop(failing, StopReason::StartFailed)]);
    pool.assert(stopped(failing), &[]);
    pool.assert(invoke(3, "a"), &[]);

    assert_eq!(pool.pool.poll_timeout(), Some((pool.now + BACKOFF_MIN, "start back-off ends")));
    pool.sleep(BACKOFF_MIN);
    pool.pool.handle_timeout(pool.now);
    let actions = pool.actions();
    assert_eq!(starts(&actions).len(), 1, "one probe for two waiters: {actions:?}");
    assert_eq!(actions.len(), 1);
}

#[test]
fn waiters_that_outlive_the_last_instance_get_a_start_when_the_back_off_ends() {
    let mut pool = TestPool::new();
    let busy = pool.busy(1, "a");
    let failing = pool.cold(2, "a");
    pool.assert(start_failed(failing, "quota"), &[stop(failing, StopReason::StartFailed)]);
    pool.assert(spent(busy), &[stop(busy, StopReason::NotReusable)]);

    pool.assert(invoke(3, "a"), &[]);
    pool.sleep(BACKOFF_MIN);
    pool.pool.handle_timeout(pool.now);
    let actions = pool.actions();

    let [probe] = starts(&actions)[..] else { panic!("one probe: {actions:?}") };
    pool.assert(
        start_failed(probe, "still no"),
        &[stop(probe, StopReason::StartFailed), fail(2, refused("still no")), fail(3, refused("still no"))],
    );
}

#[test]
fn back_off_doubles_up_to_its_maximum() {
    let mut pool = TestPool::with(Config { stop_timeout: Duration::MAX, ..config() });
    let mut invocation = 0;
    for seconds in [1, 2, 4, 8, 8, 8] {
        invocation += 2;
        fail_to_start(&mut pool, invocation);
        pool.sleep(BACKOFF_MIN * seconds - TICK);
        pool.pool.handle_timeout(pool.now);
        pool.assert(invoke(invocation + 1, "a"), &[fail(invocation + 1, refused("quota"))]);
        pool.sleep(TICK);
        pool.pool.handle_timeout(pool.now);
    }
}

#[test]
fn failures_of_one_burst_count_once() {
    let mut pool = TestPool::new();
    let instances: Vec<InstanceId> = (1..=3).map(|_| start_another(&mut pool)).collect();
    for instance in instances {
        pool.pool.handle(pool.now, start_failed(instance, "quota"));
        pool.pool.handle(pool.now, stopped(instance));
    }
    pool.actions();

    assert_eq!(pool.pool.poll_timeout(), Some((pool.now + BACKOFF_MIN, "start back-off ends")));
}

#[test]
fn started_instance_ends_the_back_off() {
    let mut pool = TestPool::new();
    let (lucky, unlucky) = (start_another(&mut pool), start_another(&mut pool));
    pool.actions();
    pool.assert(start_failed(unlucky, "quota"), &[stop(unlucky, StopReason::StartFailed)]);
    pool.assert(invoke(9, "a"), &[]);

    pool.pool.handle(pool.now, started(lucky));

    let actions = pool.actions();
    assert_eq!(starts(&actions).len(), 2, "for the two that still wait: {actions:?}");
    assert_eq!(pool.pool.poll_timeout(), Some((pool.now + STOP_TIMEOUT, "deletion is unconfirmed")));
}

#[test]
fn failure_is_forgotten_after_the_longest_back_off() {
    let mut pool = TestPool::new();
    let failing = pool.cold(1, "a");
    pool.pool.handle(pool.now, start_failed(failing, "quota"));
    pool.pool.handle(pool.now, stopped(failing));
    pool.actions();

    pool.assert_after(BACKOFF_MIN + BACKOFF_MAX - TICK, &[]);
    pool.assert_after(TICK, &[forget("a")]);

    assert_eq!(pool.pool.poll_timeout(), None);
    start_another(&mut pool);
    start_another(&mut pool);
}

#[test]
fn failure_is_not_forgotten_while_a_start_is_being_tried() {
    let mut pool = TestPool::new();
    fail_to_start(&mut pool, 1);
    pool.assert_after(BACKOFF_MIN, &[]);
    let probe = pool.cold(2, "a");
    pool.assert(invoke(3, "a"), &[]);

    pool.assert_after(BACKOFF_MAX * 2, &[]);

    pool.pool.handle(pool.now, start_failed(probe, "quota"));
    pool.pool.handle(pool.now, stopped(probe));
    pool.actions();
    pool.sleep(BACKOFF_MIN * 2 - TICK);
    pool.assert(invoke(4, "a"), &[fail(4, refused("quota"))]);
}

#[test]
fn start_that_hangs_times_out_exactly_at_its_deadline() {
    let mut pool = TestPool::new();
    let instance = pool.cold(1, "a");

    assert_eq!(pool.pool.poll_timeout(), Some((pool.now + START_TIMEOUT, "start times out")));
    pool.assert_after(START_TIMEOUT - TICK, &[]);
    pool.assert_after(TICK, &[stop(instance, StopReason::StartTimedOut), fail(1, Failure::StartTimedOut)]);
    pool.assert(invoke(2, "a"), &[fail(2, Failure::StartTimedOut)]);
}

#[test]
fn instance_that_starts_too_late_gets_no_work() {
    let mut pool = TestPool::new();
    let late = pool.cold(1, "a");
    pool.assert_after(START_TIMEOUT, &[stop(late, StopReason::StartTimedOut), fail(1, Failure::StartTimedOut)]);
    pool.assert_after(BACKOFF_MIN, &[]);
    pool.cold(2, "a");

    pool.assert(started(late), &[]);
}

#[test]
fn latest_reason_of_a_burst_is_the_one_remembered() {
    let mut pool = TestPool::new();
    let (first, second) = (start_another(&mut pool), start_another(&mut pool));
    pool.pool.handle(pool.now, start_failed(first, "quota"));
    pool.pool.handle(pool.now, start_failed(second, "no such image"));
    pool.actions();

    pool.assert(invoke(1, "a"), &[fail(1, refused("no such image"))]);
}

#[test]
fn times_of_zero_do_not_spin() {
    let mut pool = TestPool::with(Config {
        backoff_min: Duration::ZERO,
        backoff_max: Duration::ZERO,
        start_timeout: Duration::ZERO,
        stop_timeout: Duration::ZERO,
        ..config()
    });
    let spent_one = pool.busy(1, "a");
    start_another(&mut pool);
    pool.assert(spent(spent_one), &[stop(spent_one, StopReason::NotReusable)]);

    pool.pool.handle_timeout(pool.now);

    assert_eq!(pool.actions(), []);
    assert_eq!(pool.pool.poll_timeout().map(|(deadline, _)| deadline), Some(pool.now + TICK));
}

#[test]
fn longest_back_off_below_the_shortest_counts_as_the_shortest() {
    let mut pool = TestPool::with(Config { backoff_max: Duration::ZERO, ..config() });
    fail_to_start(&mut pool, 1);
    pool.sleep(BACKOFF_MIN);
    fail_to_start(&mut pool, 2);

    pool.sleep(BACKOFF_MIN - TICK);
    pool.assert(invoke(3, "a"), &[fail(3, refused("quota"))]);
    pool.sleep(TICK);
    pool.cold(4, "a");
}

/// A cold invoke whose instance cannot start.
#[track_caller]
fn fail_to_start(pool: &mut TestPool, invocation: u64) {
    let failing = pool.cold(invocation, "a");
    let failed = [stop(failing, StopReason::StartFailed), fail(invocation, refused("quota"))];
    pool.assert(start_failed(failing, "quota"), &failed);
}

/// One more invocation that one more instance starts for. Leaves its number to the order of calls.
#[track_caller]
fn start_another(pool: &mut TestPool) -> InstanceId {
    let invocation = 1_000 + pool.pool.waiting() as u64;
    pool.pool.handle(pool.now, invoke(invocation, "a"));
    let actions = pool.actions();
    let [instance] = starts(&actions)[..] else { panic!("one Pod starts: {actions:?}") };
    instance
}

fn starts(actions: &[Action]) -> Vec<InstanceId> {
    let start = |action: &Action| match action {
        Action::StartEnvironment { instance, .. } => Some(*instance),
        Action::Dispatch { .. }
        | Action::Fail { .. }
        | Action::Abort { .. }
        | Action::StopEnvironment { .. }
        | Action::Forget { .. } => None,
    };
    actions.iter().filter_map(start).collect()
}
