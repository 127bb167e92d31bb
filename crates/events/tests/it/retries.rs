//! What happens after a function error, a throttle, and no concurrency at all.

use fakecloud_events::{Attempt, Condition, Policy};

use crate::harness::{TestQueue, finish, keep, policy, run, settled};

#[test]
fn success_ends_at_once() {
    let mut test = TestQueue::running(Policy::default());
    test.attempted(1, Attempt::Succeeded, &[finish(1, Condition::Success, 1)]);
    test.assert(settled(1), &[]);
    assert!(test.queue.is_empty());
    test.assert_after(30_000, &[]);
}

#[test]
fn function_error_is_retried_after_one_and_two_minutes() {
    let mut test = TestQueue::running(Policy::default());
    test.attempted(1, Attempt::FunctionError, &[keep(1, 1, 60)]);
    test.assert_after(60, &[(60, run(1))]);
    test.attempted(1, Attempt::FunctionError, &[keep(1, 2, 120)]);
    test.assert_after(120, &[(120, run(1))]);
    test.attempted(1, Attempt::FunctionError, &[finish(1, Condition::RetriesExhausted, 3)]);
    test.assert_after(30_000, &[]);
}

#[test]
fn no_more_retries_than_configured_are_made() {
    let mut none = TestQueue::running(policy(0, 21_600));
    none.attempted(1, Attempt::FunctionError, &[finish(1, Condition::RetriesExhausted, 1)]);
    let mut one = TestQueue::running(policy(1, 21_600));
    one.attempted(1, Attempt::FunctionError, &[keep(1, 1, 60)]);
    one.assert_after(60, &[(60, run(1))]);
    one.attempted(1, Attempt::FunctionError, &[finish(1, Condition::RetriesExhausted, 2)]);
}

#[test]
fn configuration_of_the_moment_decides() {
    let mut test = TestQueue::running(Policy::default());
    test.policy = policy(0, 21_600);
    test.attempted(1, Attempt::FunctionError, &[finish(1, Condition::RetriesExhausted, 1)]);
}

#[test]
fn success_after_a_retry_counts_both_runs() {
    let mut test = TestQueue::running(Policy::default());
    test.attempted(1, Attempt::FunctionError, &[keep(1, 1, 60)]);
    test.assert_after(60, &[(60, run(1))]);
    test.attempted(1, Attempt::Succeeded, &[finish(1, Condition::Success, 2)]);
}

#[test]
fn refusals_use_up_no_retries_and_are_repeated_ever_more_slowly() {
    let mut test = TestQueue::running(policy(0, 21_600));
    for wait_s in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        test.attempted(1, Attempt::Refused, &[keep(1, 0, wait_s)]);
        test.assert_after(wait_s, &[(wait_s, run(1))]);
    }
    test.attempted(1, Attempt::Succeeded, &[finish(1, Condition::Success, 1)]);
}

#[test]
fn backoff_begins_anew_after_a_run() {
    let mut test = TestQueue::running(Policy::default());
    test.attempted(1, Attempt::Refused, &[keep(1, 0, 1)]);
    test.assert_after(1, &[(1, run(1))]);
    test.attempted(1, Attempt::FunctionError, &[keep(1, 1, 60)]);
    test.assert_after(60, &[(60, run(1))]);
    test.attempted(1, Attempt::Refused, &[keep(1, 1, 1)]);
}

#[test]
fn function_without_concurrency_gets_no_retries() {
    let mut test = TestQueue::running(Policy::default());
    test.attempted(1, Attempt::ZeroReservedConcurrency, &[finish(1, Condition::ZeroReservedConcurrency, 0)]);
    test.assert_after(30_000, &[]);
}

#[test]
fn second_answer_to_one_run_is_ignored() {
    let mut test = TestQueue::running(Policy::default());
    test.attempted(1, Attempt::FunctionError, &[keep(1, 1, 60)]);
    test.attempted(1, Attempt::Succeeded, &[]);
    test.assert(settled(1), &[]);
    test.assert_after(60, &[(60, run(1))]);
}
