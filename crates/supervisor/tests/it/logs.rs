//! The log: on standard output, and the tail that a caller asks for.

use serde_json::json;

use crate::fakecloud::Environment;

#[test]
fn log_has_the_invocation_between_its_start_and_its_report() {
    let mut environment = Environment::start();
    environment.invoke("a", &json!({"do": "print", "text": "one\ntwo\nthree"}));
    let lines = environment.lines_to("REPORT");
    assert_eq!(lines[..4], ["START RequestId: a Version: $LATEST", "one", "two", "three"]);
    assert_eq!(lines[4], "END RequestId: a");
    assert!(
        lines[5].starts_with("REPORT RequestId: a\tDuration: ") && lines[5].contains("\tInit Duration: "),
        "{lines:?}"
    );
}

#[test]
fn line_behind_the_answer_belongs_to_its_invocation() {
    let mut environment = Environment::start();
    environment.invoke("a", &json!({"do": "late"}));
    environment.invoke("b", &json!({"do": "echo"}));
    let lines = environment.lines_to("START RequestId: b");
    assert_eq!(lines[..3], ["START RequestId: a Version: $LATEST", "behind the answer", "END RequestId: a"]);
}

#[test]
fn tail_has_what_was_printed_before_the_answer() {
    let mut environment = Environment::start();
    let event = json!({"do": "print", "text": "hello\n"}).to_string();
    let answer = environment.invoke_with("a", &[("X-Amz-Log-Type", "Tail")], event.as_bytes());
    let tail = answer.head.field("x-amz-log-result").unwrap();
    // "START RequestId: a Version: $LATEST\nhello\nEND RequestId: a\nREPORT"
    assert!(
        tail.starts_with("U1RBUlQgUmVxdWVzdElkOiBhIFZlcnNpb246ICRMQVRFU1QKaGVsbG8KRU5EIFJlcXVlc3RJZDogYQpSRVBPUlQ"),
        "{tail}"
    );
}

#[test]
fn log_comes_in_batches_to_fakecloud_that_wants_it() {
    let mut environment = Environment::with(json!({"shipsLog": true}), |_| {});
    environment.invoke("a", &json!({"do": "print", "text": "hello\n"}));
    let mut messages = Vec::new();
    while !messages.iter().any(|it: &String| it.starts_with("REPORT")) {
        let batch = environment.batch();
        messages.extend(batch.as_array().unwrap().iter().map(|it| it["message"].as_str().unwrap().to_owned()));
    }
    assert_eq!(messages[..3], ["START RequestId: a Version: $LATEST", "hello", "END RequestId: a"]);
}
