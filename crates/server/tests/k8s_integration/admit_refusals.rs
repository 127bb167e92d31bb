//! Pods that the cluster refuses or cannot start: the caller gets the cluster's reason, long before the start timeout.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Answer, Fakecloud, Function, LogLevel, eventually, with_temp_ns};

/// The API server refuses the Pod at once.
const QUOTA_REASON_WITHIN: Duration = Duration::from_secs(10);

/// The kubelet tells of its first failed pull, which takes a Pod that is scheduled and a host name that does not resolve.
const IMAGE_REASON_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn exhausted_quota_is_the_callers_reason() {
    with_temp_ns(|ns| {
        ns.kubectl.create(&json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "no-pods"},
            "spec": {"hard": {"pods": "0"}},
        }));
        eventually("the quota is in force", || {
            let quota = ns.kubectl.json(&["get", "resourcequota", "no-pods"]);
            (quota["status"]["hard"]["pods"] == "0").then_some(())
        });
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("crowded", &Function::python_report());

        let message = refused_within(QUOTA_REASON_WITHIN, || fakecloud.lambda.invoke("crowded", &Value::Null));
        assert!(message.contains("exceeded quota") && message.contains("no-pods"), "{message}");
        assert_warned(&fakecloud, "exceeded quota");
        assert_eq!(ns.pods().len(), 0);
    });
}

#[test]
fn image_that_cannot_be_pulled_is_the_callers_reason() {
    const IMAGE: &str = "registry.invalid/nope:1";
    with_temp_ns(|ns| {
        let setting = ("FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12", IMAGE);
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
        fakecloud.lambda.create_function("imageless", &Function::python_report());

        let message = refused_within(IMAGE_REASON_WITHIN, || fakecloud.lambda.invoke("imageless", &Value::Null));
        assert!(message.contains(IMAGE) && message.contains("fakecloud-lambda-imageless-"), "{message}");
        assert!(!message.contains("Back-off"), "the consequence instead of the cause: {message}");
        assert_warned(&fakecloud, IMAGE);
        eventually("the Pod is gone", || ns.pods().is_empty().then_some(()));
    });
}

/// The message of the error that an invocation ends with.
fn refused_within(limit: Duration, invoke: impl FnOnce() -> Answer) -> String {
    let asked = Instant::now();
    let answer = invoke();
    let (message, waited) = (answer.error_message(), asked.elapsed());
    assert!(waited < limit, "the reason came after {waited:?}: {message}");
    message
}

/// Asserts that operators read the reason as well, in a warning.
fn assert_warned(fakecloud: &Fakecloud, reason: &str) {
    let log = fakecloud.log();
    let warned = log.lines().any(|line| line.contains(" WARN ") && line.contains(reason));
    assert!(warned, "no warning with {reason:?} in the log");
}
