//! Asynchronous invocations: how often they run, what they survive, and who hears of their end.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Create};
use crate::server::{Server, until};

/// Retries after 50 ms and 100 ms.
const SOON: [(&str, &str); 1] = [("FAKECLOUD_LAMBDA_RETRY_BASE", "50ms")];

async fn with_function() -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start_with(&api, &SOON).await;
    server.create_function("hello").await;
    (api, server)
}

async fn configure(server: &Server, function: &str, config: Value) {
    server.call(Method::PUT, &format!("/2019-09-25/functions/{function}/event-invoke-config"), &config, 200).await;
}

/// The ARN of a function of the account of unsigned requests.
fn arn(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{function}")
}

/// How many events are on disk; a record that is being written does not count yet.
fn records(server: &Server) -> usize {
    let entries = fs::read_dir(server.data().join("events")).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|kind| kind == "json")).count()
}

/// The only event was accepted `age_s` seconds ago, as far as a restarted server can tell.
fn backdate(server: &Server, age_s: u64) {
    let path = fs::read_dir(server.data().join("events")).unwrap().next().unwrap().unwrap().path();
    let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    record["accepted_ms"] = json!(record["accepted_ms"].as_u64().unwrap() - age_s * 1_000);
    fs::write(path, record.to_string()).unwrap();
}

/// Waits until the record of the only event says that the function has run so often for it.
async fn runs_on_disk(server: &Server, runs: u32) {
    until(async || {
        // A record that is being replaced may be missing for a moment.
        let record = fs::read_dir(server.data().join("events")).unwrap().find_map(|entry| {
            let path = entry.ok()?.path();
            path.extension().filter(|kind| *kind == "json")?;
            serde_json::from_slice::<Value>(&fs::read(path).ok()?).ok()
        })?;
        (record["runs"] == runs).then_some(())
    })
    .await;
}

#[tokio::test]
async fn event_that_succeeds_runs_once_and_leaves_nothing() {
    let (api, server) = with_function().await;
    assert_eq!(server.send_event("hello", json!({ "n": 1 })).await, 202);
    until(async || (api.payloads("hello") == [json!({ "n": 1 })]).then_some(())).await;
    until(async || (records(&server) == 0).then_some(())).await;
    assert_eq!(server.invoke("hello", json!({ "n": 2 })).await.status, 200);
    assert_eq!(api.payloads("hello").len(), 2);
}

#[tokio::test]
async fn client_context_is_for_functions_whose_answer_is_waited_for() {
    let (api, server) = with_function().await;
    let path = "/2015-03-31/functions/hello/invocations";
    for (runs, kind) in ["Event", "RequestResponse"].into_iter().enumerate() {
        let request = server.request(Method::POST, path).header("x-amz-invocation-type", kind);
        let answer = request.header("x-amz-client-context", "eyJhIjoxfQ==").body("{}").send().await.unwrap();
        assert!(answer.status().is_success(), "{kind}: {answer:?}");
        until(async || (api.payloads("hello").len() == runs + 1).then_some(())).await;
    }
    assert_eq!(api.header("hello", "x-amz-client-context"), [None, Some("eyJhIjoxfQ==".to_owned())]);
}

#[tokio::test]
async fn trace_id_goes_with_every_attempt_and_on_to_the_destination() {
    let (api, mut server) = with_function().await;
    server.create_function("failures").await;
    configure(&server, "hello", json!({ "DestinationConfig": { "OnFailure": { "Destination": arn("failures") } } }))
        .await;
    api.script([Create::NeverScheduled]);
    let given = Some("Root=1-65b1a2c3-0123456789abcdef01234567;Sampled=1".to_owned());
    let path = "/2015-03-31/functions/hello/invocations";
    let request = server.request(Method::POST, path).header("x-amz-invocation-type", "Event");
    request.header("x-amzn-trace-id", given.as_deref().unwrap()).body(r#"{"fail":true}"#).send().await.unwrap();
    until(async || (api.creates() == 1).then_some(())).await;
    server.restart().await;
    until(async || (api.payloads("failures").len() == 1).then_some(())).await;
    assert_eq!(api.header("hello", "x-amzn-trace-id"), vec![given.clone(); 3]);
    assert_eq!(api.header("failures", "x-amzn-trace-id"), [given]);
}

#[tokio::test]
async fn trace_id_in_the_answer_is_the_one_that_the_function_got() {
    let (api, server) = with_function().await;
    let own_path = "/2015-03-31/functions/hello/invocations";
    let streamed = "/2021-11-15/functions/hello/response-streaming-invocations";
    let mut answered = Vec::new();
    for path in [own_path, streamed] {
        let answer = server.request(Method::POST, path).body("{}").send().await.unwrap();
        answered.push(Some(answer.headers()["x-amzn-trace-id"].to_str().unwrap().to_owned()));
    }
    assert_eq!(api.header("hello", "x-amzn-trace-id"), answered);
}

#[tokio::test]
async fn deprecated_operation_queues_events_as_well() {
    let (api, server) = with_function().await;
    let path = "/2014-11-13/functions/hello/invoke-async";
    server.call(Method::POST, path, &json!({ "n": 1 }), 202).await;
    until(async || (api.payloads("hello") == [json!({ "n": 1 })]).then_some(())).await;
}

#[tokio::test]
async fn function_error_is_retried_twice_and_told_to_the_destination_function() {
    let (api, server) = with_function().await;
    server.create_function("failures").await;
    configure(&server, "hello", json!({ "DestinationConfig": { "OnFailure": { "Destination": arn("failures") } } }))
        .await;
    assert_eq!(server.send_event("hello", json!({ "fail": true })).await, 202);
    let record = until(async || api.payloads("failures").first().cloned()).await;
    assert_eq!(api.payloads("hello").len(), 3);
    assert_eq!(record["requestContext"]["functionArn"], format!("{}:$LATEST", arn("hello")));
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(record["requestPayload"], json!({ "fail": true }));
    let context = json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" });
    assert_eq!(record["responseContext"], context);
    assert_eq!(record["responsePayload"], json!({ "errorMessage": "no", "errorType": "Exception" }));
    until(async || (records(&server) == 0).then_some(())).await;
    assert_eq!((api.payloads("hello").len(), api.payloads("failures").len()), (3, 1));
}

#[tokio::test]
async fn success_is_told_to_its_own_destination() {
    let (api, server) = with_function().await;
    server.create_function("next").await;
    let config = json!({
        "MaximumRetryAttempts": 0,
        "DestinationConfig": { "OnSuccess": { "Destination": arn("next") } },
    });
    configure(&server, "hello", config).await;
    server.send_event("hello", json!({ "fail": true })).await;
    until(async || (api.payloads("hello").len() == 1).then_some(())).await;
    server.send_event("hello", json!({ "n": 1 })).await;
    let record = until(async || api.payloads("next").first().cloned()).await;
    assert_eq!(record["requestContext"]["condition"], "Success");
    assert_eq!(record["requestPayload"], json!({ "n": 1 }));
    assert_eq!(api.payloads("hello").len(), 2, "no retry was allowed");
}

#[tokio::test]
async fn function_with_nothing_reserved_hands_events_to_the_destination_at_once() {
    let (api, server) = with_function().await;
    server.create_function("failures").await;
    configure(&server, "hello", json!({ "DestinationConfig": { "OnFailure": { "Destination": arn("failures") } } }))
        .await;
    server.reserve("hello", 0).await;
    assert_eq!(server.send_event("hello", json!({ "n": 1 })).await, 202);
    let record = until(async || api.payloads("failures").first().cloned()).await;
    assert_eq!(record["requestContext"]["condition"], "ZeroReservedConcurrency");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 0);
    assert_eq!(record.get("responseContext"), None);
    assert_eq!(api.payloads("hello"), Vec::<Value>::new());
}

#[tokio::test]
async fn start_that_fails_is_tried_again_until_it_succeeds() {
    let (api, server) = with_function().await;
    api.script([Create::Forbidden("exceeded quota")]);
    assert_eq!(server.send_event("hello", json!({ "n": 1 })).await, 202);
    until(async || (api.payloads("hello").len() == 1).then_some(())).await;
    assert_eq!(server.logged("could not be run yet").len(), 1);
    let listed = server.get("/_fakecloud/lambda/invocations").await;
    assert_eq!(listed["invocations"].as_array().unwrap().len(), 1, "an attempt that was refused is no invocation");
}

#[tokio::test]
async fn event_that_gets_no_pod_is_given_up_at_its_age() {
    let (api, mut server) = with_function().await;
    configure(&server, "hello", json!({ "MaximumEventAgeInSeconds": 60 })).await;
    api.script(vec![Create::NeverScheduled; 2]);
    server.send_event("hello", json!({})).await;
    until(async || (api.creates() == 1).then_some(())).await;
    backdate(&server, 57);
    server.restart().await;
    let gave_up = until(async || server.logged("was given up").first().cloned()).await;
    assert!(gave_up.contains("EventAgeExceeded") && gave_up.contains("runs=0"), "{gave_up}");
    assert_eq!(api.creates(), 2, "it waited for a Pod");
    until(async || (records(&server) == 0).then_some(())).await;
}

#[tokio::test]
async fn run_that_has_begun_may_outlast_the_age_of_its_event() {
    let (api, mut server) = with_function().await;
    configure(&server, "hello", json!({ "MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0 })).await;
    api.script([Create::NeverScheduled]);
    server.send_event("hello", json!({ "sleep_ms": 4_000 })).await;
    until(async || (api.creates() == 1).then_some(())).await;
    backdate(&server, 57);
    server.restart().await;
    until(async || (api.payloads("hello").len() == 1).then_some(())).await;
    until(async || (records(&server) == 0).then_some(())).await;
    let listed = server.get("/_fakecloud/lambda/invocations").await;
    assert_eq!(listed["invocations"][0]["status"], "succeeded", "{listed}");
    assert!(listed["invocations"][0]["durationMs"].as_u64().unwrap() >= 4_000, "{listed}");
}

#[tokio::test]
async fn events_beyond_the_limit_are_throttled() {
    let api = Api::start().await;
    let settings = [("FAKECLOUD_LAMBDA_ASYNC_QUEUE_LIMIT", "1")];
    let server = Server::start_with(&api, &settings).await;
    server.create_function("hello").await;
    api.script([Create::NeverScheduled]);
    assert_eq!(server.send_event("hello", json!({})).await, 202);
    assert_eq!(server.send_event("hello", json!({})).await, 429);
    assert_eq!(server.logged("FAKECLOUD_LAMBDA_ASYNC_QUEUE_LIMIT").len(), 1);
}

#[tokio::test]
async fn accepted_events_survive_a_kill() {
    let (api, mut server) = with_function().await;
    api.script(vec![Create::NeverScheduled; 2]);
    for n in 1..=2 {
        assert_eq!(server.send_event("hello", json!({ "n": n })).await, 202);
    }
    until(async || (api.creates() == 2).then_some(())).await;
    server.restart().await;
    until(async || {
        let mut payloads = api.payloads("hello");
        payloads.sort_by_key(|payload| payload["n"].as_u64());
        (payloads == [json!({ "n": 1 }), json!({ "n": 2 })]).then_some(())
    })
    .await;
    until(async || (records(&server) == 0).then_some(())).await;
}

#[tokio::test]
async fn wait_and_runs_survive_a_kill() {
    let api = Api::start().await;
    let mut server = Server::start_with(&api, &[("FAKECLOUD_LAMBDA_RETRY_BASE", "3s")]).await;
    server.create_function("hello").await;
    configure(&server, "hello", json!({ "MaximumRetryAttempts": 1 })).await;
    server.send_event("hello", json!({ "fail": true })).await;
    until(async || server.logged("is tried again").first().cloned()).await;
    assert_eq!(api.payloads("hello").len(), 1);
    runs_on_disk(&server, 1).await;
    server.restart().await;
    let gave_up = until(async || server.logged("was given up").first().cloned()).await;
    assert!(gave_up.contains("RetriesExhausted") && gave_up.contains("runs=2"), "{gave_up}");
    assert_eq!(api.payloads("hello").len(), 2, "the run before the end was remembered");
}

#[tokio::test]
async fn end_of_the_server_keeps_events_and_says_so() {
    let (api, mut server) = with_function().await;
    api.script([Create::NeverScheduled]);
    server.send_event("hello", json!({})).await;
    until(async || (api.creates() == 1).then_some(())).await;
    server.terminate();
    assert_eq!(server.exit_code().await, Some(0));
    assert_eq!(server.logged("are kept for the next start").len(), 1);
    assert_eq!(records(&server), 1);
}

#[tokio::test]
async fn end_of_a_server_without_a_data_directory_tells_what_is_lost() {
    let api = Api::start().await;
    let mut server = Server::start_without_data(&api).await;
    server.create_function("hello").await;
    api.script([Create::NeverScheduled]);
    server.send_event("hello", json!({})).await;
    until(async || (api.creates() == 1).then_some(())).await;
    server.terminate();
    assert_eq!(server.exit_code().await, Some(0));
    let lost = server.logged("are lost");
    assert!(lost[0].contains("events=1") && lost[0].contains("FAKECLOUD_DATA_DIR"), "{lost:?}");
}

#[tokio::test]
async fn record_that_cannot_be_read_is_named_and_stops_nothing() {
    let (api, mut server) = with_function().await;
    fs::write(server.data().join("events/broken.json"), "{").unwrap();
    server.restart().await;
    assert!(server.logged("cannot be read")[0].contains("broken.json"));
    assert_eq!(server.send_event("hello", json!({ "n": 1 })).await, 202);
    until(async || (api.payloads("hello").len() == 1).then_some(())).await;
}

#[tokio::test]
async fn events_of_a_deleted_function_are_dropped() {
    let (api, server) = with_function().await;
    api.script([Create::Forbidden("exceeded quota")]);
    server.send_event("hello", json!({})).await;
    until(async || server.logged("could not be run yet").first().cloned()).await;
    server.call(Method::DELETE, "/2015-03-31/functions/hello", &Value::Null, 204).await;
    until(async || server.logged("is dropped").first().cloned()).await;
    until(async || (records(&server) == 0).then_some(())).await;
    assert_eq!(api.payloads("hello"), Vec::<Value>::new());
}

#[tokio::test]
async fn reset_forgets_events_too() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    server.create_function("hello").await;
    server.send_event("hello", json!({ "fail": true })).await;
    runs_on_disk(&server, 1).await;
    server.call(Method::POST, "/_fakecloud/reset", &Value::Null, 200).await;
    assert_eq!(records(&server), 0);
    server.restart().await;
    assert_eq!(server.logged("earlier process"), Vec::<String>::new());
}
