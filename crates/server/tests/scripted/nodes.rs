//! Pods whose node nobody hears of any more.

use std::time::Duration;

use serde_json::json;

use crate::api::Api;
use crate::server::{Server, until, with_function};

/// A server with one warm Pod, and the Pod's name.
async fn warm() -> (Api, Server, String) {
    let (api, server) = with_function().await;
    assert_eq!(server.invoke("hello", json!({})).await.status, 200);
    let pod = api.pods().remove(0);
    (api, server, pod)
}

/// Waits until the server has read in the watch that the Pod's node is lost.
async fn lose_node(api: &Api, server: &Server, pod: &str) {
    api.lose_node_of(pod);
    until(async || (!server.logged("its node lost-node is not ready").is_empty()).then_some(())).await;
}

#[tokio::test]
async fn idle_pod_on_a_node_that_is_not_ready_serves_nobody_any_more() {
    let (api, server, pod) = warm().await;
    lose_node(&api, &server, &pod).await;
    assert_eq!(server.invoke("hello", json!({})).await.status, 200);
    assert_eq!((api.creates(), api.deleted()), (2, vec![pod]));
}

#[tokio::test]
async fn invocation_on_a_node_that_is_not_ready_may_end_and_is_the_last_of_its_pod() {
    let (api, server, pod) = warm().await;
    let other = async {
        until(async || (api.payloads("hello").len() == 2).then_some(())).await;
        lose_node(&api, &server, &pod).await;
        let other = server.invoke("hello", json!({})).await;
        assert_eq!(api.deleted(), Vec::<String>::new(), "the first one still runs");
        other
    };
    let (first, other) = tokio::join!(server.invoke("hello", json!({ "sleep_ms": 3000 })), other);
    assert_eq!((first.status, other.status), (200, 200));
    assert_ne!(first.body, other.body);
    until(async || (api.deleted() == std::slice::from_ref(&pod)).then_some(())).await;
}

#[tokio::test]
async fn invocation_that_breaks_off_names_the_node_that_is_not_ready() {
    let (api, server, pod) = warm().await;
    let fault = async {
        until(async || (api.payloads("hello").len() == 2).then_some(())).await;
        lose_node(&api, &server, &pod).await;
        api.kill_process(&pod).await;
    };
    let patience = Duration::from_secs(20);
    let invoked = tokio::time::timeout(patience, server.invoke("hello", json!({ "sleep_ms": 60_000 })));
    let (answer, ()) = tokio::join!(invoked, fault);
    let answer = answer.unwrap();
    assert!(answer.function_error, "{answer:?}");
    assert!(answer.body.to_string().contains("its node lost-node is not ready"), "{answer:?}");
    assert_eq!(server.invoke("hello", json!({})).await.status, 200);
}

#[tokio::test]
async fn emulator_stopped_by_a_node_that_is_not_ready_says_nothing_and_the_node_is_named() {
    let (api, server, pod) = warm().await;
    let fault = async {
        until(async || (api.payloads("hello").len() == 2).then_some(())).await;
        lose_node(&api, &server, &pod).await;
    };
    let last_words = json!({ "sleep_ms": 2000, "pieces": [], "hang_up": true });
    let (answer, ()) = tokio::join!(server.invoke("hello", last_words), fault);
    assert!(answer.function_error, "{answer:?}");
    assert!(answer.body.to_string().contains("its node lost-node is not ready"), "{answer:?}");
}
