//! Many invocations of one function at once.

use std::collections::BTreeSet;
use std::thread;

use serde_json::json;

use crate::harness::{Answer, Fakecloud, Function, LogLevel, Node, Witness, eventually, with_temp_ns};

const INVOCATIONS: usize = 20;
const PODS_MAX: usize = 4;

/// The label of nodes that take the Pods of a function with a tag for it.
const LABEL: &str = "fakecloud-test-room";

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

#[test]
fn burst_below_the_cap_starts_exactly_one_pod_for_each_caller() {
    with_temp_ns(|ns| {
        let (fakecloud, witness) = (Fakecloud::start(ns), Witness::listen());
        let lambda = &fakecloud.lambda;
        lambda.create_function("few", &Function::python_telltale(&witness));
        let answers = thread::scope(|scope| {
            let threads = ["one", "two", "three"]
                .map(|name| scope.spawn(move || lambda.invoke("few", &json!({"name": name, "seconds": 2}))));
            threads.map(|thread| thread.join().unwrap().returned())
        });
        let ran_on: BTreeSet<_> = answers.iter().filter_map(|json| json["pod"].as_str()).collect();
        let started: Vec<_> = ns.pods_of("few").into_iter().map(|pod| pod.name).collect();
        assert_eq!(started.len(), 3, "{started:?}");
        assert!(ran_on.iter().all(|pod| started.iter().any(|name| name == pod)), "{ran_on:?} of {started:?}");
    });
}

#[test]
fn burst_that_takes_longer_than_a_start_may_is_answered_to_the_last() {
    const FUNCTIONS: usize = 48;
    with_temp_ns(|ns| {
        // Started all at once, all of them would be ready at the very end, which is later.
        let timeout = [("FAKECLOUD_LAMBDA_START_TIMEOUT", "10s")];
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &timeout);
        let lambda = &fakecloud.lambda;
        let names: Vec<String> = (0..FUNCTIONS).map(|number| format!("surge-{number}")).collect();
        for name in &names {
            lambda.create_function(name, &Function::python_report());
        }

        let answers: Vec<Answer> = thread::scope(|scope| {
            let threads: Vec<_> = names.iter().map(|name| scope.spawn(|| lambda.invoke(name, &json!(null)))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });

        for answer in &answers {
            assert_eq!(answer.returned()["count"], 1);
        }
        assert!(fakecloud.log().contains("more Pods are wanted than the nodes start at once"), "nobody had to wait");
    });
}

#[test]
fn pod_that_becomes_free_serves_who_waits_for_one_that_starts() {
    with_temp_ns(|ns| {
        let (fakecloud, witness) = (Fakecloud::start(ns), Witness::listen());
        let lambda = &fakecloud.lambda;
        let tags = json!({"fakecloud-k8s/node-selector": format!("{LABEL}={}", ns.name)});
        lambda.create_function("shared", &Function::python_telltale(&witness).members(json!({"Tags": tags})));
        let room = Node::label(&ns.kubectl, LABEL, &ns.name);
        let first = lambda.invoke("shared", &json!({"name": "first", "seconds": 0})).returned();
        // No node takes a second Pod.
        drop(room);

        let second = thread::scope(|scope| {
            let busy = scope.spawn(|| lambda.invoke("shared", &json!({"name": "busy", "seconds": 5})));
            witness.wait_for("busy");
            let waiting = scope.spawn(|| lambda.invoke("shared", &json!({"name": "waiting", "seconds": 0})));
            eventually("a Pod is started for it", || (ns.pods_of("shared").len() == 2).then_some(()));
            assert_eq!(witness.lines(), ["first", "busy"], "it has to wait");
            assert_eq!(busy.join().unwrap().returned()["pod"], first["pod"]);
            waiting.join().unwrap().returned()
        });
        assert_eq!(second["pod"], first["pod"]);
    });
}
