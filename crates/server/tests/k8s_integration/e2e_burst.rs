//! Many invocations of one function at once.

use std::collections::BTreeSet;
use std::thread;

use serde_json::json;

use crate::harness::{Answer, Fakecloud, Function, LogLevel, with_temp_ns};

const INVOCATIONS: usize = 20;
const PODS_MAX: usize = 4;

/// Fails when another invocation is under way in the same Pod.
const EXCLUSIVE: &str = r#"
import os, socket, time

def handler(event, context):
    os.close(os.open("/tmp/busy", os.O_CREAT | os.O_EXCL))
    time.sleep(0.1)
    os.unlink("/tmp/busy")
    return {"pod": socket.gethostname(), "event": event}
"#;

#[test]
fn burst_never_overlaps_on_a_pod_and_all_answer() {
    with_temp_ns(|ns| {
        let cap = PODS_MAX.to_string();
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_LAMBDA_MAX_CONCURRENCY", &cap)]);
        let lambda = &fakecloud.lambda;
        lambda.create_function("busy", &Function::python(EXCLUSIVE));

        let answers: Vec<Answer> = thread::scope(|scope| {
            let invoke = |n| scope.spawn(move || lambda.invoke("busy", &json!(n)));
            let threads: Vec<_> = (0..INVOCATIONS).map(invoke).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });

        let returned: Vec<_> = answers.iter().map(Answer::returned).collect();
        let events: Vec<_> = returned.iter().filter_map(|json| json["event"].as_u64()).collect();
        assert_eq!(events, (0..INVOCATIONS as u64).collect::<Vec<_>>(), "each caller got its own answer");
        let ran_on: BTreeSet<_> = returned.iter().filter_map(|json| json["pod"].as_str()).collect();
        assert!((2..=PODS_MAX).contains(&ran_on.len()), "ran on {ran_on:?}");
        // Pods that ever were started for it are still there, as none has been idle for ten minutes.
        let started = ns.pods_of("busy").len();
        assert!(started <= PODS_MAX, "{started} Pods were started, with a cap of {PODS_MAX}");
    });
}
