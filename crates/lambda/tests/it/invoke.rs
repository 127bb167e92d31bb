//! Invoke: what runs, and how its end is answered.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fakecloud_lambda::{InvocationKind, Outcome};
use serde_json::{Value, json};

use crate::harness::{Account, answer, error, violated};

const TARGET: &str = "/2015-03-31/functions/f/invocations";
const ID: &str = "c0ffee00-0000-4000-8000-000000000000";

fn account() -> Account {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true, "Timeout": 2 }));
    account
}

#[test]
fn a_bare_invoke_waits_for_latest_with_an_empty_event() {
    let invocation = account().resolve(TARGET, &[], b"").unwrap();
    assert_eq!(invocation.kind, InvocationKind::RequestResponse);
    assert_eq!((&*invocation.function.version, &*invocation.payload), ("$LATEST", &b"{}"[..]));
    assert_eq!((invocation.log_tail, invocation.client_context), (false, None));
}

#[test]
fn headers_and_qualifier_reach_the_invocation() {
    let context = Some("e30=".to_owned());
    for (name, kind, context) in
        [("RequestResponse", InvocationKind::RequestResponse, context), ("Event", InvocationKind::Event, None)]
    {
        let headers = [("x-amz-invocation-type", name), ("x-amz-log-type", "Tail"), ("X-Amz-Client-Context", "e30=")];
        let invocation = account().resolve(&format!("{TARGET}?Qualifier=1"), &headers, br#" {"a": 1} "#).unwrap();
        assert_eq!((invocation.kind, &*invocation.function.version), (kind, "1"));
        assert_eq!((invocation.log_tail, invocation.client_context), (true, context), "{name}");
        assert_eq!(&*invocation.payload, br#" {"a": 1} "#);
    }
}

#[test]
fn those_who_do_not_wait_get_an_empty_answer() {
    let account = account();
    for (kind, status) in [("Event", 202), ("DryRun", 204)] {
        let accepted = account.resolve(TARGET, &[("X-Amz-Invocation-Type", kind)], b"{}").unwrap().accepted();
        assert_eq!((accepted.status.as_u16(), accepted.body.len()), (status, 0), "{kind}");
    }
}

#[test]
fn wrong_invocations_are_refused_in_the_words_of_aws() {
    let account = account();
    let refused = |target: &str, headers: &[(&'static str, &str)], body: &[u8]| {
        account.resolve(target, headers, body).map(|_| ()).unwrap_err()
    };
    let start = "Could not parse request body into json: Could not parse payload into json: ";
    let place = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column:";
    let message = format!(
        "{start}Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at {place} 5]"
    );
    let bad_json = json!({ "Type": "User", "message": message });
    assert_eq!(refused(TARGET, &[], b"nope"), error(400, "InvalidRequestContentException", bad_json));
    let message = format!("{start}Invalid UTF-8 start byte 0xff\n at {place} 3]");
    let bad_text = json!({ "Type": "User", "message": message });
    assert_eq!(refused(TARGET, &[], b"\"\xff\""), error(400, "InvalidRequestContentException", bad_text));
    let message = "1 validation error detected: Value 'Now' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]";
    assert_eq!(refused(TARGET, &[("X-Amz-Invocation-Type", "Now")], b"{}"), violated(message));
    let context = json!({ "Type": "User", "message": "Client context must be a valid Base64-encoded JSON object." });
    for text in ["%", "bm9wZQ==", "W10="] {
        let answer = refused(TARGET, &[("X-Amz-Client-Context", text)], b"{}");
        assert_eq!(answer, error(400, "InvalidRequestContentException", context.clone()), "{text}");
    }
    let missing = json!({ "Type": "User", "Message": "Function not found: arn:aws:lambda:eu-west-1:111122223333:function:f:live" });
    assert_eq!(
        refused("/2015-03-31/functions/f:live/invocations", &[], b"{}"),
        error(404, "ResourceNotFoundException", missing)
    );
    assert_eq!(refused(TARGET, &[("X-Amz-Tenant-Id", "t")], b"{}").status, 400, "what nothing acts on is refused");
}

#[test]
fn payloads_are_bounded_by_their_kind() {
    let account = account();
    let string = |len: usize| format!("\"{}\"", "x".repeat(len - 2));
    for (kind, limit) in [("RequestResponse", 6_291_456), ("Event", 1_048_576)] {
        let headers = [("X-Amz-Invocation-Type", kind)];
        assert!(account.resolve(TARGET, &headers, string(limit).as_bytes()).is_ok(), "{kind} at the limit");
        let refused = account.resolve(TARGET, &headers, string(limit + 1).as_bytes()).map(|_| ()).unwrap_err();
        let message =
            format!("{} byte payload is too large for the {kind} invocation type (limit {limit} bytes)", limit + 1);
        let body = json!({ "Type": "User", "message": message });
        assert_eq!(refused, error(413, "RequestEntityTooLargeException", body));
    }
}

/// The answer that a caller gets when the Pod answers so: status, X-Amz-Function-Error, body.
fn answered(status: u16, body: impl Into<Bytes>) -> (u16, Option<String>, Value) {
    let invocation = account().resolve(TARGET, &[], b"{}").unwrap();
    let outcome = Outcome::from_rie(status, body.into(), ID, invocation.function.timeout_s);
    let response = invocation.answer(outcome, None).unwrap_or_else(|error| error.to_response());
    let function_error = response.headers.get("X-Amz-Function-Error").map(|value| value.to_str().unwrap().to_owned());
    (response.status.as_u16(), function_error, answer(response).body)
}

#[test]
fn answers_are_no_errors_whatever_they_contain() {
    for body in [
        json!({ "ok": true }),
        json!({ "errorMessage": "mine" }),
        json!({ "errorType": "mine" }),
        json!({ "errorMessage": "mine", "errorType": "mine", "statusCode": 400 }),
        json!([{ "errorMessage": "m", "errorType": "t" }]),
        json!("Task timed out after 2.00 seconds"),
        json!("Task timed out"),
        Value::Null,
    ] {
        assert_eq!(answered(200, body.to_string()), (200, None, body));
    }
}

#[test]
fn what_runtime_clients_report_is_an_unhandled_error() {
    for body in [
        json!({ "errorMessage": "m", "errorType": "ValueError", "requestId": ID, "stackTrace": ["  File …"] }),
        json!({ "errorType": "Error", "errorMessage": "m", "trace": ["Error: m"] }),
        json!({ "errorMessage": "m", "errorType": "java.lang.Error", "stackTrace": [], "cause": { "errorMessage": "c" } }),
        json!({ "errorType": "T", "errorMessage": "m" }),
    ] {
        assert_eq!(answered(200, body.to_string()), (200, Some("Unhandled".to_owned()), body));
    }
    let exit = json!({ "errorType": "Runtime.ExitError", "errorMessage": format!("RequestId: {ID} Error: Runtime exited with error: signal: killed") });
    let init = json!({ "errorType": "Runtime.ImportModuleError", "errorMessage": "m", "requestId": "", "more": [] });
    assert_eq!(answered(502, init.to_string()), (200, Some("Unhandled".to_owned()), init));
    assert_eq!(answered(502, exit.to_string()), (200, Some("Unhandled".to_owned()), exit));
}

#[test]
fn what_the_emulator_says_in_its_own_way_is_said_as_aws_does() {
    let unhandled = |kind: &str, message: String| {
        (200, Some("Unhandled".to_owned()), json!({ "errorType": kind, "errorMessage": message }))
    };
    assert_eq!(
        answered(200, "Task timed out after 2.00 seconds"),
        unhandled("Sandbox.Timedout", format!("RequestId: {ID} Error: Task timed out after 2.00 seconds"))
    );
    assert_eq!(
        answered(502, ""),
        unhandled("Runtime.ExitError", format!("RequestId: {ID} Error: Runtime exited without providing a reason"))
    );
    let large = |len: usize| format!("\"{}\"", "x".repeat(len - 2));
    assert_eq!(answered(200, large(6_291_556)).1, None);
    let too_large = unhandled(
        "Function.ResponseSizeTooLarge",
        "Response payload size exceeded maximum allowed payload size (6291556 bytes).".to_owned(),
    );
    assert_eq!(answered(200, large(6_291_557)), too_large);
    let of_the_emulator = json!({
        "errorMessage": "Response payload size (6291559 bytes) exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    });
    assert_eq!(answered(502, of_the_emulator.to_string()), too_large);
    assert_eq!(answered(502, "Bad Gateway").0, 500);
    let broken = json!({ "Type": "Service", "Message": "the function's Pod answered with HTTP 418: teapot" });
    assert_eq!(answered(418, "teapot"), (500, None, broken));
}

#[test]
fn a_reason_of_the_cluster_is_worded_as_an_exit() {
    let invocation = account().resolve(TARGET, &[], b"{}").unwrap();
    let exited = Outcome::Exited { request_id: ID.to_owned(), reason: Some("signal: killed".to_owned()) };
    let message = format!("RequestId: {ID} Error: Runtime exited with error: signal: killed");
    let body = answer(invocation.answer(exited, None).unwrap()).body;
    assert_eq!(body, json!({ "errorType": "Runtime.ExitError", "errorMessage": message }));
}

#[test]
fn the_log_is_sent_to_those_who_ask() {
    let log = [&[b'a'; 10][..], &[b'b'; 4096]].concat();
    let header = |headers: &[(&'static str, &str)], name: &str| {
        let invocation = account().resolve(TARGET, headers, b"{}").unwrap();
        let response = invocation.answer(Outcome::Success { payload: "1".into() }, Some(&log)).unwrap();
        response.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let tail = [("X-Amz-Log-Type", "Tail")];
    assert_eq!(header(&tail, "X-Amz-Log-Result"), Some(STANDARD.encode([b'b'; 4096])));
    assert_eq!(header(&[], "X-Amz-Log-Result"), None);
    assert_eq!(header(&[], "X-Amz-Executed-Version").as_deref(), Some("$LATEST"));
    assert_eq!(header(&[], "Content-Type").as_deref(), Some("application/json"));
}

#[test]
fn a_throttle_names_its_reason() {
    let throttled = answer(fakecloud_lambda::Error::throttled("ConcurrentInvocationLimitExceeded").to_response());
    let body = json!({ "Type": "User", "message": "Rate Exceeded.", "Reason": "ConcurrentInvocationLimitExceeded" });
    assert_eq!(throttled, error(429, "TooManyRequestsException", body));
}
