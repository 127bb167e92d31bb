//! Blobs that are read while they come.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::ours::{Image, Ours};
use super::scripted::{Door, Fault, Upstream};

const REPOSITORY: &str = "mine/team/app";
const HELD_AT: usize = 600_000;

async fn held() -> (Upstream, Ours, Image, Arc<Semaphore>) {
    let upstream = Upstream::start(Door::Open).await;
    let ours = Ours::start(&[format!("mine=http://{}", upstream.host())]).await;
    let image = Image::new((0..1 << 20).map(|at: u32| at.to_le_bytes()[1]).collect::<Vec<u8>>());
    image.publish(&upstream, "team/app", "v1");
    let gate = Arc::new(Semaphore::new(0));
    upstream.fail(&image.layer_path("team/app"), [Fault::HoldAfter(HELD_AT, gate.clone())]);
    (upstream, ours, image, gate)
}

/// Reads until all is here that can be while the upstream holds the rest back.
async fn start_of(response: &mut reqwest::Response) -> Vec<u8> {
    let mut start = Vec::new();
    while start.len() < HELD_AT - 1 {
        start.extend_from_slice(&response.chunk().await.unwrap().unwrap());
    }
    start
}

#[tokio::test]
async fn client_has_the_start_before_the_end_has_come() {
    let (_upstream, ours, image, gate) = held().await;
    let mut response = ours.http().get(ours.url(&image.layer_path(REPOSITORY))).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.content_length()), (200, Some(1 << 20)));
    let start = start_of(&mut response).await;
    assert_eq!(start, image.layer[..HELD_AT - 1], "the last byte that is here waits for the next");
    gate.add_permits(1);
    assert_eq!([start, response.bytes().await.unwrap().to_vec()].concat(), image.layer);
}

#[tokio::test]
async fn clients_share_one_download() {
    let (upstream, ours, image, gate) = held().await;
    let path = image.layer_path(REPOSITORY);
    let mut first = ours.http().get(ours.url(&path)).send().await.unwrap();
    let start = start_of(&mut first).await;
    let mut second = ours.http().get(ours.url(&path)).send().await.unwrap();
    assert_eq!(start_of(&mut second).await, start, "the second begins at the beginning");
    let part = ours.http().get(ours.url(&path)).header("range", "bytes=1000000-1000009").send();
    let (part, ()) = tokio::join!(part, async { gate.add_permits(1) });
    assert_eq!(part.unwrap().bytes().await.unwrap(), image.layer[1_000_000..1_000_010]);
    for response in [first, second] {
        assert_eq!(response.bytes().await.unwrap(), image.layer[HELD_AT - 1..]);
    }
    assert_eq!(ours.get(&path).await.expect(200), image.layer);
    assert_eq!(upstream.seen(&image.layer_path("team/app")).len(), 1);
}

#[tokio::test]
async fn download_runs_on_when_its_client_hangs_up() {
    let (upstream, ours, image, gate) = held().await;
    let path = image.layer_path(REPOSITORY);
    let mut first = ours.http().get(ours.url(&path)).send().await.unwrap();
    start_of(&mut first).await;
    drop(first);
    gate.add_permits(1);
    assert_eq!(ours.get(&path).await.expect(200), image.layer);
    assert_eq!(upstream.seen(&image.layer_path("team/app")).len(), 1);
}

#[tokio::test]
async fn every_client_of_a_broken_download_is_told() {
    let (upstream, ours, image, gate) = held().await;
    upstream.fail(&image.layer_path("team/app"), vec![Fault::Status(404)]);
    let path = image.layer_path(REPOSITORY);
    let mut both = Vec::new();
    for _ in 0..2 {
        let mut response = ours.http().get(ours.url(&path)).send().await.unwrap();
        start_of(&mut response).await;
        both.push(response);
    }
    let _port = upstream.stop().await;
    gate.close();
    for response in both {
        response.bytes().await.unwrap_err();
    }
}
