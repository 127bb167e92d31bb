//! The end of a process, and of everything in it.

use fakecloud_events::{Arrival, Attempt, Condition, EventId, Input, Policy};

use crate::harness::{BYTES, TestQueue, finish, gone, keep, policy, run, settled};

#[test]
fn nothing_is_run_after_shutdown() {
    let mut test = TestQueue::running(Policy::default());
    test.attempted(1, Attempt::FunctionError, &[keep(1, 1, 60)]);
    test.assert(Input::Shutdown, &[]);
    test.assert_after(30_000, &[]);
    test.accept(2, "f", &[]);
    assert_eq!(test.queue.len(), 2, "kept for the next process");
}

#[test]
fn run_that_was_decided_but_not_begun_does_not_survive_shutdown() {
    let mut test = TestQueue::new();
    assert_eq!(test.offer(1, "f", 1), Ok(()));
    test.assert(Input::Shutdown, &[]);
}

#[test]
fn failure_during_shutdown_uses_up_no_retry() {
    let mut test = TestQueue::running(policy(0, 21_600));
    test.assert(Input::Shutdown, &[]);
    test.attempted(1, Attempt::FunctionError, &[keep(1, 0, 1)]);
}

#[test]
fn success_during_shutdown_is_a_success() {
    let mut test = TestQueue::running(Policy::default());
    test.assert(Input::Shutdown, &[]);
    test.attempted(1, Attempt::Succeeded, &[finish(1, Condition::Success, 1)]);
    test.assert(settled(1), &[]);
    assert!(test.queue.is_empty());
}

#[test]
fn reset_forgets_everything_and_late_answers_change_nothing() {
    let mut test = TestQueue::running(Policy::default());
    test.accept(2, "f", &[run(2)]);
    test.accept(3, "f", &[]);
    test.attempted(2, Attempt::FunctionError, &[keep(2, 1, 60), run(3)]);
    test.assert(Input::Reset, &[]);
    assert!(test.queue.is_empty());
    test.attempted(1, Attempt::FunctionError, &[]);
    test.assert(gone(3), &[]);
    test.assert_after(30_000, &[]);
    for event in 4..=5 {
        test.accept(event, "f", &[run(event)]);
    }
}

#[test]
fn event_that_an_earlier_process_finished_is_told_and_not_run_again() {
    let mut test = TestQueue::new();
    let arrival = Arrival { runs: 2, ..Arrival::fresh(EventId(1), "f".into(), BYTES, Policy::default()) };
    test.queue.restore_finished(test.now, arrival, Condition::RetriesExhausted);
    assert_eq!(test.actions(), [finish(1, Condition::RetriesExhausted, 2)]);
    test.assert_after(30_000, &[]);
    test.assert(settled(1), &[]);
    assert!(test.queue.is_empty());
}
