//! A namespace whose quota is smaller than fakecloud's own limits: whose Pod makes way, and when callers hear why none can.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::harness::{Fakecloud, Function, LogLevel, Namespace, eventually, with_temp_ns};

/// The API server refuses the Pod at once.
const REASON_WITHIN: Duration = Duration::from_secs(3);

#[test]
fn quota_that_is_full_of_idle_pods_ends_the_one_that_idled_longest() {
    with_temp_ns(|ns| {
        put_in_force(ns, &[("pods", "3")]);
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        for name in ["first", "second", "third", "fourth"] {
            lambda.create_function(name, &Function::python_report());
        }
        for name in ["first", "second", "third"] {
            lambda.invoke(name, &Value::Null).returned();
        }

        assert_eq!(lambda.invoke("fourth", &Value::Null).returned()["count"], 1);
        assert!(fakecloud.log().contains("exceeded quota"), "the quota was never in the way");
        assert!(ns.pods_of("first").is_empty(), "its Pod idled longest");
        for name in ["second", "third", "fourth"] {
            assert_eq!(lambda.invoke(name, &Value::Null).returned()["count"], 2, "{name} has kept its Pod");
        }
    });
}

/// Limits of what a Pod states with none of the defaults.
const UNSTATED: [(&str, &str); 2] = [("limits.cpu", "2"), ("requests.ephemeral-storage", "4Gi")];

#[test]
fn quota_of_what_pods_do_not_state_is_told_with_the_setting_that_satisfies_it() {
    with_temp_ns(|ns| {
        put_in_force(ns, &UNSTATED);
        let refusing = Fakecloud::start(ns);
        refusing.lambda.create_function("counted", &Function::python_report());
        let asked = Instant::now();
        let answer = refusing.lambda.invoke("counted", &Value::Null);
        assert!(asked.elapsed() < REASON_WITHIN && answer.status == 424, "{answer}");
        let message = answer.error_message();
        // Kubernetes takes a Pod that states no ephemeral storage for one that takes none.
        for words in ["must specify limits.cpu", "FAKECLOUD_K8S_CPU"] {
            assert!(message.contains(words), "{words}: {message}");
        }
    });
    with_temp_ns(|ns| {
        put_in_force(ns, &UNSTATED);
        let settings = [("FAKECLOUD_K8S_CPU", "100"), ("FAKECLOUD_K8S_EPHEMERAL_STORAGE", "function")];
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &settings);
        fakecloud.lambda.create_function("counted", &Function::python_report());
        assert_eq!(fakecloud.lambda.invoke("counted", &Value::Null).returned()["count"], 1);
    });
}

#[test]
fn burst_takes_as_many_places_as_it_needs() {
    with_temp_ns(|ns| {
        put_in_force(ns, &[("pods", "4")]);
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        let (idle, called) = (["one", "two", "three", "four"], ["five", "six", "seven"]);
        for name in idle.iter().chain(&called) {
            lambda.create_function(name, &Function::python_report());
        }
        for name in idle {
            lambda.invoke(name, &Value::Null).returned();
        }

        thread::scope(|scope| {
            for name in called {
                scope.spawn(move || assert_eq!(lambda.invoke(name, &Value::Null).returned()["count"], 1));
            }
        });
        assert_eq!(lambda.invoke("four", &Value::Null).returned()["count"], 2, "it has kept its Pod");
    });
}

#[test]
fn full_house_as_large_as_the_quota_still_changes_hands() {
    with_temp_ns(|ns| {
        put_in_force(ns, &[("pods", "2")]);
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_LAMBDA_MAX_PODS", "2")]);
        let lambda = &fakecloud.lambda;
        for name in ["first", "second", "third"] {
            lambda.create_function(name, &Function::python_report());
        }
        for name in ["first", "second", "third", "first"] {
            assert_eq!(lambda.invoke(name, &Value::Null).returned()["count"], 1, "{name} has a new Pod");
        }
        assert!(fakecloud.log().contains("exceeded quota"), "the quota was never in the way");
    });
}

#[test]
fn large_function_takes_the_places_of_several_small_ones() {
    with_temp_ns(|ns| {
        put_in_force(ns, &[("requests.memory", "384Mi")]);
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        for name in ["first", "second", "third"] {
            lambda.create_function(name, &Function::python_report().members(json!({"MemorySize": 128})));
            lambda.invoke(name, &Value::Null).returned();
        }
        lambda.create_function("large", &Function::python_report().members(json!({"MemorySize": 256})));

        assert_eq!(lambda.invoke("large", &Value::Null).returned()["count"], 1);
        assert_eq!(lambda.invoke("third", &Value::Null).returned()["count"], 2, "it was not in the way");

        lambda.create_function("too-large", &Function::python_report().members(json!({"MemorySize": 512})));
        let refused = lambda.invoke("too-large", &Value::Null);
        assert!(refused.error_message().contains("exceeded quota"), "{refused}");
        assert_eq!(ns.pods().len(), 2, "nobody makes way for what never fits");
    });
}

#[test]
fn quota_that_others_have_used_up_is_the_reason_at_once() {
    with_temp_ns(|ns| {
        put_in_force(ns, &[("pods", "2")]);
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("crowded-out", &Function::python_report());
        for number in 1..=2 {
            ns.kubectl.create(&pod_of_another(&format!("other-{number}")));
        }

        let asked = Instant::now();
        let refused = fakecloud.lambda.invoke("crowded-out", &Value::Null);
        let waited = asked.elapsed();
        let message = refused.error_message();
        assert!(message.contains("exceeded quota") && message.contains("used: pods=2"), "{message}");
        assert!(waited < REASON_WITHIN, "the reason came after {waited:?}");
        assert_eq!(ns.pods().len(), 0);
    });
}

/// Limits the namespace to so much of a resource.
fn put_in_force(ns: &Namespace, limits: &[(&str, &str)]) {
    let hard: Map<String, Value> =
        limits.iter().map(|(resource, limit)| ((*resource).to_owned(), json!(limit))).collect();
    ns.kubectl.create(&json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "narrow"}, "spec": {"hard": hard},
    }));
    eventually("the quota is in force", || {
        let quota = ns.kubectl.json(&["get", "resourcequota", "narrow"]);
        (quota["status"]["hard"] == Value::Object(hard.clone())).then_some(())
    });
}

/// A Pod that no node takes, which a quota counts like any other.
fn pod_of_another(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {
            "nodeSelector": {"pool": "nowhere"},
            "securityContext": {"runAsNonRoot": true, "runAsUser": 993, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "other", "image": "registry.invalid/other:1",
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    })
}
