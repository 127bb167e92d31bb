//! How many instances start at once, who waits for a slot, and for how long.

use std::time::Duration;

use fakecloud_pool::{Action, Config, Event, Failure, InstanceId, StopReason};

use crate::harness::*;

const WAIT: Duration = Duration::from_secs(600);

/// A pool with slots for two starts, whatever they teach.
fn narrow() -> TestPool {
    let two = 2.try_into().expect("2 is not zero");
    TestPool::with(Config { starts_min: two, starts_max: two, start_wait: WAIT, ..config() })
}

#[test]
fn start_beyond_the_slots_waits_for_one_that_ends() {
    let mut pool = narrow();
    let first = pool.cold(1, "a");
    pool.cold(2, "b");
    pool.assert(invoke(3, "c"), &[]);
    pool.assert(invoke(4, "d"), &[]);
    let view = pool.pool.starts();
    assert_eq!((view.starting, view.waiting), (2, 2));

    let actions = feed(&mut pool, started(first));
    assert_eq!(actions[0], dispatch(1, first));
    assert_eq!(deploys(&actions), ["c"]);
}

#[test]
fn failed_start_and_one_that_is_lost_give_their_slots_back() {
    let mut pool = narrow();
    let (first, second) = (pool.cold(1, "a"), pool.cold(2, "b"));
    pool.assert(invoke(3, "c"), &[]);
    pool.assert(invoke(4, "d"), &[]);
    assert_eq!(deploys(&feed(&mut pool, start_failed(first, "no image"))), ["c"]);
    assert_eq!(deploys(&feed(&mut pool, lost(second, "deleted"))), ["d"]);
}

#[test]
fn caller_who_gives_up_in_the_queue_costs_no_start() {
    let mut pool = narrow();
    let first = pool.cold(1, "a");
    pool.cold(2, "b");
    pool.assert(invoke(3, "c"), &[]);
    pool.assert(abandoned(3), &[forget("c")]);
    pool.assert(started(first), &[dispatch(1, first)]);
}

#[test]
fn start_timeout_does_not_run_in_the_queue() {
    let mut pool = narrow();
    let first = pool.cold(1, "a");
    pool.cold(2, "b");
    pool.assert(invoke(3, "c"), &[]);
    pool.sleep(START_TIMEOUT - TICK);
    pool.pool.handle(pool.now, started(first));
    let third = starting(&pool.actions());
    pool.sleep(START_TIMEOUT - TICK);
    pool.assert(started(third), &[dispatch(3, third)]);
}

#[test]
fn caller_whose_start_is_never_begun_hears_of_it() {
    let mut pool = narrow();
    pool.cold(1, "a");
    pool.cold(2, "b");
    // A start that is stuck gives its slot to another one now and then; these are stuck as well.
    let mut invocation = 2;
    while pool.pool.starts().waiting < 100 {
        invocation += 1;
        feed(&mut pool, invoke(invocation, &format!("deploy-{invocation}")));
    }
    let mut failures = Vec::new();
    let end = pool.now + WAIT;
    while let Some((deadline, _)) = pool.pool.poll_timeout().filter(|(deadline, _)| *deadline <= end) {
        pool.now = deadline;
        pool.pool.handle_timeout(deadline);
        let failed = |action| if let Action::Fail { failure, .. } = action { Some((deadline, failure)) } else { None };
        failures.extend(pool.actions().into_iter().filter_map(failed));
    }
    let in_queue: Vec<_> = failures.iter().filter(|(_, failure)| *failure == Failure::NotBegunInTime).collect();
    assert!(!in_queue.is_empty() && in_queue.iter().all(|(at, _)| *at == end), "{failures:?}");
    assert_eq!(pool.pool.starts().waiting, 0);
}

#[test]
fn start_that_was_heard_of_in_the_second_half_of_its_time_gets_as_much_again() {
    let mut pool = narrow();
    let instance = pool.cold(1, "a");
    pool.sleep(START_TIMEOUT / 2 + TICK);
    pool.assert(Event::Progressed { instance }, &[]);
    pool.assert_after(START_TIMEOUT, &[]);
    pool.assert(abandoned(1), &[]);
    pool.assert(started(instance), &[]);
    assert_eq!(pool.states(), ["idle"], "it serves the next caller");
}

#[test]
fn start_of_which_nothing_is_heard_any_more_ends_in_time() {
    let mut pool = narrow();
    let instance = pool.cold(1, "a");
    pool.assert(Event::SetUp { instance }, &[]);
    pool.assert_after(START_TIMEOUT - TICK, &[]);
    pool.assert_after(TICK, &[stop(instance, StopReason::StartTimedOut), fail(1, Failure::StartTimedOut)]);
}

#[test]
fn each_node_that_takes_starts_has_slots_of_its_own() {
    let mut pool = narrow();
    let instances = [pool.cold(1, "a"), pool.cold(2, "b")];
    for (invocation, deploy) in [(3, "c"), (4, "d"), (5, "e")] {
        pool.assert(invoke(invocation, deploy), &[]);
    }
    assert_eq!(deploys(&feed(&mut pool, on_node(instances[0], "one"))), [""; 0], "the other may come there as well");
    let second_node = feed(&mut pool, on_node(instances[1], "two"));
    assert_eq!(deploys(&second_node), ["c"]);
    pool.assert(on_node(starting(&second_node), "two"), &[]);
}

#[test]
fn start_that_no_node_takes_holds_up_nobody() {
    let mut pool = narrow();
    let instances = [pool.cold(1, "a"), pool.cold(2, "b")];
    pool.assert(invoke(3, "c"), &[]);
    let actions = feed(&mut pool, Event::Unscheduled { instance: instances[0] });
    assert_eq!(deploys(&actions), ["c"]);
    assert_eq!(pool.pool.starts().roomless, 1);
}

#[test]
fn refused_start_waits_while_another_one_starts_on_a_node() {
    let mut pool = TestPool::new();
    let (first, second) = (pool.cold(1, "a"), pool.cold(2, "b"));
    pool.assert(on_node(first, "one"), &[]);
    pool.assert(no_room(second, "quota"), &[]);
    pool.assert(started(first), &[dispatch(1, first)]);
    pool.assert(reusable(first), &[]);
    pool.sleep(Duration::from_secs(5));
    pool.pool.handle_timeout(pool.now);
    assert_eq!(pool.actions(), [start(second, "b")]);
    pool.assert(no_room(second, "quota"), &[stop(first, StopReason::Displaced)]);
}

#[test]
fn refused_start_waits_where_places_change_hands() {
    let mut pool = TestPool::new();
    let first = pool.busy(1, "a");
    pool.assert(reusable(first), &[]);
    let (second, third) = (pool.cold(2, "b"), pool.cold(3, "c"));
    pool.assert(no_room(second, "quota"), &[stop(first, StopReason::Displaced)]);
    pool.assert(no_room(third, "quota"), &[]);
    pool.assert(gone(first), &[start(second, "b")]);
    pool.assert(started(second), &[dispatch(2, second)]);
    pool.sleep(Duration::from_secs(4));
    pool.pool.handle_timeout(pool.now);
    pool.actions();
    pool.assert(no_room(third, "quota"), &[]);
}

#[test]
fn refused_start_fails_where_all_that_runs_is_busy() {
    let mut pool = TestPool::new();
    pool.busy(1, "a");
    let second = pool.cold(2, "b");
    pool.assert(no_room(second, "quota"), &[stop(second, StopReason::StartFailed), fail(2, refused("quota"))]);
}

#[test]
fn node_of_which_nothing_is_heard_gets_one_more_after_a_while() {
    let mut pool = narrow();
    pool.cold(1, "a");
    pool.cold(2, "b");
    pool.assert(invoke(3, "c"), &[]);
    pool.assert_after(Duration::from_secs(10) - TICK, &[]);
    pool.sleep(TICK);
    pool.pool.handle_timeout(pool.now);
    assert_eq!(deploys(&pool.actions()), ["c"]);
}

#[test]
fn cluster_that_has_grown_is_full_no_more() {
    let mut pool = TestPool::new();
    let instances: Vec<_> = (1..8).map(|number| pool.cold(number, &format!("deploy-{number}"))).collect();
    for instance in &instances[..6] {
        pool.assert(Event::Unscheduled { instance: *instance }, &[]);
    }
    let refusal = [stop(instances[6], StopReason::StartFailed), fail(7, refused("full"))];
    pool.assert(no_room(instances[6], "full"), &refusal);
    pool.assert(gone(instances[6]), &[]);
    pool.assert(invoke(8, "a"), &[]);
    pool.sleep(Duration::from_secs(30));
    assert_eq!(deploys(&feed(&mut pool, on_node(instances[0], "new"))), ["a"]);
}

/// A full house: one instance idle or busy, and two that start on nodes of which nothing is heard.
fn full_of_stuck_starts() -> (TestPool, InstanceId) {
    let (two, three) = (2.try_into().expect("2 is not zero"), 3.try_into().expect("3 is not zero"));
    let config = Config { starts_min: two, starts_max: two, max_instances: three, ..config() };
    let mut pool = TestPool::with(config);
    let first = pool.busy(1, "a");
    pool.cold(2, "b");
    pool.cold(3, "c");
    (pool, first)
}

#[test]
fn starts_that_are_stuck_in_a_full_house_do_not_keep_idle_instances_from_making_way() {
    let (mut pool, first) = full_of_stuck_starts();
    pool.assert(reusable(first), &[]);
    pool.assert(invoke(4, "d"), &[]);
    pool.assert_after(Duration::from_secs(10) - TICK, &[]);
    pool.assert_after(TICK, &[stop(first, StopReason::Displaced)]);
    pool.assert_after(Duration::from_secs(10) - TICK, &[]);
}

#[test]
fn starts_that_are_stuck_in_a_full_house_do_not_keep_busy_instances_from_changing_hands() {
    let (mut pool, first) = full_of_stuck_starts();
    pool.assert(invoke(4, "d"), &[]);
    pool.assert(invoke(5, "a"), &[]);
    pool.assert(invoke(6, "a"), &[]);
    pool.assert(reusable(first), &[dispatch(5, first)]);
    pool.assert_after(Duration::from_secs(10), &[]);
    pool.assert(reusable(first), &[stop(first, StopReason::Displaced)]);
}

fn feed(pool: &mut TestPool, event: Event) -> Vec<Action> {
    pool.pool.handle(pool.now, event);
    pool.actions()
}

fn on_node(instance: InstanceId, node: &str) -> Event {
    Event::Scheduled { instance, node: node.into() }
}

/// The deploys that start.
fn deploys(actions: &[Action]) -> Vec<&str> {
    let mut deploys = Vec::new();
    for action in actions {
        if let Action::StartEnvironment { deploy, .. } = action {
            deploys.push(deploy.as_str());
        }
    }
    deploys
}

/// The only instance that starts.
fn starting(actions: &[Action]) -> InstanceId {
    let start =
        |action: &Action| if let Action::StartEnvironment { instance, .. } = action { Some(*instance) } else { None };
    actions.iter().find_map(start).expect("one starts")
}
