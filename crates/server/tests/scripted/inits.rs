//! What becomes of a runtime that ends while it initialises.

use serde_json::json;

use crate::api::Api;
use crate::server::Server;

async fn with_function() -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function("hello").await;
    (api, server)
}

#[tokio::test]
async fn runtime_that_ends_once_is_initialised_again_in_its_pod() {
    let (api, server) = with_function().await;
    let answer = server.invoke("hello", json!({ "failed_inits": 1 })).await;
    assert_eq!((answer.status, answer.function_error), (200, false), "{answer:?}");
    assert_eq!((api.creates(), api.payloads("hello").len()), (1, 2));
}

#[tokio::test]
async fn runtime_that_ends_twice_is_the_functions_error() {
    let (api, server) = with_function().await;
    let event = json!({ "failed_inits": 100 });
    let answer = server.invoke("hello", event.clone()).await;
    assert_eq!((answer.status, answer.function_error), (200, true), "{answer:?}");
    assert_eq!(answer.body["errorType"], "Runtime.ExitError");
    assert_eq!((api.creates(), api.payloads("hello").len()), (1, 2));
    let next = server.invoke("hello", event).await;
    assert_eq!((next.status, next.function_error), (200, true), "{next:?}");
    assert_eq!((api.creates(), api.payloads("hello").len()), (1, 3), "only the Pod's first invocation has two chances");
}
