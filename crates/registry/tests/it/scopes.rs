//! Whose repository a request means, by its path, host, query or password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::json;

use crate::harness::{Harness, Image};

const OURS: &str = "000000000000/us-east-1/app";
const THEIRS: &str = "123456789012/eu-west-1/app";
const THIRD: &str = "210987654321/eu-west-1/app";
const THEIR_HOST: (&str, &str) = ("host", "123456789012.dkr.ecr.eu-west-1.amazonaws.com");

async fn manifest(harness: &Harness, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    harness.send(&format!("GET /v2/{path}"), headers, "").await.expect(StatusCode::OK).body
}

/// A password as `GetAuthorizationToken` gives it out.
fn login() -> String {
    let password = STANDARD.encode(
        json!({ "account": "123456789012", "region": "eu-west-1", "expiration": 4_000_000_000_u64 }).to_string(),
    );
    format!("Basic {}", STANDARD.encode(format!("AWS:{password}")))
}

async fn two() -> (Harness, Image, Image) {
    let harness = Harness::new();
    let ours = harness.push_image(OURS, "v1", "ours").await;
    let theirs = harness.push_image(THEIRS, "v1", "theirs").await;
    (harness, ours, theirs)
}

#[tokio::test]
async fn plain_name_leads_to_the_only_repository_of_that_name() {
    let harness = Harness::new();
    let image = harness.push_image(THEIRS, "v1", "a").await;
    assert_eq!(manifest(&harness, "app/manifests/v1", &[]).await, image.manifest);
    assert_eq!(manifest(&harness, "123456789012/eu-west-1/app/manifests/v1", &[]).await, image.manifest);
    harness
        .ask("GET /v2/123456789012/us-east-1/app/manifests/v1")
        .await
        .expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
    harness.push_image("app", "v2", "b").await;
    assert_eq!(harness.ask(&format!("GET /v2/{THEIRS}/tags/list")).await.json()["tags"], json!(["v1", "v2"]));
}

#[tokio::test]
async fn host_mirror_query_and_password_say_whose_a_plain_name_is() {
    let (harness, ours, theirs) = two().await;
    let login = login();
    assert_eq!(manifest(&harness, "app/manifests/v1", &[]).await, ours.manifest);
    assert_eq!(manifest(&harness, "app/manifests/v1", &[THEIR_HOST]).await, theirs.manifest);
    assert_eq!(manifest(&harness, "app/manifests/v1", &[("authorization", &login)]).await, theirs.manifest);
    let mirrored = format!("app/manifests/v1?ns={}", THEIR_HOST.1);
    assert_eq!(manifest(&harness, &mirrored, &[("host", "localhost:4566")]).await, theirs.manifest);
    // The path says it more clearly than anything else.
    assert_eq!(manifest(&harness, &format!("{OURS}/manifests/v1"), &[THEIR_HOST]).await, ours.manifest);
}

#[tokio::test]
async fn digest_is_found_in_whichever_repository_of_the_name_has_it() {
    let (harness, ours, theirs) = two().await;
    for image in [&ours, &theirs] {
        let path = format!("app/manifests/{}", image.digest);
        assert_eq!(manifest(&harness, &path, &[]).await, image.manifest);
        harness.ask(&format!("HEAD /v2/app/blobs/{}", image.layer)).await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn tag_of_several_repositories_none_of_them_ours_is_refused_with_their_paths() {
    let harness = Harness::new();
    harness.push_image(THEIRS, "v1", "a").await;
    harness.push_image(THIRD, "v1", "b").await;
    let refused = harness.ask("GET /v2/app/manifests/v1").await;
    let refused = refused.expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN").json().to_string();
    assert!(refused.contains(THEIRS) && refused.contains(THIRD), "{refused}");
}

/// Everything that can be deleted of an image, in an order in which it can be.
fn deletions(repository: &str, image: &Image) -> [String; 3] {
    ["manifests/v1".to_owned(), format!("manifests/{}", image.digest), format!("blobs/{}", image.layer)]
        .map(|what| format!("DELETE /v2/{repository}/{what}"))
}

#[tokio::test]
async fn deletion_means_the_repository_that_its_path_host_or_password_says() {
    let login = login();
    let cases = [(THEIRS, vec![]), ("app", vec![THEIR_HOST]), ("app", vec![("authorization", login.as_str())])];
    for (repository, headers) in cases {
        let (harness, ours, theirs) = two().await;
        for request in deletions(repository, &ours).iter().skip(1) {
            let refused = harness.send(request, &headers, "").await.expect(StatusCode::NOT_FOUND).json();
            assert_ne!(refused["errors"][0]["code"], "NAME_UNKNOWN", "{request}: {refused}");
        }
        for request in deletions(repository, &theirs) {
            harness.send(&request, &headers, "").await.expect(StatusCode::ACCEPTED);
        }
        assert_eq!(manifest(&harness, &format!("{OURS}/manifests/v1"), &[]).await, ours.manifest);
    }
}

#[tokio::test]
async fn deletion_never_falls_back_on_the_repository_of_another() {
    let harness = Harness::new();
    let ours = harness.push_image(OURS, "v1", "ours").await;
    let login = login();
    let cases = [(THEIRS, vec![]), ("app", vec![THEIR_HOST]), ("app", vec![("authorization", login.as_str())])];
    for (repository, headers) in cases {
        for request in deletions(repository, &ours) {
            let refused = harness.send(&request, &headers, "").await;
            let refused = refused.expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN").json().to_string();
            assert!(refused.contains(THEIRS), "{request}: {refused}");
        }
    }
    // Without a word of whose it is, it is the only one.
    for request in deletions("app", &ours) {
        harness.ask(&request).await.expect(StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn deletion_by_a_name_that_several_have_is_refused_with_their_paths() {
    let (harness, ours, theirs) = two().await;
    for request in [deletions("app", &ours), deletions("app", &theirs)].concat() {
        let refused = harness.ask(&request).await;
        let refused = refused.expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN").json().to_string();
        assert!(refused.contains(OURS) && refused.contains(THEIRS), "{request}: {refused}");
    }
    for (path, image) in [(OURS, &ours), (THEIRS, &theirs)] {
        assert_eq!(manifest(&harness, &format!("{path}/manifests/v1"), &[]).await, image.manifest);
        harness.ask(&format!("HEAD /v2/{path}/blobs/{}", image.layer)).await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn push_to_a_plain_name_makes_the_repository_where_the_client_is_logged_in() {
    let harness = Harness::new();
    let login = login();
    let (ours, theirs) = ("POST /v2/mine/blobs/uploads/", "POST /v2/theirs/blobs/uploads/");
    for (request, headers) in [(ours, vec![]), (theirs, vec![("authorization", login.as_str())])] {
        let begun = harness.send(request, &headers, "").await.expect(StatusCode::ACCEPTED);
        let put = format!("PUT {}?digest={}", begun.header("location"), fakecloud_registry::Digest::of(b"x"));
        harness.send(&put, &headers, "x").await.expect(StatusCode::CREATED);
    }
    harness.ask("GET /v2/000000000000/us-east-1/mine/tags/list").await.expect(StatusCode::OK);
    harness.ask("GET /v2/123456789012/eu-west-1/theirs/tags/list").await.expect(StatusCode::OK);
}

/// A client that is told of a blob by the namesake need not push it again.
#[tokio::test]
async fn push_may_count_on_blobs_that_a_namesake_has() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let login = login();
    let headers = [("authorization", login.as_str()), ("content-type", "application/vnd.oci.image.manifest.v1+json")];
    harness.send(&format!("HEAD /v2/app/blobs/{}", image.layer), &headers, "").await.expect(StatusCode::OK);
    harness.send("PUT /v2/app/manifests/v1", &headers, image.manifest.clone()).await.expect(StatusCode::CREATED);
    harness.ask(&format!("GET /v2/{THEIRS}/blobs/{}", image.layer)).await.expect(StatusCode::OK);
}
