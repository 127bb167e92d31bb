//! Pulls of images that an upstream has.

use std::time::{Duration, Instant, SystemTime};

use fakecloud_registry::{Digest, FindError, Scope, UNUSED_KEPT, media_type};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use super::ours::{Image, Ours};
use super::scripted::{Door, Fault, Upstream};

const HUB: &str = "docker.io/library/busybox";

async fn with_upstream(door: Door) -> (Upstream, Ours) {
    let upstream = Upstream::start(door).await;
    let ours = Ours::start(&[format!("docker.io=http://me:secret@{}", upstream.host())]).await;
    (upstream, ours)
}

#[tokio::test]
async fn image_is_fetched_once_and_outlives_upstream_and_restart() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36");
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    let asked: Vec<String> = upstream.seen("/v2/").into_iter().map(|seen| seen.what).collect();
    assert_eq!(asked.len(), 3, "each content is asked for once, and the tag within the minute: {asked:?}");
    let _port = upstream.stop().await;
    let ours = ours.restart().await;
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    assert!(ours.pull(HUB, &image.digest().to_string()).await.is(&image));
}

#[tokio::test]
async fn image_that_may_not_be_kept_is_denied_with_the_limit() {
    let (upstream, image) = (Upstream::start(Door::Open).await, Image::new("layer"));
    image.publish(&upstream, "library/busybox", "1.36");
    let ours = Ours::start_small(&[format!("docker.io=http://me:secret@{}", upstream.host())], 4096).await;
    let answer = ours.http().get(ours.url(&format!("/v2/{HUB}/manifests/1.36"))).send().await.unwrap();
    let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert!(status == 403 && body.contains("DENIED") && body.contains("FAKECLOUD_DATA_LIMIT"), "{status} {body}");
}

#[tokio::test]
async fn image_that_nobody_pulls_is_forgotten_after_a_week_and_fetched_again() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let (upstream, ours) = with_upstream(Door::Open).await;
    let (image, named) = (Image::new("layer"), Image::new("of a function"));
    image.publish(&upstream, "library/busybox", "1.36");
    named.publish(&upstream, "library/busybox", "named");
    assert!(ours.pull(HUB, "1.36").await.is(&image) && ours.pull(HUB, "named").await.is(&named));
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [] }).to_string();
    let pushed = ours.http().put(ours.url("/v2/app/manifests/v1")).header(CONTENT_TYPE, media_type::OCI_INDEX);
    assert_eq!(pushed.body(index).send().await.unwrap().status(), 201);
    let (pulled, start) = (SystemTime::now(), Instant::now());
    let all = ours.files();
    let collect = |days: u32, named: &[&Image], looks: u32| {
        let named = named.iter().map(|image| image.digest()).collect();
        for look in 0..looks {
            ours.registry().forget_unused(pulled + days * DAY, UNUSED_KEPT, &named).unwrap();
            ours.registry().collect_garbage(start + look * DAY).unwrap();
        }
        ours.files()
    };
    assert_eq!(collect(6, &[], 4), all, "it was pulled less than a week ago");
    assert_eq!(collect(8, &[&named], 4), all - 2, "manifest and layer of the one that nobody names");
    assert!(ours.pull(HUB, "named").await.is(&named));
    assert!(ours.pull(HUB, "1.36").await.is(&image), "it is fetched again");
    assert_eq!(ours.files(), all);
    assert_eq!(collect(8, &[], 4), 1, "the one that was pushed can be had nowhere else");
    let repositories: Value = serde_json::from_slice(&ours.get("/v2/_catalog").await.expect(200)).unwrap();
    assert_eq!(repositories["repositories"], json!(["app"]));
    assert_eq!(ours.get("/v2/app/manifests/v1").await.status, 200);
}

#[tokio::test]
async fn upstream_is_asked_as_it_wants_to_be() {
    for (door, wanted) in [
        (Door::Open, None),
        (Door::Basic, Some("Basic bWU6c2VjcmV0")),
        (Door::Bearer, Some("Bearer token-of-library/busybox")),
        (Door::BearerOfUser, Some("Bearer token-of-library/busybox")),
    ] {
        let (upstream, ours) = with_upstream(door).await;
        let image = Image::new("layer");
        image.publish(&upstream, "library/busybox", "1.36");
        assert!(ours.pull(HUB, "1.36").await.is(&image), "{door:?}");
        let asked: Vec<Option<String>> = upstream.seen("GET /v2/").into_iter().map(|seen| seen.authorization).collect();
        let mut expected = vec![wanted.map(str::to_owned); 3];
        if wanted.is_some() {
            expected.insert(0, None);
        }
        assert_eq!(asked, expected, "{door:?}: it is asked without once, and what it wants is remembered");
        assert_eq!(upstream.seen("/token").len(), usize::from(door != Door::Open && door != Door::Basic), "{door:?}");
    }
}

#[tokio::test]
async fn token_without_a_user_is_that_of_anybody() {
    let upstream = Upstream::start(Door::Bearer).await;
    let ours = Ours::start(&[format!("docker.io=http://{}", upstream.host())]).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36");
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    assert_eq!(upstream.seen("/token")[0].authorization, None);
}

#[tokio::test]
async fn redirect_to_another_host_carries_no_credentials() {
    let (upstream, ours) = with_upstream(Door::Basic).await;
    let elsewhere = Upstream::start(Door::Open).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36");
    elsewhere.put("/signed", "application/octet-stream", image.layer.clone());
    let to = format!("http://{}/signed?with=key", elsewhere.host());
    upstream.fail(&image.layer_path("library/busybox"), [Fault::Redirect(to)]);
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    let seen = elsewhere.seen("/signed");
    assert_eq!((seen.len(), seen[0].what.as_str()), (1, "GET /signed?with=key"));
    assert_eq!(seen[0].authorization, None);
}

#[tokio::test]
async fn redirect_within_the_upstream_keeps_them() {
    let (upstream, ours) = with_upstream(Door::Basic).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36");
    let there = "/v2/storage/busybox/blobs/layer";
    upstream.put(there, "application/octet-stream", image.layer.clone());
    upstream.fail(&image.layer_path("library/busybox"), [Fault::Redirect(there.to_owned())]);
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    assert_eq!(upstream.seen(there)[0].authorization.as_deref(), Some("Basic bWU6c2VjcmV0"));
}

#[tokio::test]
async fn mirror_is_asked_by_the_name_of_the_registry_that_it_stands_for() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36");
    let manifest = ours.get("/v2/library/busybox/manifests/1.36?ns=docker.io").await.expect(200);
    assert_eq!(manifest, image.manifest);
    let layer = ours.get(&format!("{}?ns=docker.io", image.layer_path("library/busybox"))).await.expect(200);
    assert_eq!(layer, image.layer);
    assert_eq!(ours.get("/v2/library/busybox/manifests/1.36?ns=quay.io").await.status, 404);
    assert!(ours.pull(HUB, "1.36").await.is(&image), "it is the same repository");
    assert!(ours.pull(&format!("000000000000/us-east-1/{HUB}"), "1.36").await.is(&image), "and so it is in full");
}

#[tokio::test]
async fn image_of_a_list_is_fetched_when_it_is_asked_for() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "unused");
    let entry = json!({"mediaType": media_type::OCI_MANIFEST, "digest": image.digest().to_string(), "size": image.manifest.len(), "platform": {"architecture": "amd64", "os": "linux"}});
    let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [entry]}).to_string();
    upstream.put_manifest("library/busybox", media_type::OCI_INDEX, index.as_bytes(), &["1.36"]);
    let found = ours.get(&format!("/v2/{HUB}/manifests/1.36")).await;
    assert_eq!(found.header("content-type"), media_type::OCI_INDEX);
    assert_eq!(found.expect(200), index.as_bytes());
    assert_eq!(upstream.seen(&image.digest().to_string()), []);
    assert!(ours.pull(HUB, &image.digest().to_string()).await.is(&image));
}

#[tokio::test]
async fn blob_is_asked_for_without_being_fetched() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let digest = upstream.put_blob("library/busybox", &vec![7; 4096]);
    let found = ours.head(&format!("/v2/{HUB}/blobs/{digest}")).await;
    assert_eq!((found.status.as_u16(), found.header("content-length")), (200, "4096"));
    assert_eq!(found.header("docker-content-digest"), digest.to_string());
    assert_eq!(upstream.seen("GET"), []);
    let missing = Digest::of(b"missing");
    assert_eq!(ours.head(&format!("/v2/{HUB}/blobs/{missing}")).await.status, 404);
    assert_eq!(ours.get(&format!("/v2/{HUB}/blobs/{missing}")).await.error().0, "BLOB_UNKNOWN");
}

#[tokio::test]
async fn blob_that_another_repository_has_is_not_fetched_again() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36").publish(&upstream, "library/derived", "1");
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    assert!(ours.pull("docker.io/library/derived", "1").await.is(&image));
    assert_eq!(upstream.seen("/v2/library/derived/blobs/"), []);
    assert_eq!(upstream.seen("/v2/library/busybox/blobs/").len(), 2);
}

#[tokio::test]
async fn image_of_a_function_is_found_at_the_upstream() {
    let (upstream, ours) = with_upstream(Door::Bearer).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36");
    let find = async |tag: &str| {
        let name = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{HUB}:{tag}").parse().unwrap();
        ours.registry().find_image(&name).await
    };
    let found = find("1.36").await.unwrap();
    assert_eq!((found.digest, found.scope), (image.digest(), Scope::default()));
    assert_eq!(found.platforms[0].architecture, "amd64");
    let missing = find("1.37").await;
    assert!(
        matches!(&missing, Err(FindError::MissingUpstream(said)) if said.contains(&upstream.host())),
        "{missing:?}"
    );
    upstream.fail("/v2/library/busybox/manifests/1.38", [Fault::Status(429)]);
    let error = find("1.38").await.unwrap_err().to_string();
    assert!(error.contains(&upstream.host()) && error.contains("429"), "{error}");
}

#[tokio::test]
async fn part_of_a_blob_is_served_once_all_of_it_is_here() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let digest = upstream.put_blob("library/busybox", b"0123456789");
    let path = ours.url(&format!("/v2/{HUB}/blobs/{digest}"));
    let part = ours.http().get(path).header("range", "bytes=3-5").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 3-5/10");
    assert_eq!(part.bytes().await.unwrap(), "345");
}

#[tokio::test]
async fn moved_tag_is_noticed_and_the_old_image_stays() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let (old, new) = (Image::new("old"), Image::new("new"));
    old.publish(&upstream, "library/busybox", "1.36");
    assert!(ours.pull(HUB, "1.36").await.is(&old));
    new.publish(&upstream, "library/busybox", "1.36");
    assert!(ours.pull(HUB, "1.36").await.is(&old), "within the minute nobody looks");
    let ours = ours.restart().await;
    assert!(ours.pull(HUB, "1.36").await.is(&new));
    assert!(ours.pull(HUB, &old.digest().to_string()).await.is(&old));
    let ours = ours.restart().await;
    assert!(ours.pull(HUB, "1.36").await.is(&new));
    let looks = upstream.seen("HEAD /v2/library/busybox/manifests/1.36").len();
    assert_eq!(
        (looks, upstream.seen("GET /v2/library/busybox/manifests/1.36").len()),
        (2, 2),
        "it is fetched if it moved"
    );
}

#[tokio::test]
async fn tags_are_those_of_the_upstream() {
    let (upstream, ours) = with_upstream(Door::Bearer).await;
    upstream.put(
        "/v2/library/busybox/tags/list",
        "application/json",
        r#"{"name":"library/busybox","tags":["1.35","1.36"]}"#,
    );
    let listed = ours.get(&format!("/v2/{HUB}/tags/list?n=2&last=1.34")).await.expect(200);
    let listed: Value = serde_json::from_slice(&listed).unwrap();
    assert_eq!(listed, json!({"name": HUB, "tags": ["1.35", "1.36"]}));
    assert_eq!(upstream.seen("tags/list").last().unwrap().what, "GET /v2/library/busybox/tags/list?n=2&last=1.34");
}

#[tokio::test]
async fn pages_of_the_upstream_are_led_through() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let list = "/v2/library/busybox/tags/list";
    upstream.put(list, "application/json", r#"{"tags":["1.35"]}"#);
    upstream.link(list, r#"</v2/library/busybox/tags/list?last=1.35&n=1&page=g%3D>; rel="next""#);
    let first = ours.get(&format!("/v2/{HUB}/tags/list?n=1")).await;
    let next = format!("</v2/{HUB}/tags/list?last=1.35&n=1&page=g%3D>; rel=\"next\"");
    assert_eq!(first.header("link"), next);
    let mirrored = ours.get(&format!("{list}?n=1&ns=docker.io")).await;
    assert_eq!(mirrored.header("link"), next.replace(HUB, "library/busybox").replace('>', "&ns=docker.io>"));
    ours.get(&format!("{list}?last=1.35&n=1&page=g%3D&ns=docker.io")).await.expect(200);
    let asked: Vec<String> = upstream.seen(list).into_iter().map(|seen| seen.what).collect();
    let first = format!("GET {list}?n=1");
    assert_eq!(asked, [first.clone(), first, format!("GET {list}?last=1.35&n=1&page=g%3D")]);
}

#[tokio::test]
async fn referrers_are_those_of_the_upstream() {
    let (upstream, ours) = with_upstream(Door::Bearer).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36");
    let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": []}).to_string();
    let path = format!("/referrers/{}", image.digest());
    upstream.put(&format!("/v2/library/busybox{path}"), media_type::OCI_INDEX, index.clone());
    let found = ours.get(&format!("/v2/{HUB}{path}?artifactType=a%2Fb")).await;
    assert_eq!(found.header("content-type"), media_type::OCI_INDEX);
    assert_eq!(String::from_utf8(found.expect(200)).unwrap(), index);
    let asked = upstream.seen("/referrers/");
    assert!(asked.last().unwrap().what.ends_with("?artifactType=a%2Fb"), "{asked:?}");
}

#[tokio::test]
async fn what_is_cached_is_listed_where_the_upstream_lists_nothing() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36");
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    let listed: Value = serde_json::from_slice(&ours.get(&format!("/v2/{HUB}/tags/list")).await.expect(200)).unwrap();
    assert_eq!(listed["tags"], json!(["1.36"]));
    let referrers = ours.get(&format!("/v2/{HUB}/referrers/{}", image.digest())).await.expect(200);
    assert_eq!(serde_json::from_slice::<Value>(&referrers).unwrap()["manifests"], json!([]));
}

#[tokio::test]
async fn deleted_image_is_fetched_anew() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new("layer");
    image.publish(&upstream, "library/busybox", "1.36");
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    let deleted =
        ours.http().delete(ours.url(&format!("/v2/{HUB}/manifests/{}", image.digest()))).send().await.unwrap();
    assert_eq!(deleted.status(), 202);
    assert!(ours.pull(HUB, "1.36").await.is(&image));
    assert_eq!(upstream.seen("GET /v2/library/busybox/manifests/").len(), 2);
}

#[tokio::test]
async fn nothing_is_pushed_below_the_prefix() {
    let (upstream, ours) = with_upstream(Door::Open).await;
    let image = Image::new("layer");
    let manifest = ours.http().put(ours.url(&format!("/v2/{HUB}/manifests/mine"))).body(image.manifest.clone());
    let upload = ours.http().post(ours.url(&format!("/v2/{HUB}/blobs/uploads/")));
    let mirrored = ours.http().post(ours.url("/v2/library/busybox/blobs/uploads/?ns=docker.io"));
    for push in [manifest, upload, mirrored] {
        let refused = push.header(AUTHORIZATION, "Basic QVdTOng=").send().await.unwrap();
        assert_eq!(refused.status(), 403);
        let errors: Value = refused.json().await.unwrap();
        assert_eq!(errors["errors"][0]["code"], "DENIED");
        let message = errors["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(&upstream.host()) && message.contains("'docker.io'"), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}
