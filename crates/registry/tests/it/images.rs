//! Images as those find them who are to run them.

use fakecloud_registry::{FindError, ImageName, Platform, media_type};
use http::StatusCode;
use serde_json::json;

use crate::harness::{Harness, descriptor, index};

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

fn platform(architecture: &str) -> Platform {
    Platform { architecture: architecture.to_owned(), os: "linux".to_owned(), variant: None }
}

#[tokio::test]
async fn image_is_found_by_every_name_it_has() {
    let harness = Harness::new();
    let image = harness.push_image("123456789012/eu-west-1/team/app", "latest", "a").await;
    for text in [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:latest",
        "localhost:4566/123456789012/eu-west-1/team/app:latest",
        "localhost:4566/team/app",
        &format!("localhost:4566/team/app@{}", image.digest),
    ] {
        let found = harness.registry.find_image(&name(text)).await.unwrap();
        assert_eq!(
            (found.digest, found.scope.to_string()),
            (image.digest, "123456789012/eu-west-1".to_owned()),
            "{text}"
        );
        assert_eq!((found.media_type.as_str(), found.platforms), (media_type::OCI_MANIFEST, vec![platform("amd64")]));
    }
}

#[tokio::test]
async fn index_runs_on_what_it_lists() {
    let harness = Harness::new();
    let image = harness.push_image("app", "one", "a").await;
    let child = |architecture: &str| {
        let mut child = descriptor(media_type::OCI_MANIFEST, &image.manifest);
        child["platform"] = json!({ "architecture": architecture, "os": "linux" });
        child
    };
    let index = index(&[child("amd64"), child("arm64"), child("unknown")]);
    harness.push_manifest("app", "v1", media_type::OCI_INDEX, &index).await.expect(StatusCode::CREATED);
    let found = harness.registry.find_image(&name("localhost/app:v1")).await.unwrap();
    assert_eq!((found.platforms, found.has_attestation), (vec![platform("amd64"), platform("arm64")], true));
    let index = crate::harness::index(&[child("amd64")]);
    harness.push_manifest("app", "v2", media_type::OCI_INDEX, &index).await.expect(StatusCode::CREATED);
    assert!(!harness.registry.find_image(&name("localhost/app:v2")).await.unwrap().has_attestation);
    let index = crate::harness::index(&[child("unknown")]);
    harness.push_manifest("app", "v3", media_type::OCI_INDEX, &index).await.expect(StatusCode::CREATED);
    let found = harness.registry.find_image(&name("localhost/app:v3")).await.unwrap();
    assert_eq!((found.platforms, found.has_attestation), (Vec::new(), true), "nothing of it ever runs");
}

#[tokio::test]
async fn image_that_is_not_there_is_told_from_a_repository_that_is_not() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    let missing = harness.registry.find_image(&name("localhost/app:v2")).await.unwrap_err();
    assert!(matches!(missing, FindError::Reference { .. }), "{missing}");
    let missing = harness.registry.find_image(&name("localhost/none:v1")).await.unwrap_err();
    assert!(matches!(missing, FindError::Repository(_)), "{missing}");
    let elsewhere = name("123456789012.dkr.ecr.eu-west-1.amazonaws.com/none:v1");
    assert!(harness.registry.find_image(&elsewhere).await.is_err());
}
