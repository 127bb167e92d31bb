//! What tests ask an emulator: what was invoked, and to forget everything, Pods included.

use serde_json::json;

use crate::harness::{Fakecloud, Function, with_temp_ns};

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
