//! Streamed answers: piece by piece, errors half way, and the pace.

use fakecloud_runtime_api::{Exit, Invocation, ResponseMode, STREAM_BYTES_MAX};

use crate::harness::{ACCEPTED, NEXT, RUNTIME, Sandbox, error, invocation, response};

const STREAMING: (&str, &str) = ("Lambda-Runtime-Function-Response-Mode", "streaming");
const TRUNCATED: &str = r#"ended a: error Runtime.TruncatedResponse {"errorType":"Runtime.TruncatedResponse","errorMessage":"RequestId: a Error: Response is truncated"}"#;

fn streamed(id: &str) -> Invocation {
    Invocation { response_mode: ResponseMode::Streaming, ..invocation(id) }
}

fn busy() -> Sandbox {
    let mut sandbox = Sandbox::ready();
    sandbox.invoke(streamed("a"));
    sandbox
}

/// A sandbox whose answer to `a` has begun.
fn begun() -> Sandbox {
    let mut sandbox = busy();
    let head = sandbox.head("POST", &response("a"), &[STREAMING, ("Content-Type", "text/html")]);
    assert_eq!(head, ["head a: text/html"]);
    sandbox
}

#[test]
fn every_piece_is_passed_on_at_once() {
    let mut sandbox = begun();
    assert_eq!(sandbox.body(b"one"), ["chunk a: one"]);
    assert!(sandbox.body(b"").is_empty());
    assert_eq!(sandbox.body(b"two"), ["chunk a: two"]);
    assert_eq!(sandbox.end(&[]), ["ended a: streamed", ACCEPTED]);
    assert_eq!(sandbox.get(NEXT, &[])[2], "free a: 0 ms");
}

#[test]
fn error_half_way_is_told_by_the_trailers() {
    let mut sandbox = begun();
    sandbox.body(b"one");
    let trailers = [
        ("lambda-runtime-function-error-type", "Function.Broke"),
        ("lambda-runtime-function-error-body", "eyJlcnJvck1lc3NhZ2UiOiJtIn0="),
    ];
    assert_eq!(sandbox.end(&trailers), [r#"ended a: error Function.Broke {"errorMessage":"m"}"#, ACCEPTED]);
}

#[test]
fn error_body_that_is_no_base64_is_passed_on_as_it_is() {
    let mut sandbox = begun();
    let trailers = [("Lambda-Runtime-Function-Error-Type", "x"), ("Lambda-Runtime-Function-Error-Body", "{broken}")];
    assert_eq!(sandbox.end(&trailers)[0], "ended a: error Function.Unknown {broken}");
}

#[test]
fn stream_that_breaks_off_is_truncated_and_the_runtime_lives() {
    let mut sandbox = begun();
    sandbox.body(b"one");
    assert_eq!(sandbox.hang_up(sandbox.calls), [TRUNCATED]);
    assert_eq!(sandbox.get(NEXT, &[])[2], "free a: 0 ms");
}

#[test]
fn runtime_that_dies_half_way_leaves_a_truncated_answer() {
    let mut sandbox = begun();
    sandbox.body(b"one");
    let told = sandbox.exit(RUNTIME, Exit::Status(1));
    assert!(told.contains(&TRUNCATED.to_owned()), "{told:?}");
    assert!(sandbox.body(b"late").is_empty() && sandbox.end(&[]).is_empty(), "nothing comes behind the end");
}

#[test]
fn stream_that_takes_too_long_times_out() {
    let mut sandbox = begun();
    sandbox.body(b"one");
    let told = sandbox.after(3_000);
    assert!(told.iter().any(|it| it.starts_with("ended a: error Sandbox.Timedout")), "{told:?}");
    assert!(sandbox.body(b"late").is_empty() && sandbox.end(&[]).is_empty());
}

#[test]
fn error_instead_of_a_stream_has_no_head() {
    let mut sandbox = busy();
    assert_eq!(sandbox.post(&error("a"), &[], "{}"), ["ended a: error Function.Unknown {}", ACCEPTED]);
}

#[test]
fn buffered_answer_to_a_caller_that_streams_is_one_piece() {
    let mut sandbox = busy();
    let told = sandbox.post(&response("a"), &[("Content-Type", "application/json")], "42");
    assert_eq!(told, ["head a: application/json", "chunk a: 42", "ended a: streamed", ACCEPTED]);
}

#[test]
fn streamed_answer_to_a_caller_that_does_not_stream_is_collected() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.head("POST", &response("a"), &[STREAMING]);
    assert!(sandbox.body(b"4").is_empty() && sandbox.body(b"2").is_empty());
    assert_eq!(sandbox.end(&[]), ["ended a: success - 42", ACCEPTED]);

    let mut sandbox = Sandbox::busy("a");
    sandbox.head("POST", &response("a"), &[STREAMING]);
    sandbox.body(b"4");
    let told = sandbox.end(&[("Lambda-Runtime-Function-Error-Type", "Function.Broke")]);
    assert_eq!(told[0], r#"ended a: error Function.Broke {"errorType":"Function.Broke","errorMessage":""}"#);
}

#[test]
fn mode_that_aws_does_not_know_is_an_error() {
    let mut sandbox = busy();
    let told = sandbox.head("POST", &response("a"), &[("Lambda-Runtime-Function-Response-Mode", "buffered")]);
    let message = "RequestId: a Error: Invalid function response mode";
    assert_eq!(
        told,
        [
            r#"answer: 400 {"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"}"#
                .to_owned(),
            format!(
                r#"ended a: error Runtime.InvalidResponseModeHeader {{"errorType":"Runtime.InvalidResponseModeHeader","errorMessage":"{message}"}}"#
            ),
        ]
    );
}

#[test]
fn six_mib_pass_at_any_speed_and_then_two_a_second() {
    const MIB: usize = 1024 * 1024;
    let mut sandbox = begun();
    for _ in 0..6 {
        assert_eq!(sandbox.body(&vec![b'x'; MIB]).len(), 1);
    }
    assert_eq!(sandbox.body(&vec![b'x'; MIB])[1], "pause");
    assert_eq!(sandbox.body(&vec![b'x'; MIB]).len(), 1, "bytes that were read before the pause");
    assert!(sandbox.after(999).is_empty());
    assert_eq!(sandbox.after(1), ["resume"]);
    sandbox.sleep(500);
    assert_eq!(sandbox.body(&vec![b'x'; MIB]).len(), 1, "within the pace");
    assert_eq!(sandbox.end(&[]), ["ended a: streamed", ACCEPTED]);
}

#[test]
fn stream_that_ends_while_it_is_paused_is_not_resumed() {
    let mut sandbox = begun();
    sandbox.body(&vec![b'x'; 7 * 1024 * 1024]);
    sandbox.end(&[]);
    sandbox.get(NEXT, &[]);
    assert!(sandbox.after(10_000).is_empty());
}

#[test]
fn stream_may_have_200_mib() {
    let mut sandbox = begun();
    let piece = vec![b'x'; 8 * 1024 * 1024];
    for _ in 0..STREAM_BYTES_MAX / (8 * 1024 * 1024) {
        sandbox.body(&piece);
    }
    let told = sandbox.body(b"x");
    assert!(told[0].starts_with("ended a: error Function.ResponseSizeTooLarge"), "{told:?}");
    assert!(told[1].starts_with("answer: 413"), "{told:?}");
}
