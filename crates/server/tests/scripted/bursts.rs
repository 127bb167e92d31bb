//! More Pods are wanted at once than the nodes start.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::api::{Api, Create};
use crate::client::Answer;
use crate::server::{Server, until};

/// How many Pods start at once.
const SLOTS: usize = 2;

/// A server that starts two Pods at once, and functions, all of whose Pods start when the test says so.
async fn with_slots(functions: usize, settings: &[(&str, &str)]) -> (Api, Server) {
    let api = Api::start().await;
    let slots = [("FAKECLOUD_LAMBDA_STARTS_MIN", "2"), ("FAKECLOUD_LAMBDA_STARTS_MAX", "2")];
    let server = Server::start_with(&api, &[&slots, settings].concat()).await;
    for function in 0..functions {
        server.create_function(&format!("f{function}")).await;
    }
    api.script(vec![Create::NeverScheduled; functions]);
    (api, server)
}

/// A server that starts one Pod at once, with the functions `first` and `hello`, whose Pods listen when the test says so: while
/// the one of `first` starts, the one of `hello` waits.
pub(crate) async fn with_one_slot() -> (Api, Server) {
    let api = Api::start().await;
    let slot = [("FAKECLOUD_LAMBDA_STARTS_MIN", "1"), ("FAKECLOUD_LAMBDA_STARTS_MAX", "1")];
    let server = Server::start_with(&api, &slot).await;
    server.create_function("first").await;
    server.create_function("hello").await;
    api.script([Create::NeverScheduled, Create::NeverScheduled]);
    (api, server)
}

/// Lets Pods listen that were not there before, one after the other, until all of so many have.
async fn let_all_listen(api: &Api, count: usize) {
    let mut listening = BTreeSet::new();
    while listening.len() < count {
        let pod = until(async || api.pods().into_iter().find(|pod| !listening.contains(pod))).await;
        assert!(api.creates() <= listening.len() + SLOTS, "{} Pods for {} slots", api.creates(), SLOTS);
        api.let_listen(&pod).await;
        listening.insert(pod);
    }
}

#[tokio::test]
async fn burst_waits_its_turn_and_is_answered_to_the_last() {
    const FUNCTIONS: usize = 6;
    let (api, server) = with_slots(FUNCTIONS, &[]).await;
    let invocations = futures_util::future::join_all((0..FUNCTIONS).map(|function| invoke(&server, function)));
    let (answers, ()) = tokio::join!(invocations, let_all_listen(&api, FUNCTIONS));
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), FUNCTIONS, "{answers:?}");
    assert_eq!((api.creates(), api.deleted().len()), (FUNCTIONS, 0));
    assert!(!server.logged("more Pods are wanted than the nodes start at once").is_empty());
}

#[tokio::test]
async fn caller_who_hangs_up_in_the_queue_costs_no_pod() {
    let (api, server) = with_slots(4, &[]).await;
    let (first, second, ()) = tokio::join!(invoke(&server, 0), invoke(&server, 1), async {
        until(async || (api.creates() == SLOTS).then_some(())).await;
        server.hang_up("f2", json!({}), Duration::from_millis(300)).await;
        let_all_listen(&api, SLOTS).await;
    });
    assert_eq!((first.status, second.status), (200, 200));
    let shown = server.get("/_fakecloud/lambda/pool").await;
    assert_eq!((&shown["starts"]["waiting"], &shown["starts"]["starting"]), (&json!(0), &json!(0)), "{shown}");
    assert_eq!(api.creates(), SLOTS);
}

#[tokio::test]
async fn pool_shows_how_many_start_and_wait_and_a_caller_hears_why_none_was_begun() {
    let (api, server) = with_slots(3, &[("FAKECLOUD_LAMBDA_START_WAIT", "1s")]).await;
    let (first, second, third) = tokio::join!(invoke(&server, 0), invoke(&server, 1), async {
        until(async || (api.creates() == SLOTS).then_some(())).await;
        let (answer, starts) = tokio::join!(invoke(&server, 2), async {
            until(async || {
                let starts = server.get("/_fakecloud/lambda/pool").await["starts"].clone();
                (starts["waiting"] == 1).then_some(starts)
            })
            .await
        });
        assert_eq!(starts["nodes"], json!([{ "node": null, "limit": SLOTS, "starting": SLOTS }]), "{starts}");
        let_all_listen(&api, SLOTS).await;
        answer
    });
    assert_eq!((first.status, second.status, third.status), (200, 200, 424), "{third:?}");
    let message = third.body["Message"].as_str().unwrap();
    assert!(message.contains("FAKECLOUD_LAMBDA_START_WAIT=1s"), "{message}");
}

async fn invoke(server: &Server, function: usize) -> Answer {
    server.invoke(&format!("f{function}"), json!({})).await
}
