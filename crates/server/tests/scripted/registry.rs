//! The registry of images behind the port of the API.

use reqwest::Method;
use serde_json::{Value, json};

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

/// Pushes an image without layers; its configuration is empty.
async fn push(server: &Server, repository: &str) {
    const EMPTY: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let upload = format!("/v2/{repository}/blobs/uploads/?digest={EMPTY}");
    let answer = server.request(Method::POST, &upload).body("{}").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type, "layers": [],
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": EMPTY, "size": 2 },
    });
    let put = server.request(Method::PUT, &format!("/v2/{repository}/manifests/v1"));
    let answer = put.header("content-type", media_type).body(manifest.to_string()).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 201);
}

#[tokio::test]
async fn image_outlives_the_process_and_no_reset() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    push(&server, "team/app").await;
    server.call(Method::POST, "/_fakecloud/reset/lambda", &Value::Null, 200).await;
    server.restart().await;
    let tags = server.get("/v2/team/app/tags/list").await;
    assert_eq!(tags, json!({ "name": "team/app", "tags": ["v1"] }));
    server.call(Method::POST, "/_fakecloud/reset", &Value::Null, 200).await;
    let gone = server.call(Method::GET, "/v2/team/app/tags/list", &Value::Null, 404).await;
    assert_eq!(gone["errors"][0]["code"], "NAME_UNKNOWN", "{gone}");
}

#[tokio::test]
async fn settings_bound_who_pushes_and_where() {
    let api = Api::start().await;
    let settings = [("FAKECLOUD_REGISTRY_TOKEN", "s3cret"), ("FAKECLOUD_ECR_AUTO_CREATE", "false")];
    let server = Server::start_with(&api, &settings).await;
    let begin = || server.request(Method::POST, "/v2/team/app/blobs/uploads/");
    let anonymous = begin().send().await.unwrap();
    assert_eq!((anonymous.status().as_u16(), anonymous.headers().contains_key("www-authenticate")), (401, true));
    assert_eq!(begin().basic_auth("AWS", Some("guess")).send().await.unwrap().status().as_u16(), 401);
    let unknown: Value = begin().basic_auth("AWS", Some("s3cret")).send().await.unwrap().json().await.unwrap();
    assert_eq!(unknown["errors"][0]["code"], "NAME_UNKNOWN", "{unknown}");

    let reset = || server.request(Method::POST, "/_fakecloud/reset");
    let left: Value = reset().send().await.unwrap().json().await.unwrap();
    assert!(left["message"].as_str().unwrap().contains("FAKECLOUD_REGISTRY_TOKEN"), "{left}");
    let emptied: Value = reset().bearer_auth("s3cret").send().await.unwrap().json().await.unwrap();
    assert_eq!(emptied, json!({ "status": "ok" }));
}
