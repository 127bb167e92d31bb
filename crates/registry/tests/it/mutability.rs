//! Tags that ECR was told to keep.

use axum::body::Body;
use fakecloud_budget::Peer;
use fakecloud_registry::{Scope, media_type};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::harness::Harness;

async fn ecr(harness: &Harness, operation: &str, input: Value) {
    let request = Request::post("/")
        .header("x-amz-target", format!("AmazonEC2ContainerRegistry_V20150921.{operation}"))
        .body(Body::from(input.to_string()));
    let (scope, origin) = (Scope::default(), "http://localhost:4566".to_owned());
    let answer = harness.registry.ecr(scope, origin, Peer::unknown(), request.unwrap()).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn immutable_tag_keeps_its_image_until_it_is_deleted() {
    let harness = Harness::new();
    let first = harness.push_image("app", "v1", "a").await;
    let second = harness.push_image("app", "v2", "b").await;
    let mutability = json!({ "repositoryName": "app", "imageTagMutability": "IMMUTABLE" });
    ecr(&harness, "PutImageTagMutability", mutability).await;

    let moved = harness.push_manifest("app", "v1", media_type::OCI_MANIFEST, &second.manifest).await;
    let moved = moved.expect_error(StatusCode::BAD_REQUEST, "TAG_INVALID").json();
    let message = "The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the tag is immutable.";
    assert_eq!(moved["errors"][0]["message"], message);
    assert_eq!(harness.pull_manifest("app", "v1").await.body, first.manifest);

    // The same image again is no change, and a new tag none of an old one.
    for tag in ["v1", "v3"] {
        let pushed = harness.push_manifest("app", tag, media_type::OCI_MANIFEST, &first.manifest).await;
        pushed.expect(StatusCode::CREATED);
    }
    harness.ask("DELETE /v2/app/manifests/v1").await.expect(StatusCode::ACCEPTED);
    let pushed = harness.push_manifest("app", "v1", media_type::OCI_MANIFEST, &second.manifest).await;
    pushed.expect(StatusCode::CREATED);
}
