//! What an emulator answers when it is stopped under an invocation, right before it ends.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::server::with_function;

/// An answer without a byte.
fn nothing() -> Value {
    json!({ "pieces": [] })
}

/// The same from a process that ends with it.
fn nothing_any_more() -> Value {
    json!({ "pieces": [], "hang_up": true })
}

fn assert_lost(answer: &Answer) {
    assert_eq!((answer.status, answer.function_error), (200, true), "{answer:?}");
    assert_eq!(answer.body["errorType"], "Runtime.ExitError", "{answer:?}");
    let message = answer.body["errorMessage"].as_str().unwrap();
    let ends = message.ends_with("it closed its connection");
    assert!(ends && message.contains("Pod fakecloud-lambda-hello-"), "{message}");
}

#[tokio::test]
async fn nothing_from_a_pod_that_ends_is_no_success() {
    let (api, server) = with_function().await;
    assert_lost(&server.invoke("hello", nothing_any_more()).await);
    assert_eq!(server.invoke("hello", json!({})).await.status, 200);
    assert_eq!(api.creates(), 2);
}

#[tokio::test]
async fn nothing_from_a_pod_that_lives_on_is_what_the_function_answers() {
    let (api, server) = with_function().await;
    for _ in 0..2 {
        let answer = server.invocation("hello").json(&nothing()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("x-amz-function-error"));
        assert_eq!(answer.text().await.unwrap(), "");
    }
    assert_eq!((api.creates(), api.payloads("hello").len()), (1, 2));
}

#[tokio::test]
async fn end_of_a_runtime_is_the_end_of_its_pod_where_that_goes_too() {
    let (_api, server) = with_function().await;
    let crash = server.invoke("hello", json!({ "crash": true })).await;
    let message = crash.body["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("exit status 1"), "{message}");
    assert_lost(&server.invoke("hello", json!({ "crash": true, "hang_up": true })).await);
}

#[tokio::test]
async fn nothing_is_streamed_from_a_pod_that_ends_but_its_end() {
    let (_api, server) = with_function().await;
    let streamed = async |payload: Value| {
        let answer = server.invoke_streamed("hello", payload).await;
        String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned()
    };
    let lost = streamed(nothing_any_more()).await;
    assert!(lost.contains("Runtime.ExitError") && lost.contains("it closed its connection"), "{lost}");
    let fine = streamed(nothing()).await;
    assert!(fine.contains("InvokeComplete") && !fine.contains("ErrorCode"), "{fine}");
}
