//! Content discovery: tags, repositories and referrers.

use fakecloud_registry::{Digest, media_type};
use http::StatusCode;
use serde_json::json;

use crate::harness::{Harness, artifact, descriptor, unknown_digest};

const MANIFEST: &str = media_type::OCI_MANIFEST;
const NOTE: &str = "text/x-note";

/// What a `Link` to the next page leads to.
fn next(link: &str) -> String {
    let link = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
    format!("GET {}", link.expect("a link to the next page"))
}

/// Pushes a note about another manifest.
async fn note(harness: &Harness, repository: &str, artifact_type: &str, about: &[u8], text: &str) -> Digest {
    harness.push_blob(repository, b"{}").await;
    harness.push_blob(repository, text.as_bytes()).await;
    let note = artifact(artifact_type, descriptor(MANIFEST, about), text.as_bytes());
    let digest = Digest::of(&note);
    harness.push_manifest(repository, &digest.to_string(), MANIFEST, &note).await.expect(StatusCode::CREATED);
    digest
}

#[tokio::test]
async fn tags_come_in_lexical_order() {
    let harness = Harness::new();
    for tag in ["v2", "v10", "latest", "V1", "_x", "1.0"] {
        harness.push_image("team/app", tag, "a").await;
    }
    let list = harness.ask("GET /v2/team/app/tags/list").await.expect(StatusCode::OK);
    assert_eq!(list.json(), json!({ "name": "team/app", "tags": ["1.0", "V1", "_x", "latest", "v10", "v2"] }));
    assert!(!list.headers.contains_key("link"));
}

#[tokio::test]
async fn tags_come_in_pages_that_lead_to_the_next() {
    let harness = Harness::new();
    for tag in ["a", "b", "c", "d", "e"] {
        harness.push_image("app", tag, "a").await;
    }
    let mut request = "GET /v2/app/tags/list?n=2".to_owned();
    for (tags, is_last) in [(json!(["a", "b"]), false), (json!(["c", "d"]), false), (json!(["e"]), true)] {
        let page = harness.ask(&request).await.expect(StatusCode::OK);
        assert_eq!((page.json()["tags"].clone(), page.headers.contains_key("link")), (tags, !is_last));
        request = page.headers.get("link").map_or(request, |link| next(link.to_str().unwrap()));
    }
}

#[tokio::test]
async fn tags_begin_behind_the_last_one_even_if_that_is_gone() {
    let harness = Harness::new();
    for tag in ["a", "c"] {
        harness.push_image("app", tag, "a").await;
    }
    let cases = [
        ("last=a", json!(["c"])),
        ("last=b", json!(["c"])),
        ("last=c", json!([])),
        ("n=0", json!([])),
        ("n=100&last=", json!(["a", "c"])),
    ];
    for (query, tags) in cases {
        let list = harness.ask(&format!("GET /v2/app/tags/list?{query}")).await.expect(StatusCode::OK);
        assert_eq!(list.json()["tags"], tags, "{query}");
    }
    for count in ["-1", "x"] {
        let list = harness.ask(&format!("GET /v2/app/tags/list?n={count}")).await;
        list.expect_error(StatusCode::BAD_REQUEST, "PAGINATION_NUMBER_INVALID");
    }
}

#[tokio::test]
async fn repository_without_tags_has_an_empty_list() {
    let harness = Harness::new();
    harness.push_blob("app", b"content").await;
    assert_eq!(harness.ask("GET /v2/app/tags/list").await.expect(StatusCode::OK).json()["tags"], json!([]));
}

#[tokio::test]
async fn repositories_come_in_pages_under_names_that_lead_there() {
    let harness = Harness::new();
    assert_eq!(harness.ask("GET /v2/_catalog").await.expect(StatusCode::OK).json(), json!({ "repositories": [] }));
    for name in ["b", "a/b", "123456789012/eu-west-1/a/b", "123456789012/eu-west-1/only"] {
        harness.push_blob(name, b"content").await;
    }
    let all = ["123456789012/eu-west-1/a/b", "a/b", "b", "only"];
    assert_eq!(harness.ask("GET /v2/_catalog").await.json()["repositories"], json!(all));
    for name in all {
        harness.ask(&format!("GET /v2/{name}/tags/list")).await.expect(StatusCode::OK);
    }
    let page = harness.ask("GET /v2/_catalog?n=3").await.expect(StatusCode::OK);
    assert_eq!(page.json()["repositories"], json!(all[..3]));
    let page = harness.ask(&next(page.header("link"))).await.expect(StatusCode::OK);
    assert_eq!((page.json()["repositories"].clone(), page.headers.contains_key("link")), (json!(["only"]), false));
}

#[tokio::test]
async fn referrers_of_what_nothing_is_about_are_an_empty_index() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    for (repository, digest) in [("app", image.digest), ("app", unknown_digest()), ("none", unknown_digest())] {
        let list = harness.ask(&format!("GET /v2/{repository}/referrers/{digest}")).await.expect(StatusCode::OK);
        assert_eq!(list.header("content-type"), media_type::OCI_INDEX);
        let empty = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [] });
        assert_eq!(list.json(), empty);
        assert!(!list.headers.contains_key("oci-filters-applied"));
    }
}

#[tokio::test]
async fn referrers_are_described_with_type_and_annotations() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let digest = note(&harness, "app", NOTE, &image.manifest, "seen").await;
    let list = harness.ask(&format!("GET /v2/app/referrers/{}", image.digest)).await.expect(StatusCode::OK);
    let content = artifact(NOTE, descriptor(MANIFEST, &image.manifest), b"seen");
    let expected = json!([{
        "mediaType": MANIFEST, "digest": digest, "size": content.len(),
        "artifactType": NOTE, "annotations": { "made-by": "a test" },
    }]);
    assert_eq!(list.json()["manifests"], expected);
}

#[tokio::test]
async fn referrers_pushed_before_their_subject_are_found() {
    let harness = Harness::new();
    let digest = note(&harness, "app", NOTE, b"a manifest that comes later", "early").await;
    let subject = Digest::of(b"a manifest that comes later");
    let list = harness.ask(&format!("GET /v2/app/referrers/{subject}")).await.expect(StatusCode::OK);
    assert_eq!(list.json()["manifests"][0]["digest"], digest.to_string());
}

#[tokio::test]
async fn referrers_are_filtered_by_artifact_type() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let note_digest = note(&harness, "app", NOTE, &image.manifest, "seen").await;
    note(&harness, "app", "text/x-other", &image.manifest, "seen too").await;
    let all = harness.ask(&format!("GET /v2/app/referrers/{}", image.digest)).await.expect(StatusCode::OK);
    assert_eq!(all.json()["manifests"].as_array().unwrap().len(), 2);
    let some = harness.ask(&format!("GET /v2/app/referrers/{}?artifactType=text%2Fx-note", image.digest)).await;
    let some = some.expect(StatusCode::OK);
    assert_eq!(some.header("oci-filters-applied"), "artifactType");
    let digests: Vec<_> = some.json()["manifests"].as_array().unwrap().iter().map(|it| it["digest"].clone()).collect();
    assert_eq!(digests, [note_digest.to_string()]);
}

#[tokio::test]
async fn artifact_type_of_an_image_is_that_of_its_configuration() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let mut manifest: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
    manifest["subject"] = descriptor(MANIFEST, &image.manifest);
    let manifest = manifest.to_string().into_bytes();
    harness.push_manifest("app", "about", MANIFEST, &manifest).await.expect(StatusCode::CREATED);
    let list = harness.ask(&format!("GET /v2/app/referrers/{}", image.digest)).await.expect(StatusCode::OK);
    let expected = "application/vnd.oci.image.config.v1+json";
    assert_eq!(list.json()["manifests"][0]["artifactType"], expected);
}

#[tokio::test]
async fn index_may_be_a_referrer_as_well() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let index = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "artifactType": "text/x-set", "manifests": [],
        "subject": descriptor(MANIFEST, &image.manifest),
    });
    let pushed = harness.push_manifest("app", "set", media_type::OCI_INDEX, index.to_string().as_bytes()).await;
    assert_eq!(pushed.expect(StatusCode::CREATED).header("oci-subject"), image.digest.to_string());
    let list = harness.ask(&format!("GET /v2/app/referrers/{}", image.digest)).await.expect(StatusCode::OK);
    let found = &list.json()["manifests"][0];
    assert_eq!((&found["mediaType"], &found["artifactType"]), (&json!(media_type::OCI_INDEX), &json!("text/x-set")));
}
