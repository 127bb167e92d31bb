//! The wall clock of fakecloud's machine is set while Pods are idle, busy and starting.

use std::fs;
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use crate::harness::{Fakecloud, Function, Lambda, LogLevel, Namespace, eventually, faketime, with_temp_ns};

/// Longer than all that fakecloud waits for; back by less, for the cluster's certificates are not valid before it began.
const JUMPS: [&str; 2] = ["+25h", "-10m"];

#[test]
fn jump_of_the_wall_clock_ends_no_pod() {
    with_temp_ns(|ns| {
        let clock = ns.dir().join("clock");
        set(&clock, "+0");
        let fakecloud = with_clock(ns, &clock);
        let lambda = &fakecloud.lambda;
        for name in ["idle", "busy"] {
            lambda.create_function(name, &Function::python_sleepy());
        }
        let idle = lambda.invoke("idle", &json!({})).returned();
        let busy = lambda.invoke("busy", &json!({})).returned();

        for (jump, run) in JUMPS.into_iter().zip(2..) {
            let fresh = format!("fresh-{run}");
            lambda.create_function(&fresh, &Function::python_sleepy());
            let before = day_of_last_invocation(lambda);
            let (slow, started) = thread::scope(|scope| {
                let slow = scope.spawn(|| lambda.invoke("busy", &json!({"sleep": 8})));
                eventually("it runs", || is_busy(lambda, &busy["pod"]).then_some(()));
                let started = scope.spawn(|| lambda.invoke(&fresh, &json!({})));
                eventually("a Pod starts", || (!ns.pods_of(&fresh).is_empty()).then_some(()));
                set(&clock, jump);
                (slow.join().expect("the client does not panic"), started.join().expect("the client does not panic"))
            });
            assert_eq!(slow.returned(), json!({"pod": busy["pod"], "run": run}), "{jump}");
            assert_eq!(started.returned()["run"], 1, "{jump}");
            assert_eq!(ns.pods_of(&fresh).len(), 1, "{jump}: one start was enough");
            let again = lambda.invoke("idle", &json!({})).returned();
            assert_eq!(again, json!({"pod": idle["pod"], "run": run}), "{jump}");
            assert_ne!(day_of_last_invocation(lambda), before, "{jump}: fakecloud's clock was not set");
        }
    });
}

fn with_clock<'ns>(ns: &'ns Namespace, clock: &Path) -> Fakecloud<'ns> {
    let library = faketime();
    let settings = [
        ("LD_PRELOAD", library.to_str().expect("the cache's path is UTF-8")),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().expect("the namespace's directory is UTF-8")),
        ("FAKETIME_NO_CACHE", "1"),
        // As on a machine whose clock is set: only the wall clock jumps.
        ("DONT_FAKE_MONOTONIC", "1"),
        ("NO_FAKE_STAT", "1"),
    ];
    Fakecloud::start_with(ns, LogLevel::Debug, &settings)
}

/// Sets the clock to so much after, or before, the real time.
fn set(clock: &Path, offset: &str) {
    let new = clock.with_extension("new");
    fs::write(&new, format!("{offset}\n")).expect("the namespace's directory takes a file");
    fs::rename(new, clock).expect("a file takes the place of another one");
}

/// The day on which, as fakecloud has it, the last invocation was.
fn day_of_last_invocation(lambda: &Lambda) -> String {
    let listed = lambda.get("/_fakecloud/lambda/invocations").expect("fakecloud answers").expect(200);
    let last = listed["invocations"].as_array().and_then(|all| all.last()).expect("there was one");
    let timestamp = last["timestamp"].as_str().expect("an invocation has a time");
    timestamp.split_once('T').expect("times are ISO 8601").0.to_owned()
}

fn is_busy(lambda: &Lambda, pod: &Value) -> bool {
    let pool = lambda.get("/_fakecloud/lambda/pool").expect("fakecloud answers").expect(200);
    let instances = pool["instances"].as_array().expect("the pool has a list");
    instances.iter().any(|one| one["podName"] == *pod && one["state"] == "busy")
}
