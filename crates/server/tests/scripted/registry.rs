//! The registry of images behind the port of the API.

use reqwest::Method;
use serde_json::Value;

use crate::api::Api;
use crate::client::signature;
use crate::server::Server;

#[tokio::test]
async fn registry_answers_its_clients_and_nobody_who_signs() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    for path in ["/v2", "/v2/"] {
        let answer = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.headers()["docker-distribution-api-version"], "registry/2.0");
    }
    let signed = server.request(Method::GET, "/v2/apis").header("authorization", signature("test", "apigateway"));
    let answer: Value = signed.send().await.unwrap().json().await.unwrap();
    assert!(answer.to_string().contains("'apigateway' is not served"), "{answer}");
}
