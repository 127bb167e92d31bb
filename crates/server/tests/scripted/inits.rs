//! What becomes of a runtime that ends while it initialises.

use serde_json::{Value, json};

use crate::api::Api;
use crate::client::Answer;
use crate::server::Server;

async fn with_function_on(runtime: &str) -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function_on(runtime, "hello").await;
    (api, server)
}

/// How many Pods there have been, and how often those were asked that are left.
fn pods_and_runs(api: &Api) -> (usize, usize) {
    (api.creates(), api.payloads("hello").len())
}

fn assert_exit(answer: &Answer) {
    assert_eq!((answer.status, answer.function_error), (200, true), "{answer:?}");
    assert_eq!(answer.body["errorType"], "Runtime.ExitError", "{answer:?}");
}

#[tokio::test]
async fn runtime_that_ends_once_is_initialised_again_in_its_pod() {
    let (api, server) = with_function_on("provided.al2023").await;
    let answer = server.invoke("hello", json!({ "failed_inits": 1 })).await;
    assert_eq!((answer.status, answer.function_error), (200, false), "{answer:?}");
    assert_eq!(pods_and_runs(&api), (1, 2));
}

#[tokio::test]
async fn streamed_answer_comes_from_the_second_initialisation() {
    let (api, server) = with_function_on("provided.al2023").await;
    let answer = server.invoke_streamed("hello", json!({ "failed_inits": 1, "pieces": ["one", "two"] })).await;
    let stream = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
    assert!(stream.contains("one") && stream.contains("two") && !stream.contains("ExitError"), "{stream}");
    assert_eq!(pods_and_runs(&api), (1, 2));
}

#[tokio::test]
async fn runtime_that_ends_twice_is_the_functions_error() {
    let (api, server) = with_function_on("provided.al2023").await;
    let event = json!({ "failed_inits": 3 });
    assert_exit(&server.invoke("hello", event.clone()).await);
    assert_eq!(pods_and_runs(&api), (1, 2));
    // Only the first invocation of a Pod has two chances: the fourth run would be a success.
    assert_exit(&server.invoke("hello", event.clone()).await);
    assert_eq!(api.creates(), 1);
    assert_exit(&server.invoke("hello", event).await);
    assert_eq!(pods_and_runs(&api), (2, 2), "an emulator that tells no ends any more was not kept");
}

#[tokio::test]
async fn only_a_runtime_that_may_have_missed_the_emulator_has_two_chances() {
    async fn runs(runtime: &str, event: Value) -> (usize, usize) {
        let (api, server) = with_function_on(runtime).await;
        assert_exit(&server.invoke("hello", event).await);
        pods_and_runs(&api)
    }
    assert_eq!(runs("provided.al2023", json!({ "crash": true })).await, (1, 1), "the handler ran");
    assert_eq!(runs("python3.12", json!({ "failed_inits": 1 })).await, (1, 1), "AWS's runtimes start slowly");
}

#[tokio::test]
async fn pod_that_goes_with_its_runtime_is_the_end_of_its_invocation() {
    let (api, server) = with_function_on("provided.al2023").await;
    assert_exit(&server.invoke("hello", json!({ "failed_inits": 1, "hang_up": true })).await);
    assert_eq!(api.creates(), 1);
}
