//! Events grow old: while they wait for their function, for a retry, and between two processes.

use std::time::Duration;

use fakecloud_events::{Arrival, Attempt, Condition, EventId, Policy};

use crate::harness::{BYTES, TestQueue, finish, keep, policy, run};

fn arrival(age_s: u64, runs: u32, wait_s: u64) -> Arrival {
    let (age, wait) = (Duration::from_secs(age_s), Duration::from_secs(wait_s));
    Arrival { event: EventId(1), function: "f".into(), bytes: BYTES, age, runs, wait, policy: policy(2, 100) }
}

#[test]
fn throttled_event_is_given_up_at_its_age() {
    let mut test = TestQueue::running(policy(2, 60));
    for wait_s in [1, 2, 4, 8, 16] {
        test.attempted(1, Attempt::Refused, &[keep(1, 0, wait_s)]);
        test.assert_after(wait_s, &[(wait_s, run(1))]);
    }
    test.attempted(1, Attempt::Refused, &[keep(1, 0, 32)]);
    test.assert_after(32, &[(29, finish(1, Condition::EventAgeExceeded, 0))]);
}

#[test]
fn event_that_would_be_too_old_for_its_retry_is_given_up_at_once() {
    let mut none = TestQueue::running(policy(2, 60));
    none.attempted(1, Attempt::FunctionError, &[finish(1, Condition::EventAgeExceeded, 1)]);
    let mut one = TestQueue::running(policy(2, 100));
    one.attempted(1, Attempt::FunctionError, &[keep(1, 1, 60)]);
    one.assert_after(60, &[(60, run(1))]);
    one.attempted(1, Attempt::FunctionError, &[finish(1, Condition::EventAgeExceeded, 2)]);
}

#[test]
fn exhausted_retries_are_the_reason_even_of_an_old_event() {
    let mut test = TestQueue::running(policy(0, 60));
    test.assert_after(600, &[]);
    test.attempted(1, Attempt::FunctionError, &[finish(1, Condition::RetriesExhausted, 1)]);
}

#[test]
fn run_that_takes_longer_than_the_age_may_succeed() {
    let mut test = TestQueue::running(policy(2, 60));
    test.assert_after(600, &[]);
    test.attempted(1, Attempt::Succeeded, &[finish(1, Condition::Success, 1)]);
}

#[test]
fn event_that_never_gets_its_turn_is_given_up_at_its_age() {
    let mut test = TestQueue { policy: policy(2, 60), ..TestQueue::new() };
    test.accept(1, "f", &[run(1)]);
    test.accept(2, "f", &[run(2)]);
    test.accept(3, "f", &[]);
    test.assert_after(90, &[(60, finish(3, Condition::EventAgeExceeded, 0))]);
    test.attempted(1, Attempt::Succeeded, &[finish(1, Condition::Success, 1)]);
}

#[test]
fn age_configured_later_counts() {
    let mut test = TestQueue::running(Policy::default());
    test.policy = policy(2, 60);
    test.attempted(1, Attempt::Refused, &[keep(1, 0, 1)]);
    test.policy = Policy::default();
    test.assert_after(1, &[(1, run(1))]);
    test.assert_after(59, &[]);
    test.attempted(1, Attempt::Refused, &[keep(1, 0, 2)]);
    test.assert_after(2, &[(2, run(1))]);
}

#[test]
fn earlier_process_counts() {
    let mut test = TestQueue { policy: policy(2, 100), ..TestQueue::new() };
    test.queue.restore(test.now, arrival(20, 1, 10));
    test.assert_after(10, &[(10, run(1))]);
    test.attempted(1, Attempt::FunctionError, &[finish(1, Condition::EventAgeExceeded, 2)]);
}

#[test]
fn event_that_grew_too_old_between_processes_does_not_run() {
    for wait_s in [0, 10] {
        let mut test = TestQueue::new();
        test.queue.restore(test.now, arrival(100, 1, wait_s));
        assert_eq!(test.actions(), [finish(1, Condition::EventAgeExceeded, 1)]);
    }
}

#[test]
fn wait_that_a_wrong_clock_made_endless_is_as_long_as_any_wait_can_be() {
    let mut test = TestQueue::new();
    test.queue.restore(test.now, Arrival { policy: Policy::default(), ..arrival(0, 0, u64::MAX) });
    test.assert_after(300, &[(300, run(1))]);
}
