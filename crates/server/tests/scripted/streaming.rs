//! InvokeWithResponseStream: pieces of an answer, as they come from the Pod.

use std::time::Instant;

use serde_json::{Value, json};

use crate::api::Create;
use crate::pod::PAUSE;
use crate::server::{until, with_function};
use crate::wire::Wire;

/// The events of an event stream: each one's type and payload.
fn events(mut stream: &[u8]) -> Vec<(String, String)> {
    let mut events = Vec::new();
    while !stream.is_empty() {
        let number = |at: usize| u32::from_be_bytes(stream[at..at + 4].try_into().unwrap()) as usize;
        let (total, headers) = (number(0), number(4));
        let head = String::from_utf8_lossy(&stream[12..12 + headers]);
        let kind = ["PayloadChunk", "InvokeComplete"].into_iter().find(|kind| head.contains(kind)).unwrap();
        let payload = String::from_utf8(stream[12 + headers..total - 4].to_vec()).unwrap();
        events.push((kind.to_owned(), payload));
        stream = &stream[total..];
    }
    events
}

fn event(kind: &str, payload: &str) -> (String, String) {
    (kind.to_owned(), payload.to_owned())
}

#[tokio::test]
async fn pieces_reach_the_client_as_they_come() {
    let (_api, server) = with_function().await;
    server.invoke("hello", json!({})).await;
    let began = Instant::now();
    let mut answer = server.invoke_streamed("hello", json!({ "pieces": ["one", "two", "three"] })).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/vnd.amazon.eventstream");
    assert_eq!(answer.headers()["x-amz-executed-version"], "$LATEST");
    let mut stream = answer.chunk().await.unwrap().unwrap().to_vec();
    assert_eq!(events(&stream), [event("PayloadChunk", "one")]);
    assert!(began.elapsed() < PAUSE, "the first piece did not wait for the second: {:?}", began.elapsed());
    while let Some(bytes) = answer.chunk().await.unwrap() {
        stream.extend_from_slice(&bytes);
    }
    let expected = [
        event("PayloadChunk", "one"),
        event("PayloadChunk", "two"),
        event("PayloadChunk", "three"),
        event("InvokeComplete", "{}"),
    ];
    assert_eq!(events(&stream), expected);
}

#[tokio::test]
async fn errors_are_told_in_the_last_event() {
    let (_api, server) = with_function().await;
    let error = r#"{"errorType":"KeyError","errorMessage":"no"}"#;
    let halves = error.split_at(15);
    let answer = server.invoke_streamed("hello", json!({ "pieces": [halves.0, halves.1] })).await;
    let events_of_error = events(&answer.bytes().await.unwrap());
    let told = json!({ "ErrorCode": "Unhandled", "ErrorDetails": error });
    assert_eq!(events_of_error, [event("InvokeComplete", &told.to_string())]);

    let answer = server.invoke_streamed("hello", json!({ "pieces": ["one", null] })).await;
    let events_of_cut = events(&answer.bytes().await.unwrap());
    assert_eq!((events_of_cut.len(), &events_of_cut[0]), (2, &event("PayloadChunk", "one")));
    let end: Value = serde_json::from_str(&events_of_cut[1].1).unwrap();
    assert_eq!(end["ErrorCode"], "Unhandled");
    assert!(end["ErrorDetails"].as_str().unwrap().contains("Runtime.ExitError"), "{end}");
    let listed = server.get("/_fakecloud/lambda/invocations").await;
    let seen: Vec<_> =
        listed["invocations"].as_array().unwrap().iter().map(|one| (&one["source"], &one["error"])).collect();
    assert_eq!(
        seen,
        [(&json!("response-stream"), &json!("KeyError")), (&json!("response-stream"), &json!("Runtime.ExitError"))]
    );
}

#[tokio::test]
async fn errors_before_the_stream_are_those_of_invoke() {
    let (api, server) = with_function().await;
    assert_eq!(server.invoke_streamed("missing", json!({})).await.status(), 404);
    api.script([Create::Forbidden("exceeded quota")]);
    let answer = server.invoke_streamed("hello", json!({})).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-amzn-errortype"]),
        (424, &"EnvironmentNotStartedException".parse().unwrap())
    );
}

#[tokio::test]
async fn function_runs_to_its_end_when_the_client_of_a_stream_hangs_up() {
    const PIECES: u32 = 8;
    let (api, server) = with_function().await;
    server.invoke("hello", json!({})).await;
    let pod = api.pods()[0].clone();
    let began = Instant::now();
    let mut answer = server.invoke_streamed("hello", json!({ "pieces": vec!["piece"; PIECES as usize] })).await;
    answer.chunk().await.unwrap().unwrap();
    drop(answer);
    assert_eq!(server.latest_invocation().await, ("running".to_owned(), Value::Null));
    until(async || {
        // In this order, so that a Pod which is deleted before its handler has ended is seen.
        let deleted = api.deleted();
        let (status, _) = server.latest_invocation().await;
        assert!(deleted.is_empty() || status != "running", "the Pod was deleted while its handler ran");
        (status != "running").then_some(())
    })
    .await;
    assert_eq!(server.latest_invocation().await, ("succeeded".to_owned(), Value::Null));
    assert!(began.elapsed() >= PAUSE * (PIECES - 1), "the handler was cut off: {:?}", began.elapsed());
    until(async || (api.deleted() == std::slice::from_ref(&pod)).then_some(())).await;
    let next = server.invoke("hello", json!({})).await;
    assert_eq!((next.status, next.body == json!(pod)), (200, false), "{next:?}");
}

/// The answer is longer than what the kernel takes for a client that reads nothing, and the rest has room on the way.
#[tokio::test]
async fn client_that_does_not_read_the_end_of_a_stream_keeps_no_place_under_the_reservation() {
    let (_api, server) = with_function().await;
    server.reserve("hello", 1).await;
    let mut client = Wire::connect(server.endpoint()).await;
    let body = json!({ "pieces": [6_000_000, "end"] }).to_string();
    let length = body.len();
    client
        .write(format!(
            "POST /2021-11-15/functions/hello/response-streaming-invocations HTTP/1.1\r\nhost: localhost\r\n\
            content-length: {length}\r\n\r\n{body}"
        ))
        .await;
    until(async || {
        let listed = server.get("/_fakecloud/lambda/invocations").await;
        (listed["invocations"][0]["status"] == "succeeded").then_some(())
    })
    .await;
    assert_eq!(server.invoke("hello", json!({})).await.status, 200);
    drop(client);
}
