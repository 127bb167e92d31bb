//! How invocations end that go wrong, in AWS's own words.

use serde_json::{Value, json};

use crate::harness::{Answer, Fakecloud, Function, with_temp_ns};

const WAYS_PY: &str = r#"
import os, signal, time

def handler(event, context):
    way = event["way"]
    if way == "raise":
        raise KeyError("no")
    if way == "exit":
        os._exit(3)
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "sleep":
        time.sleep(60)
    if way == "hog":
        hog = []
        while True:
            hog.append(bytearray(b"x" * (8 << 20)))
    if way == "large":
        return "x" * 6_291_557
    return {"errorMessage": "an ordinary answer"}
"#;

#[test]
fn invocations_fail_with_the_errors_of_aws() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        lambda.create_function("ways", &Function::python(WAYS_PY));
        lambda.update_configuration("ways", &json!({"Timeout": 10}));

        let fine = lambda.invoke("ways", &json!({"way": "fine"})).returned();
        assert_eq!(fine, json!({"errorMessage": "an ordinary answer"}));
        let raised = failed(&lambda.invoke("ways", &json!({"way": "raise"})));
        assert_eq!((&raised["errorType"], &raised["errorMessage"]), (&json!("KeyError"), &json!("'no'")));
        let exit = lambda.invoke("ways", &json!({"way": "exit"}));
        assert_exit(&exit, "Runtime exited with error: exit status 3");
        let killed = lambda.invoke("ways", &json!({"way": "kill"}));
        assert_exit(&killed, "Runtime exited with error: signal: killed");
        let large = failed(&lambda.invoke("ways", &json!({"way": "large"})));
        let too_large = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
        assert_eq!(large, json!({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": too_large}));
        let hog = lambda.invoke("ways", &json!({"way": "hog"}));
        assert_exit(&hog, "Runtime exited with error: ");
        assert!(hog.json()["errorMessage"].as_str().unwrap().contains("signal: killed"), "{hog}");

        lambda.update_configuration("ways", &json!({"Timeout": 1}));
        let slow = lambda.invoke("ways", &json!({"way": "sleep"}));
        let expected = json!({
            "errorType": "Sandbox.Timedout",
            "errorMessage": format!("RequestId: {} Error: Task timed out after 1.00 seconds", id(&slow)),
        });
        assert_eq!(failed(&slow), expected);
    });
}

fn assert_exit(answer: &Answer, how: &str) {
    let error = failed(answer);
    assert_eq!(error["errorType"], "Runtime.ExitError", "{answer}");
    let message = error["errorMessage"].as_str().expect("an error has a message");
    assert!(message.starts_with(&format!("RequestId: {} Error: {how}", id(answer))), "{answer}");
}

fn failed(answer: &Answer) -> Value {
    assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"), "{answer}");
    assert_eq!(answer.header("x-amz-executed-version"), Some("$LATEST"), "{answer}");
    assert!(answer.header("x-amzn-trace-id").is_some_and(|id| id.starts_with("Root=1-")), "{answer}");
    answer.expect(200)
}

fn id(answer: &Answer) -> &str {
    answer.header("x-amzn-requestid").expect("every answer has the request's id")
}
