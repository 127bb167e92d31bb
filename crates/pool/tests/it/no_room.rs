//! A cluster that has less room than the pool's limits: whose place is taken, how long a start waits for it, and when its
//! callers hear why.

use std::time::Duration;

use fakecloud_pool::{Config, Event, Failure, InstanceId, StopReason};

use crate::harness::*;

/// A Pod that was stopped is hoped on for so long.
const LEAVES_WITHIN: Duration = Duration::from_secs(30);

/// A start that waits is tried again this often, whatever goes.
const TRIED_WITHIN: Duration = Duration::from_secs(5);

/// A cluster may take so long to notice that a Pod has gone, and is asked again so often meanwhile.
const NOTICED_WITHIN: Duration = Duration::from_secs(1);
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// How long a quota takes to refuse.
const REFUSED_AFTER: Duration = Duration::from_millis(10);

/// Longer than the cluster takes to notice that a Pod has gone.
const LOOKED_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Idle instances of deploys of these names, the first of which idled longest.
fn idle<const N: usize>(deploys: [&str; N]) -> (TestPool, [InstanceId; N]) {
    let mut pool = TestPool::new();
    let mut invocation = 100;
    let instances = deploys.map(|deploy| {
        invocation += 1;
        let instance = pool.busy(invocation, deploy);
        pool.assert(reusable(instance), &[]);
        pool.sleep(TICK);
        instance
    });
    (pool, instances)
}

/// The Pod of a stopped instance goes, and the start it made room for is tried again.
#[track_caller]
fn make_way(pool: &mut TestPool, leaving: (InstanceId, &str), waiting: (InstanceId, &str)) {
    pool.assert(stopped(leaving.0), &[forget(leaving.1)]);
    pool.assert(gone(leaving.0), &[start(waiting.0, waiting.1)]);
}

#[test]
fn refused_start_takes_the_place_of_the_instance_that_idled_longest() {
    let (mut pool, [a, _]) = idle(["a", "b"]);
    let refused = pool.cold(1, "c");

    pool.assert(no_room(refused, "quota"), &[stop(a, StopReason::Displaced)]);
    make_way(&mut pool, (a, "a"), (refused, "c"));
    pool.assert(started(refused), &[dispatch(1, refused)]);
    assert_eq!(pool.states(), ["idle", "busy"]);
}

#[test]
fn pod_that_has_gone_before_its_deletion_is_confirmed_makes_room_at_once() {
    let (mut pool, [a]) = idle(["a"]);
    let refused = pool.cold(1, "c");

    pool.assert(no_room(refused, "quota"), &[stop(a, StopReason::Displaced)]);
    pool.assert(gone(a), &[start(refused, "c")]);
    pool.assert(stopped(a), &[forget("a")]);
}

#[test]
fn start_in_a_full_cluster_fails_at_once_with_the_reason_and_is_backed_off() {
    let mut pool = TestPool::new();
    let busy = pool.busy(1, "a");
    let refused_start = pool.cold(2, "b");

    pool.assert(
        no_room(refused_start, "quota"),
        &[stop(refused_start, StopReason::StartFailed), fail(2, refused("quota"))],
    );
    pool.assert(stopped(refused_start), &[]);
    pool.assert(gone(refused_start), &[]);
    pool.sleep(BACKOFF_MIN - TICK);
    pool.assert(invoke(3, "b"), &[fail(3, refused("quota"))]);
    pool.sleep(TICK);
    pool.cold(4, "b");
    pool.assert(reusable(busy), &[]);
}

#[test]
fn provisioned_instances_make_no_room() {
    let mut pool = TestPool::new();
    pool.pool.handle(pool.now, provision("a", 1));
    let kept = pool.pool.instances().next().expect("one starts").id;
    pool.actions();
    pool.assert(started(kept), &[]);

    let start = pool.cold(1, "b");
    pool.assert(no_room(start, "quota"), &[stop(start, StopReason::StartFailed), fail(1, refused("quota"))]);
}

#[test]
fn provisioned_start_takes_an_idle_place() {
    let (mut pool, [a]) = idle(["a"]);
    pool.pool.handle(pool.now, provision("b", 1));
    let kept = pool.pool.instances().last().expect("one starts").id;
    pool.actions();

    pool.assert(no_room(kept, "quota"), &[stop(a, StopReason::Displaced)]);
}

#[test]
fn place_that_becomes_free_anyway_costs_no_second_one() {
    let (mut pool, [a, _]) = idle(["a", "b"]);
    pool.assert(evict(a), &[stop(a, StopReason::Evicted)]);
    pool.assert(stopped(a), &[forget("a")]);
    let refused = pool.cold(1, "c");

    pool.assert(no_room(refused, "quota"), &[]);
    pool.assert(gone(a), &[start(refused, "c")]);
}

#[test]
fn each_refused_start_ends_one_instance() {
    let (mut pool, [a, b, _]) = idle(["a", "b", "c"]);
    let (first, second) = (pool.cold(1, "d"), pool.cold(2, "d"));

    pool.assert(no_room(first, "quota"), &[stop(a, StopReason::Displaced)]);
    pool.assert(no_room(first, "quota"), &[]);
    pool.assert(no_room(second, "quota"), &[stop(b, StopReason::Displaced)]);
    // Whichever goes first, the start that was refused first is the first to be tried again.
    make_way(&mut pool, (b, "b"), (first, "d"));
    make_way(&mut pool, (a, "a"), (second, "d"));
}

#[test]
fn waiters_stay_while_another_start_waits_for_room() {
    let (mut pool, [a]) = idle(["a"]);
    let (first, second) = (pool.cold(1, "b"), pool.cold(2, "b"));
    pool.assert(no_room(first, "quota"), &[stop(a, StopReason::Displaced)]);

    pool.assert(no_room(second, "quota"), &[stop(second, StopReason::StartFailed)]);
    pool.assert(gone(a), &[start(first, "b")]);
    pool.pool.handle(pool.now, started(first));
    assert_eq!(pool.actions()[0], dispatch(1, first));
    pool.assert(reusable(first), &[dispatch(2, first)]);
}

#[test]
fn room_that_is_not_noticed_at_once_is_asked_for_again_before_another_place_is_taken() {
    let (mut pool, [a, b]) = idle(["a", "b"]);
    let refused = pool.cold(1, "c");
    pool.assert(no_room(refused, "quota"), &[stop(a, StopReason::Displaced)]);
    make_way(&mut pool, (a, "a"), (refused, "c"));

    for _ in 0..NOTICED_WITHIN.as_millis() / RETRY_AFTER.as_millis() {
        pool.assert(no_room(refused, "quota"), &[]);
        pool.assert_after(RETRY_AFTER - TICK, &[]);
        assert_eq!(pool.pool.poll_timeout(), Some((pool.now + TICK, "refused start is tried again")));
        pool.assert_after(TICK, &[start(refused, "c")]);
    }
    pool.assert(no_room(refused, "quota"), &[stop(b, StopReason::Displaced)]);
}

#[test]
fn start_takes_a_place_for_itself_however_many_pods_go_for_others() {
    let (mut pool, [others, idle]) = idle(["a", "b"]);
    pool.assert(evict(others), &[stop(others, StopReason::Evicted)]);
    pool.assert(gone(others), &[]);
    let refused = pool.cold(1, "c");
    for round in 0..(NOTICED_WITHIN.as_millis() / RETRY_AFTER.as_millis()) as u64 {
        pool.assert(no_room(refused, "quota"), &[]);
        pool.assert_after(RETRY_AFTER, &[start(refused, "c")]);
        let another = pool.busy(200 + round, "d");
        pool.assert(spent(another), &[stop(another, StopReason::NotReusable)]);
        pool.assert(gone(another), &[]);
    }

    pool.assert(no_room(refused, "quota"), &[stop(idle, StopReason::Displaced)]);
}

#[test]
fn pod_that_does_not_go_in_time_is_hoped_on_no_more() {
    let (mut pool, [a, b]) = idle(["a", "b"]);
    let refused = pool.cold(1, "c");
    pool.assert(no_room(refused, "quota"), &[stop(a, StopReason::Displaced)]);
    pool.assert(stopped(a), &[forget("a")]);

    for waited in 1..=LEAVES_WITHIN.as_secs() / TRIED_WITHIN.as_secs() {
        pool.assert_after(TRIED_WITHIN - TICK, &[]);
        pool.assert_after(TICK, &[start(refused, "c")]);
        let is_over = TRIED_WITHIN * waited as u32 == LEAVES_WITHIN;
        let displaced = is_over.then_some(stop(b, StopReason::Displaced));
        pool.assert(no_room(refused, "quota"), displaced.as_slice());
    }
    pool.assert(gone(a), &[]);
}

/// A quota that has not noticed yet that a Pod has gone refuses a start until it has.
#[track_caller]
fn refuse_until_noticed(pool: &mut TestPool, start_again: (InstanceId, &str)) {
    let noticed_at = pool.now + NOTICED_WITHIN;
    loop {
        pool.sleep(REFUSED_AFTER);
        if pool.now >= noticed_at {
            break;
        }
        pool.assert(no_room(start_again.0, "quota"), &[]);
        pool.assert_after(RETRY_AFTER, &[start(start_again.0, start_again.1)]);
    }
}

#[test]
fn start_that_needs_many_places_gets_them_all_however_often_it_is_refused_meanwhile() {
    let deploys = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let (mut pool, instances) = idle(deploys);
    let large = pool.cold(1, "z");
    for (deploy, displaced) in deploys.into_iter().zip(instances) {
        pool.assert(no_room(large, "quota"), &[stop(displaced, StopReason::Displaced)]);
        make_way(&mut pool, (displaced, deploy), (large, "z"));
        refuse_until_noticed(&mut pool, (large, "z"));
    }

    pool.assert(started(large), &[dispatch(1, large)]);
}

/// A start that may fit nowhere is refused as often as it is tried again; the two that idled longest make way.
#[track_caller]
fn try_in_vain(pool: &mut TestPool, start: (InstanceId, &str), idle: [(InstanceId, &str); 2]) {
    for displaced in idle {
        pool.assert(no_room_perhaps_ever(start.0, "nodes"), &[stop(displaced.0, StopReason::Displaced)]);
        make_way(pool, displaced, start);
        pool.sleep(LOOKED_AGAIN_AFTER);
    }
}

#[test]
fn start_that_may_fit_nowhere_takes_two_places_and_then_says_why() {
    let (mut pool, [a, b, _]) = idle(["a", "b", "c"]);
    let large = pool.cold(1, "z");
    try_in_vain(&mut pool, (large, "z"), [(a, "a"), (b, "b")]);

    pool.assert(
        no_room_perhaps_ever(large, "nodes"),
        &[stop(large, StopReason::StartFailed), fail(1, refused("nodes"))],
    );
    assert_eq!(pool.states(), ["idle", "stopping"]);
}

#[test]
fn start_that_may_fit_nowhere_does_not_wait_for_ever_where_pods_go_all_the_time() {
    let mut pool = TestPool::new();
    let large = pool.cold(1, "z");
    for invocation in [101, 102] {
        let going = pool.busy(invocation, "a");
        pool.assert(spent(going), &[stop(going, StopReason::NotReusable)]);
        pool.assert(no_room_perhaps_ever(large, "nodes"), &[]);
        pool.assert(gone(going), &[start(large, "z")]);
        pool.sleep(LOOKED_AGAIN_AFTER);
    }
    let going = pool.busy(103, "a");
    pool.assert(spent(going), &[stop(going, StopReason::NotReusable)]);

    pool.assert(
        no_room_perhaps_ever(large, "nodes"),
        &[stop(large, StopReason::StartFailed), fail(1, refused("nodes"))],
    );
}

#[test]
fn tries_that_a_quota_refused_say_nothing_about_the_room_on_nodes() {
    let (mut pool, [a, b, _]) = idle(["a", "b", "c"]);
    let start = pool.cold(1, "z");
    for (displaced, deploy) in [(a, "a"), (b, "b")] {
        pool.assert(no_room(start, "quota"), &[stop(displaced, StopReason::Displaced)]);
        make_way(&mut pool, (displaced, deploy), (start, "z"));
        pool.sleep(LOOKED_AGAIN_AFTER);
    }
    let (d, e) = (pool.busy(201, "d"), pool.busy(202, "e"));
    pool.assert(reusable(d), &[]);
    pool.assert(reusable(e), &[]);
    let c = pool.pool.instances().next().expect("it idled all the time").id;
    try_in_vain(&mut pool, (start, "z"), [(c, "c"), (d, "d")]);

    pool.assert(
        no_room_perhaps_ever(start, "nodes"),
        &[stop(start, StopReason::StartFailed), fail(1, refused("nodes"))],
    );
}

#[test]
fn deploy_that_took_places_in_vain_takes_none_until_that_is_forgotten() {
    let (mut pool, [a, b, c]) = idle(["a", "b", "c"]);
    let large = pool.cold(1, "z");
    try_in_vain(&mut pool, (large, "z"), [(a, "a"), (b, "b")]);
    let failed = [stop(large, StopReason::StartFailed), fail(1, refused("nodes"))];
    pool.assert(no_room_perhaps_ever(large, "nodes"), &failed);
    pool.assert(stopped(large), &[]);

    pool.assert_after(BACKOFF_MIN, &[]);
    let again = pool.cold(2, "z");
    let failed = [stop(again, StopReason::StartFailed), fail(2, refused("nodes"))];
    pool.assert(no_room_perhaps_ever(again, "nodes"), &failed);
    pool.assert(stopped(again), &[]);

    pool.assert_after(2 * BACKOFF_MIN + BACKOFF_MAX, &[forget("z")]);
    let later = pool.cold(3, "z");
    pool.assert(no_room_perhaps_ever(later, "nodes"), &[stop(c, StopReason::Displaced)]);
}

#[test]
fn start_that_times_out_after_it_took_a_place_took_it_in_vain() {
    let (mut pool, [a, _]) = idle(["a", "b"]);
    let large = pool.cold(1, "z");
    pool.assert(no_room_perhaps_ever(large, "nodes"), &[stop(a, StopReason::Displaced)]);
    make_way(&mut pool, (a, "a"), (large, "z"));
    pool.assert_after(START_TIMEOUT, &[stop(large, StopReason::StartTimedOut), fail(1, Failure::StartTimedOut)]);
    pool.assert(stopped(large), &[]);

    pool.sleep(BACKOFF_MIN);
    let again = pool.cold(2, "z");
    let failed = [stop(again, StopReason::StartFailed), fail(2, refused("nodes"))];
    pool.assert(no_room_perhaps_ever(again, "nodes"), &failed);
}

#[test]
fn start_that_needs_several_places_lets_others_go_before_it_in_between() {
    let (mut pool, [a, b, c]) = idle(["a", "b", "c"]);
    let (large, small) = (pool.cold(1, "y"), pool.cold(2, "z"));
    pool.assert(no_room(large, "quota"), &[stop(a, StopReason::Displaced)]);
    pool.assert(no_room(small, "quota"), &[stop(b, StopReason::Displaced)]);
    make_way(&mut pool, (a, "a"), (large, "y"));
    pool.sleep(REFUSED_AFTER);

    pool.assert(no_room(large, "quota"), &[]);
    make_way(&mut pool, (b, "b"), (small, "z"));
    pool.assert(started(small), &[dispatch(2, small)]);
    pool.assert_after(RETRY_AFTER, &[start(large, "y")]);
    pool.sleep(NOTICED_WITHIN);
    pool.assert(no_room(large, "quota"), &[stop(c, StopReason::Displaced)]);
    make_way(&mut pool, (c, "c"), (large, "y"));
}

#[test]
fn starts_of_a_burst_are_tried_in_turn_while_a_quota_has_not_noticed_what_has_gone() {
    let leaving = ["a", "b", "c", "d"];
    let (mut pool, idle) = idle(leaving);
    let mut invocation = 0;
    let starts = ["w", "x", "y", "z"].map(|deploy| {
        invocation += 1;
        (pool.cold(invocation, deploy), deploy)
    });
    for ((refused, _), displaced) in starts.into_iter().zip(idle) {
        pool.assert(no_room(refused, "quota"), &[stop(displaced, StopReason::Displaced)]);
    }
    for (waiting, going) in starts.into_iter().zip(idle.into_iter().zip(leaving)) {
        make_way(&mut pool, going, waiting);
        pool.sleep(REFUSED_AFTER);
        pool.assert(no_room(waiting.0, "quota"), &[]);
        pool.sleep(REFUSED_AFTER);
    }

    // Each is tried again as soon as it may be let in, none only when it has waited for long.
    let again = starts.map(|(refused, deploy)| start(refused, deploy));
    let mut tried = Vec::new();
    while tried.len() < starts.len() {
        let (due, _) = pool.pool.poll_timeout().expect("starts wait");
        assert!(due <= pool.now + RETRY_AFTER, "a start waits for long");
        pool.sleep(due - pool.now);
        pool.pool.handle_timeout(pool.now);
        tried.extend(pool.actions());
    }
    assert_eq!(tried, again);
}

#[test]
fn long_look_for_a_node_has_noticed_what_has_gone() {
    let (mut pool, [others, idle]) = idle(["a", "b"]);
    let large = pool.cold(1, "z");
    pool.assert(evict(others), &[stop(others, StopReason::Evicted)]);
    pool.assert(gone(others), &[]);

    pool.assert(no_room_perhaps_ever(large, "nodes"), &[stop(idle, StopReason::Displaced)]);
}

#[test]
fn start_that_a_node_took_in_the_end_leaves_a_place_and_took_none_in_vain() {
    let (mut pool, [a, b, c]) = idle(["a", "b", "c"]);
    let unlucky = pool.cold(1, "z");
    pool.assert(no_room_perhaps_ever(unlucky, "nodes"), &[stop(a, StopReason::Displaced)]);
    pool.assert(placed(unlucky), &[]);
    pool.assert(gone(a), &[]);
    let next = pool.cold(2, "y");
    pool.assert(no_room_perhaps_ever(next, "nodes"), &[stop(b, StopReason::Displaced)]);
    let failed = [stop(unlucky, StopReason::StartFailed), fail(1, refused("no such image"))];
    pool.assert(start_failed(unlucky, "no such image"), &failed);
    pool.assert(stopped(unlucky), &[]);

    pool.assert(gone(unlucky), &[start(next, "y")]);
    pool.sleep(BACKOFF_MIN);
    let again = pool.cold(3, "z");
    pool.assert(gone(b), &[]);
    pool.assert(no_room_perhaps_ever(again, "nodes"), &[stop(c, StopReason::Displaced)]);
}

/// A start that was refused took the place of `a`, and is stopped while it is tried again; another one has begun.
#[track_caller]
fn stop_while_tried_again(pool: &mut TestPool, a: InstanceId, refusal: fn(InstanceId) -> Event) -> [InstanceId; 2] {
    let stopped_start = pool.cold(1, "z");
    pool.assert(refusal(stopped_start), &[stop(a, StopReason::Displaced)]);
    make_way(pool, (a, "a"), (stopped_start, "z"));
    pool.sleep(NOTICED_WITHIN);
    let next = pool.cold(2, "y");
    pool.assert(abandoned(1), &[]);
    pool.assert(retire("z"), &[stop(stopped_start, StopReason::Retired)]);
    [stopped_start, next]
}

#[test]
fn unscheduled_start_leaves_no_place_though_it_is_being_tried_again() {
    let (mut pool, [a, b]) = idle(["a", "b"]);
    let [_, next] = stop_while_tried_again(&mut pool, a, |start| no_room_perhaps_ever(start, "nodes"));

    pool.assert(no_room_perhaps_ever(next, "nodes"), &[stop(b, StopReason::Displaced)]);
}

#[test]
fn start_that_a_quota_has_probably_let_in_leaves_a_place() {
    let (mut pool, [a, _]) = idle(["a", "b"]);
    let [stopped_start, next] = stop_while_tried_again(&mut pool, a, |start| no_room(start, "quota"));

    pool.assert(no_room(next, "quota"), &[]);
    pool.assert(gone(stopped_start), &[start(next, "y")]);
}

#[test]
fn pod_that_never_was_leaves_no_place() {
    let (mut pool, [a, b]) = idle(["a", "b"]);
    let waiting = pool.cold(1, "y");
    pool.assert(no_room(waiting, "quota"), &[stop(a, StopReason::Displaced)]);
    let malformed = pool.cold(2, "z");
    let failed = [stop(malformed, StopReason::StartFailed), fail(2, refused("malformed"))];
    pool.assert(start_failed(malformed, "malformed"), &failed);
    pool.assert(stopped(malformed), &[]);
    pool.assert(never_there(malformed), &[]);

    let next = pool.cold(3, "x");
    pool.assert(no_room(next, "quota"), &[stop(b, StopReason::Displaced)]);
    make_way(&mut pool, (a, "a"), (waiting, "y"));
}

#[test]
fn start_that_nobody_waits_for_any_more_takes_no_place() {
    let (mut pool, [a]) = idle(["a"]);
    let refused = pool.cold(1, "b");
    pool.assert(abandoned(1), &[]);

    pool.assert(no_room(refused, "quota"), &[stop(refused, StopReason::StartFailed)]);
    pool.assert(stopped(refused), &[forget("b")]);
    pool.assert(invoke(2, "a"), &[dispatch(2, a)]);
}

#[test]
fn place_goes_to_the_next_start_if_nobody_waits_for_the_first_any_more() {
    let (mut pool, [a, b]) = idle(["a", "b"]);
    let (first, second) = (pool.cold(1, "c"), pool.cold(2, "d"));
    pool.assert(no_room(first, "quota"), &[stop(a, StopReason::Displaced)]);
    pool.assert(no_room(second, "quota"), &[stop(b, StopReason::Displaced)]);
    pool.assert(abandoned(1), &[]);

    pool.assert(gone(a), &[stop(first, StopReason::StartFailed), start(second, "d")]);
}

#[test]
fn start_that_waits_too_long_fails_with_what_it_waits_for() {
    let (mut pool, [a]) = idle(["a"]);
    pool.pool = fakecloud_pool::Pool::new(Config { start_timeout: TRIED_WITHIN - TICK, ..config() });
    let idle = pool.busy(101, "a");
    pool.assert(reusable(idle), &[]);
    assert_eq!(idle, a);
    let start = pool.cold(1, "b");
    pool.assert(no_room(start, "quota"), &[stop(a, StopReason::Displaced)]);
    pool.assert(stopped(a), &[forget("a")]);

    pool.assert_after(TRIED_WITHIN - TICK, &[stop(start, StopReason::StartFailed), fail(1, refused("quota"))]);
}

#[test]
fn refused_start_of_a_retired_deploy_that_nobody_waits_for_ends() {
    let (mut pool, [a]) = idle(["a"]);
    let refused = pool.cold(1, "b");
    pool.assert(no_room(refused, "quota"), &[stop(a, StopReason::Displaced)]);
    pool.assert(abandoned(1), &[]);

    pool.assert(retire("b"), &[stop(refused, StopReason::Retired)]);
    pool.assert(gone(a), &[]);
    assert_eq!(pool.pool.poll_timeout(), Some((pool.now + STOP_TIMEOUT, "deletion is unconfirmed")));
}

#[test]
fn no_room_for_what_has_started_is_a_loss() {
    let mut pool = TestPool::new();
    let busy = pool.busy(1, "a");

    pool.assert(no_room(busy, "quota"), &[abort(1, busy, "quota"), stop(busy, StopReason::Lost)]);
    pool.assert(no_room(busy, "quota"), &[]);
}
