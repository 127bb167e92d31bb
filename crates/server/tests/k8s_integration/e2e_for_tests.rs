//! What tests ask an emulator: what was invoked, and to forget everything, Pods included.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::harness::{Fakecloud, Function, Lambda, eventually, with_temp_ns};

const CLIENTS: usize = 4;
const RESETS: u64 = 3;

#[test]
fn reset_leaves_no_pod_and_no_function() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        for _ in 0..2 {
            lambda.create_function("hello", &Function::python_report());
            let answer = lambda.invoke("hello", &json!({"n": 1})).returned();
            assert_eq!(answer["count"], 1, "it runs in a new Pod");
            let listed = lambda.get("/_fakecloud/lambda/invocations").unwrap().expect(200);
            assert_eq!(listed["invocations"].as_array().map(Vec::len), Some(1), "{listed:#}");
            assert_eq!(listed["invocations"][0]["payload"], "{\"n\":1}", "{listed:#}");

            assert_eq!(lambda.reset(), json!({"status": "ok"}));
            let left: Vec<String> = ns.pods().into_iter().map(|pod| pod.name).collect();
            assert_eq!(left, Vec::<String>::new());
            assert_eq!(lambda.get("/2015-03-31/functions").unwrap().expect(200)["Functions"], json!([]));
        }
    });
}

#[test]
fn reset_under_traffic_lets_nothing_of_before_run() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        // The oldest code that may run, and the newest that has answered.
        let (oldest, newest, ended) = (AtomicU64::new(1), AtomicU64::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|_| scope.spawn(|| invoke_until(lambda, &oldest, &newest, &ended))).collect();
            // An assertion that fails must not leave the clients running.
            let tested = panic::catch_unwind(AssertUnwindSafe(|| {
                for code in 1..=RESETS {
                    let source = format!("def handler(event, context):\n    return {code}\n");
                    lambda.create_function("reborn", &Function::python(&source));
                    eventually("its code answers", || (newest.load(Ordering::SeqCst) == code).then_some(()));
                    assert_eq!(lambda.reset(), json!({"status": "ok"}));
                    oldest.store(code + 1, Ordering::SeqCst);
                    let left: Vec<String> = ns.pods().into_iter().map(|pod| pod.name).collect();
                    assert_eq!(left, Vec::<String>::new(), "after reset {code}");
                }
            }));
            ended.store(true, Ordering::SeqCst);
            clients.into_iter().for_each(|client| client.join().unwrap());
            tested.unwrap_or_else(|failure| panic::resume_unwind(failure));
        });
        assert_eq!(ns.pods().len(), 0, "a Pod was started after the last reset");
    });
}

/// Invokes and sends events one time after another. An answer is that of code which may run, or says that the function is
/// gone or was cut off by a reset.
fn invoke_until(lambda: &Lambda, oldest: &AtomicU64, newest: &AtomicU64, ended: &AtomicBool) {
    while !ended.load(Ordering::SeqCst) {
        let event = lambda.send_event("reborn", &Value::Null).status;
        assert!([202, 404].contains(&event), "HTTP {event}");
        let may_run = oldest.load(Ordering::SeqCst);
        let answer = lambda.invoke("reborn", &Value::Null);
        let was_reset = answer.to_string().contains("fakecloud was reset");
        match answer.status {
            200 if answer.header("x-amz-function-error").is_none() => {
                let code = answer.json().as_u64().unwrap_or_else(|| panic!("no number: {answer}"));
                assert!(code >= may_run, "code {code} answered where none before {may_run} may run");
                newest.fetch_max(code, Ordering::SeqCst);
            }
            200 | 424 => assert!(was_reset, "{answer}"),
            status => assert_eq!(status, 404, "{answer}"),
        }
    }
}
