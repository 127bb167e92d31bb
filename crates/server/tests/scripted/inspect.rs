//! What tests ask about Pods, and the eviction of what is warm.

use serde_json::json;

use crate::api::{Api, Create};
use crate::server::{Server, until};

async fn with_warm_pod() -> (Api, Server, String) {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function("hello").await;
    server.create_function("other").await;
    server.invoke("hello", json!({})).await;
    let pod = api.pods()[0].clone();
    (api, server, pod)
}

#[tokio::test]
async fn warm_pods_are_listed_as_containers() {
    let (_api, server, pod) = with_warm_pod().await;
    let listed = server.get("/_fakecloud/lambda/warm-containers").await;
    let [container] = listed["containers"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(container["functionName"], "hello");
    assert_eq!(container["runtime"], "python3.12");
    assert_eq!(container["containerId"], json!(pod));
    assert!(container["lastUsedSecsAgo"].as_u64().unwrap() < 20, "{container}");
}

#[tokio::test]
async fn evicted_container_is_gone_and_the_next_start_is_cold() {
    let (api, server, pod) = with_warm_pod().await;
    assert_eq!(server.evict("other").await, json!({ "evicted": false }));
    assert_eq!(server.evict("missing").await, json!({ "evicted": false }));
    assert_eq!(server.evict("hello").await, json!({ "evicted": true }));
    assert_eq!(server.evict("hello").await, json!({ "evicted": false }), "there is none left");
    assert_eq!(server.get("/_fakecloud/lambda/warm-containers").await, json!({ "containers": [] }));
    until(async || api.deleted().contains(&pod).then_some(())).await;
    assert_ne!(server.invoke("hello", json!({})).await.body, json!(pod));
    assert_eq!(api.creates(), 2);
}

#[tokio::test]
async fn eviction_cuts_nobody_off() {
    let (api, server, pod) = with_warm_pod().await;
    let (answer, ()) = tokio::join!(server.invoke("hello", json!({ "sleep_ms": 500 })), async {
        until(async || (server.instance_of(&pod).await?["state"] == "busy").then_some(())).await;
        assert_eq!(server.evict("hello").await, json!({ "evicted": true }));
        assert_eq!(server.instance_of(&pod).await.unwrap()["state"], "draining");
    });
    assert_eq!((answer.status, answer.function_error), (200, false), "{answer:?}");
    until(async || api.deleted().contains(&pod).then_some(())).await;
}

#[tokio::test]
async fn pool_shows_limits_deploys_and_the_timeline_of_each_cold_start() {
    let (_api, server, pod) = with_warm_pod().await;
    server.invoke("hello", json!({})).await;
    let shown = server.get("/_fakecloud/lambda/pool").await;
    assert_eq!((&shown["limits"]["maxPods"], &shown["limits"]["maxConcurrency"]), (&json!(1000), &json!(10)));
    assert_eq!(shown["waiting"], 0);
    assert_eq!(shown["deploys"].as_array().unwrap().len(), 1, "{shown}");
    let instance = server.instance_of(&pod).await.unwrap();
    assert_eq!((&instance["state"], &instance["invocations"]), (&json!("idle"), &json!(2)));
    assert_eq!(instance["initializationType"], "on-demand");
    assert_eq!(instance["deployId"], shown["deploys"][0]["deployId"]);
    let timeline = &instance["timeline"];
    let step = |name: &str| timeline[name].as_u64().unwrap_or_else(|| panic!("{name} is missing: {timeline}"));
    assert_eq!(step("accepted"), 0);
    assert!(step("located") <= step("portOpen") && step("portOpen") <= step("firstByte"), "{timeline}");
    assert!(step("created") <= step("firstByte"), "{timeline}");
    assert_eq!(server.logged("the Pod has served its first invocation").len(), 1);
}

#[tokio::test]
async fn eviction_ends_pods_that_are_starting_too() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function("hello").await;
    api.script([Create::NeverScheduled]);
    let (answer, pod) = tokio::join!(server.invoke("hello", json!({})), async {
        let pod = until(async || api.pods().first().cloned()).await;
        assert_eq!(server.evict("hello").await, json!({ "evicted": true }));
        pod
    });
    assert_eq!((answer.status, answer.function_error), (200, false), "whoever waits gets another Pod: {answer:?}");
    assert_ne!(answer.body, json!(pod));
    until(async || api.deleted().contains(&pod).then_some(())).await;
}
