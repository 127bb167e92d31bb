//! Layers and images that come and go by the API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::harness::{ACCOUNT, Ecr};
use crate::digest::{Algorithm, Digest};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const PART_BYTES_MIN: usize = 5 << 20;
const NO_UPLOAD: &str = "00000000-0000-0000-0000-000000000000";

/// A manifest over these blobs, the first of them the configuration.
fn manifest(blobs: &[&str]) -> Value {
    let descriptor =
        |blob: &&str| json!({ "mediaType": "text/plain", "digest": Digest::of(blob.as_bytes()), "size": blob.len() });
    let mut described: Vec<Value> = blobs.iter().map(descriptor).collect();
    let config = described.remove(0);
    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": described })
}

/// Begins an upload, and the members that name it.
fn begin(ecr: &Ecr) -> Value {
    let begun = ecr.call("InitiateLayerUpload", json!({"repositoryName": "app"}));
    assert!(begun["partSize"].as_u64().unwrap() > 0);
    json!({"repositoryName": "app", "uploadId": begun["uploadId"]})
}

pub(super) fn with(named: &Value, members: Value) -> Value {
    let mut request = named.clone();
    members.as_object().unwrap().iter().for_each(|(name, value)| request[name] = value.clone());
    request
}

fn part(named: &Value, first: usize, content: &str) -> Value {
    let last = (first + content.len()).saturating_sub(1);
    let blob = STANDARD.encode(content);
    with(named, json!({"partFirstByte": first, "partLastByte": last, "layerPartBlob": blob}))
}

fn layer(ecr: &Ecr, content: &str) -> String {
    let digest = Digest::of(content.as_bytes()).to_string();
    let named = begin(ecr);
    ecr.call("UploadLayerPart", part(&named, 0, content));
    ecr.call("CompleteLayerUpload", with(&named, json!({"layerDigests": [digest]})));
    digest
}

fn filled() -> Ecr {
    let ecr = Ecr::new();
    ecr.repository("app");
    ["config", "layer"].iter().for_each(|content| drop(layer(&ecr, content)));
    ecr
}

#[test]
fn layer_is_put_together_from_its_parts() {
    let ecr = Ecr::new();
    ecr.repository("app");
    let named = begin(&ecr);
    let hello = "h".repeat(PART_BYTES_MIN);
    let first = ecr.call("UploadLayerPart", part(&named, 0, &hello));
    let last = PART_BYTES_MIN - 1;
    let expected = json!({"registryId": ACCOUNT, "repositoryName": "app", "uploadId": named["uploadId"], "lastByteReceived": last});
    assert_eq!(first, expected);
    assert_eq!(ecr.call("UploadLayerPart", part(&named, last + 1, "world"))["lastByteReceived"], last + 5);
    let digest = Digest::of(format!("{hello}world").as_bytes()).to_string();
    let completed = ecr.call("CompleteLayerUpload", with(&named, json!({"layerDigests": [digest, digest]})));
    assert_eq!((&completed["layerDigest"], &completed["uploadId"]), (&json!(digest), &named["uploadId"]));
    let checked =
        ecr.restarted().call("BatchCheckLayerAvailability", json!({"repositoryName": "app", "layerDigests": [digest]}));
    assert_eq!(
        (&checked["layers"][0]["layerAvailability"], &checked["layers"][0]["layerSize"]),
        (&json!("AVAILABLE"), &json!(last + 6))
    );
}

#[test]
fn part_before_the_last_one_has_at_least_5_mib() {
    let ecr = Ecr::new();
    ecr.repository("app");
    let enough = "x".repeat(PART_BYTES_MIN);
    let short = &enough[1..];
    for (parts, is_refused) in
        [(vec!["x"], false), (vec![&enough, "x"], false), (vec![short, "x"], true), (vec!["x", &enough, &enough], true)]
    {
        let named = begin(&ecr);
        let mut first = 0;
        for content in &parts {
            ecr.call("UploadLayerPart", part(&named, first, content));
            first += content.len();
        }
        let complete = with(&named, json!({"layerDigests": [Digest::of(parts.concat().as_bytes())]}));
        if is_refused {
            let message = ecr.refused("LayerPartTooSmallException", "CompleteLayerUpload", complete);
            let bytes = format!("a part of {} bytes", parts[0].len());
            assert!(message.contains(&bytes) && message.contains("5 MiB"), "{message}");
        } else {
            ecr.call("CompleteLayerUpload", complete);
        }
    }
}

#[test]
fn part_that_does_not_follow_the_last_one_is_refused_with_where_that_ended() {
    let ecr = Ecr::new();
    ecr.repository("app");
    let named = begin(&ecr);
    ecr.call("UploadLayerPart", part(&named, 0, "abc"));
    let shorter = with(&part(&named, 3, "def"), json!({"partLastByte": 9}));
    for request in [part(&named, 0, "abc"), part(&named, 4, "def"), shorter, part(&named, 3, "")] {
        let (status, answer) =
            ecr.send(Some("AmazonEC2ContainerRegistry_V20150921.UploadLayerPart"), &request.to_string());
        assert_eq!((status, &answer["__type"]), (400, &json!("InvalidLayerPartException")), "{answer}");
        let said = ["registryId", "repositoryName", "uploadId", "lastValidByteReceived"].map(|it| answer[it].clone());
        assert_eq!(said, [json!(ACCOUNT), json!("app"), named["uploadId"].clone(), json!(2)]);
    }
    let no_base64 = with(&part(&named, 3, "def"), json!({"layerPartBlob": "%"}));
    assert!(ecr.refused("SerializationException", "UploadLayerPart", no_base64).contains("no base64"));
    ecr.call("UploadLayerPart", part(&named, 3, "def"));
}

#[test]
fn upload_that_comes_to_nothing_says_why() {
    let ecr = filled();
    let digest = Digest::of(b"layer").to_string();
    let complete = |named: &Value, digests: Value| with(named, json!({"layerDigests": digests}));
    let uploaded = |content: &str| {
        let named = begin(&ecr);
        ecr.call("UploadLayerPart", part(&named, 0, content));
        named
    };
    ecr.refused("EmptyUploadException", "CompleteLayerUpload", complete(&begin(&ecr), json!([digest])));
    let message =
        ecr.refused("InvalidLayerException", "CompleteLayerUpload", complete(&uploaded("other"), json!([digest])));
    assert!(message.contains(&Digest::of(b"other").to_string()), "{message}");
    let two = json!([digest, Digest::of(b"other")]);
    ecr.refused("InvalidLayerException", "CompleteLayerUpload", complete(&uploaded("other"), two));
    ecr.refused("InvalidParameterException", "CompleteLayerUpload", complete(&uploaded("other"), json!(["md5:00"])));
    let again = uploaded("layer");
    let message = ecr.refused("LayerAlreadyExistsException", "CompleteLayerUpload", complete(&again, json!([digest])));
    assert!(message.contains(&digest), "{message}");
    // What has ended is no upload any more, and no repository has those of another.
    ecr.repository("other");
    let elsewhere = with(&uploaded("x"), json!({"repositoryName": "other"}));
    for named in [again, with(&elsewhere, json!({"uploadId": NO_UPLOAD})), elsewhere] {
        ecr.refused("UploadNotFoundException", "CompleteLayerUpload", complete(&named, json!([digest])));
        ecr.refused("UploadNotFoundException", "UploadLayerPart", part(&named, 0, "x"));
    }
    for operation in ["InitiateLayerUpload", "CompleteLayerUpload", "UploadLayerPart"] {
        let named = json!({"repositoryName": "none", "uploadId": NO_UPLOAD, "layerDigests": [digest]});
        ecr.refused("RepositoryNotFoundException", operation, part(&named, 0, "x"));
    }
}

#[test]
fn image_that_was_put_is_got_as_it_was_by_tag_and_by_digest() {
    let ecr = filled();
    let content = format!("{}\n", manifest(&["config", "layer"]));
    let digest = Digest::of(content.as_bytes()).to_string();
    let image = json!({
        "registryId": ACCOUNT,
        "repositoryName": "app",
        "imageId": {"imageDigest": digest, "imageTag": "v1"},
        "imageManifest": content,
        "imageManifestMediaType": MANIFEST,
    });
    let put = json!({"repositoryName": "app", "imageManifest": content, "imageTag": "v1", "imageDigest": digest});
    assert_eq!(ecr.call("PutImage", put), json!({"image": image}));
    let ecr = ecr.restarted();
    let get = |ids: Value, types: Value| {
        ecr.call("BatchGetImage", json!({"repositoryName": "app", "imageIds": ids, "acceptedMediaTypes": types}))
    };
    let mut by_digest = image.clone();
    by_digest["imageId"] = json!({"imageDigest": digest});
    let both = get(json!([{"imageTag": "v1"}, {"imageDigest": digest}]), json!(null));
    assert_eq!(both, json!({"images": [image, by_digest], "failures": []}));
    let accepted = get(json!([{"imageTag": "v1"}, {"imageTag": "v2"}]), json!([MANIFEST, "application/json"]));
    let missing = json!({"imageId": {"imageTag": "v2"}, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"});
    assert_eq!(accepted, json!({"images": [image], "failures": [missing]}));
    let refused = get(json!([{"imageTag": "v1"}]), json!(["application/vnd.docker.distribution.manifest.v2+json"]));
    assert!(refused["failures"][0]["failureReason"].as_str().unwrap().contains(MANIFEST), "{refused}");
    ecr.refused("RepositoryNotFoundException", "BatchGetImage", json!({"repositoryName": "none", "imageIds": [{}]}));
}

#[test]
fn image_may_be_named_by_a_digest_of_another_algorithm() {
    let ecr = filled();
    let content = manifest(&["config", "layer"]).to_string();
    let digest = Digest::with(Algorithm::Sha512, content.as_bytes()).to_string();
    let put = ecr.call("PutImage", json!({"repositoryName": "app", "imageManifest": content, "imageDigest": digest}));
    assert_eq!(put["image"]["imageId"], json!({"imageDigest": digest}));
}

#[test]
fn images_that_cannot_be_put_are_refused() {
    let ecr = filled();
    let content = manifest(&["config", "layer"]).to_string();
    let digest = Digest::of(content.as_bytes()).to_string();
    ecr.call("PutImage", json!({"repositoryName": "app", "imageManifest": content, "imageTag": "v1"}));
    let other = manifest(&["config", "layer", "missing"]).to_string();
    let missing = Digest::of(b"missing").to_string();
    let listed = json!({"mediaType": MANIFEST, "digest": missing, "size": 1});
    let index =
        json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [listed]})
            .to_string();
    let mut longer = manifest(&["config", "layer"]);
    longer["layers"][0]["size"] = json!(6);
    let longer = longer.to_string();
    let again = format!(
        "Image with digest '{digest}' and tag 'v1' already exists in the repository with name 'app' in registry with id '{ACCOUNT}'"
    );
    for (code, members, words) in [
        ("ImageAlreadyExistsException", json!({"imageManifest": content, "imageTag": "v1"}), again.as_str()),
        ("ImageAlreadyExistsException", json!({"imageManifest": content}), &digest),
        ("ImageDigestDoesNotMatchException", json!({"imageManifest": content, "imageDigest": missing}), &digest),
        ("LayersNotFoundException", json!({"imageManifest": other, "imageTag": "v2"}), &missing),
        ("ReferencedImagesNotFoundException", json!({"imageManifest": index, "imageTag": "v2"}), &missing),
        ("InvalidParameterException", json!({"imageManifest": longer}), "6 bytes in layers[0].size"),
        ("InvalidParameterException", json!({"imageManifest": "{"}), "Invalid parameter at 'imageManifest'"),
        (
            "InvalidParameterException",
            json!({"imageManifest": content, "imageTag": "a b"}),
            "Invalid parameter at 'imageTag'",
        ),
        (
            "InvalidParameterException",
            json!({"imageManifest": content, "imageDigest": "x"}),
            "Invalid parameter at 'imageDigest'",
        ),
        ("RepositoryNotFoundException", json!({"imageManifest": content, "repositoryName": "none"}), "'none'"),
    ] {
        let message = ecr.refused(code, "PutImage", with(&json!({"repositoryName": "app"}), members));
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(ecr.call("ListImages", json!({"repositoryName": "app"}))["imageIds"].as_array().unwrap().len(), 1);
}

#[test]
fn immutable_tag_stays_with_its_image() {
    let ecr = filled();
    let put = |contents: &[&str], tag: &str| json!({"repositoryName": "app", "imageManifest": manifest(contents).to_string(), "imageTag": tag});
    let (one, two) = (["config", "layer"].as_slice(), ["layer", "config"].as_slice());
    ecr.call("PutImageTagMutability", json!({"repositoryName": "app", "imageTagMutability": "IMMUTABLE"}));
    ecr.call("PutImage", put(one, "v1"));
    let message = ecr.refused("ImageTagAlreadyExistsException", "PutImage", put(two, "v1"));
    let words = "The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the tag is immutable.";
    assert_eq!(message, words);
    ecr.call("PutImage", put(one, "v2"));
    let filters = json!([{"filterType": "WILDCARD", "filter": "*1"}]);
    let rule = json!({"repositoryName": "app", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": filters});
    ecr.call("PutImageTagMutability", rule);
    ecr.call("PutImage", put(two, "v1"));
    ecr.refused("ImageTagAlreadyExistsException", "PutImage", put(two, "v2"));
}

#[test]
fn images_of_an_upstream_are_its_own() {
    // Nobody listens there.
    let ecr = Ecr::with_upstream("mirror=https://127.0.0.1:1");
    let named = json!({"repositoryName": "mirror/app", "registryId": "000000000000"});
    let got = ecr.call("BatchGetImage", with(&named, json!({"imageIds": [{"imageTag": "v1"}]})));
    assert_eq!(
        (&got["images"], &got["failures"][0]["failureCode"]),
        (&json!([]), &json!("UpstreamUnavailable")),
        "{got}"
    );
    let reason = got["failures"][0]["failureReason"].as_str().unwrap();
    assert!(reason.contains("FAKECLOUD_REGISTRY_UPSTREAM") && reason.contains("cannot be reached"), "{reason}");
    ecr.call("CreateRepository", named.clone());
    for (operation, members) in [("InitiateLayerUpload", json!({})), ("PutImage", json!({"imageManifest": "{}"}))] {
        let message = ecr.refused("InvalidParameterException", operation, with(&named, members));
        assert!(message.contains("below the prefix 'mirror'"), "{message}");
    }
}
