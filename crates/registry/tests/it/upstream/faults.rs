//! Upstreams that are not well.

use fakecloud_registry::{Digest, media_type};

use super::ours::{Image, Ours};
use super::scripted::{Door, Fault, Upstream};

const REPOSITORY: &str = "mine/team/app";

async fn with_upstream(door: Door) -> (Upstream, Ours) {
    let upstream = Upstream::start(door).await;
    let ours = Ours::start(&[format!("mine=http://{}", upstream.host())]).await;
    (upstream, ours)
}

#[tokio::test]
async fn transient_faults_are_got_over() {
    let (upstream, ours) = with_upstream(Door::Bearer).await;
    let image = Image::new("layer");
    image.publish(&upstream, "team/app", "v1");
    upstream.fail("/v2/team/app/manifests/v1", [Fault::Status(503), Fault::Status(500)]);
    upstream.fail(&image.layer_path("team/app"), [Fault::Status(502), Fault::CutAfter(0)]);
    assert!(ours.pull(REPOSITORY, "v1").await.is(&image));
}

#[tokio::test]
async fn upstream_that_fails_and_fails_is_told() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    upstream.fail("/v2/team/app/manifests/v1", vec![Fault::Status(503); 3]);
    let failed = ours.get(&format!("/v2/{REPOSITORY}/manifests/v1")).await;
    assert_eq!((failed.status.as_u16(), failed.error().0.as_str()), (502, "UNAVAILABLE"));
    let message = failed.error().1;
    assert!(message.contains(&format!("mine=http://{}", upstream.host())) && message.contains("503"), "{message}");
    assert_eq!(upstream.seen("manifests/v1").len(), 3);
}

#[tokio::test]
async fn unreachable_upstream_is_told_with_the_cause() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let host = upstream.host();
    let _port = upstream.stop().await;
    let digest = Digest::of(b"x");
    for path in [
        format!("/v2/{REPOSITORY}/manifests/v1"),
        format!("/v2/{REPOSITORY}/manifests/{digest}"),
        format!("/v2/{REPOSITORY}/blobs/{digest}"),
        format!("/v2/{REPOSITORY}/tags/list"),
    ] {
        let failed = ours.get(&path).await;
        assert_eq!((failed.status.as_u16(), failed.error().0.as_str()), (502, "UNAVAILABLE"), "{path}");
        let message = failed.error().1;
        assert!(message.contains(&host) && message.contains("Connection refused"), "{message}");
    }
}

#[tokio::test]
async fn too_many_requests_are_told_as_such() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new("layer");
    image.publish(&upstream, "team/app", "v1");
    upstream.fail("/v2/team/app/manifests/v1", [Fault::Status(429)]);
    let refused = ours.get(&format!("/v2/{REPOSITORY}/manifests/v1")).await;
    assert_eq!((refused.status.as_u16(), refused.error().0.as_str()), (429, "TOOMANYREQUESTS"));
    assert_eq!(refused.header("retry-after"), "7");
    assert!(ours.pull(REPOSITORY, "v1").await.is(&image), "nothing of it is remembered");
    upstream.fail("/v2/team/app/manifests/v1", [Fault::Status(429)]);
    let ours = ours.restart().await;
    assert!(ours.pull(REPOSITORY, "v1").await.is(&image), "what is cached is served");
}

#[tokio::test]
async fn what_the_upstream_lacks_or_forbids_is_told() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let missing = ours.get(&format!("/v2/{REPOSITORY}/manifests/v1")).await;
    assert_eq!((missing.status.as_u16(), missing.error().0.as_str()), (404, "MANIFEST_UNKNOWN"));
    assert!(missing.error().1.contains(&upstream.host()), "{missing:?}");
    for door in [Door::Basic, Door::BearerOfUser] {
        let (_upstream, ours) = with_upstream(door).await;
        let refused = ours.get(&format!("/v2/{REPOSITORY}/manifests/v1")).await;
        assert_eq!((refused.status.as_u16(), refused.error().0.as_str()), (403, "DENIED"), "{door:?}");
        let message = refused.error().1;
        assert!(message.contains("401") && message.contains("prefix=https://user:password@host"), "{message}");
    }
}

#[tokio::test]
async fn cut_download_goes_on_where_it_was() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new(vec![7; 1 << 20]);
    image.publish(&upstream, "team/app", "v1");
    let layer = image.layer_path("team/app");
    upstream.fail(&layer, [Fault::CutAfter(400_000), Fault::CutAfter(300_000)]);
    assert!(ours.pull(REPOSITORY, "v1").await.is(&image));
    let ranges: Vec<Option<String>> = upstream.seen(&layer).into_iter().map(|seen| seen.range).collect();
    assert_eq!(ranges, [None, Some("bytes=400000-".to_owned()), Some("bytes=700000-".to_owned())]);
}

#[tokio::test]
async fn download_that_is_cut_for_good_breaks_off_and_leaves_nothing() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new(vec![7; 1 << 20]);
    image.publish(&upstream, "team/app", "v1");
    let layer = image.layer_path("team/app");
    upstream.fail(&layer, [Fault::CutAfter(400_000), Fault::CutAfter(0), Fault::CutAfter(0)]);
    let before = ours.files();
    let cut = ours.http().get(ours.url(&image.layer_path(REPOSITORY))).send().await.unwrap();
    assert_eq!((cut.status().as_u16(), cut.content_length()), (200, Some(1 << 20)));
    cut.bytes().await.unwrap_err();
    assert_eq!(ours.files(), before);
    assert!(ours.pull(REPOSITORY, "v1").await.is(&image), "the next one is fetched anew");
}

#[tokio::test]
async fn wrong_content_is_never_whole_for_anybody() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new(vec![7; 1 << 20]);
    image.publish(&upstream, "team/app", "v1");
    let layer = image.layer_path("team/app");
    for wrong in [vec![8; 1 << 20], vec![7; 1 << 19], Vec::new()] {
        upstream.put(&layer, "application/octet-stream", wrong);
        let before = ours.files();
        let broken = ours.http().get(ours.url(&image.layer_path(REPOSITORY))).send().await.unwrap();
        assert!(broken.status() == 502 || broken.bytes().await.is_err());
        assert_eq!(ours.files(), before);
    }
    image.publish(&upstream, "team/app", "v1");
    assert!(ours.pull(REPOSITORY, "v1").await.is(&image));
}

#[tokio::test]
async fn manifest_that_is_not_what_was_asked_for_is_refused() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let (image, other) = (Image::new("layer"), Image::new("other"));
    let path = format!("/v2/team/app/manifests/{}", image.digest());
    upstream.put(&path, media_type::OCI_MANIFEST, other.manifest.clone());
    let failed = ours.get(&format!("/v2/{REPOSITORY}/manifests/{}", image.digest())).await;
    assert_eq!((failed.status.as_u16(), failed.error().0.as_str()), (502, "UNAVAILABLE"));
    assert!(failed.error().1.contains(&format!("what came has the digest {}", other.digest())), "{failed:?}");
    upstream.put("/v2/team/app/manifests/v1", "text/html", "<html>log in to the hotel's network</html>");
    let failed = ours.get(&format!("/v2/{REPOSITORY}/manifests/v1")).await;
    assert_eq!(failed.status, 502, "{failed:?}");
    upstream.put("/v2/team/app/manifests/v1", media_type::OCI_MANIFEST, vec![b' '; (4 << 20) + 1]);
    let failed = ours.get(&format!("/v2/{REPOSITORY}/manifests/v1")).await;
    assert!(failed.error().1.contains("more than 4194304 bytes"), "{failed:?}");
}

#[tokio::test]
async fn endless_redirects_end() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let path = "/v2/team/app/manifests/v1";
    upstream.fail(path, vec![Fault::Redirect(path.to_owned()); 10]);
    let failed = ours.get(&format!("/v2/{REPOSITORY}/manifests/v1")).await;
    assert!(failed.status == 502 && failed.error().1.contains("more than 5 redirects"), "{failed:?}");
    assert_eq!(upstream.seen(path).len(), 6);
}
