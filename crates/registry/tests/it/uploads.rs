//! Clients that stall, go away or send another length than they said in the middle of what they push.

use std::time::{Duration, Instant};

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
async fn blob_whose_client_goes_away_leaves_no_upload() {
    let harness = Harness::new();
    let digest = Digest::of(b"never");
    let post = format!("POST /v2/app/blobs/uploads/?digest={digest}");
    let soon = Duration::from_secs(1);
    let gone = tokio::time::timeout(soon, harness.send(&post, &[], stalled(b"nev".to_vec()))).await;
    assert!(gone.is_err(), "the body never ends");
    let later = Instant::now() + Duration::from_secs(60 * 60);
    assert_eq!(harness.registry.collect_garbage(later).unwrap().uploads, 0);
    let receiving = harness.folder.path().join("registry/uploads");
    assert_eq!(std::fs::read_dir(receiving).unwrap().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn manifest_whose_client_stalls_is_given_up() {
    let harness = Harness::new();
    let manifest = [("content-type", media_type::OCI_MANIFEST)];
    let cut = harness.send("PUT /v2/app/manifests/v1", &manifest, stalled(b"{".to_vec())).await;
    cut.expect_error(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT");
}

#[tokio::test(start_paused = true)]
async fn manifest_that_comes_too_slowly_is_given_up() {
    let harness = Harness::new();
    let pieces = stream::repeat(()).then(|()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, axum::Error>(Bytes::from_static(b" "))
    });
    let manifest = [("content-type", media_type::OCI_MANIFEST)];
    let cut = harness.send("PUT /v2/app/manifests/v1", &manifest, Body::from_stream(pieces)).await;
    cut.expect_error(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT");
}

#[tokio::test]
async fn chunk_of_unknown_length_must_be_as_long_as_its_range() {
    let harness = Harness::new();
    for (sent, kept) in [(9, "0-8"), (11, "0-0"), (300_000, "0-0")] {
        let location = harness.begin("app").await;
        let body = Body::from_stream(stream::iter([Ok::<_, axum::Error>(Bytes::from(vec![7; sent]))]));
        let patched = harness.send(&format!("PATCH {location}"), &[("content-range", "0-9")], body).await;
        patched.expect_error(StatusCode::BAD_REQUEST, "SIZE_INVALID");
        let status = harness.ask(&format!("GET {location}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(status.header("range"), kept, "{sent} bytes were sent");
    }
}
