//! How many invocations run at once, on how many Pods, and what becomes of a Pod whose caller hung up.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::api::{Api, Create};
use crate::bursts::with_one_slot;
use crate::server::{Server, until};

async fn one_pod_for(functions: &[&str]) -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_LAMBDA_MAX_PODS", "1")]).await;
    for function in functions {
        server.create_function(function).await;
    }
    (api, server)
}

#[tokio::test]
async fn full_house_ends_the_idle_pod_of_another_function() {
    let (api, server) = one_pod_for(&["one", "two"]).await;
    assert_eq!(server.invoke("one", json!({})).await.status, 200);
    let first = api.pods();
    let answer = server.invoke("two", json!({})).await;
    assert_eq!((answer.status, answer.function_error), (200, false), "{answer:?}");
    assert_eq!(api.deleted(), first);
    assert_eq!((api.pods().len(), api.creates()), (1, 2));
}

#[tokio::test]
async fn invocations_wait_for_the_only_pod_there_may_be() {
    let (api, server) = one_pod_for(&["one", "two"]).await;
    let sleep = json!({ "sleep_ms": 300 });
    let (one, two) = tokio::join!(server.invoke("one", sleep.clone()), async {
        until(async || (api.pods().len() == 1).then_some(())).await;
        server.invoke("two", json!({})).await
    });
    for answer in [one, two] {
        assert_eq!((answer.status, answer.function_error), (200, false), "{answer:?}");
    }
    assert_eq!((api.pods().len(), api.creates()), (1, 2));
}

#[tokio::test]
async fn function_that_is_called_all_the_time_starves_no_other() {
    let (api, server) = one_pod_for(&["one", "two"]).await;
    server.invoke("one", json!({})).await;
    let began = Instant::now();
    let flood = async || {
        while api.creates() < 2 {
            assert!(began.elapsed() < Duration::from_secs(20), "the other function got no Pod");
            assert_eq!(server.invoke("one", json!({ "sleep_ms": 50 })).await.status, 200);
        }
    };
    let (answer, ..) = tokio::join!(server.invoke("two", json!({})), flood(), flood(), flood());
    assert_eq!((answer.status, answer.function_error), (200, false), "{answer:?}");
}

#[tokio::test]
async fn invocation_beyond_the_reservation_is_throttled_at_once() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function("hello").await;
    server.reserve("hello", 1).await;
    let sleep = json!({ "sleep_ms": 2_000 });
    let (first, ()) = tokio::join!(server.invoke("hello", sleep), async {
        until(async || (api.pods().len() == 1).then_some(())).await;
        let throttled = server.invoke("hello", json!({})).await;
        assert_eq!(throttled.status, 429, "{throttled:?}");
        assert_eq!(throttled.body["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded");
        server.reserve("hello", 2).await;
        assert_eq!(server.invoke("hello", json!({})).await.status, 200, "a change of the reservation counts at once");
    });
    assert_eq!(first.status, 200);
    server.reserve("hello", 1).await;
    assert_eq!(server.invoke("hello", json!({})).await.status, 200, "what has ended gives its place back");
}

#[tokio::test]
async fn timeout_is_explained_by_the_initialisation_in_the_first_invocation_of_a_pod_alone() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function("hello").await;
    let timeout = json!({ "pieces": ["Task timed out after 3.00 seconds"] });
    let logged = || server.logged("the first invocation in a Pod timed out").len();
    for (warm, explained) in [(true, 0), (false, 1)] {
        if warm {
            assert_eq!(server.invoke("hello", json!({})).await.status, 200);
        }
        let answer = server.invoke("hello", timeout.clone()).await;
        assert_eq!(answer.body["errorType"], "Sandbox.Timedout", "{answer:?}");
        assert_eq!(logged(), explained);
    }
    assert_eq!(api.creates(), 2, "a timeout retires its Pod");
}

#[tokio::test]
async fn log_names_the_limits_that_refused_invocations() {
    let api = Api::start().await;
    let limits = [("FAKECLOUD_LAMBDA_MAX_CONCURRENCY", "1"), ("FAKECLOUD_LAMBDA_QUEUE_LIMIT", "0")];
    let server = Server::start_with(&api, &limits).await;
    server.create_function("hello").await;
    server.invoke("hello", json!({})).await;
    let (first, ()) = tokio::join!(server.invoke("hello", json!({ "sleep_ms": 1_000 })), async {
        until(async || (api.payloads("hello").len() == 2).then_some(())).await;
        for _ in 0..3 {
            let throttled = server.invoke("hello", json!({})).await;
            assert_eq!((throttled.status, &throttled.body["Type"]), (429, &json!("User")), "{throttled:?}");
        }
    });
    assert_eq!(first.status, 200);
    let said = server.logged("invocations were refused with 429");
    assert_eq!(said.len(), 1, "{said:?}");
    for text in ["FAKECLOUD_LAMBDA_MAX_CONCURRENCY=1", "FAKECLOUD_LAMBDA_QUEUE_LIMIT=0", "function:hello", "refused=1"]
    {
        assert!(said[0].contains(text), "{said:?}");
    }
}

#[tokio::test]
async fn payloads_that_wait_do_not_fill_the_memory() {
    let api = Api::start().await;
    let settings = [("FAKECLOUD_LAMBDA_MAX_CONCURRENCY", "1"), ("FAKECLOUD_MEMORY_LIMIT", "512Mi")];
    let server = Server::start_with(&api, &settings).await;
    server.create_function("hello").await;
    api.script([Create::NeverScheduled]);
    let largest = Bytes::from(format!("\"{}\"", "a".repeat(6_291_454)));
    let invoke = || {
        let request = server.invocation("hello").body(largest.clone());
        tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
    };
    // An eighth of the memory is 10 of them.
    let mut invocations: FuturesUnordered<JoinHandle<u16>> = (0..11).map(|_| invoke()).collect();
    assert_eq!(invocations.next().await.unwrap().unwrap(), 429);
    let logged = server.logged("the payloads of invocations that wait or run would take more than 67108864 bytes");
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert!(logged[0].contains("function:hello"), "{logged:?}");
    // The others wait for the only Pod there may be, which is not ready: nothing but its end answers them.
    let pod = until(async || api.pods().pop()).await;
    api.let_listen(&pod).await;
    let others: Vec<u16> = invocations.map(Result::unwrap).collect().await;
    assert_eq!(others, [200; 10]);
}

#[tokio::test]
async fn caller_that_hangs_up_retires_the_pod_once_its_handler_has_ended() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function("hello").await;
    server.reserve("hello", 2).await;
    server.invoke("hello", json!({})).await;
    let pod = api.pods()[0].clone();
    let began = Instant::now();
    server.hang_up("hello", json!({ "sleep_ms": 2_000 }), Duration::from_millis(300)).await;
    // Nobody waits behind it: the next invocation runs elsewhere before the handler has ended.
    let next = server.invoke("hello", json!({})).await;
    assert_eq!((next.status, next.function_error), (200, false), "{next:?}");
    assert_ne!(next.body, json!(pod));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(!api.deleted().contains(&pod), "its handler is not cut off");
    until(async || api.deleted().contains(&pod).then_some(())).await;
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn invocation_whose_caller_hung_up_counts_until_its_handler_has_ended() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function("hello").await;
    server.reserve("hello", 1).await;
    server.invoke("hello", json!({})).await;
    server.hang_up("hello", json!({ "sleep_ms": 1_500 }), Duration::from_millis(300)).await;
    assert_eq!(server.invoke("hello", json!({})).await.status, 429);
    until(async || (server.invoke("hello", json!({})).await.status == 200).then_some(())).await;
}

#[tokio::test]
async fn caller_that_hangs_up_leaves_no_pod_of_what_an_update_replaced() {
    let (api, server) = with_one_slot().await;
    let patience = Duration::from_secs(5);
    let updating = async {
        let first = until(async || api.pods().into_iter().next()).await;
        tokio::join!(server.hang_up("hello", json!({}), patience), async {
            until(async || (server.listed_invocations().await == 2).then_some(())).await;
            server.update_environment("hello", "new", patience).await;
            assert_eq!(api.creates(), 1, "the update came too late for what this test is about");
            api.let_listen(&first).await;
            until(async || (api.creates() == 2).then_some(())).await;
        });
    };
    let (answer, ()) = tokio::join!(server.invoke("first", json!({})), updating);
    assert_eq!(answer.status, 200, "{answer:?}");
    until(async || (api.deleted().len() == 1).then_some(())).await;
}
