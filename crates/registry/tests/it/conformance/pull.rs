//! Pull: manifests and blobs, whole and in part.

use axum::body::Body;
use fakecloud_registry::{Digest, media_type};
use http::StatusCode;

use crate::harness::{Harness, descriptor, index, unknown_digest};

const MANIFEST: &str = media_type::OCI_MANIFEST;

#[tokio::test]
async fn base_says_that_there_is_a_registry() {
    let harness = Harness::new();
    for path in ["/v2/", "/v2"] {
        let base = harness.ask(&format!("GET {path}")).await.expect(StatusCode::OK);
        assert_eq!(base.header("docker-distribution-api-version"), "registry/2.0");
        assert_eq!(base.json(), serde_json::json!({}));
    }
}

#[tokio::test]
async fn head_of_an_unknown_blob_is_404_and_has_no_body() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    let head = harness.ask(&format!("HEAD /v2/app/blobs/{}", unknown_digest())).await.expect(StatusCode::NOT_FOUND);
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn head_of_a_blob_tells_its_length_and_digest_without_it() {
    let harness = Harness::new();
    let digest = harness.push_blob("app", b"content").await;
    let head = harness.ask(&format!("HEAD /v2/app/blobs/{digest}")).await.expect(StatusCode::OK);
    assert_eq!((head.header("content-length"), head.body.as_slice()), ("7", &b""[..]));
    assert_eq!(head.header("docker-content-digest"), digest.to_string());
}

#[tokio::test]
async fn get_of_an_unknown_blob_is_blob_unknown() {
    let harness = Harness::new();
    harness.push_blob("app", b"content").await;
    let get = harness.ask(&format!("GET /v2/app/blobs/{}", unknown_digest())).await;
    let get = get.expect_error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN");
    assert_eq!(get.json()["errors"][0]["detail"]["digest"], unknown_digest().to_string());
}

#[tokio::test]
async fn get_of_a_blob_gives_it_byte_for_byte() {
    let harness = Harness::new();
    // Longer than the pieces that it is read in, and no multiple of them.
    let content: Vec<u8> = (0..1_000_003_u32).map(|byte| (byte % 251) as u8).collect();
    let digest = harness.push_blob("app", &content).await;
    let get = harness.ask(&format!("GET /v2/app/blobs/{digest}")).await.expect(StatusCode::OK);
    assert_eq!(get.header("content-length"), content.len().to_string());
    assert_eq!(get.header("content-type"), "application/octet-stream");
    assert_eq!(get.header("accept-ranges"), "bytes");
    assert_eq!(get.header("docker-content-digest"), digest.to_string());
    assert!(get.body == content, "the blob came back as it was pushed");
}

#[tokio::test]
async fn get_of_an_empty_blob_gives_nothing() {
    let harness = Harness::new();
    let digest = harness.push_blob("app", b"").await;
    let get = harness.ask(&format!("GET /v2/app/blobs/{digest}")).await.expect(StatusCode::OK);
    assert_eq!((get.header("content-length"), get.body.len()), ("0", 0));
}

#[tokio::test]
async fn get_of_a_range_gives_that_part() {
    let harness = Harness::new();
    let content: Vec<u8> = (0..=255).collect();
    let digest = harness.push_blob("app", &content).await;
    let request = format!("GET /v2/app/blobs/{digest}");
    let cases = [("bytes=0-9", 0..10), ("bytes=250-", 250..256), ("bytes=-6", 250..256), ("bytes=200-999", 200..256)];
    for (range, part) in cases {
        let get = harness.send(&request, &[("range", range)], Body::empty()).await.expect(StatusCode::PARTIAL_CONTENT);
        assert_eq!(get.body, content[part.clone()], "{range}");
        assert_eq!(get.header("content-range"), format!("bytes {}-{}/256", part.start, part.end - 1));
        assert_eq!(get.header("content-length"), part.len().to_string());
    }
}

#[tokio::test]
async fn get_of_a_range_that_is_not_there_is_416() {
    let harness = Harness::new();
    let digest = harness.push_blob("app", b"content").await;
    for range in ["bytes=7-", "bytes=5000-10000", "bytes=5-0"] {
        let get = harness.send(&format!("GET /v2/app/blobs/{digest}"), &[("range", range)], Body::empty()).await;
        let get = get.expect_error(StatusCode::RANGE_NOT_SATISFIABLE, "RANGE_INVALID");
        assert_eq!(get.header("content-range"), "bytes */7", "{range}");
    }
}

#[tokio::test]
async fn range_of_another_version_of_the_content_gives_everything() {
    let harness = Harness::new();
    let digest = harness.push_blob("app", b"content").await;
    let request = format!("GET /v2/app/blobs/{digest}");
    let other = [("range", "bytes=0-0"), ("if-range", "\"another\"")];
    assert_eq!(harness.send(&request, &other, Body::empty()).await.expect(StatusCode::OK).body, b"content");
    let tag = format!("\"{digest}\"");
    let same = [("range", "bytes=0-0"), ("if-range", tag.as_str())];
    assert_eq!(harness.send(&request, &same, Body::empty()).await.expect(StatusCode::PARTIAL_CONTENT).body, b"c");
}

#[tokio::test]
async fn content_that_a_client_has_is_304() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    for (path, digest) in [
        (format!("blobs/{}", image.layer), image.layer),
        (format!("manifests/{}", image.digest), image.digest),
        ("manifests/v1".to_owned(), image.digest),
    ] {
        for method in ["GET", "HEAD"] {
            let tag = format!("\"{digest}\"");
            let request = format!("{method} /v2/app/{path}");
            let known = harness.send(&request, &[("if-none-match", &tag)], Body::empty()).await;
            assert!(known.expect(StatusCode::NOT_MODIFIED).body.is_empty());
            let other = harness.send(&request, &[("if-none-match", "\"another\"")], Body::empty()).await;
            assert_eq!(other.expect(StatusCode::OK).header("etag"), tag);
        }
    }
}

#[tokio::test]
async fn head_of_an_unknown_manifest_is_404_and_has_no_body() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    for reference in ["v2".to_owned(), unknown_digest().to_string()] {
        let head = harness.ask(&format!("HEAD /v2/app/manifests/{reference}")).await.expect(StatusCode::NOT_FOUND);
        assert!(head.body.is_empty());
    }
}

#[tokio::test]
async fn head_of_a_manifest_tells_its_length_digest_and_type_without_it() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    for reference in ["v1".to_owned(), image.digest.to_string()] {
        let head = harness.ask(&format!("HEAD /v2/app/manifests/{reference}")).await.expect(StatusCode::OK);
        assert_eq!(head.header("content-length"), image.manifest.len().to_string());
        assert_eq!(head.header("docker-content-digest"), image.digest.to_string());
        assert_eq!((head.header("content-type"), head.body.len()), (MANIFEST, 0));
    }
}

#[tokio::test]
async fn get_of_an_unknown_manifest_is_manifest_unknown() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    for reference in ["v2".to_owned(), unknown_digest().to_string()] {
        let get = harness.pull_manifest("app", &reference).await;
        get.expect_error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN");
    }
}

#[tokio::test]
async fn get_of_a_manifest_gives_it_byte_for_byte_by_tag_and_by_digest() {
    let harness = Harness::new();
    let image = harness.push_image("team/app", "v1", "a").await;
    for reference in ["v1".to_owned(), image.digest.to_string()] {
        let get = harness.pull_manifest("team/app", &reference).await.expect(StatusCode::OK);
        assert_eq!(get.body, image.manifest);
        assert_eq!(
            (get.header("content-type"), get.header("docker-content-digest")),
            (MANIFEST, &*image.digest.to_string())
        );
    }
}

#[tokio::test]
async fn manifest_comes_as_it_was_pushed_whatever_the_client_accepts() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let index = index(&[descriptor(MANIFEST, &image.manifest)]);
    harness.push_manifest("app", "multi", media_type::OCI_INDEX, &index).await.expect(StatusCode::CREATED);
    for accept in [MANIFEST, media_type::DOCKER_MANIFEST, "text/html", "*/*"] {
        let get = harness.send("GET /v2/app/manifests/multi", &[("accept", accept)], Body::empty()).await;
        assert_eq!(get.expect(StatusCode::OK).header("content-type"), media_type::OCI_INDEX, "{accept}");
    }
}

#[tokio::test]
async fn unknown_repository_is_name_unknown() {
    let harness = Harness::new();
    let digest = unknown_digest();
    for path in [format!("blobs/{digest}"), "manifests/v1".to_owned(), "tags/list".to_owned()] {
        harness.ask(&format!("GET /v2/none/{path}")).await.expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
    }
}

#[tokio::test]
async fn invalid_names_references_and_digests_are_told() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    let cases = [
        ("GET /v2/App/tags/list", "NAME_INVALID"),
        ("GET /v2/a..b/manifests/v1", "NAME_INVALID"),
        ("GET /v2/app/nothing/v1", "NAME_INVALID"),
        ("GET /v2/app/manifests/.v1", "MANIFEST_INVALID"),
        ("GET /v2/app/manifests/sha256:1", "DIGEST_INVALID"),
        ("GET /v2/app/blobs/sha256:1", "DIGEST_INVALID"),
        ("GET /v2/app/blobs/v1", "DIGEST_INVALID"),
        ("GET /v2/app/referrers/v1", "DIGEST_INVALID"),
    ];
    for (request, code) in cases {
        harness.ask(request).await.expect_error(StatusCode::BAD_REQUEST, code);
    }
}

#[tokio::test]
async fn methods_that_a_resource_does_not_have_are_unsupported() {
    let harness = Harness::new();
    let put = harness.ask(&format!("PUT /v2/app/blobs/{}", unknown_digest())).await;
    let put = put.expect_error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED");
    assert_eq!(put.header("allow"), "GET, HEAD, DELETE");
    harness.ask("POST /v2/").await.expect_error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED");
}

#[tokio::test]
async fn blob_of_one_repository_is_not_in_another() {
    let harness = Harness::new();
    let digest = harness.push_blob("one", b"content").await;
    harness.push_blob("two", b"other content").await;
    harness.ask(&format!("GET /v2/one/blobs/{digest}")).await.expect(StatusCode::OK);
    harness.ask(&format!("GET /v2/two/blobs/{digest}")).await.expect_error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN");
    assert_eq!(digest, Digest::of(b"content"));
}
