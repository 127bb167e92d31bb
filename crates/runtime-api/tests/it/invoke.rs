//! Invoke: the event, the answer, errors, exits and timeouts.

use bytes::Bytes;
use fakecloud_runtime_api::{Exit, Input, PAYLOAD_BYTES_MAX, Process, Role};

use crate::harness::{ACCEPTED, EPOCH_MS, NEXT, RUNTIME, Sandbox, error, invocation, report_line, response};

const NO_TIME: &str = "Duration: 0.00 ms\tBilled Duration: 100 ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB\t\
                       Init Duration: 100.00 ms\t";

fn wrong_state(from: &str, to: &str) -> String {
    let message =
        format!("State transition from {from} to {to} failed for runtime. Error: State transition is not allowed");
    format!(r#"answer: 403 {{"errorMessage":"{message}","errorType":"InvalidStateTransition"}}"#)
}

#[test]
fn event_has_all_headers_that_clients_need() {
    let mut sandbox = Sandbox::ready();
    sandbox.invoke(invocation("a"));
    let header = |name: &str| sandbox.header(name);
    assert_eq!(header("Lambda-Runtime-Aws-Request-Id").unwrap(), "a");
    assert_eq!(header("Lambda-Runtime-Deadline-Ms").unwrap(), (EPOCH_MS + 100 + 3_000).to_string());
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:greeter";
    assert_eq!(header("Lambda-Runtime-Invoked-Function-Arn").unwrap(), arn);
    assert_eq!(header("Lambda-Runtime-Trace-Id").unwrap(), "Root=1-2-3");
    assert_eq!(header("Content-Type").unwrap(), "application/json");
    for absent in ["Lambda-Runtime-Client-Context", "Lambda-Runtime-Cognito-Identity", "Lambda-Runtime-Aws-Tenant-Id"] {
        assert_eq!(header(absent), None);
    }
}

#[test]
fn event_has_the_headers_of_its_caller() {
    let mut sandbox = Sandbox::ready();
    let mut invocation = invocation("a");
    invocation.client_context = Some(r#"{"custom":{"a":"b"}}"#.to_owned());
    invocation.cognito_identity = Some(r#"{"cognitoIdentityId":"c"}"#.to_owned());
    invocation.tenant_id = Some("blue\r\nX-Evil: 1".to_owned());
    invocation.trace_id = None;
    sandbox.invoke(invocation);
    assert_eq!(sandbox.header("Lambda-Runtime-Client-Context").unwrap(), r#"{"custom":{"a":"b"}}"#);
    assert_eq!(sandbox.header("Lambda-Runtime-Cognito-Identity").unwrap(), r#"{"cognitoIdentityId":"c"}"#);
    assert_eq!(sandbox.header("Lambda-Runtime-Aws-Tenant-Id").unwrap(), "blueX-Evil: 1");
    let trace = sandbox.header("Lambda-Runtime-Trace-Id").unwrap();
    assert!(trace.starts_with("Root=1-6553f100-") && trace.ends_with(";Sampled=0"), "{trace}");
}

#[test]
fn answer_is_told_before_the_runtime_hears_and_the_environment_is_free_at_its_next_call() {
    let mut sandbox = Sandbox::ready();
    assert_eq!(sandbox.invoke(invocation("a")), ["log: START RequestId: a Version: $LATEST", "answer: 200 {}"]);
    let told = sandbox.post(&response("a"), &[("Content-Type", "text/plain")], "42");
    assert_eq!(told, ["ended a: success text/plain 42", ACCEPTED]);
    let free = sandbox.get(NEXT, &[]);
    assert_eq!(free, ["log: END RequestId: a".to_owned(), report_line("a", NO_TIME), "free a: 0 ms".to_owned()]);
    assert_eq!(sandbox.environment.poll_timeout(), None);
}

#[test]
fn error_is_told_by_its_endpoint_and_not_by_the_body() {
    let looks_wrong = r#"{"errorType":"E","errorMessage":"m"}"#;
    let mut sandbox = Sandbox::busy("a");
    let told = sandbox.post(&response("a"), &[], looks_wrong);
    assert_eq!(told[0], format!("ended a: success - {looks_wrong}"));

    let mut sandbox = Sandbox::busy("a");
    let told = sandbox.post(&error("a"), &[("lambda-runtime-function-error-type", "Function.MyError")], "1");
    assert_eq!(told, ["ended a: error Function.MyError 1", ACCEPTED]);
    let free = sandbox.get(NEXT, &[]);
    assert_eq!(free[1], report_line("a", NO_TIME), "an error that the function tells is no failed environment");
    assert_eq!(free[2], "free a: 0 ms");
}

#[test]
fn error_type_of_another_form_is_unknown() {
    let mut sandbox = Sandbox::busy("a");
    let told = sandbox.post(&error("a"), &[("Lambda-Runtime-Function-Error-Type", "TypeError")], "{}");
    assert_eq!(told[0], "ended a: error Function.Unknown {}");
}

#[test]
fn answer_to_another_invocation_is_refused_and_harms_nobody() {
    let mut sandbox = Sandbox::busy("a");
    for path in [response("b"), error("b"), response("")] {
        let refused = sandbox.post(&path, &[], "1");
        assert_eq!(refused, [r#"answer: 400 {"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#]);
    }
    assert_eq!(sandbox.post(&response("a"), &[], "1")[0], "ended a: success - 1");
}

#[test]
fn calls_out_of_order_are_refused() {
    let mut sandbox = Sandbox::ready();
    assert_eq!(sandbox.post(&response("a"), &[], "1"), [wrong_state("Ready", "InvocationResponse")]);
    assert_eq!(sandbox.get(NEXT, &[]), [wrong_state("Ready", "Ready")]);
    sandbox.invoke(invocation("a"));
    assert_eq!(sandbox.get(NEXT, &[]), [wrong_state("Running", "Ready")]);
    sandbox.post(&response("a"), &[], "1");
    assert_eq!(sandbox.post(&response("a"), &[], "2"), [wrong_state("ResponseSent", "InvocationResponse")]);
    assert_eq!(sandbox.post(&error("a"), &[], "2"), [wrong_state("ResponseSent", "InvocationResponse")]);
}

#[test]
fn second_answer_while_the_first_is_coming_is_refused() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.head("POST", &response("a"), &[]);
    let first = sandbox.calls;
    let refused = sandbox.post(&error("a"), &[], "2");
    assert_eq!(refused, [wrong_state("InvocationResponse", "InvocationResponse")]);
    sandbox.calls = first;
    sandbox.body(b"1");
    assert_eq!(sandbox.end(&[]), ["ended a: success - 1", ACCEPTED]);
}

#[test]
fn path_or_method_that_the_api_has_not_is_refused() {
    let mut sandbox = Sandbox::busy("a");
    assert_eq!(sandbox.get("/", &[]), ["answer: 404 404 page not found"]);
    assert_eq!(sandbox.post(NEXT, &[], ""), ["answer: 405"]);
}

#[test]
fn answer_may_have_6_mib_and_100_bytes() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.head("POST", &response("a"), &[]);
    sandbox.body(&vec![b'x'; PAYLOAD_BYTES_MAX - 1]);
    assert!(sandbox.body(b"x").is_empty());
    assert_eq!(sandbox.end(&[])[0], format!("ended a: success - {PAYLOAD_BYTES_MAX} bytes"));
}

#[test]
fn answer_with_a_byte_more_is_refused_at_once() {
    for path in [response("a"), error("a")] {
        let mut sandbox = Sandbox::busy("a");
        sandbox.head("POST", &path, &[]);
        sandbox.body(&vec![b'x'; PAYLOAD_BYTES_MAX]);
        let refused = sandbox.body(b"x");
        let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
        let object = format!(r#"{{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"{message}"}}"#);
        let answer = r#"answer: 413 {"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}"#;
        assert_eq!(refused, [format!("ended a: error Function.ResponseSizeTooLarge {object}"), answer.to_owned()]);
        assert!(sandbox.body(b"x").is_empty() && sandbox.end(&[]).is_empty(), "the rest is thrown away");
        assert_eq!(sandbox.get(NEXT, &[])[2], "free a: 0 ms", "the runtime lives");
    }
}

#[test]
fn event_that_is_too_large_is_refused() {
    let mut sandbox = Sandbox::ready();
    let mut large = invocation("a");
    large.payload = vec![b'x'; PAYLOAD_BYTES_MAX + 1].into();
    assert_eq!(sandbox.invoke(large), ["ended a: refused TooLarge"]);
    let mut largest = invocation("b");
    largest.payload = vec![b'x'; PAYLOAD_BYTES_MAX].into();
    assert_eq!(sandbox.invoke(largest)[1], format!("answer: 200 {PAYLOAD_BYTES_MAX} bytes"));
}

#[test]
fn answer_whose_connection_breaks_may_be_brought_again() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.head("POST", &response("a"), &[]);
    sandbox.body(b"half");
    assert!(sandbox.hang_up(sandbox.calls).is_empty());
    assert_eq!(sandbox.post(&response("a"), &[], "whole"), ["ended a: success - whole", ACCEPTED]);
}

#[test]
fn environment_serves_one_invocation_at_a_time() {
    let mut sandbox = Sandbox::busy("a");
    assert_eq!(sandbox.invoke(invocation("b")), ["ended b: refused Busy"]);
    sandbox.post(&response("a"), &[], "1");
    assert_eq!(sandbox.invoke(invocation("c")), ["ended c: refused Busy"], "the runtime has not asked for more");
    sandbox.get(NEXT, &[]);
    assert_eq!(sandbox.invoke(invocation("d"))[1], "answer: 200 {}");
}

#[test]
fn invocation_before_the_beginning_is_refused() {
    assert_eq!(Sandbox::new().invoke(invocation("a")), ["ended a: refused NotInitialized"]);
}

#[test]
fn timeout_is_told_to_the_millisecond_and_ends_the_runtime() {
    let mut sandbox = Sandbox::busy("a");
    assert!(sandbox.after(2_999).is_empty());
    let cut = sandbox.after(1);
    let message = "RequestId: a Error: Task timed out after 3.00 seconds";
    let figures = "Duration: 3000.00 ms\tBilled Duration: 3100 ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB\t\
                   Init Duration: 100.00 ms\tStatus: timeout";
    assert_eq!(
        cut,
        [
            "log: 2023-11-14T22:13:23.100Z a Task timed out after 3.00 seconds".to_owned(),
            "log: END RequestId: a".to_owned(),
            report_line("a", figures),
            format!(r#"ended a: error Sandbox.Timedout {{"errorType":"Sandbox.Timedout","errorMessage":"{message}"}}"#),
            "kill runtime 1".to_owned(),
        ]
    );
    assert_eq!(sandbox.post(&response("a"), &[], "late"), [wrong_state("Running", "InvocationResponse")]);
    assert_eq!(sandbox.exit(RUNTIME, Exit::Signal(9)), ["close connections", "free a: 3000 ms"]);
    let next = sandbox.invoke(invocation("b"));
    assert_eq!(next, ["log: START RequestId: b Version: $LATEST", "spawn runtime 2"], "a new runtime");
}

#[test]
fn runtime_that_answers_and_never_asks_again_is_ended_when_the_time_is_over() {
    let mut sandbox = Sandbox::busy("a");
    assert_eq!(sandbox.post(&response("a"), &[], "1")[0], "ended a: success - 1");
    let cut = sandbox.after(3_000);
    assert!(cut.iter().any(|it| it.ends_with("Status: timeout")), "{cut:?}");
    assert_eq!(cut.last().unwrap(), "kill runtime 1");
}

#[test]
fn exit_is_told_with_its_status_or_signal() {
    for (exit, words, memory) in [
        (Exit::Status(1), "Runtime exited with error: exit status 1", 0),
        (Exit::Status(0), "Runtime exited without providing a reason", 0),
        (Exit::Signal(11), "Runtime exited with error: signal: segmentation fault", 0),
        (Exit::OutOfMemory, "Runtime exited with error: signal: killed", 128),
    ] {
        let mut sandbox = Sandbox::busy("a");
        let told = sandbox.exit(RUNTIME, exit);
        let message = format!("RequestId: a Error: {words}");
        let figures = format!(
            "Duration: 0.00 ms\tBilled Duration: 100 ms\tMemory Size: 128 MB\tMax Memory Used: {memory} MB\t\
             Init Duration: 100.00 ms\tStatus: error\tError Type: Runtime.ExitError"
        );
        assert_eq!(
            told,
            [
                format!("log: {message}"),
                "log: Runtime.ExitError".to_owned(),
                "log: END RequestId: a".to_owned(),
                report_line("a", &figures),
                format!(
                    r#"ended a: error Runtime.ExitError {{"errorType":"Runtime.ExitError","errorMessage":"{message}"}}"#
                ),
                "close connections".to_owned(),
                "free a: 0 ms".to_owned(),
            ]
        );
    }
}

#[test]
fn exit_behind_the_answer_leaves_the_answer() {
    let mut sandbox = Sandbox::busy("a");
    sandbox.post(&response("a"), &[], "1");
    let told = sandbox.exit(RUNTIME, Exit::Status(0));
    assert!(told.iter().all(|it| !it.starts_with("ended")), "{told:?}");
    assert_eq!(told.last().unwrap(), "free a: 0 ms");
}

#[test]
fn runtime_that_ends_between_invocations_is_started_by_the_next_one() {
    let mut sandbox = Sandbox::ready();
    let told = sandbox.exit(RUNTIME, Exit::Status(3));
    assert_eq!(told.last().unwrap(), "close connections");
    let begun = sandbox.invoke(invocation("a"));
    assert_eq!(begun, ["log: START RequestId: a Version: $LATEST", "spawn runtime 2"]);
}

#[test]
fn runtime_whose_connection_broke_gets_the_event_when_it_asks_again() {
    let mut sandbox = Sandbox::ready();
    sandbox.hang_up(1);
    assert_eq!(sandbox.invoke(invocation("a")), ["log: START RequestId: a Version: $LATEST"]);
    assert_eq!(sandbox.get(NEXT, &[]), ["answer: 200 {}"]);
}

#[test]
fn runtime_whose_connection_broke_and_that_stays_away_times_out() {
    let mut sandbox = Sandbox::ready();
    sandbox.hang_up(1);
    sandbox.invoke(invocation("a"));
    assert!(sandbox.after(3_000).iter().any(|it| it.starts_with("ended a: error Sandbox.Timedout")));
}

#[test]
fn memory_in_the_report_is_the_peak_and_no_more_than_there_is() {
    for (told, shown) in [(36, 36), (500, 128)] {
        let mut sandbox = Sandbox::busy("a");
        sandbox.post(&response("a"), &[], "1");
        sandbox.feed(Input::MemoryPeak { mb: told });
        let free = sandbox.get(NEXT, &[]);
        assert!(free[1].contains(&format!("\tMax Memory Used: {shown} MB\t")), "{free:?}");
    }
}

#[test]
fn inputs_about_the_unknown_are_ignored() {
    let mut sandbox = Sandbox::busy("a");
    let stranger = Process { role: Role::Extension(3), generation: 9 };
    assert!(sandbox.exit(stranger, Exit::Status(1)).is_empty());
    assert!(sandbox.print(stranger, "x\n").is_empty());
    assert!(sandbox.hang_up(99).is_empty() && sandbox.delivered(9, false).is_empty());
    sandbox.calls = 77;
    assert!(sandbox.body(b"x").is_empty() && sandbox.end(&[]).is_empty());
    let failure = fakecloud_runtime_api::SpawnFailure::NoBootstrap { candidates: Vec::new() };
    assert!(sandbox.feed(Input::SpawnFailed { process: stranger, failure }).is_empty());
    let record = Input::Record { process: stranger, text: Bytes::from_static(b"x") };
    assert!(sandbox.feed(record).is_empty());
}
