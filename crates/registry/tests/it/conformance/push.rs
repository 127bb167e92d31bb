//! Push: blobs at once, streamed, in chunks and out of another repository; manifests of every kind.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use fakecloud_registry::{Digest, Token, media_type};
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use serde_json::json;

use crate::harness::{
    Answer, Harness, artifact, descriptor, image_config, image_manifest, index, sha512, unknown_digest,
};

const MANIFEST: &str = media_type::OCI_MANIFEST;
const OCTETS: (&str, &str) = ("content-type", "application/octet-stream");

async fn pulled(harness: &Harness, repository: &str, digest: &Digest) -> Vec<u8> {
    harness.ask(&format!("GET /v2/{repository}/blobs/{digest}")).await.expect(StatusCode::OK).body
}

// === blobs, at once ===

#[tokio::test]
async fn post_with_a_digest_takes_the_whole_blob() {
    let harness = Harness::new();
    for digest in [Digest::of(b"content"), sha512(b"content")] {
        let request = format!("POST /v2/app/blobs/uploads/?digest={digest}");
        let posted = harness.send(&request, &[OCTETS], "content").await.expect(StatusCode::CREATED);
        assert_eq!(posted.header("location"), format!("/v2/app/blobs/{digest}"));
        assert_eq!(posted.header("docker-content-digest"), digest.to_string());
        assert_eq!(pulled(&harness, "app", &digest).await, b"content");
    }
}

#[tokio::test]
async fn post_then_put_takes_the_whole_blob() {
    let harness = Harness::new();
    for digest in [Digest::of(b"content"), sha512(b"content")] {
        let location = harness.begin("app").await;
        let put = harness.send(&format!("PUT {location}?digest={digest}"), &[OCTETS], "content").await;
        assert_eq!(put.expect(StatusCode::CREATED).header("location"), format!("/v2/app/blobs/{digest}"));
        assert_eq!(pulled(&harness, "app", &digest).await, b"content");
        harness.ask(&format!("GET {location}")).await.expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    }
}

#[tokio::test]
async fn empty_blob_is_a_blob() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    let digest = Digest::of(b"");
    harness.ask(&format!("PUT {location}?digest={digest}")).await.expect(StatusCode::CREATED);
    assert_eq!(pulled(&harness, "app", &digest).await, b"");
}

#[tokio::test]
async fn same_blob_may_be_pushed_again() {
    let harness = Harness::new();
    let digest = harness.push_blob("app", b"content").await;
    assert_eq!(harness.push_blob("app", b"content").await, digest);
    assert_eq!(harness.push_blob("other", b"content").await, digest);
    assert_eq!(pulled(&harness, "app", &digest).await, b"content");
}

#[tokio::test]
async fn wrong_digest_is_digest_invalid_and_leaves_nothing() {
    let harness = Harness::new();
    for digest in [Digest::of(b"content"), sha512(b"content")] {
        let post = format!("POST /v2/app/blobs/uploads/?digest={digest}");
        harness.send(&post, &[], "content!").await.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");

        let location = harness.begin("app").await;
        harness.send(&format!("PATCH {location}"), &[], "cont").await.expect(StatusCode::ACCEPTED);
        let put = harness.send(&format!("PUT {location}?digest={digest}"), &[], "ent!").await;
        put.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
        harness.ask(&format!("GET {location}")).await.expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
        harness.ask(&format!("HEAD /v2/app/blobs/{digest}")).await.expect(StatusCode::NOT_FOUND);
    }
    assert_eq!(files_of(&harness, "uploads"), 0);
    assert_eq!(files_of(&harness, "blobs"), 0);
}

#[tokio::test]
async fn digest_that_is_none_or_missing_is_digest_invalid() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    for request in [
        format!("PUT {location}"),
        format!("PUT {location}?digest=md5:00"),
        "POST /v2/app/blobs/uploads/?digest=x".to_owned(),
    ] {
        harness.ask(&request).await.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    }
    let algorithm = harness.ask("POST /v2/app/blobs/uploads/?digest-algorithm=md5").await;
    algorithm.expect_error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED");
}

// === blobs, streamed and in chunks ===

#[tokio::test]
async fn patch_without_a_range_streams_the_blob() {
    let harness = Harness::new();
    let content = "streamed ".repeat(100_000);
    let pieces: Vec<_> =
        content.as_bytes().chunks(7_919).map(|piece| Ok::<_, axum::Error>(Bytes::copy_from_slice(piece))).collect();
    let location = harness.begin("app").await;
    let patched = harness.send(&format!("PATCH {location}"), &[OCTETS], Body::from_stream(stream::iter(pieces))).await;
    assert_eq!(patched.expect(StatusCode::ACCEPTED).header("range"), "0-899999");
    let digest = Digest::of(content.as_bytes());
    harness.ask(&format!("PUT {location}?digest={digest}")).await.expect(StatusCode::CREATED);
    assert!(pulled(&harness, "app", &digest).await == content.as_bytes(), "the blob came back as it was pushed");
}

#[tokio::test]
async fn chunks_in_order_make_the_blob() {
    let harness = Harness::new();
    for (digest, query) in [(Digest::of(b"contents"), ""), (sha512(b"contents"), "?digest-algorithm=sha512")] {
        let begun = harness.ask(&format!("POST /v2/app/blobs/uploads/{query}")).await.expect(StatusCode::ACCEPTED);
        let location = begun.header("location").to_owned();
        assert!(!begun.header("docker-upload-uuid").is_empty());
        let chunk = |range, body: &'static str| {
            let (harness, location) = (&harness, &location);
            async move { harness.send(&format!("PATCH {location}"), &[("content-range", range)], body).await }
        };
        assert_eq!(chunk("0-3", "cont").await.expect(StatusCode::ACCEPTED).header("range"), "0-3");
        let second = chunk("4-6", "ent").await.expect(StatusCode::ACCEPTED);
        assert_eq!((second.header("range"), second.header("location")), ("0-6", location.as_str()));
        let put = format!("PUT {location}?digest={digest}");
        harness.send(&put, &[("content-range", "7-7")], "s").await.expect(StatusCode::CREATED);
        assert_eq!(pulled(&harness, "app", &digest).await, b"contents");
    }
}

#[tokio::test]
async fn chunk_out_of_order_is_416_and_says_what_is_there() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    let out_of_order = |answer: Answer| {
        let answer = answer.expect_error(StatusCode::RANGE_NOT_SATISFIABLE, "RANGE_INVALID");
        (answer.header("location").to_owned(), answer.header("range").to_owned())
    };
    let patch = format!("PATCH {location}");
    let first = harness.send(&patch, &[("content-range", "4-6")], "ent").await;
    assert_eq!(out_of_order(first), (location.clone(), "0-0".to_owned()));
    harness.send(&patch, &[("content-range", "0-3")], "cont").await.expect(StatusCode::ACCEPTED);
    for range in ["0-3", "3-5", "5-7"] {
        let again = harness.send(&patch, &[("content-range", range)], "xyz").await;
        assert_eq!(out_of_order(again), (location.clone(), "0-3".to_owned()), "{range}");
    }
    let digest = Digest::of(b"content");
    let put = format!("PUT {location}?digest={digest}");
    out_of_order(harness.send(&put, &[("content-range", "5-7")], "ent").await);
    harness.send(&put, &[("content-range", "4-6")], "ent").await.expect(StatusCode::CREATED);
    assert_eq!(pulled(&harness, "app", &digest).await, b"content");
}

#[tokio::test]
async fn chunk_of_another_length_than_its_range_is_size_invalid() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    let headers = [("content-range", "0-9"), ("content-length", "7")];
    let patched = harness.send(&format!("PATCH {location}"), &headers, "content").await;
    patched.expect_error(StatusCode::BAD_REQUEST, "SIZE_INVALID");
    let patched = harness.send(&format!("PATCH {location}"), &[("content-range", "first")], "content").await;
    patched.expect_error(StatusCode::RANGE_NOT_SATISFIABLE, "RANGE_INVALID");
}

#[tokio::test]
async fn status_of_an_upload_says_how_far_it_is() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    let status = harness.ask(&format!("GET {location}")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!((status.header("range"), status.header("location")), ("0-0", location.as_str()));
    harness.send(&format!("PATCH {location}"), &[], "content").await.expect(StatusCode::ACCEPTED);
    assert_eq!(harness.ask(&format!("GET {location}")).await.expect(StatusCode::NO_CONTENT).header("range"), "0-6");
}

#[tokio::test]
async fn cancelled_upload_is_gone() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    harness.send(&format!("PATCH {location}"), &[], "content").await.expect(StatusCode::ACCEPTED);
    harness.ask(&format!("DELETE {location}")).await.expect(StatusCode::NO_CONTENT);
    for method in ["GET", "PATCH", "DELETE"] {
        let gone = harness.ask(&format!("{method} {location}")).await;
        gone.expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    }
    assert_eq!(files_of(&harness, "uploads"), 0);
}

#[tokio::test]
async fn upload_is_known_to_its_own_repository_only() {
    let harness = Harness::new();
    let location = harness.begin("app").await.replace("/app/", "/other/");
    for request in [format!("GET {location}"), format!("PATCH {location}"), "PATCH /v2/app/blobs/uploads/1".to_owned()]
    {
        harness.ask(&request).await.expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    }
}

#[tokio::test]
async fn second_request_to_the_same_upload_is_refused_while_the_first_runs() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<Result<Bytes, axum::Error>>();
    let body = Body::from_stream(stream::unfold(receiver, |mut it| async { Some((it.recv().await?, it)) }));
    sender.send(Ok(Bytes::from_static(b"cont"))).unwrap();
    let patch = format!("PATCH {location}");
    let slow = harness.send(&patch, &[], body);
    let others = async {
        // The first has its turn once the second is refused.
        while harness.send(&patch, &[], "").await.status != StatusCode::CONFLICT {
            tokio::task::yield_now().await;
        }
        let refused = harness.send(&patch, &[], "x").await;
        refused.expect_error(StatusCode::CONFLICT, "BLOB_UPLOAD_INVALID");
        sender.send(Ok(Bytes::from_static(b"ent"))).unwrap();
        drop(sender);
    };
    let (slow, ()) = tokio::join!(slow, others);
    assert_eq!(slow.expect(StatusCode::ACCEPTED).header("range"), "0-6");
}

#[tokio::test]
async fn client_that_hangs_up_may_go_on_from_what_arrived() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    let content = vec![7; 300_000];
    let cut = stream::iter([Ok(Bytes::from(content.clone())), Err("hung up")]);
    let patched = harness.send(&format!("PATCH {location}"), &[], Body::from_stream(cut)).await;
    patched.expect_error(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID");
    let status = harness.ask(&format!("GET {location}")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(status.header("range"), "0-299999");
    let digest = Digest::of(&content);
    harness.ask(&format!("PUT {location}?digest={digest}")).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn request_that_is_dropped_lets_the_next_one_have_the_upload() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    let patch = format!("PATCH {location}");
    let endless = Body::from_stream(
        stream::once(async { Ok::<_, axum::Error>(Bytes::from_static(b"x")) }).chain(stream::pending()),
    );
    let dropped = tokio::time::timeout(Duration::from_millis(20), harness.send(&patch, &[], endless)).await;
    assert!(dropped.is_err(), "the body never ends");
    harness.send(&patch, &[("content-range", "0-0")], "y").await.expect(StatusCode::ACCEPTED);
}

// === blobs, out of another repository ===

#[tokio::test]
async fn mount_from_another_repository_takes_no_upload() {
    let harness = Harness::new();
    let digest = harness.push_blob("one", b"content").await;
    let mounted = harness.ask(&format!("POST /v2/two/blobs/uploads/?mount={digest}&from=one")).await;
    assert_eq!(mounted.expect(StatusCode::CREATED).header("location"), format!("/v2/two/blobs/{digest}"));
    assert_eq!(pulled(&harness, "two", &digest).await, b"content");
}

#[tokio::test]
async fn mount_without_a_source_finds_one() {
    let harness = Harness::new();
    let digest = harness.push_blob("one", b"content").await;
    harness.ask(&format!("POST /v2/two/blobs/uploads/?mount={digest}")).await.expect(StatusCode::CREATED);
    assert_eq!(pulled(&harness, "two", &digest).await, b"content");
}

#[tokio::test]
async fn mount_of_what_is_not_there_begins_an_upload() {
    let harness = Harness::new();
    let digest = harness.push_blob("one", b"content").await;
    let missing = unknown_digest();
    for query in [format!("mount={missing}&from=one"), format!("mount={missing}"), format!("mount={digest}&from=none")]
    {
        let begun = harness.ask(&format!("POST /v2/two/blobs/uploads/?{query}")).await.expect(StatusCode::ACCEPTED);
        let location = begun.header("location").to_owned();
        let put = format!("PUT {location}?digest={digest}");
        harness.send(&put, &[], "content").await.expect(StatusCode::CREATED);
    }
    harness.ask("POST /v2/two/blobs/uploads/?mount=x").await.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
}

// === manifests ===

#[tokio::test]
async fn put_of_a_manifest_by_tag_and_by_digest_gives_its_location() {
    let harness = Harness::new();
    let image = harness.push_image("team/app", "v1", "a").await;
    for reference in ["v2".to_owned(), image.digest.to_string()] {
        let put = harness.push_manifest("team/app", &reference, MANIFEST, &image.manifest).await;
        let put = put.expect(StatusCode::CREATED);
        assert_eq!(put.header("location"), format!("/v2/team/app/manifests/{}", image.digest));
        assert_eq!(put.header("docker-content-digest"), image.digest.to_string());
        assert!(!put.headers.contains_key("oci-subject"));
        harness.pull_manifest("team/app", &reference).await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn manifest_by_a_digest_that_it_does_not_have_is_digest_invalid() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let other = unknown_digest();
    for reference in [other.to_string(), format!("v2?digest={other}")] {
        let put = harness.push_manifest("app", &reference, MANIFEST, &image.manifest).await;
        put.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    }
    harness.pull_manifest("app", "v2").await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn manifest_by_sha512_has_that_digest() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let digest = sha512(&image.manifest);
    for reference in [digest.to_string(), format!("v2?digest={digest}")] {
        let put = harness.push_manifest("app", &reference, MANIFEST, &image.manifest).await;
        assert_eq!(put.expect(StatusCode::CREATED).header("docker-content-digest"), digest.to_string());
    }
    let pulled = harness.pull_manifest("app", "v2").await.expect(StatusCode::OK);
    assert_eq!((pulled.header("docker-content-digest"), &pulled.body), (&*digest.to_string(), &image.manifest));
}

#[tokio::test]
async fn manifest_pushed_by_digest_may_be_given_tags() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let put = harness.push_manifest("app", &format!("{}?tag=v2&tag=v3", image.digest), MANIFEST, &image.manifest).await;
    let put = put.expect(StatusCode::CREATED);
    assert_eq!(put.headers.get_all("oci-tag").iter().collect::<Vec<_>>(), ["v2", "v3"]);
    for tag in ["v2", "v3"] {
        harness.pull_manifest("app", tag).await.expect(StatusCode::OK);
    }
    let put = harness.push_manifest("app", &format!("{}?tag=.x", image.digest), MANIFEST, &image.manifest).await;
    put.expect_error(StatusCode::BAD_REQUEST, "TAG_INVALID");
}

#[tokio::test]
async fn every_kind_of_manifest_is_kept_as_it_came() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let as_docker = |manifest: &[u8]| {
        String::from_utf8(manifest.to_vec()).unwrap().replace(MANIFEST, media_type::DOCKER_MANIFEST).into_bytes()
    };
    let docker = as_docker(&image.manifest);
    harness.push_manifest("app", "docker", media_type::DOCKER_MANIFEST, &docker).await.expect(StatusCode::CREATED);
    let list = json!({ "schemaVersion": 2, "mediaType": media_type::DOCKER_LIST,
        "manifests": [descriptor(media_type::DOCKER_MANIFEST, &docker)] });
    let artifact = json!({ "mediaType": media_type::OCI_ARTIFACT, "artifactType": "text/x",
        "blobs": [{ "mediaType": "text/plain", "digest": image.layer, "size": 10 }] });
    let cases: [(&str, &str, Vec<u8>); 7] = [
        ("image", MANIFEST, image.manifest.clone()),
        ("spaced", MANIFEST, [&image.manifest[..], b"\n \n"].concat()),
        ("index", media_type::OCI_INDEX, index(&[descriptor(MANIFEST, &image.manifest)])),
        ("empty-index", media_type::OCI_INDEX, index(&[])),
        ("list", media_type::DOCKER_LIST, list.to_string().into_bytes()),
        ("artifact", media_type::OCI_ARTIFACT, artifact.to_string().into_bytes()),
        ("unknown", "application/vnd.somebody.else.v9+yaml", b"kind: something".to_vec()),
    ];
    for (tag, media_type, manifest) in cases {
        harness.push_manifest("app", tag, media_type, &manifest).await.expect(StatusCode::CREATED);
        let pulled = harness.pull_manifest("app", tag).await.expect(StatusCode::OK);
        assert_eq!((pulled.header("content-type"), &pulled.body), (media_type, &manifest));
    }
}

#[tokio::test]
async fn manifest_without_a_content_type_is_what_it_says() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    for content_type in ["application/json", "application/octet-stream"] {
        harness.push_manifest("app", "v2", content_type, &image.manifest).await.expect(StatusCode::CREATED);
        assert_eq!(harness.pull_manifest("app", "v2").await.header("content-type"), MANIFEST);
    }
}

#[tokio::test]
async fn invalid_manifests_are_refused() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let edited = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut manifest = serde_json::from_slice(&image.manifest).unwrap();
        edit(&mut manifest);
        manifest.to_string().into_bytes()
    };
    let cases = [
        (MANIFEST, b"no JSON".to_vec()),
        (MANIFEST, b"[]".to_vec()),
        (MANIFEST, edited(&|it| it["schemaVersion"] = json!(1))),
        (MANIFEST, edited(&|it| it["layers"] = json!("none"))),
        (MANIFEST, edited(&|it| it["config"] = json!(null))),
        (MANIFEST, edited(&|it| it["config"]["digest"] = json!("sha256:1"))),
        (MANIFEST, edited(&|it| it["config"]["size"] = json!(-1))),
        (MANIFEST, edited(&|it| it["manifests"] = json!([]))),
        (media_type::DOCKER_MANIFEST, image.manifest.clone()),
        (media_type::OCI_INDEX, edited(&|it| it["mediaType"] = json!(media_type::OCI_INDEX))),
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", b"{}".to_vec()),
        ("application/json", b"{}".to_vec()),
    ];
    for (media_type, manifest) in cases {
        let put = harness.push_manifest("app", "v2", media_type, &manifest).await;
        put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
    }
    let put = harness.push_manifest("app", ".v2", MANIFEST, &image.manifest).await;
    put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
}

#[tokio::test]
async fn manifest_with_another_size_than_its_blob_has_is_manifest_invalid() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let artifact = json!({ "mediaType": media_type::OCI_ARTIFACT, "artifactType": "text/x",
        "blobs": [descriptor("text/plain", b"layer of a")] });
    let image: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
    for (media_type, manifest, descriptor, field) in [
        (MANIFEST, &image, "/config", "config.size"),
        (MANIFEST, &image, "/layers/0", "layers[0].size"),
        (media_type::OCI_ARTIFACT, &artifact, "/blobs/0", "blobs[0].size"),
    ] {
        let mut manifest = manifest.clone();
        let size = &mut manifest.pointer_mut(descriptor).unwrap()["size"];
        let (actual, said) = (size.as_u64().unwrap(), size.as_u64().unwrap() - 1);
        *size = json!(said);
        let put = harness.push_manifest("app", "v2", media_type, manifest.to_string().as_bytes()).await;
        let put = put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID").json().to_string();
        for words in [field.to_owned(), format!("{said} bytes"), format!("has {actual}")] {
            assert!(put.contains(&words), "{put}");
        }
        harness.pull_manifest("app", "v2").await.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn manifest_of_4_mib_is_taken_and_a_larger_one_is_413() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let padded = |length: usize| [&image.manifest[..], " ".repeat(length - image.manifest.len()).as_bytes()].concat();
    harness.push_manifest("app", "v2", MANIFEST, &padded(4 << 20)).await.expect(StatusCode::CREATED);
    let put = harness.push_manifest("app", "v3", MANIFEST, &padded((4 << 20) + 1)).await;
    put.expect_error(StatusCode::PAYLOAD_TOO_LARGE, "MANIFEST_INVALID");
}

#[tokio::test]
async fn manifest_whose_blobs_are_not_there_is_manifest_blob_unknown() {
    let harness = Harness::new();
    let (config, layer) = (image_config("a"), b"layer".as_slice());
    let manifest = image_manifest(config.as_bytes(), layer);
    harness.push_blob("other", layer).await;
    for missing in [layer, config.as_bytes()] {
        let put = harness.push_manifest("app", "v1", MANIFEST, &manifest).await;
        let put = put.expect_error(StatusCode::NOT_FOUND, "MANIFEST_BLOB_UNKNOWN");
        let detail = put.json()["errors"][0]["detail"].clone();
        assert!(detail.to_string().contains(&Digest::of(missing).to_string()), "{detail}");
        harness.pull_manifest("app", "v1").await.expect(StatusCode::NOT_FOUND);
        harness.push_blob("app", missing).await;
    }
    harness.push_manifest("app", "v1", MANIFEST, &manifest).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn index_whose_manifests_are_not_there_is_manifest_blob_unknown() {
    let harness = Harness::new();
    let image = harness.push_image("other", "v1", "a").await;
    let index = index(&[descriptor(MANIFEST, &image.manifest)]);
    let put = harness.push_manifest("app", "v1", media_type::OCI_INDEX, &index).await;
    put.expect_error(StatusCode::NOT_FOUND, "MANIFEST_BLOB_UNKNOWN");
    harness.push_image("app", "v1", "a").await;
    harness.push_manifest("app", "v1", media_type::OCI_INDEX, &index).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn layer_that_is_to_be_had_elsewhere_need_not_be_there() {
    let harness = Harness::new();
    let config = image_config("a");
    harness.push_blob("app", config.as_bytes()).await;
    let mut manifest: serde_json::Value = serde_json::from_slice(&image_manifest(config.as_bytes(), b"x")).unwrap();
    manifest["layers"][0]["mediaType"] = json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
    manifest["layers"][0]["urls"] = json!(["https://example.com/layer"]);
    let put = harness.push_manifest("app", "v1", MANIFEST, manifest.to_string().as_bytes()).await;
    put.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn manifest_about_another_names_it_in_the_answer() {
    let harness = Harness::new();
    harness.push_blob("app", b"{}").await;
    harness.push_blob("app", b"note").await;
    // What it is about need not be there.
    let about = descriptor(MANIFEST, b"a manifest that comes later");
    let artifact = artifact("text/x-note", about.clone(), b"note");
    let put = harness.push_manifest("app", &Digest::of(&artifact).to_string(), MANIFEST, &artifact).await;
    assert_eq!(put.expect(StatusCode::CREATED).header("oci-subject"), about["digest"]);
}

#[tokio::test]
async fn tag_moves_with_a_push() {
    let harness = Harness::new();
    let first = harness.push_image("app", "v1", "a").await;
    let second = harness.push_image("app", "v1", "b").await;
    assert_eq!(harness.pull_manifest("app", "v1").await.body, second.manifest);
    let old = harness.pull_manifest("app", &first.digest.to_string()).await;
    assert_eq!(old.expect(StatusCode::OK).body, first.manifest, "an image without a tag stays");
}

// === who may push ===

#[tokio::test]
async fn push_makes_a_repository_unless_it_is_told_not_to() {
    let harness = Harness::with(|config| config.auto_create = false);
    for request in
        ["POST /v2/app/blobs/uploads/".to_owned(), format!("POST /v2/app/blobs/uploads/?mount={}", unknown_digest())]
    {
        let refused = harness.ask(&request).await.expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
        let message = refused.json()["errors"][0]["message"].to_string();
        assert!(
            message.contains("The repository with name 'app' does not exist in the registry with id '000000000000'"),
            "{message}"
        );
    }
    let put = harness.push_manifest("app", "v1", media_type::OCI_INDEX, &index(&[])).await;
    put.expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
}

#[tokio::test]
async fn push_takes_the_token_and_a_pull_does_not() {
    let harness = Harness::with(|config| config.token = Token::new("secret".to_owned()));
    let anonymous = harness.ask("POST /v2/app/blobs/uploads/").await;
    let anonymous = anonymous.expect_error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED");
    assert_eq!(anonymous.header("www-authenticate"), r#"Basic realm="fakecloud",service="ecr.amazonaws.com""#);
    harness.ask("GET /v2/").await.expect_error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED");
    let login = [("authorization", "Bearer secret")];
    let post = format!("POST /v2/app/blobs/uploads/?digest={}", Digest::of(b"content"));
    harness.send(&post, &login, "content").await.expect(StatusCode::CREATED);
    assert_eq!(pulled(&harness, "app", &Digest::of(b"content")).await, b"content");
    let wrong = [("authorization", "Bearer secrets")];
    let pull = format!("GET /v2/app/blobs/{}", Digest::of(b"content"));
    harness.send(&pull, &wrong, "").await.expect_error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED");
}

fn files_of(harness: &Harness, folder: &str) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&harness.folder.path().join("registry").join(folder))
}
