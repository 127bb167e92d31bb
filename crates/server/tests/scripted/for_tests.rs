//! What tests ask an emulator: what was invoked, and to forget everything.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Create};
use crate::bursts::with_one_slot;
use crate::server::{Server, until, with_function};

#[tokio::test]
async fn invocations_that_ran_are_listed_with_what_they_were_given_and_came_to() {
    let (api, server) = with_function().await;
    server.invoke("hello", json!({ "n": 1 })).await;
    api.script([Create::Forbidden("exceeded quota")]);
    server.create_function("poor").await;
    assert_eq!(server.invoke("poor", json!(2)).await.status, 424);
    server.reserve("hello", 0).await;
    assert_eq!(server.invoke("hello", json!(3)).await.status, 429);
    server.call(Method::DELETE, "/2017-10-31/functions/hello/concurrency", &Value::Null, 204).await;
    server.invoke("hello", json!({ "fail": true })).await;
    let listed = server.get("/_fakecloud/lambda/invocations").await;
    let seen: Vec<[&Value; 4]> = listed["invocations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| [&one["functionArn"], &one["payload"], &one["source"], &one["status"]])
        .collect();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:";
    let expected = [
        [json!(format!("{arn}hello")), json!("{\"n\":1}"), json!("invoke"), json!("succeeded")],
        [json!(format!("{arn}hello")), json!("{\"fail\":true}"), json!("invoke"), json!("failed")],
    ];
    assert_eq!(seen, expected.each_ref().map(|row| row.each_ref()));
    let failed = &listed["invocations"][1];
    assert_eq!(failed["error"], "Exception", "{failed}");
    assert!(failed["timestamp"].as_str().unwrap().ends_with('Z'), "{failed}");
}

#[tokio::test]
async fn invocation_whose_caller_hung_up_is_running_until_its_handler_has_ended() {
    let (_api, server) = with_function().await;
    server.invoke("hello", json!({})).await;
    server.hang_up("hello", json!({ "sleep_ms": 2_000 }), Duration::from_millis(300)).await;
    // The server notices that its client has gone some time after that.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(server.latest_invocation().await, ("running".to_owned(), Value::Null));
    until(async || (server.latest_invocation().await.0 != "running").then_some(())).await;
    assert_eq!(server.latest_invocation().await, ("succeeded".to_owned(), Value::Null));
}

#[tokio::test]
async fn invocation_whose_caller_gave_up_waiting_is_none() {
    let (api, server) = with_function().await;
    api.script([Create::NeverScheduled]);
    let waiting = until(async || (server.listed_invocations().await == 1).then_some(()));
    tokio::join!(server.hang_up("hello", json!({}), Duration::from_millis(500)), waiting);
    until(async || (server.listed_invocations().await == 0).then_some(())).await;
}

#[tokio::test]
async fn reset_leaves_nothing_and_ends_what_runs_and_waits() {
    let api = Api::start().await;
    let mut server = Server::start_with(&api, &[("FAKECLOUD_LAMBDA_MAX_CONCURRENCY", "1")]).await;
    server.create_function("hello").await;
    server.invoke("hello", json!({})).await;
    let resetting = async {
        until(async || {
            let listed = server.get("/_fakecloud/lambda/invocations").await;
            (listed["invocations"].as_array().unwrap().len() == 3).then_some(())
        })
        .await;
        let answer = server.call(Method::POST, "/_fakecloud/reset", &Value::Null, 200).await;
        (answer, api.pods())
    };
    let slow = json!({ "sleep_ms": 10_000 });
    let invoke = || server.invoke("hello", slow.clone());
    let (one, other, (answer, pods)) = tokio::join!(invoke(), invoke(), resetting);
    assert_eq!((answer, pods), (json!({ "status": "ok" }), Vec::new()));
    let (ran, waited) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!((ran.status, ran.body["errorType"].as_str()), (200, Some("Runtime.ExitError")), "{ran:?}");
    assert!(ran.body["errorMessage"].as_str().unwrap().contains("fakecloud was reset"), "{ran:?}");
    assert_eq!((waited.status, waited.body["Message"].as_str()), (424, Some("fakecloud was reset")), "{waited:?}");
    assert_eq!(api.creates(), 1, "nothing was started for the one that waited");

    assert_eq!(server.get("/2015-03-31/functions").await["Functions"], json!([]));
    assert_eq!(server.get("/_fakecloud/lambda/invocations").await, json!({ "invocations": [] }));
    server.restart().await;
    assert_eq!(server.get("/2015-03-31/functions").await["Functions"], json!([]));
}

#[tokio::test]
async fn reset_ends_what_waits_for_its_turn_to_start() {
    let (api, server) = with_one_slot().await;
    let resetting = async {
        until(async || (api.creates() == 1).then_some(())).await;
        assert_eq!(server.send_event("hello", json!({ "n": 1 })).await, 202);
        let (answer, ()) = tokio::join!(server.invoke("hello", json!({ "n": 2 })), async {
            until(async || (server.listed_invocations().await == 3).then_some(())).await;
            server.call(Method::POST, "/_fakecloud/reset", &Value::Null, 200).await;
        });
        answer
    };
    let (first, waited) = tokio::join!(server.invoke("first", json!({})), resetting);
    for answer in [first, waited] {
        assert_eq!((answer.status, answer.body["Message"].as_str()), (424, Some("fakecloud was reset")), "{answer:?}");
    }
    until(async || (server.logged("could not be run yet").len() == 1).then_some(())).await;
    assert_eq!(api.creates(), 1, "no Pod of those that waited was started");
}

#[tokio::test]
async fn function_that_is_created_after_a_reset_works() {
    let (_api, server) = with_function().await;
    for path in ["/_fakecloud/reset/lambda", "/_reset", "/_fakecloud/reset"] {
        assert_eq!(server.invoke("hello", json!({})).await.status, 200);
        assert_eq!(server.call(Method::POST, path, &Value::Null, 200).await, json!({ "status": "ok" }));
        assert_eq!(server.invoke("hello", json!({})).await.status, 404);
        server.create_function("hello").await;
    }
    let answer = server.invoke("hello", json!({})).await;
    assert_eq!((answer.status, answer.function_error), (200, false));
}

#[tokio::test]
async fn unknown_paths_of_fakecloud_say_what_there_is() {
    let (_api, server) = with_function().await;
    let unknown = server.request(Method::POST, "/_fakecloud/lambda/unknown").send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let text = unknown.text().await.unwrap();
    assert!(text.contains("/_fakecloud/lambda/unknown") && text.contains("POST /_fakecloud/reset"), "{text}");
    for (method, path) in [(Method::GET, "/_fakecloud/reset"), (Method::POST, "/_fakecloud/lambda/invocations")] {
        let answer = server.request(method, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}
