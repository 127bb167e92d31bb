//! Reset and shutdown: who gets which signal when.

use fakecloud_runtime_api::{Exit, Input, Process, Role};

use crate::harness::{EVENT_NEXT, NEXT, RUNTIME, Sandbox, configuration, invocation, response};

const EXTENSION: Process = Process { role: Role::Extension(0), generation: 1 };

fn shutdown_event(sandbox: &Sandbox, reason: &str) -> String {
    let deadline = sandbox.now.epoch_ms + 2_000;
    format!(r#"200 {{"deadlineMs":{deadline},"eventType":"SHUTDOWN","shutdownReason":"{reason}"}}"#)
}

#[test]
fn shutdown_without_extensions_kills_at_once() {
    let mut sandbox = Sandbox::ready();
    assert_eq!(sandbox.feed(Input::Shutdown), ["kill runtime 1"]);
    assert_eq!(sandbox.exit(RUNTIME, Exit::Signal(9)), ["close connections", "down"]);
    assert_eq!(sandbox.environment.poll_timeout(), None);
}

#[test]
fn shutdown_before_the_beginning_is_over_at_once() {
    let mut sandbox = Sandbox::new();
    assert_eq!(sandbox.feed(Input::Shutdown), ["down"]);
    assert!(sandbox.feed(Input::Shutdown).is_empty() && sandbox.feed(Input::Initialize).is_empty());
}

#[test]
fn shutdown_with_internal_extensions_gives_the_runtime_500_ms() {
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    let identifier = sandbox.register("inside", r#"{"events":[]}"#);
    sandbox.get(NEXT, &[]);
    sandbox.event_next(&identifier);
    assert_eq!(sandbox.feed(Input::Shutdown), ["terminate runtime 1"]);
    assert!(sandbox.after(499).is_empty());
    assert_eq!(sandbox.after(1), ["kill runtime 1"]);
    assert_eq!(sandbox.exit(RUNTIME, Exit::Signal(9)), ["close connections", "down"]);
}

#[test]
fn shutdown_with_external_extensions_tells_them_when_the_runtime_has_ended() {
    let (mut sandbox, identifier) = Sandbox::ready_with_extension();
    assert_eq!(sandbox.feed(Input::Shutdown), ["terminate runtime 1"]);
    let event = shutdown_event(&sandbox, "spindown");
    assert_eq!(sandbox.exit(RUNTIME, Exit::Signal(15)), [format!("answer: {event}")]);
    assert!(sandbox.event_next(&identifier).is_empty(), "there is no other event, and the call is not refused");
    assert_eq!(sandbox.exit(EXTENSION, Exit::Status(0)), ["close connections", "down"]);
}

#[test]
fn whoever_does_not_end_in_time_is_killed() {
    let (mut sandbox, _) = Sandbox::ready_with_extension();
    sandbox.feed(Input::Shutdown);
    assert!(sandbox.after(599).is_empty());
    sandbox.now.epoch_ms += 1;
    let event = shutdown_event(&sandbox, "spindown");
    sandbox.now.epoch_ms -= 1;
    assert_eq!(sandbox.after(1), ["kill runtime 1".to_owned(), format!("answer: {event}")]);
    assert!(sandbox.after(1_399).is_empty());
    assert_eq!(sandbox.after(1), ["kill extension 0 1"]);
    assert!(sandbox.after(1_999).is_empty());
    assert_eq!(sandbox.after(1), ["close connections", "down"], "though the kernel has ended neither");
}

#[test]
fn extension_that_does_not_want_shutdown_is_killed() {
    let mut sandbox = Sandbox::with(configuration(), &["agent"]);
    sandbox.feed(Input::Initialize);
    let identifier = sandbox.register("agent", r#"{"events":["INVOKE"]}"#);
    sandbox.get(NEXT, &[]);
    sandbox.event_next(&identifier);
    sandbox.feed(Input::Shutdown);
    let told = sandbox.exit(RUNTIME, Exit::Signal(15));
    assert_eq!(told, ["kill extension 0 1"]);
    assert_eq!(sandbox.exit(EXTENSION, Exit::Signal(9)), ["close connections", "down"]);
}

#[test]
fn timeout_resets_the_extensions_too() {
    let (mut sandbox, identifier) = Sandbox::ready_with_extension();
    sandbox.invoke(invocation("a"));
    let cut = sandbox.after(3_000);
    assert_eq!(cut.last().unwrap(), "terminate runtime 1");
    assert!(cut.iter().any(|it| it.starts_with("ended a: error Sandbox.Timedout")), "the caller does not wait for it");
    sandbox.exit(RUNTIME, Exit::Signal(15));
    let event = shutdown_event(&sandbox, "timeout");
    assert_eq!(sandbox.event_next(&identifier), [format!("answer: {event}")], "it is told when it asks");
    assert_eq!(sandbox.exit(EXTENSION, Exit::Status(0)), ["close connections", "free a: 3000 ms"]);
    let begun = sandbox.invoke(invocation("b"));
    assert_eq!(begun, ["log: START RequestId: b Version: $LATEST", "spawn agent 2"]);
}

#[test]
fn failure_is_told_to_extensions_as_a_failure() {
    let (mut sandbox, _) = Sandbox::ready_with_extension();
    sandbox.exit(RUNTIME, Exit::Status(1));
    let event = shutdown_event(&sandbox, "failure");
    let answers: Vec<String> =
        sandbox.answers.values().map(|it| format!("200 {}", String::from_utf8_lossy(&it.body))).collect();
    assert!(answers.contains(&event), "{answers:?}");
}

#[test]
fn invocation_that_comes_during_a_reset_waits_for_it() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.after(3_000);
    assert_eq!(sandbox.invoke(invocation("b")), ["ended b: refused Busy"], "the environment is not free");
    let mut sandbox = Sandbox::ready();
    let (mut other, _) = Sandbox::ready_with_extension();
    other.exit(RUNTIME, Exit::Status(1));
    assert!(other.invoke(invocation("c")).is_empty());
    let begun = other.exit(EXTENSION, Exit::Status(0));
    assert_eq!(begun, ["close connections", "log: START RequestId: c Version: $LATEST", "spawn agent 2"]);
    assert_eq!(sandbox.feed(Input::Shutdown), ["kill runtime 1"]);
    assert_eq!(sandbox.invoke(invocation("d")), ["ended d: refused ShutDown"]);
}

#[test]
fn shutdown_interrupts_what_runs_and_what_waits() {
    let mut sandbox = Sandbox::busy("a");
    assert_eq!(sandbox.feed(Input::Shutdown), ["ended a: interrupted", "kill runtime 1"]);
    assert_eq!(sandbox.exit(RUNTIME, Exit::Signal(9)), ["close connections", "down"]);

    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    sandbox.invoke(invocation("a"));
    assert_eq!(sandbox.feed(Input::Shutdown), ["ended a: interrupted", "kill runtime 1"]);
}

#[test]
fn shutdown_behind_the_answer_does_not_answer_again() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.post(&response("a"), &[], "1");
    assert_eq!(sandbox.feed(Input::Shutdown), ["kill runtime 1"]);
}

#[test]
fn shutdown_during_a_reset_is_the_last_reset() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.after(3_000);
    assert!(sandbox.feed(Input::Shutdown).is_empty());
    assert_eq!(sandbox.exit(RUNTIME, Exit::Signal(9)), ["close connections", "down"]);
}

#[test]
fn nobody_is_served_behind_the_end() {
    let mut sandbox = Sandbox::ready();
    sandbox.feed(Input::Shutdown);
    sandbox.exit(RUNTIME, Exit::Signal(9));
    for path in [NEXT, EVENT_NEXT, "/"] {
        assert!(sandbox.get(path, &[])[0].starts_with("answer: 403"), "{path}");
    }
    assert_eq!(sandbox.invoke(invocation("a")), ["ended a: refused ShutDown"]);
    assert!(sandbox.after(60_000).is_empty());
}

#[test]
fn late_news_of_an_old_call_is_not_the_new_ones() {
    let (mut sandbox, _) = Sandbox::ready_with_extension();
    let old = sandbox.calls;
    sandbox.exit(RUNTIME, Exit::Status(1));
    sandbox.exit(EXTENSION, Exit::Status(0));
    assert_eq!(sandbox.environment.open_calls(), 0);
    sandbox.invoke(invocation("a"));
    let identifier = sandbox.register("agent", r#"{"events":["INVOKE"]}"#);
    sandbox.get(NEXT, &[]);
    assert!(sandbox.hang_up(old).is_empty());
    assert!(sandbox.event_next(&identifier).iter().any(|it| it.contains(r#""eventType":"INVOKE""#)));
}
