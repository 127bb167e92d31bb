//! What the server does when the cluster misbehaves.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::{Api, Create};
use crate::client::Answer;
use crate::instance::serve_health;
use crate::server::{Server, until, with_function};

fn ran_on(pod: &str) -> Answer {
    Answer { status: 200, function_error: false, body: json!(pod) }
}

/// What marks a Pod as that of a fakecloud.
fn metadata(instance: &str, self_url: &str) -> Value {
    json!({
        "labels": { "fakecloud-managed-by": "fakecloud", "fakecloud-instance": instance },
        "annotations": { "fakecloud-self-url": self_url },
    })
}

#[tokio::test]
async fn second_invocation_runs_on_the_pod_of_the_first() {
    let (api, server) = with_function().await;
    let first = server.invoke("hello", json!({})).await;
    assert_eq!(first, ran_on(&api.pods()[0]));
    assert_eq!(server.invoke("hello", json!({})).await, first);
    assert_eq!(api.creates(), 1);
}

#[tokio::test]
async fn burst_of_cold_functions_costs_one_write_for_each_and_no_polling() {
    const FUNCTIONS: usize = 50;
    let api = Api::start().await;
    let server = Server::start(&api).await;
    for number in 0..FUNCTIONS {
        server.create_function(&format!("cold-{number}")).await;
    }
    let listed = until(async || Some(api.lists()).filter(|lists| *lists > 0)).await;
    let invocations = (0..FUNCTIONS).map(|number| {
        let server = &server;
        async move { server.invoke(&format!("cold-{number}"), json!({})).await }
    });
    let answers = futures_util::future::join_all(invocations).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!((api.creates(), api.deleted().len()), (FUNCTIONS, 0));
    // The script serves no other way to read a Pod than to list: a server that asked otherwise would have failed.
    assert_eq!(api.lists(), listed, "Pods were listed while they started");
}

#[tokio::test]
async fn create_whose_answer_got_lost_makes_exactly_one_pod() {
    let (api, server) = with_function().await;
    api.script([Create::CommittedButTimedOut]);
    let answer = server.invoke("hello", json!({})).await;
    assert_eq!(answer, ran_on(&api.pods()[0]));
    assert_eq!(api.pods().len(), 1);
}

#[tokio::test]
async fn refused_create_gives_the_reason_and_the_api_server_is_not_hammered() {
    let (api, server) = with_function().await;
    let reason = "exceeded quota: pods, requested: pods=1, used: pods=0, limited: pods=0";
    api.script(vec![Create::Forbidden(reason); 100]);
    for _ in 0..20 {
        let answer = server.invoke("hello", json!({})).await;
        assert_eq!(answer.status, 424);
        assert!(answer.body["Message"].as_str().unwrap().contains(reason), "{answer:?}");
    }
    assert!(api.creates() <= 3, "{} creates for 20 invocations in a row", api.creates());
    assert_eq!(api.deleted(), Vec::<String>::new(), "what was refused needs no delete");
}

#[tokio::test]
async fn create_that_conflicts_with_others_is_repeated_and_nobody_notices() {
    let (api, server) = with_function().await;
    api.script([Create::Conflict, Create::Conflict]);
    let answer = server.invoke("hello", json!({})).await;
    assert_eq!((api.pods().len(), api.creates()), (1, 3));
    assert_eq!(answer, ran_on(&api.pods()[0]));
    assert_eq!(api.deleted(), Vec::<String>::new());
}

#[tokio::test]
async fn create_that_conflicts_for_ever_gives_the_reason_and_the_api_server_is_not_hammered() {
    let (api, server) = with_function().await;
    api.script(vec![Create::Conflict; 100]);
    for _ in 0..20 {
        let answer = server.invoke("hello", json!({})).await;
        assert_eq!(answer.status, 424);
        let message = answer.body["Message"].as_str().unwrap();
        assert!(message.contains("cannot be fulfilled on resourcequotas \"few\""), "{answer:?}");
    }
    assert!(api.creates() <= 12, "{} creates for 20 invocations in a row", api.creates());
    assert_eq!(api.deleted(), Vec::<String>::new(), "what was refused needs no delete");
}

#[tokio::test]
async fn start_that_timed_out_is_told_to_callers_and_the_log_until_the_next_try() {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_LAMBDA_START_TIMEOUT", "1s")]).await;
    server.create_function("hello").await;
    api.script(vec![Create::NeverScheduled; 10]);
    let first = server.invoke("hello", json!({})).await;
    let pod = until(async || api.deleted().first().cloned()).await;
    let second = server.invoke("hello", json!({})).await;
    let reason = format!("Pod {pod} did not listen within 1s of the decision to start it: nothing was heard of it");
    for answer in [first, second] {
        assert_eq!(answer.status, 424);
        assert!(answer.body["Message"].as_str().unwrap().contains(&reason), "{answer:?}");
    }
    let logged = server.logged("the Pod did not start");
    assert!(logged[0].contains(&pod) && logged[0].contains("nothing was heard of it"), "{logged:?}");
}

#[tokio::test]
async fn end_does_not_wait_longer_for_a_pod_than_for_the_refusal_of_its_create() {
    let (api, server) = with_function().await;
    api.script([Create::ForbiddenAfter(Duration::from_secs(1), "exceeded quota")]);
    let terminating = async {
        until(async || (api.creates() == 1).then_some(())).await;
        server.terminate();
    };
    let (answer, ()) = tokio::join!(server.invoke("hello", json!({})), terminating);
    assert_eq!(answer.status, 500);
    let began = Instant::now();
    until(async || server.logged("all Pods of this instance are deleted").pop()).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(api.deleted(), Vec::<String>::new());
}

#[tokio::test]
async fn pod_that_listens_after_it_was_given_up_is_not_dialled() {
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_LAMBDA_START_TIMEOUT", "1s")]).await;
    server.create_function("hello").await;
    api.script([Create::NeverScheduled]);
    api.keep_pods();
    assert_eq!(server.invoke("hello", json!({})).await.status, 424);
    let pod = until(async || api.deleted().first().cloned()).await;
    api.let_listen(&pod).await;
    // Time enough: dialling would begin with the event, and the next try to delete comes seconds later.
    until(async || (api.deleted().len() == 2).then_some(())).await;
    assert_eq!(api.connections(&pod), 0);
}

#[tokio::test]
async fn pod_whose_connection_ended_is_replaced_without_an_error() {
    let (api, server) = with_function().await;
    let first = server.invoke("hello", json!({})).await;
    let pod = api.pods()[0].clone();
    api.kill_process(&pod).await;
    until(async || api.deleted().contains(&pod).then_some(())).await;
    let second = server.invoke("hello", json!({})).await;
    assert_eq!((second.status, second.function_error), (200, false));
    assert_ne!(second.body, first.body);
}

#[tokio::test]
async fn pod_killed_under_its_invocation_gives_one_error_and_no_second_run() {
    let (api, server) = with_function().await;
    server.invoke("hello", json!({})).await;
    let pod = api.pods()[0].clone();
    let killing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        api.kill_process(&pod).await;
    };
    let (answer, ()) = tokio::join!(server.invoke("hello", json!({ "sleep_ms": 10_000 })), killing);
    assert_eq!((answer.status, answer.function_error), (200, true));
    assert_eq!(answer.body["errorType"], "Runtime.ExitError");
    assert_eq!(api.creates(), 1, "the invocation was not given to a second Pod");
}

/// Invocations one after the other, each of which must succeed.
async fn traffic(server: &Server) {
    for _ in 0..10 {
        let answer = server.invoke("hello", json!({ "sleep_ms": 1 })).await;
        assert_eq!((answer.status, answer.function_error), (200, false), "{answer:?}");
    }
}

#[tokio::test]
async fn update_under_traffic_drains_every_old_pod() {
    let (api, server) = with_function().await;
    server.invoke("hello", json!({})).await;
    for round in 0..10 {
        let old = api.pods();
        let value = round.to_string();
        let update = server.update_environment("hello", &value, Duration::from_secs(10));
        tokio::join!(traffic(&server), traffic(&server), traffic(&server), update);
        until(async || old.iter().all(|pod| api.deleted().contains(pod)).then_some(())).await;
    }
}

#[tokio::test]
async fn change_whose_client_hung_up_is_finished() {
    const FINISHED: u64 = 3;
    let (api, server) = with_function().await;
    let (mut hung_up, mut finished) = (0, 0);
    for round in 0..300 {
        server.invoke("hello", json!({})).await;
        let old = api.pods();
        let value = round.to_string();
        // From too short for a request to arrive to long enough for its answer.
        let patience = Duration::from_micros(200 * (round % 60));
        let was_answered = server.update_environment("hello", &value, patience).await;
        if server.environment("hello").await == json!(value) {
            until(async || old.iter().all(|pod| api.deleted().contains(pod)).then_some(())).await;
            finished += u64::from(!was_answered);
        }
        hung_up += u64::from(!was_answered);
        if finished == FINISHED {
            return;
        }
    }
    panic!("of {hung_up} changes whose client hung up only {finished} were made: the test shows nothing");
}

#[tokio::test]
async fn deletion_that_no_event_told_is_found_by_the_next_list() {
    let (api, server) = with_function().await;
    let first = server.invoke("hello", json!({})).await;
    let pod = api.pods()[0].clone();
    let forgotten = api.forget_silently(&pod);
    api.expire_watches();
    let lost = until(async || server.logged("lost an idle Pod").pop()).await;
    assert!(lost.contains(&pod) && lost.contains("the Pod is gone"), "{lost}");
    let next = until(async || {
        let answer = server.invoke("hello", json!({})).await;
        (answer.body != first.body).then_some(answer)
    })
    .await;
    assert_eq!(next, ran_on(&api.pods()[0]));
    assert!(forgotten.runs() >= 1);
}

#[tokio::test]
async fn pod_of_this_instance_that_nobody_waits_for_is_deleted() {
    let (api, server) = with_function().await;
    let instance = server.instance().await.unwrap();
    api.plant("fakecloud-lambda-stray-0", metadata(&instance, "http://fakecloud.example")).await;
    until(async || api.deleted().contains(&"fakecloud-lambda-stray-0".to_owned()).then_some(())).await;
}

#[tokio::test]
async fn instance_that_misses_some_probes_keeps_its_pods_and_one_that_misses_all_does_not() {
    let api = Api::start().await;
    let slow = serve_health("slow", 3).await;
    api.plant("pod-of-slow", metadata("slow", &slow)).await;
    let replaced = serve_health("successor", 0).await;
    api.plant("pod-of-replaced", metadata("replaced", &replaced)).await;
    let _server = Server::start(&api).await;
    until(async || (api.deleted() == ["pod-of-replaced"]).then_some(())).await;
    assert_eq!(api.pods(), ["pod-of-slow"]);
}

#[tokio::test]
async fn expired_credentials_are_named_as_the_cause() {
    let api = Api::start().await;
    api.know_nobody();
    let log = Server::refused(&api).await;
    assert!(log.contains("does not say what this identity may do: Unauthorized; check the credentials"), "{log}");
}
