//! Invocations through the supervisor: answers, errors, streams and timeouts.

use serde_json::json;

use crate::fakecloud::Environment;

const STREAMING: (&str, &str) = ("Fakecloud-Response-Mode", "streaming");

#[test]
fn event_reaches_the_runtime_and_its_answer_comes_back() {
    let mut environment = Environment::start();
    assert_eq!(environment.asked.field("fakecloud-init"), Some("done"));
    for value in [json!(42), json!({"a": ["b"]}), json!("ä")] {
        let answer = environment.invoke("a", &json!({"do": "echo", "value": value}));
        assert_eq!((answer.status, answer.error_type(), answer.json()), (200, None, value));
        assert_eq!(answer.head.field("content-type"), Some("application/json"));
    }
}

#[test]
fn runtime_gets_the_fields_of_the_invocation() {
    let mut environment = Environment::start();
    let fields =
        [("X-Amzn-Trace-Id", "Root=1-2-3"), ("X-Amz-Client-Context", r#"{"custom":{}}"#), ("X-Amz-Tenant-Id", "blue")];
    let headers = environment.invoke_with("a", &fields, br#"{"do":"headers"}"#).json();
    assert_eq!(headers["lambda-runtime-aws-request-id"], "a");
    assert_eq!(headers["lambda-runtime-trace-id"], "Root=1-2-3");
    assert_eq!(headers["lambda-runtime-client-context"], r#"{"custom":{}}"#);
    assert_eq!(headers["lambda-runtime-aws-tenant-id"], "blue");
    assert_eq!(headers["lambda-runtime-invoked-function-arn"], "arn:aws:lambda:eu-west-1:123456789012:function:f");
}

#[test]
fn errors_exits_and_signals_are_told_and_the_next_invocation_has_a_new_runtime() {
    let mut environment = Environment::start();
    let raised = environment.invoke("a", &json!({"do": "raise"}));
    assert_eq!((raised.status, raised.error_type()), (200, Some("Function.Error")));
    assert_eq!(raised.json(), json!({"errorMessage": "m", "errorType": "E"}));
    for (id, event, words) in
        [("b", json!({"do": "exit", "status": 3}), "exit status 3"), ("c", json!({"do": "kill"}), "signal: killed")]
    {
        let ended = environment.invoke(id, &event);
        assert_eq!(ended.error_type(), Some("Runtime.ExitError"));
        let message = format!("RequestId: {id} Error: Runtime exited with error: {words}");
        assert_eq!(ended.json(), json!({"errorType": "Runtime.ExitError", "errorMessage": message}));
        let next = environment.invoke("d", &json!({"do": "echo", "value": 1}));
        assert_eq!(next.json(), 1, "after {words}");
    }
}

#[test]
fn timeout_is_told_when_it_is_over_and_the_next_invocation_runs() {
    let mut environment = Environment::with(json!({"timeoutMs": 300}), |_| {});
    let ended = environment.invoke("a", &json!({"do": "sleep", "seconds": 600}));
    assert_eq!(ended.error_type(), Some("Sandbox.Timedout"));
    assert_eq!(ended.json()["errorMessage"], "RequestId: a Error: Task timed out after 0.30 seconds");
}

#[test]
fn six_megabytes_pass_both_ways_and_a_byte_more_does_not() {
    let mut environment = Environment::with(json!({"timeoutMs": 60_000}), |_| {});
    let large = environment.invoke("a", &json!({"do": "large", "bytes": 6_291_556}));
    assert_eq!((large.error_type(), large.body.len()), (None, 6_291_556));
    let larger = environment.invoke("b", &json!({"do": "large", "bytes": 6_291_557}));
    assert_eq!(larger.error_type(), Some("Function.ResponseSizeTooLarge"));
    let event = json!({"do": "echo", "value": "x".repeat(6_291_000)});
    assert_eq!(environment.invoke("c", &event).body.len(), 6_291_002);
}

#[test]
fn stream_comes_piece_by_piece() {
    let mut environment = Environment::start();
    let gate = environment.folder.path().join("gate");
    let event = json!({"do": "stream", "pieces": ["one", "two"], "pause": gate});
    environment.send("a", &[STREAMING], event.to_string().as_bytes());
    let head = environment.head();
    assert_eq!(head.field("content-type"), Some("text/plain"));
    assert_eq!(environment.chunk().unwrap(), b"one", "the runtime waits before its second piece");
    std::fs::write(gate, "").unwrap();
    assert_eq!(environment.chunk().unwrap(), b"two");
    assert_eq!(environment.chunk(), None);
}

#[test]
fn stream_that_is_longer_than_what_waits_for_fakecloud_arrives_whole() {
    let mut environment = Environment::with(json!({"timeoutMs": 60_000}), |_| {});
    let pieces: Vec<String> = (0..80).map(|number| format!("{number:>60000}")).collect();
    let event = json!({"do": "stream", "pieces": pieces}).to_string();
    let answer = environment.invoke_with("a", &[STREAMING], event.as_bytes());
    assert!(answer.text() == pieces.concat(), "{} bytes", answer.body.len());
}

#[test]
fn stream_that_fails_half_way_has_its_error_in_the_trailers() {
    let mut environment = Environment::start();
    let trailers = "Lambda-Runtime-Function-Error-Type: Function.Broke\r\nLambda-Runtime-Function-Error-Body: e30=\r\n";
    let event = json!({"do": "stream", "pieces": ["one"], "trailers": trailers});
    let answer = environment.invoke_with("a", &[STREAMING], event.to_string().as_bytes());
    assert_eq!(answer.text(), "one");
    assert_eq!(answer.trailers.field("fakecloud-error-type"), Some("Function.Broke"));
    assert_eq!(answer.trailers.field("fakecloud-error-body"), Some("e30="));
}

#[test]
fn stream_of_a_runtime_that_dies_is_truncated() {
    let mut environment = Environment::start();
    let event = json!({"do": "stream", "die": true});
    let answer = environment.invoke_with("a", &[STREAMING], event.to_string().as_bytes());
    assert_eq!(answer.text(), "one");
    assert_eq!(answer.trailers.field("fakecloud-error-type"), Some("Runtime.TruncatedResponse"));
}

#[test]
fn request_that_is_no_invocation_is_refused() {
    let mut environment = Environment::start();
    let answer = environment.invoke_with("a", &[("Fakecloud-Function-Arn-Missing", "x")], br#"{"do":"echo"}"#);
    assert_eq!(answer.status, 200);
}
