//! Garbage collection, also beside pushes.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fakecloud_registry::{Collected, media_type};
use http::StatusCode;

use crate::harness::{Harness, image_manifest};

/// How long is kept what nothing needs.
const KEPT: Duration = Duration::from_secs(15 * 60);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Collects now, which is when it is first noticed that something is not needed, and later.
fn collect(harness: &Harness, start: Instant, later: Duration) -> Collected {
    harness.registry.collect_garbage(start).unwrap();
    harness.registry.collect_garbage(start + later).unwrap()
}

#[tokio::test]
async fn blob_that_no_manifest_refers_to_goes_after_a_quarter_of_an_hour() {
    let harness = Harness::new();
    let image = harness.push_image("app", "v1", "a").await;
    let loose = harness.push_blob("app", b"loose").await;
    let start = Instant::now();
    let before = collect(&harness, start, KEPT - Duration::from_nanos(1));
    assert_eq!(before, Collected::default());
    harness.ask(&format!("GET /v2/app/blobs/{}", image.layer)).await.expect(StatusCode::OK);

    let after = harness.registry.collect_garbage(start + KEPT).unwrap();
    assert_eq!(after, Collected { contents: 1, bytes: 5, uploads: 0 });
    harness.ask(&format!("HEAD /v2/app/blobs/{loose}")).await.expect(StatusCode::NOT_FOUND);
    for blob in [image.config, image.layer] {
        harness.ask(&format!("GET /v2/app/blobs/{blob}")).await.expect(StatusCode::OK);
    }
    harness.pull_manifest("app", "v1").await.expect(StatusCode::OK);
    let harness = harness.reopen();
    harness.ask(&format!("HEAD /v2/app/blobs/{loose}")).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn blob_that_somebody_asks_for_stays_as_long_again() {
    let harness = Harness::new();
    let loose = harness.push_blob("app", b"loose").await;
    let start = Instant::now();
    for (round, ask) in [
        format!("HEAD /v2/app/blobs/{loose}"),
        format!("POST /v2/app/blobs/uploads/?mount={loose}"),
        format!("POST /v2/app/blobs/uploads/?digest={loose}"),
    ]
    .iter()
    .enumerate()
    {
        let now = start + KEPT * u32::try_from(round).unwrap();
        harness.registry.collect_garbage(now).unwrap();
        let body = if ask.contains("?digest=") { "loose" } else { "" };
        assert!(harness.send(ask, &[], body).await.status.is_success(), "{ask}");
        assert_eq!(harness.registry.collect_garbage(now + KEPT).unwrap(), Collected::default(), "{ask}");
    }
    assert_eq!(harness.registry.collect_garbage(start + KEPT * 9).unwrap().contents, 1);
}

#[tokio::test]
async fn image_without_a_tag_stays_and_a_deleted_one_goes() {
    let harness = Harness::new();
    let old = harness.push_image("app", "v1", "a").await;
    harness.push_image("app", "v1", "b").await;
    let start = Instant::now();
    assert_eq!(collect(&harness, start, KEPT), Collected::default());
    harness.pull_manifest("app", &old.digest.to_string()).await.expect(StatusCode::OK);
    harness.ask(&format!("DELETE /v2/app/manifests/{}", old.digest)).await.expect(StatusCode::ACCEPTED);
    assert_eq!(collect(&harness, start + KEPT, KEPT).contents, 3, "the manifest, its configuration and its layer");
    harness.pull_manifest("app", "v1").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn content_of_a_reset_registry_goes() {
    let harness = Harness::new();
    harness.push_image("app", "v1", "a").await;
    harness.registry.reset().unwrap();
    assert_eq!(collect(&harness, Instant::now(), KEPT).contents, 3);
}

#[tokio::test]
async fn upload_that_is_idle_for_an_hour_ends() {
    let harness = Harness::new();
    let location = harness.begin("app").await;
    let start = Instant::now();
    let ended_after = |time: Duration| harness.registry.collect_garbage(start + time).unwrap().uploads;
    assert_eq!(ended_after(Duration::ZERO), 0);
    harness.send(&format!("PATCH {location}"), &[], "piece").await.expect(StatusCode::ACCEPTED);
    assert_eq!(ended_after(HOUR), 0, "its time begins anew with each piece");
    assert_eq!(ended_after(HOUR * 2 - Duration::from_nanos(1)), 0);
    harness.ask(&format!("GET {location}")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(ended_after(HOUR * 2), 1);
    harness.ask(&format!("GET {location}")).await.expect_error(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn blob_waits_for_the_slower_layers_of_its_push() {
    let harness = Harness::new();
    let (fast, other) = (harness.push_blob("app", b"fast").await, harness.push_blob("other", b"other").await);
    let slow = harness.begin("app").await;
    let start = Instant::now();
    assert_eq!(collect(&harness, start, KEPT * 3).contents, 1, "nothing is uploaded to the other repository");
    harness.ask(&format!("HEAD /v2/other/blobs/{other}")).await.expect(StatusCode::NOT_FOUND);
    harness.ask(&format!("DELETE {slow}")).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(collect(&harness, start + KEPT * 3, KEPT - Duration::from_nanos(1)), Collected::default());
    assert_eq!(harness.registry.collect_garbage(start + KEPT * 4).unwrap().contents, 1);
    harness.ask(&format!("HEAD /v2/app/blobs/{fast}")).await.expect(StatusCode::NOT_FOUND);
}

/// Pushes an image of a configuration that no other round has and of the layer that all have. What is between the steps
/// happens there.
async fn push_round(harness: &Harness, round: u32, between: impl Fn()) {
    let config = format!("{{\"round\":{round}}}");
    let layer = harness.push_blob("app", b"layer").await;
    between();
    harness.push_blob("app", config.as_bytes()).await;
    between();
    let manifest = image_manifest(config.as_bytes(), b"layer");
    let pushed = harness.push_manifest("app", "v1", media_type::OCI_MANIFEST, &manifest).await;
    let digest = pushed.expect(StatusCode::CREATED).header("docker-content-digest").to_owned();
    between();
    assert_eq!(harness.pull_manifest("app", "v1").await.expect(StatusCode::OK).body, manifest);
    let blob = harness.ask(&format!("GET /v2/app/blobs/{layer}")).await.expect(StatusCode::OK);
    assert_eq!(blob.body, b"layer");
    // The layer is loose until the next round.
    harness.ask(&format!("DELETE /v2/app/manifests/{digest}")).await.expect(StatusCode::ACCEPTED);
}

#[tokio::test]
async fn layer_that_is_pushed_again_just_before_it_is_due_stays_for_its_manifest() {
    let harness = Harness::new();
    let now = Cell::new(Instant::now());
    let collect_after = |pause: Duration| {
        now.set(now.get() + pause);
        harness.registry.collect_garbage(now.get()).unwrap()
    };
    for round in 0..10 {
        push_round(&harness, round, || _ = collect_after(KEPT / 4)).await;
        // It is first seen to be loose, and then, unless the next round says that it needs it, due with that one's first step.
        collect_after(Duration::ZERO);
        now.set(now.get() + KEPT * 3 / 4);
    }
}

/// Collections come one after the other, of which any request may be in the middle. Their clock goes on between the steps of
/// the pushes only, so that each push takes half as long as things are kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collections_take_nothing_away_from_pushes_beside_them() {
    let harness = Harness::new();
    let registry = harness.registry.clone();
    let clock = Arc::new(Mutex::new(Instant::now()));
    let its_clock = clock.clone();
    let collecting = tokio::task::spawn_blocking(move || {
        let (mut rounds, mut contents) = (0, 0);
        // It ends when nobody else has the clock, also where the test fails.
        while Arc::strong_count(&its_clock) > 1 {
            let now = its_clock.lock().unwrap();
            contents += registry.collect_garbage(*now).unwrap().contents;
            drop(now);
            rounds += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        (rounds, contents)
    });
    for round in 0..60 {
        push_round(&harness, round, || *clock.lock().unwrap() += KEPT / 4).await;
        *clock.lock().unwrap() += KEPT;
    }
    drop(clock);
    let (rounds, contents) = collecting.await.unwrap();
    assert!(rounds > 1 && contents > 0, "{rounds} collections took {contents} contents");
}
