//! Queues, topics, buses and buckets hear of asynchronous invocations.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::server::{Server, until};
use crate::services::{Services, Taken};

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:q";
const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:t";

/// A function without retries, with these destinations and this dead letter queue.
async fn with_function(destinations: Value, dead_letter: &str) -> (Services, Server) {
    let (services, url) = Services::start().await;
    let api = Api::start().await;
    let server = Server::start_with(&api, &[("FAKECLOUD_FORWARD_URL", &url)]).await;
    server.create_function("hello").await;
    let config = json!({ "MaximumRetryAttempts": 0, "DestinationConfig": destinations });
    server.call(Method::PUT, "/2019-09-25/functions/hello/event-invoke-config", &config, 200).await;
    let config = json!({ "DeadLetterConfig": { "TargetArn": dead_letter } });
    server.call(Method::PUT, "/2015-03-31/functions/hello/configuration", &config, 200).await;
    (services, server)
}

async fn taken(services: &Services, count: usize) -> Vec<Taken> {
    until(async || Some(services.taken()).filter(|taken| taken.len() >= count)).await
}

fn json_of(taken: &Taken) -> Value {
    serde_json::from_slice(&taken.body).unwrap()
}

#[tokio::test]
async fn failure_is_told_to_the_queue_and_its_event_goes_to_the_dead_letter_topic() {
    let (services, server) = with_function(json!({ "OnFailure": { "Destination": QUEUE } }), TOPIC).await;
    server.send_event("hello", json!({ "fail": true })).await;
    let mut taken = taken(&services, 2).await;
    taken.sort_by_key(|one| one.headers.contains_key("x-amz-target"));
    let [topic, queue] = &taken[..] else { panic!("two are told: {taken:?}") };

    assert_eq!((&queue.method, queue.header("x-amz-target")), (&Method::POST, "AmazonSQS.SendMessage"));
    assert!(queue.header("authorization").contains("Credential=000000000000/"), "{queue:?}");
    assert!(queue.header("authorization").contains("/us-east-1/sqs/aws4_request"), "{queue:?}");
    let record: Value = serde_json::from_str(json_of(queue)["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestPayload"], json!({ "fail": true }));

    let form: BTreeMap<String, String> =
        reqwest::Url::parse(&format!("http://form/?{}", String::from_utf8(topic.body.to_vec()).unwrap()))
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect();
    assert_eq!((&*form["TopicArn"], &*form["Message"]), (TOPIC, r#"{"fail":true}"#));
    assert_eq!(form["MessageAttributes.entry.3.Name"], "ErrorMessage");
    assert_eq!(form["MessageAttributes.entry.3.Value.StringValue"], "no");
}

#[tokio::test]
async fn success_is_told_to_the_bus() {
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/b";
    let (services, server) = with_function(json!({ "OnSuccess": { "Destination": bus } }), QUEUE).await;
    server.send_event("hello", json!({ "n": 1 })).await;
    let taken = taken(&services, 1).await;
    assert_eq!(taken[0].header("x-amz-target"), "AWSEvents.PutEvents");
    let entry = json_of(&taken[0])["Entries"][0].clone();
    assert_eq!((&entry["Source"], &entry["EventBusName"]), (&json!("lambda"), &json!(bus)));
    assert_eq!(entry["DetailType"], "Lambda Function Invocation Result - Success");
    let record: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "Success");
}

#[tokio::test]
async fn failure_is_put_into_the_bucket() {
    let (services, server) = with_function(json!({ "OnFailure": { "Destination": "arn:aws:s3:::b" } }), "").await;
    server.send_event("hello", json!({ "fail": true })).await;
    let taken = taken(&services, 1).await;
    assert_eq!(taken[0].method, Method::PUT);
    assert!(taken[0].path.starts_with("/b/aws/lambda/async/hello/2"), "{}", taken[0].path);
    assert_eq!(json_of(&taken[0])["requestPayload"], json!({ "fail": true }));
}

#[tokio::test]
async fn service_that_refuses_is_asked_again_and_given_up_with_its_reason() {
    let (services, server) = with_function(json!({ "OnFailure": { "Destination": QUEUE } }), "").await;
    services.refuse([(StatusCode::SERVICE_UNAVAILABLE, "not now")]);
    server.send_event("hello", json!({ "fail": true })).await;
    assert_eq!(taken(&services, 2).await.len(), 2);
    services.refuse([(StatusCode::BAD_REQUEST, "no such queue"); 4]);
    server.send_event("hello", json!({ "fail": true })).await;
    let logged = until(async || server.logged("was not told").first().cloned()).await;
    assert!(logged.contains(QUEUE) && logged.contains("SQS answered HTTP 400: no such queue"), "{logged}");
    assert_eq!(services.taken().len(), 6);
}

#[tokio::test]
async fn event_that_is_over_does_not_run_again_after_a_restart() {
    let (services, url) = Services::start().await;
    let api = Api::start().await;
    let mut server = Server::start_with(&api, &[("FAKECLOUD_FORWARD_URL", &url)]).await;
    server.create_function("hello").await;
    let config = json!({ "DestinationConfig": { "OnSuccess": { "Destination": QUEUE } } });
    server.call(Method::PUT, "/2019-09-25/functions/hello/event-invoke-config", &config, 200).await;
    services.refuse([(StatusCode::SERVICE_UNAVAILABLE, "not now"); 2]);
    server.send_event("hello", json!({ "n": 1 })).await;
    taken(&services, 2).await;
    server.restart().await;
    let told = taken(&services, 3).await;
    let record: Value = serde_json::from_str(json_of(&told[2])["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "Success");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 1);
    assert!(record["responsePayload"].is_string(), "{record}");
    assert_eq!(api.creates(), 1, "the function has not run again");
}

#[tokio::test]
async fn reset_ends_what_is_still_to_be_told() {
    let (services, server) = with_function(json!({ "OnSuccess": { "Destination": QUEUE } }), "").await;
    services.refuse([(StatusCode::SERVICE_UNAVAILABLE, "not now"); 2]);
    server.send_event("hello", json!({})).await;
    taken(&services, 2).await;
    server.call(Method::POST, "/_fakecloud/reset", &Value::Null, 200).await;
    // The next attempt would come 2 s after the last one.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(services.taken().len(), 2);
}

#[tokio::test]
async fn without_any_endpoint_the_log_names_the_settings_and_aws_itself_is_not_called() {
    let api = Api::start().await;
    let credentials = [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let server = Server::start_with(&api, &credentials).await;
    server.create_function("hello").await;
    let config = json!({ "DestinationConfig": { "OnSuccess": { "Destination": QUEUE } } });
    server.call(Method::PUT, "/2019-09-25/functions/hello/event-invoke-config", &config, 200).await;
    server.send_event("hello", json!({})).await;
    let logged = until(async || server.logged("was not told").first().cloned()).await;
    assert!(logged.contains("AWS_ENDPOINT_URL_SQS") && logged.contains("FAKECLOUD_FORWARD_URL"), "{logged}");
    assert_eq!(server.logged("could not be told yet"), Vec::<String>::new(), "asking again does not help");
}
