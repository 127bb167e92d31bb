//! Pods are kept between invocations, and no longer than they should be.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Fakecloud, Function, LogLevel, eventually, with_temp_ns};

#[test]
fn warm_invoke_reuses_the_pod() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("hello", &Function::python_report());
        let cold = fakecloud.lambda.invoke("hello", &json!({"n": 1})).returned();
        let warm = fakecloud.lambda.invoke("hello", &json!({"n": 2})).returned();

        assert_eq!((&cold["count"], &cold["event"]), (&json!(1), &json!({"n": 1})));
        assert_eq!((&warm["count"], &warm["event"]), (&json!(2), &json!({"n": 2})));
        assert_eq!(warm["pod"], cold["pod"]);
        let pods = ns.pods_of("hello");
        assert_eq!(pods.iter().map(|pod| pod.name.as_str()).collect::<Vec<_>>(), [&cold["pod"]]);
        assert_eq!(pods[0].label("fakecloud-instance"), fakecloud.instance);
        assert!(!pods[0].label("fakecloud-deploy-id").is_empty());
    });
}

#[test]
fn idle_pod_is_removed_after_its_ttl() {
    with_temp_ns(|ns| {
        let ttl = Duration::from_secs(3);
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[("FAKECLOUD_LAMBDA_IDLE_TTL", "3s")]);
        fakecloud.lambda.create_function("brief", &Function::python_report());
        let first = fakecloud.lambda.invoke("brief", &json!(1)).returned();
        let idle_since = Instant::now();

        eventually("the idle Pod is deleted", || ns.pods_of("brief").is_empty().then_some(()));
        assert!(idle_since.elapsed() >= ttl, "gone after {:?}, before its TTL of {ttl:?}", idle_since.elapsed());

        let second = fakecloud.lambda.invoke("brief", &json!(2)).returned();
        assert_eq!(second["count"], 1);
        assert_ne!(second["pod"], first["pod"]);
    });
}
