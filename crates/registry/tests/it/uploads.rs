//! Clients that stall or go away in the middle of what they push.

use axum::body::Body;
use bytes::Bytes;
use fakecloud_registry::{Digest, media_type};
use futures_util::{StreamExt as _, stream};
use http::StatusCode;

use crate::harness::Harness;

/// A body of which nothing comes after this.
fn stalled(begun: Vec<u8>) -> Body {
    Body::from_stream(stream::once(async { Ok::<_, axum::Error>(Bytes::from(begun)) }).chain(stream::pending()))
}

#[tokio::test(start_paused = true)]
async fn upload_whose_client_stalls_ends_its_turn_and_may_go_on() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    let content = vec![7; 300_000];
    let cut = harness.send(&format!("PATCH {location}"), &[], stalled(content.clone())).await;
    cut.expect_error(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT");
    let status = harness.ask(&format!("GET {location}")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(status.header("range"), "0-299999");
    let digest = Digest::of(&content);
    harness.ask(&format!("PUT {location}?digest={digest}")).await.expect(StatusCode::CREATED);
}

#[tokio::test(start_paused = true)]
async fn manifest_whose_client_stalls_is_given_up() {
    let harness = Harness::new();
    let manifest = [("content-type", media_type::OCI_MANIFEST)];
    let cut = harness.send("PUT /v2/app/manifests/v1", &manifest, stalled(b"{".to_vec())).await;
    cut.expect_error(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT");
}
