//! Content management: deletion of tags, manifests and blobs, and what is gone with them.

use fakecloud_registry::{Digest, Token, media_type};
use http::StatusCode;
use serde_json::json;

use crate::harness::{Harness, artifact, descriptor, unknown_digest};

#[tokio::test]
async fn deleted_tag_is_gone_and_its_manifest_is_not() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    harness.push_image("app", "v2", "a").await;
    harness.ask("DELETE /v2/app/manifests/v1").await.expect(StatusCode::ACCEPTED);
    harness.pull_manifest("app", "v1").await.expect_error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN");
    harness.pull_manifest("app", "v2").await.expect(StatusCode::OK);
    harness.pull_manifest("app", &image.digest.to_string()).await.expect(StatusCode::OK);
    assert_eq!(harness.ask("GET /v2/app/tags/list").await.json()["tags"], json!(["v2"]));
}

#[tokio::test]
async fn deleted_manifest_is_gone_with_its_tags() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    harness.push_image("app", "v2", "a").await;
    harness.push_image("app", "other", "b").await;
    harness.ask(&format!("DELETE /v2/app/manifests/{}", image.digest)).await.expect(StatusCode::ACCEPTED);
    for reference in ["v1", "v2", &image.digest.to_string()] {
        harness.pull_manifest("app", reference).await.expect_error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN");
    }
    assert_eq!(harness.ask("GET /v2/app/tags/list").await.json()["tags"], json!(["other"]));
    harness.push_image("app", "v1", "a").await;
    harness.pull_manifest("app", "v1").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn deletion_of_what_is_not_there_is_404() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    let digest = unknown_digest();
    let cases = [
        ("DELETE /v2/app/manifests/v2".to_owned(), "MANIFEST_UNKNOWN"),
        (format!("DELETE /v2/app/manifests/{digest}"), "MANIFEST_UNKNOWN"),
        (format!("DELETE /v2/app/blobs/{digest}"), "BLOB_UNKNOWN"),
        ("DELETE /v2/none/manifests/v1".to_owned(), "NAME_UNKNOWN"),
        (format!("DELETE /v2/none/blobs/{digest}"), "NAME_UNKNOWN"),
    ];
    for (request, code) in cases {
        harness.ask(&request).await.expect_error(StatusCode::NOT_FOUND, code);
    }
}

#[tokio::test]
async fn deleted_blob_is_gone_from_its_repository_only() {
    let harness = Harness::new();
    let digest = harness.push_blob("one", b"content").await;
    harness.push_blob("two", b"content").await;
    harness.ask(&format!("DELETE /v2/one/blobs/{digest}")).await.expect(StatusCode::ACCEPTED);
    harness.ask(&format!("HEAD /v2/one/blobs/{digest}")).await.expect(StatusCode::NOT_FOUND);
    harness.ask(&format!("GET /v2/two/blobs/{digest}")).await.expect(StatusCode::OK);
    harness.push_blob("one", b"content").await;
    harness.ask(&format!("GET /v2/one/blobs/{digest}")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn blob_of_a_manifest_is_deleted_after_that_only() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    for blob in [image.config, image.layer] {
        let refused = harness.ask(&format!("DELETE /v2/app/blobs/{blob}")).await;
        let refused = refused.expect_error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED");
        assert!(refused.json().to_string().contains(&image.digest.to_string()), "{}", refused.json());
    }
    harness.ask(&format!("DELETE /v2/app/manifests/{}", image.digest)).await.expect(StatusCode::ACCEPTED);
    for blob in [image.config, image.layer] {
        harness.ask(&format!("DELETE /v2/app/blobs/{blob}")).await.expect(StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn deleted_referrer_is_in_no_list() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    harness.push_blob("app", b"{}").await;
    harness.push_blob("app", b"note").await;
    let note = artifact("text/x-note", descriptor(media_type::OCI_MANIFEST, &image.manifest), b"note");
    let digest = Digest::of(&note);
    let list = format!("GET /v2/app/referrers/{}", image.digest);
    let pushed = harness.push_manifest("app", &digest.to_string(), media_type::OCI_MANIFEST, &note).await;
    pushed.expect(StatusCode::CREATED);
    assert_eq!(harness.ask(&list).await.json()["manifests"].as_array().unwrap().len(), 1);
    harness.ask(&format!("DELETE /v2/app/manifests/{digest}")).await.expect(StatusCode::ACCEPTED);
    assert_eq!(harness.ask(&list).await.json()["manifests"], json!([]));
}

#[tokio::test]
async fn deletion_takes_the_token() {
    let harness = Harness::with(|config| config.token = Token::new("secret".to_owned()));
    let digest = unknown_digest();
    for request in [format!("DELETE /v2/app/blobs/{digest}"), "DELETE /v2/app/manifests/v1".to_owned()] {
        harness.ask(&request).await.expect_error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED");
        let with_token = harness.send(&request, &[("authorization", "Bearer secret")], "").await;
        with_token.expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
    }
}
