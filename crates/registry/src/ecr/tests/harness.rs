//! A registry in a folder of its own, and a client that calls it.

use axum::body::{Body, to_bytes};
use fakecloud_budget::{Budget, Peer};
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::catalog::{ManifestRecord, RepositoryKey, UnixMillis, What};
use crate::config::Config;
use crate::digest::Digest;
use crate::manifest::Manifest;
use crate::registry::Registry;
use crate::scope::Scope;
use crate::token::Token;

pub(super) const ORIGIN: &str = "http://localhost:4566";
pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const REGION: &str = "eu-west-1";

pub(super) struct Ecr {
    registry: Registry,
    folder: TempDir,
    /// Which the calls are signed for.
    region: &'static str,
}

impl Ecr {
    pub(super) fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap(), None, "")
    }

    /// One that stands before another registry, such as `prefix=https://host`, whose images lie in us-east-1.
    pub(super) fn with_upstream(upstream: &str) -> Self {
        Self { region: "us-east-1", ..Self::open(tempfile::tempdir().unwrap(), None, upstream) }
    }

    pub(super) fn with_token(token: &str) -> Self {
        Self::open(tempfile::tempdir().unwrap(), Token::new(token.to_owned()), "")
    }

    /// What a new process would find.
    pub(super) fn restarted(self) -> Self {
        Self::open(self.folder, None, "")
    }

    /// The same, where that process is told of a token.
    pub(super) fn restarted_with_token(self, token: &str) -> Self {
        Self::open(self.folder, Token::new(token.to_owned()), "")
    }

    /// Calls an operation that is to succeed.
    #[track_caller]
    pub(super) fn call(&self, operation: &str, request: Value) -> Value {
        let (status, answer) = self.send(Some(&target(operation)), &request.to_string());
        assert_eq!(status, 200, "{operation} {request}: {answer}");
        answer
    }

    /// Calls an operation that is to be refused with this code, and returns the message.
    #[track_caller]
    pub(super) fn refused(&self, code: &str, operation: &str, request: Value) -> String {
        let (status, answer) = self.send(Some(&target(operation)), &request.to_string());
        assert_eq!((status, answer["__type"].as_str()), (400, Some(code)), "{operation} {request}: {answer}");
        answer["message"].as_str().unwrap().to_owned()
    }

    /// Sends whatever it is; the second value is the body of the answer.
    pub(super) fn send(&self, target: Option<&str>, body: &str) -> (u16, Value) {
        let mut request = Request::post("/").header("content-type", "application/x-amz-json-1.1");
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let scope = Scope::new(ACCOUNT, self.region).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let response = self.registry.ecr(scope, ORIGIN.to_owned(), Peer::unknown(), request).await;
            let status = response.status().as_u16();
            assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            (status, serde_json::from_slice(&body).unwrap())
        })
    }

    /// Creates a repository with nothing set.
    #[track_caller]
    pub(super) fn repository(&self, name: &str) {
        self.call("CreateRepository", json!({ "repositoryName": name }));
    }

    /// Puts a manifest into a repository as a push does, with these tags.
    #[track_caller]
    pub(super) fn manifest(&self, repository: &str, content: &Value, tags: &[&str]) -> String {
        let content = content.to_string();
        let digest = Digest::of(content.as_bytes());
        let manifest = Manifest::parse(None, content.as_bytes()).unwrap();
        let key = RepositoryKey { scope: Scope::new(ACCOUNT, REGION).unwrap(), name: repository.parse().unwrap() };
        let size = content.len() as u64;
        let pushed_at = UnixMillis(1_800_000_000_500);
        let record = ManifestRecord { size, pushed_at, pulled_at: None, fetched: false, manifest };
        let mut changes: Vec<_> =
            record.manifest.blobs().map(|blob| key.change(What::PutBlob(blob.digest, blob.size))).collect();
        changes.push(key.change(What::PutManifest(digest, Box::new(record))));
        changes.extend(tags.iter().map(|tag| key.change(What::PutTag(tag.parse().unwrap(), digest))));
        self.registry.change_blocking(|_| Ok::<_, ()>(((), changes))).unwrap();
        digest.to_string()
    }

    fn open(folder: TempDir, token: Option<Token>, upstream: &str) -> Self {
        let upstreams = Some(upstream).filter(|it| !it.is_empty()).map(|it| it.parse().unwrap()).into_iter().collect();
        let (folder_path, bodies) = (folder.path().to_owned(), Budget::new(128 << 20, 64 << 20));
        let quota = fakecloud_durable::Quota::unlimited();
        let config = Config { folder: folder_path, durable: false, quota, token, auto_create: true, upstreams, bodies };
        Self { registry: Registry::open(config).unwrap(), folder, region: REGION }
    }
}

/// An image whose digest this number makes another one; it has two layers of 1000 and 20 bytes and a configuration of 3.
pub(super) fn image(number: u32) -> Value {
    let blob = |kind: &str, size: u64| {
        let digest = Digest::of(format!("{kind} {number}").as_bytes());
        json!({ "mediaType": format!("application/vnd.oci.image.{kind}"), "digest": digest, "size": size })
    };
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob("config.v1+json", 3),
        "layers": [blob("layer.v1.tar+gzip", 1000), blob("layer.v1.tar", 20)],
    })
}

/// An index of these images.
pub(super) fn index(images: &[&Value]) -> Value {
    let listed = images.iter().map(|image| {
        let content = image.to_string();
        json!({
            "mediaType": image["mediaType"],
            "digest": Digest::of(content.as_bytes()),
            "size": content.len(),
            "platform": { "os": "linux", "architecture": "amd64" },
        })
    });
    let listed: Vec<Value> = listed.collect();
    json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": listed })
}

fn target(operation: &str) -> String {
    format!("AmazonEC2ContainerRegistry_V20150921.{operation}")
}
