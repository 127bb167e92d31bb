//! How invocations end that go wrong, in AWS's own words.

use std::thread;

use serde_json::{Value, json};

use crate::harness::{Answer, Fakecloud, Function, LogLevel, with_temp_ns};

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
    if way == "stop the emulator":
        os.kill(1, signal.SIGTERM)
        time.sleep(60)
    if way == "sleep":
        time.sleep(60)
    if way == "hog":
        hog = []
        while True:
            hog.append(bytearray(b"x" * (8 << 20)))
    if way == "hog as many":
        # Each is smaller than the emulator, so that the kernel ends that, and with it the container. Newer kubelets have
        # it end all of a container anyway.
        with open("/proc/1/oom_score_adj", "w") as file:
            file.write("1000")
        many = "for _ in $(seq 60); do dd if=/dev/zero of=/dev/null bs=3M & done; wait"
        os.execv("/bin/sh", ["sh", "-c", many])
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
        assert_eq!(warnings(&fakecloud, "the runtime was killed"), 1);
        // The kernel ends the largest process, which leaves nothing in the Pod's state: its container goes on.
        let hog = lambda.invoke("ways", &json!({"way": "hog"}));
        assert_exit(&hog, "Runtime exited with error: signal: killed");
        assert_eq!(warnings(&fakecloud, "the runtime was killed"), 2);

        lambda.update_configuration("ways", &json!({"Timeout": 1}));
        let slow = lambda.invoke("ways", &json!({"way": "sleep"}));
        let expected = json!({
            "errorType": "Sandbox.Timedout",
            "errorMessage": format!("RequestId: {} Error: Task timed out after 1.00 seconds", id(&slow)),
        });
        assert_eq!(failed(&slow), expected);
    });
}

#[test]
fn container_that_is_killed_for_its_memory_is_oomkilled_in_the_answer_and_the_log() {
    with_temp_ns(|ns| {
        // The limit is MemorySize alone.
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_K8S_TMP_MEDIUM", "Disk")]);
        let lambda = &fakecloud.lambda;
        lambda.create_function("ways", &Function::python(WAYS_PY).members(json!({"Timeout": 30, "MemorySize": 128})));
        lambda.invoke("ways", &json!({"way": "fine"})).returned();
        let pod = ns.pods_of("ways").remove(0).name;

        let killed = lambda.invoke("ways", &json!({"way": "hog as many"}));
        assert_exit(&killed, "Runtime exited with error: signal: killed: ");
        let message = killed.json()["errorMessage"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("(OOMKilled)") && message.contains(&pod), "{message}");
        assert_eq!(warnings(&fakecloud, "the Pod went away under its invocation"), 1);
        assert!(warnings(&fakecloud, "(OOMKilled)") > 0, "the log names it");

        lambda.invoke("ways", &json!({"way": "fine"})).returned();
        assert!(ns.pods_of("ways").iter().all(|next| next.name != pod), "the Pod serves nobody any more");
    });
}

#[test]
fn emulator_that_is_stopped_is_the_end_of_its_pod_whatever_it_still_answers() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        lambda.create_function("ways", &Function::python(WAYS_PY).members(json!({"Timeout": 30})));
        // Most end without a word, and some few answer nothing at all with status 200 first.
        let answers: Vec<Answer> = thread::scope(|scope| {
            let stop = || lambda.invoke("ways", &json!({"way": "stop the emulator"}));
            let invoked: Vec<_> = (0..8).map(|_| scope.spawn(stop)).collect();
            invoked.into_iter().map(|answer| answer.join().expect("the client does not panic")).collect()
        });
        for answer in &answers {
            assert_exit(answer, "Runtime exited with error: exit status 0: container function ended");
        }
    });
}

#[test]
fn initialisation_counts_towards_the_timeout_of_the_first_invocation_and_the_log_says_so() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        let slow = "import time\ntime.sleep(3)\n\ndef handler(event, context):\n    return 1\n";
        lambda.create_function("slow", &Function::python(slow).members(json!({"Timeout": 2})));
        let first = failed(&lambda.invoke("slow", &Value::Null));
        assert_eq!(first["errorType"], "Sandbox.Timedout", "{first}");
        assert_eq!(warnings(&fakecloud, "raise the function's Timeout"), 1);
        lambda.update_configuration("slow", &json!({"Timeout": 10}));
        assert_eq!(lambda.invoke("slow", &Value::Null).returned(), json!(1));
    });
}

/// How many warnings in the log have this text.
fn warnings(fakecloud: &Fakecloud<'_>, text: &str) -> usize {
    fakecloud.log().lines().filter(|line| line.contains(" WARN ") && line.contains(text)).count()
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
