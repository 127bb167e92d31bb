//! The registry as a whole: passwords.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::content::with;
use super::harness::{Ecr, ORIGIN, image};
use crate::catalog::UnixMillis;
use crate::digest::Digest;
use crate::manifest::media_type;
use crate::token::Password;

#[test]
fn authorization_token_is_a_password_for_the_callers_repositories_for_twelve_hours() {
    let ecr = Ecr::new();
    let data = |request: Value| ecr.call("GetAuthorizationToken", request)["authorizationData"].clone();
    let password = |data: &Value| {
        let token = STANDARD.decode(data["authorizationToken"].as_str().unwrap()).unwrap();
        let token = String::from_utf8(token).unwrap();
        Password::decode(token.strip_prefix("AWS:").unwrap()).unwrap()
    };
    let own = data(json!({}));
    assert_eq!((own.as_array().unwrap().len(), &own[0]["proxyEndpoint"]), (1, &json!(ORIGIN)));
    let hours = (own[0]["expiresAt"].as_f64().unwrap() - UnixMillis::now().seconds()) / 3600.0;
    assert!((11.9..=12.0).contains(&hours), "{hours}");
    assert_eq!(password(&own[0]).scope.to_string(), "123456789012/eu-west-1");
    let others = data(json!({"registryIds": ["000000000001", "000000000002"]}));
    let scopes: Vec<String> = others.as_array().unwrap().iter().map(|it| password(it).scope.to_string()).collect();
    assert_eq!(scopes, ["000000000001/eu-west-1", "000000000002/eu-west-1"]);
}

#[test]
fn registry_with_a_password_of_its_own_gives_out_no_other() {
    let message = Ecr::with_token("secret").refused("AccessDeniedException", "GetAuthorizationToken", json!({}));
    assert!(message.contains("FAKECLOUD_REGISTRY_TOKEN") && !message.contains("secret"), "{message}");
}

/// Every operation that writes or deletes images, with requests that do their work in this order.
fn changes_of_images(upload: &Value) -> [(&'static str, Value); 6] {
    let config = Digest::of(b"config");
    let config = json!({"mediaType": "text/plain", "digest": config, "size": 6});
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": []});
    let part = json!({"partFirstByte": 0, "partLastByte": 5, "layerPartBlob": STANDARD.encode("config")});
    [
        ("InitiateLayerUpload", json!({})),
        ("UploadLayerPart", with(&part, json!({"uploadId": upload}))),
        ("CompleteLayerUpload", json!({"uploadId": upload, "layerDigests": [Digest::of(b"config")]})),
        ("PutImage", json!({"imageManifest": manifest.to_string(), "imageTag": "v1"})),
        ("BatchDeleteImage", json!({"imageIds": [{"imageTag": "v1"}]})),
        ("DeleteRepository", json!({"force": true})),
    ]
    .map(|(operation, request)| (operation, with(&request, json!({"repositoryName": "app"}))))
}

#[test]
fn token_closes_the_ways_by_which_calls_change_images() {
    let ecr = Ecr::new();
    ecr.repository("app");
    let image = ecr.manifest("app", &image(1), &["v1"]);
    let upload = ecr.call("InitiateLayerUpload", json!({"repositoryName": "app"}))["uploadId"].clone();
    let guarded = ecr.restarted_with_token("secret");
    for (operation, request) in changes_of_images(&upload) {
        let message = guarded.refused("AccessDeniedException", operation, request);
        assert!(message.contains(operation) && message.contains("FAKECLOUD_REGISTRY_TOKEN is set"), "{message}");
        assert!(message.contains("docker, skopeo") && !message.contains("secret"), "{message}");
    }
    let listed = guarded.call("ListImages", json!({"repositoryName": "app"}));
    assert_eq!(listed["imageIds"], json!([{"imageDigest": image, "imageTag": "v1"}]));
    // The rest of what there is stays, changes of repositories included.
    guarded.repository("other");
    guarded.call("PutImageTagMutability", json!({"repositoryName": "app", "imageTagMutability": "IMMUTABLE"}));
    guarded.call("DescribeImages", json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}]}));
}

#[test]
fn calls_change_images_where_no_token_is_set() {
    let ecr = Ecr::new();
    ecr.repository("app");
    let upload = ecr.call("InitiateLayerUpload", json!({"repositoryName": "app"}))["uploadId"].clone();
    for (operation, request) in changes_of_images(&upload) {
        ecr.call(operation, request);
    }
    ecr.refused("RepositoryNotFoundException", "ListImages", json!({"repositoryName": "app"}));
}
