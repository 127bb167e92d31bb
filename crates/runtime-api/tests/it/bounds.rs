//! Bounds: what a hostile runtime cannot make the environment hold.

use fakecloud_runtime_api::{CALLS_MAX, CallId, Input, PAYLOAD_BYTES_MAX, Request, SMALL_BODY_BYTES_MAX};

use crate::harness::{INIT_ERROR, NEXT, REGISTER, RUNTIME, Sandbox, response};

fn call(method: &str, path: &str) -> Request {
    let headers = vec![("Lambda-Extension-Name".to_owned(), "x".to_owned())];
    Request { method: method.to_owned(), path: path.to_owned(), headers }
}

#[test]
fn calls_beyond_the_limit_are_refused_and_the_runtime_is_served_when_some_end() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    for number in 0..10_000_u64 {
        let call = Input::Call { call: CallId(number), request: call("POST", REGISTER) };
        let told = sandbox.feed(call);
        assert_eq!(told.is_empty(), number < CALLS_MAX as u64, "{number}: {told:?}");
    }
    assert_eq!(sandbox.environment.open_calls(), CALLS_MAX);
    sandbox.calls = 10_000;
    assert!(sandbox.get(NEXT, &[])[0].starts_with("answer: 429"));
    sandbox.hang_up(0);
    assert_eq!(sandbox.get(NEXT, &[]), ["init done after 0 ms"]);
}

#[test]
fn small_bodies_are_cut_off_at_their_limit() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    sandbox.head("POST", REGISTER, &[("Lambda-Extension-Name", "x")]);
    assert!(sandbox.body(&vec![b' '; SMALL_BODY_BYTES_MAX]).is_empty());
    assert!(sandbox.body(b" ")[0].starts_with("answer: 413"));
    assert!(sandbox.body(b" ").is_empty() && sandbox.end(&[]).is_empty());
    assert_eq!(sandbox.environment.held_bytes(), 0);
}

#[test]
fn error_of_the_initialisation_may_be_as_long_as_an_answer() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    sandbox.head("POST", INIT_ERROR, &[]);
    assert!(sandbox.body(&vec![b'x'; PAYLOAD_BYTES_MAX]).is_empty());
    let second = sandbox.calls;
    assert!(sandbox.post(INIT_ERROR, &[], "x")[0].starts_with("answer: 403"), "one at a time");
    sandbox.calls = second;
    assert!(sandbox.body(b"x")[0].starts_with("answer: 413"));
}

#[test]
fn nothing_is_held_of_an_answer_that_is_refused_or_over() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.head("POST", &response("b"), &[]);
    sandbox.body(&vec![b'x'; 1_000_000]);
    assert_eq!(sandbox.environment.held_bytes(), 0);
    sandbox.head("POST", &response("a"), &[]);
    sandbox.body(&vec![b'x'; 1_000_000]);
    assert_eq!(sandbox.environment.held_bytes(), 1_000_000);
    sandbox.after(3_000);
    assert_eq!(sandbox.environment.held_bytes(), 0, "its time is over");
}

#[test]
fn line_without_an_end_is_cut() {
    let mut sandbox = Sandbox::busy("a");
    let told = sandbox.print(RUNTIME, &"x".repeat(1_000_000));
    assert_eq!(told.len(), 3);
    assert!(sandbox.environment.held_bytes() <= 256 * 1024);
}

#[test]
fn number_of_a_call_that_is_used_twice_is_ignored() {
    let mut sandbox = Sandbox::ready();
    let again = Input::Call { call: CallId(1), request: call("POST", REGISTER) };
    assert!(sandbox.feed(again).is_empty());
}
