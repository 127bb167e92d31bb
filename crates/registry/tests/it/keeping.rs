//! What is there after a restart: everything that was acknowledged, and nothing that was not.

use std::fs;
use std::path::Path;

use fakecloud_registry::media_type;
use http::StatusCode;
use serde_json::json;

use crate::harness::{Harness, descriptor, index};

/// A name that no file could have.
fn long_name() -> String {
    "a".repeat(256)
}

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_restart() {
    for durable in [false, true] {
        let harness = Harness::with(|config| config.durable = durable);
        let loose = harness.push_blob("team", b"a blob without a manifest").await;
        let image = harness.push_image("team/app", "v1", "a").await;
        let other = harness.push_image(&long_name(), "v1", "b").await;
        let scoped = harness.push_image("123456789012/eu-west-1/team/app", "v1", "c").await;
        let index = index(&[descriptor(media_type::OCI_MANIFEST, &image.manifest)]);
        let pushed = harness.push_manifest("team/app", "multi", media_type::OCI_INDEX, &index).await;
        pushed.expect(StatusCode::CREATED);
        harness.push_image("team/app", "gone", "d").await;
        harness.ask("DELETE /v2/000000000000/us-east-1/team/app/manifests/gone").await.expect(StatusCode::ACCEPTED);

        let harness = harness.reopen();
        let blob = harness.ask(&format!("GET /v2/team/blobs/{loose}")).await.expect(StatusCode::OK);
        assert_eq!(blob.body, b"a blob without a manifest");
        for (name, image) in [
            ("000000000000/us-east-1/team/app", &image),
            (&long_name(), &other),
            ("123456789012/eu-west-1/team/app", &scoped),
        ] {
            assert_eq!(harness.pull_manifest(name, "v1").await.expect(StatusCode::OK).body, image.manifest);
            for blob in [image.config, image.layer] {
                harness.ask(&format!("GET /v2/{name}/blobs/{blob}")).await.expect(StatusCode::OK);
            }
        }
        let multi = harness.pull_manifest("team/app", "multi").await.expect(StatusCode::OK);
        assert_eq!((multi.header("content-type"), &multi.body), (media_type::OCI_INDEX, &index));
        assert_eq!(harness.ask("GET /v2/team/app/tags/list").await.json()["tags"], json!(["multi", "v1"]));
    }
}

#[tokio::test]
async fn what_a_killed_process_was_writing_is_removed() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let location = harness.begin("app").await;
    harness.send(&format!("PATCH {location}"), &[], "half a blob").await.expect(StatusCode::ACCEPTED);
    let root = harness.folder.path().join("registry");
    // The process is killed: nothing is dropped.
    let killed = harness.kill();
    fs::write(root.join("records/000000000000/.tmpAbCdEf"), b"{half").unwrap();
    let harness = harness.reopen();
    assert_eq!(files(&root).iter().filter(|path| path.rsplit('/').next().unwrap().starts_with(".tmp")).count(), 0);
    harness.ask(&format!("GET {location}")).await.expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(harness.pull_manifest("app", "v1").await.expect(StatusCode::OK).body, image.manifest);
    drop(killed);
}

#[tokio::test]
async fn record_that_cannot_be_read_is_named() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    let root = harness.folder.path().join("registry");
    let tag = files(&root).into_iter().find(|path| path.ends_with("/tags/v1.json")).unwrap();
    fs::write(&tag, b"{half").unwrap();
    let refused = harness.try_reopen().map(drop).unwrap_err().to_string();
    assert!(refused.contains(&tag), "{refused}");
}

#[tokio::test]
async fn records_that_a_deleted_repository_has_left_come_back_in_no_other() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    let root = harness.folder.path().join("registry");
    let record = files(&root).into_iter().find(|path| path.ends_with("/repository.json")).unwrap();
    let folder = Path::new(&record).parent().unwrap();
    // The process is killed before it has deleted all of them.
    let left = folder.with_extension("removed");
    fs::rename(folder, &left).unwrap();
    let harness = harness.reopen();
    assert!(!left.exists());
    assert_eq!(harness.ask("GET /v2/_catalog").await.json()["repositories"], json!([]));
    harness.push_blob("app", b"new").await;
    let harness = harness.reopen();
    assert_eq!(harness.ask("GET /v2/app/tags/list").await.json()["tags"], json!([]));
}

#[tokio::test]
async fn reset_empties_the_registry_for_good() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    let location = harness.begin("app").await;
    harness.registry.reset().unwrap();
    harness.ask(&format!("GET {location}")).await.expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(harness.ask("GET /v2/_catalog").await.json()["repositories"], json!([]));
    let harness = harness.reopen();
    assert_eq!(harness.ask("GET /v2/_catalog").await.json()["repositories"], json!([]));
    harness.push_image("app", "v1", "a").await;
    harness.pull_manifest("app", "v1").await.expect(StatusCode::OK);
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path.to_str().unwrap().to_owned()] })
        .collect()
}
