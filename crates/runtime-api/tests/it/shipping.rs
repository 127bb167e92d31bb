//! The log on its way to fakecloud: batches behind the answers, and what is dropped.

use fakecloud_runtime_api::{Exit, Input, LogShipping};

use crate::harness::{NEXT, RUNTIME, Sandbox, configuration, invocation, response};

/// A sandbox that ships its log, whose runtime waits for an event.
fn shipping() -> Sandbox {
    let mut configuration = configuration();
    configuration.logging.shipping = LogShipping::Batches;
    Sandbox::with(configuration, &[]).initialized()
}

fn shipped(actions: &[String]) -> Vec<&str> {
    actions.iter().filter_map(|it| it.strip_prefix("ship: ")).collect()
}

#[test]
fn lines_of_an_invocation_are_one_batch_behind_its_answer() {
    let mut sandbox = shipping();
    sandbox.invoke(invocation("a"));
    sandbox.print(RUNTIME, "hello\n");
    assert!(shipped(&sandbox.after(500)).is_empty(), "the answer is awaited");
    let told = sandbox.post(&response("a"), &[], "1");
    assert_eq!(told.len(), 3, "the batch is behind the answers: {told:?}");
    assert_eq!(
        shipped(&told),
        [
            r#"[{"timestamp":1700000000100,"message":"START RequestId: a Version: $LATEST"},{"timestamp":1700000000100,"message":"hello"}]"#
        ]
    );
    sandbox.get(NEXT, &[]);
    assert!(shipped(&sandbox.after(1_000)).is_empty(), "one batch is under way at a time");
    let next = sandbox.feed(Input::Shipped { taken: true });
    assert!(shipped(&next)[0].contains("END RequestId: a"), "{next:?}");
}

#[test]
fn long_invocation_does_not_hold_its_lines_back() {
    let mut sandbox = shipping();
    sandbox.invoke(invocation("a"));
    assert!(shipped(&sandbox.after(999)).is_empty());
    assert_eq!(shipped(&sandbox.after(1)).len(), 1);
}

#[test]
fn lines_between_invocations_wait_for_others_for_a_moment() {
    let mut sandbox = shipping();
    assert!(shipped(&sandbox.print(RUNTIME, "one\n")).is_empty());
    sandbox.print(RUNTIME, "two\n");
    assert!(shipped(&sandbox.after(49)).is_empty());
    let batch = sandbox.after(1);
    assert!(batch[0].contains("one") && batch[0].contains("two"), "{batch:?}");
}

#[test]
fn lines_that_overflow_are_dropped_and_counted() {
    let mut sandbox = shipping();
    sandbox.print(RUNTIME, "first\n");
    sandbox.after(50);
    let line = format!("{}\n", "x".repeat(100 * 1024));
    for _ in 0..20 {
        sandbox.print(RUNTIME, &line);
    }
    assert!(sandbox.environment.held_bytes() <= 1024 * 1024);
    let next = sandbox.feed(Input::Shipped { taken: true });
    let count = r#"[{"timestamp":1700000000150,"message":"10 lines of the log were dropped"},"#;
    assert!(shipped(&next)[0].starts_with(count), "{next:?}");
    for _ in 0..10 {
        sandbox.feed(Input::Shipped { taken: true });
        sandbox.after(50);
    }
    sandbox.print(RUNTIME, "last\n");
    let last = r#"[{"timestamp":1700000000650,"message":"last"}]"#;
    assert_eq!(shipped(&sandbox.after(50)), [last], "what was counted is not counted again");
}

#[test]
fn count_of_what_was_dropped_is_the_first_line_of_the_next_batch() {
    let mut sandbox = shipping();
    sandbox.print(RUNTIME, "lost\n");
    sandbox.after(50);
    sandbox.feed(Input::Shipped { taken: false });
    sandbox.print(RUNTIME, "here\n");
    let next = sandbox.after(50);
    let batch = shipped(&next)[0];
    assert!(
        batch.starts_with(r#"[{"timestamp":1700000000200,"message":"1 lines of the log were dropped"},"#),
        "{batch}"
    );
}

#[test]
fn last_lines_are_shipped_at_the_end() {
    let mut sandbox = shipping();
    sandbox.print(RUNTIME, "last words\n");
    sandbox.feed(Input::Shutdown);
    let told = sandbox.exit(RUNTIME, Exit::Signal(9));
    assert!(shipped(&told)[0].contains("last words"), "{told:?}");
}
