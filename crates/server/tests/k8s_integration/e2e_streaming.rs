//! Streamed answers through AWS's own clients.

use serde_json::{Value, json};

use crate::harness::{Clients, Fakecloud, Function, with_temp_ns};

const ECHO_OR_FAIL: &str = r#"
def handler(event, context):
    if "fail" in event:
        raise KeyError(event["fail"])
    return event
"#;

#[test]
fn boto3_reads_a_streamed_answer() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("streamed", &Function::python(ECHO_OR_FAIL));
        check(&Clients::new(ns).python_program("boto3_streaming.py", &[&fakecloud.lambda.endpoint, "streamed"]));
    });
}

#[test]
fn javascript_sdk_reads_a_streamed_answer() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("streamed", &Function::python(ECHO_OR_FAIL));
        let args = [fakecloud.lambda.endpoint.as_str(), "streamed"];
        check(&Clients::new(ns).javascript_program("javascript_streaming.mjs", &args));
    });
}

fn check(printed: &str) {
    let report: Value = serde_json::from_str(printed).unwrap_or_else(|error| panic!("no JSON: {error}\n{printed}"));
    let (success, failure) = (&report["success"], &report["failure"]);
    for call in [success, failure] {
        assert_eq!((&call["status"], &call["version"]), (&json!(200), &json!("$LATEST")), "{report:#}");
        assert_eq!(call["type"], "application/vnd.amazon.eventstream", "{report:#}");
    }
    assert_eq!((&success["payload"], &success["ends"]), (&json!("{\"n\": 1}"), &json!([{}])), "{report:#}");
    let end = &failure["ends"][0];
    assert_eq!((&failure["payload"], &end["ErrorCode"]), (&json!(""), &json!("Unhandled")), "{report:#}");
    let details: Value = serde_json::from_str(end["ErrorDetails"].as_str().unwrap_or_default()).unwrap_or_default();
    assert_eq!((&details["errorType"], &details["errorMessage"]), (&json!("KeyError"), &json!("'no'")), "{report:#}");
    assert_eq!(report["missing"], "ResourceNotFoundException", "{report:#}");
}
