//! How many events there may be, and how many may run at once.

use fakecloud_events::{Arrival, Attempt, Condition, EventId, Full, Policy};

use crate::harness::{BYTES, TestQueue, finish, gone, keep, run, settled};

#[test]
fn events_beyond_the_limit_are_refused_until_one_is_settled() {
    let mut test = TestQueue::new();
    for (event, function) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
        test.accept(event, function, &[run(event)]);
    }
    assert_eq!(test.offer(5, "e", 0), Err(Full::Events));
    test.attempted(1, Attempt::Succeeded, &[finish(1, Condition::Success, 1)]);
    assert_eq!(test.offer(5, "e", 0), Err(Full::Events), "its destinations are still being told");
    test.assert(settled(1), &[]);
    test.accept(5, "e", &[run(5)]);
}

#[test]
fn bytes_beyond_the_limit_are_refused_until_some_are_settled() {
    let mut test = TestQueue::new();
    assert_eq!(test.offer(1, "f", 41), Err(Full::Bytes));
    assert_eq!(test.offer(2, "f", 40), Ok(()));
    assert_eq!(test.offer(3, "f", 1), Err(Full::Bytes));
    assert_eq!(test.actions(), [run(2)]);
    test.assert(gone(2), &[]);
    assert_eq!(test.offer(4, "f", 40), Ok(()));
}

#[test]
fn answer_of_an_event_that_is_over_counts_until_its_destinations_are_told() {
    let mut test = TestQueue::new();
    test.accept(1, "f", &[run(1)]);
    test.answered(1, Attempt::Refused, 40, &[keep(1, 0, 1)]);
    test.assert_after(1, &[(1, run(1))]);
    assert_eq!(test.offer(2, "g", 30), Ok(()), "an answer that nobody hears of is not held");
    assert_eq!(test.actions(), [run(2)]);
    test.answered(2, Attempt::Succeeded, 1, &[finish(2, Condition::Success, 1)]);
    test.answered(1, Attempt::Succeeded, 39, &[finish(1, Condition::Success, 1)]);
    test.assert(settled(2), &[]);
    assert_eq!(test.offer(3, "f", 0), Err(Full::Bytes));
    test.assert(settled(1), &[]);
    assert_eq!(test.offer(3, "f", 40), Ok(()));
}

#[test]
fn what_an_earlier_process_accepted_is_taken_whatever_the_limits() {
    let mut test = TestQueue::new();
    for event in 1..=5 {
        let arrival = Arrival::fresh(EventId(event), "f".into(), BYTES, Policy::default());
        test.queue.restore(test.now, arrival);
    }
    assert_eq!((test.queue.len(), test.actions().len()), (5, 2));
    assert_eq!(test.offer(6, "g", 0), Err(Full::Events));
}

#[test]
fn events_of_one_function_run_in_turn() {
    let mut test = TestQueue::new();
    test.accept(1, "f", &[run(1)]);
    test.accept(2, "f", &[run(2)]);
    test.accept(3, "f", &[]);
    test.accept(4, "f", &[]);
    test.attempted(2, Attempt::Succeeded, &[finish(2, Condition::Success, 1), run(3)]);
    test.assert(gone(1), &[run(4)]);
}

#[test]
fn throttled_function_blocks_no_other_and_not_its_own_next_event() {
    let mut test = TestQueue::new();
    test.accept(1, "f", &[run(1)]);
    test.accept(2, "f", &[run(2)]);
    test.accept(3, "f", &[]);
    test.accept(4, "g", &[run(4)]);
    test.attempted(1, Attempt::Refused, &[keep(1, 0, 1), run(3)]);
    test.assert_after(1, &[]);
    test.attempted(3, Attempt::Succeeded, &[finish(3, Condition::Success, 1), run(1)]);
}
