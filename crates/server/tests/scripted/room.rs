//! A cluster with less room than the limits of the server: whose Pod makes way, who waits, and who hears of it.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::api::{Api, Create};
use crate::client::Answer;
use crate::server::{Server, until};

/// How long an autoscaler is given: longer than a cluster takes to notice that a Pod has gone.
const NODE_GRACE: Duration = Duration::from_millis(1_100);

/// What schedulers of all versions say of a full node, and some of one that is too small.
const NO_ROOM: &str = "0/1 nodes are available: 1 Insufficient memory.";

/// What newer ones say of a node that is too small.
const TOO_SMALL: &str = "0/1 nodes are available: 1 Insufficient memory. no new claims to deallocate, \
    preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";

/// A server with these functions, of which each that has a place has an idle Pod.
async fn with_idle_pods(functions: &[&str], quota: usize, settings: &[(&str, &str)]) -> (Api, Server) {
    let api = Api::start().await;
    api.limit_pods(quota);
    let server = Server::start_with(&api, settings).await;
    for function in functions {
        server.create_function(function).await;
    }
    for function in functions.iter().take(quota) {
        assert_ran(&server.invoke(function, json!({})).await);
    }
    (api, server)
}

fn assert_ran(answer: &Answer) {
    assert_eq!((answer.status, answer.function_error), (200, false), "{answer:?}");
}

#[tokio::test]
async fn quota_that_is_used_up_by_idle_pods_is_a_full_house() {
    let (api, server) = with_idle_pods(&["one", "two", "three"], 2, &[]).await;
    let longest_idle = server.invoke("one", json!({})).await.body;
    server.invoke("two", json!({})).await;
    assert_ran(&server.invoke("three", json!({})).await);
    assert_eq!(json!(api.deleted()), json!([longest_idle]), "and no other");
    let warned = server.logged("the API server did not create the Pod");
    assert!((1..=3).contains(&warned.len()) && warned[0].contains("exceeded quota"), "{warned:?}");
    assert_eq!(api.creates(), 3 + warned.len());
}

#[tokio::test]
async fn displacement_in_a_full_house_survives_a_quota_of_the_same_size() {
    let (api, server) = with_idle_pods(&["one", "two"], 1, &[("FAKECLOUD_LAMBDA_MAX_PODS", "1")]).await;
    for function in ["two", "one", "two"] {
        assert_ran(&server.invoke(function, json!({})).await);
    }
    assert_eq!(api.deleted().len(), 3);
}

#[tokio::test]
async fn burst_ends_as_many_idle_pods_as_it_needs() {
    let functions = ["one", "two", "three", "four", "five", "six"];
    let (api, server) = with_idle_pods(&functions, 4, &[]).await;
    let (five, six) = tokio::join!(server.invoke("five", json!({})), server.invoke("six", json!({})));
    assert_ran(&five);
    assert_ran(&six);
    assert_eq!(api.deleted().len(), 2);
}

#[tokio::test]
async fn quota_that_others_use_up_is_the_callers_reason_at_once() {
    let (api, server) = with_idle_pods(&["one"], 0, &[]).await;
    let began = Instant::now();
    let answer = server.invoke("one", json!({})).await;
    assert_eq!(answer.status, 424);
    assert!(answer.body["Message"].as_str().unwrap().contains("exceeded quota: few"), "{answer:?}");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!((api.creates(), api.deleted().len()), (1, 0));
}

#[tokio::test]
async fn busy_pods_make_no_way_and_their_end_is_not_waited_for() {
    let (api, server) = with_idle_pods(&["one", "two"], 1, &[]).await;
    let (busy, refused) = tokio::join!(server.invoke("one", json!({ "sleep_ms": 1_500 })), async {
        until(async || (api.payloads("one").len() == 2).then_some(())).await;
        server.invoke("two", json!({})).await
    });
    assert_ran(&busy);
    assert_eq!(refused.status, 424, "{refused:?}");
    assert_eq!(api.deleted().len(), 0);
}

#[tokio::test]
async fn pod_that_was_never_let_in_makes_no_room() {
    let (api, server) = with_idle_pods(&["one", "two", "three"], 1, &[]).await;
    let (waited, ()) = tokio::join!(server.invoke("two", json!({})), async {
        until(async || (api.deleted().len() == 1).then_some(())).await;
        api.script([Create::Forbidden("malformed")]);
        assert_eq!(server.invoke("three", json!({})).await.status, 424);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(server.logged("trying again to create a Pod"), Vec::<String>::new());
    });
    assert_ran(&waited);
}

#[tokio::test]
async fn caller_that_hangs_up_wants_no_place_any_more() {
    let (api, server) = with_idle_pods(&["one", "two", "three"], 2, &[]).await;
    server.hang_up("three", json!({}), Duration::from_millis(300)).await;
    until(async || (api.pods().len() == 1).then_some(())).await;
    let creates = api.creates();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((api.creates(), api.deleted().len()), (creates, 1), "nobody waits for it");
}

#[tokio::test]
async fn node_that_is_full_of_idle_pods_gets_room_after_the_grace_of_autoscalers() {
    let (api, server) = on_a_full_node(&["one", "two"]).await;
    let idle = server.invoke("one", json!({})).await.body;
    api.script([Create::NeverScheduled]);
    let (answer, ()) = tokio::join!(server.invoke("two", json!({})), async {
        let pod = until(async || api.pods().into_iter().find(|pod| json!(pod) != idle)).await;
        api.find_no_node(&pod, NO_ROOM);
        let displaced = until(async || api.deleted().first().cloned()).await;
        assert_eq!(json!(displaced), idle);
        api.let_listen(&pod).await;
    });
    assert_ran(&answer);
    assert_eq!((api.creates(), api.deleted().len()), (2, 1));
}

#[tokio::test]
async fn pod_that_no_node_has_room_for_takes_two_places_and_then_says_why() {
    let (api, server) = on_a_full_node(&["one", "two", "three", "large"]).await;
    for function in ["one", "two", "three"] {
        assert_ran(&server.invoke(function, json!({})).await);
    }
    let began = Instant::now();
    let answer = invoke_unscheduled(&api, &server, "large", NO_ROOM).await;
    assert_eq!(answer.status, 424);
    assert!(answer.body["Message"].as_str().unwrap().contains("1 Insufficient memory"), "{answer:?}");
    assert!(began.elapsed() >= 3 * NODE_GRACE, "{:?}", began.elapsed());
    until(async || (api.deleted().len() == 3).then_some(())).await;
    assert_eq!(server.logged("no node has room for the Pod").len(), 3);

    // Its back-off is over, and its failure is not forgotten.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(invoke_unscheduled(&api, &server, "large", NO_ROOM).await.status, 424);
    until(async || (api.deleted().len() == 4).then_some(())).await;
    assert_eq!(server.logged("no node has room for the Pod").len(), 4);
    assert_ran(&server.invoke("three", json!({})).await);
    assert_eq!(api.creates(), 5, "it has kept its Pod");
}

#[tokio::test]
async fn pod_that_is_too_large_for_any_node_takes_no_place_where_the_scheduler_says_so() {
    let (api, server) = on_a_full_node(&["one", "large"]).await;
    assert_ran(&server.invoke("one", json!({})).await);
    let answer = invoke_unscheduled(&api, &server, "large", TOO_SMALL).await;
    assert_eq!(answer.status, 424);
    assert!(answer.body["Message"].as_str().unwrap().contains(TOO_SMALL), "{answer:?}");
    until(async || (api.deleted().len() == 1).then_some(())).await;
    assert_eq!(api.pods().len(), 1, "the idle one");
}

#[tokio::test]
async fn pod_that_calls_from_its_node_serves_although_no_watch_event_says_that_one_took_it() {
    let (api, server) = on_a_full_node(&["one"]).await;
    api.script([Create::NeverScheduled]);
    let (answer, pod) = tokio::join!(server.invoke("one", json!({ "sleep_ms": 2_000 })), async {
        let pod = until(async || api.pods().first().cloned()).await;
        api.find_no_node(&pod, NO_ROOM);
        // The event has to come before the call.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let ip = api.let_listen_silently(&pod).await;
        let fetched = server
            .request(Method::GET, &api.init_variable(&pod, "FAKECLOUD_CODE"))
            .bearer_auth(api.init_variable(&pod, "FAKECLOUD_TOKEN"))
            .header("x-fakecloud-pod-ip", ip.to_string());
        assert_eq!(fetched.send().await.unwrap().status(), 200);
        pod
    });
    assert_eq!((answer.status, &answer.body), (200, &json!(pod)));
    assert_eq!(server.invoke("one", json!({})).await.body, json!(pod));
    assert_eq!(api.deleted(), Vec::<String>::new());
}

async fn on_a_full_node(functions: &[&str]) -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_K8S_UNSCHEDULABLE_GRACE", "1100ms")]).await;
    for function in functions {
        server.create_function(function).await;
    }
    (api, server)
}

/// Invokes a function whose Pod no node takes, for these reasons.
async fn invoke_unscheduled(api: &Api, server: &Server, function: &str, message: &str) -> Answer {
    let known = api.pods();
    api.script([Create::NeverScheduled]);
    let (answer, ()) = tokio::join!(server.invoke(function, json!({})), async {
        let pod = until(async || api.pods().into_iter().find(|pod| !known.contains(pod))).await;
        api.find_no_node(&pod, message);
    });
    answer
}
