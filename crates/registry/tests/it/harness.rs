//! A registry in a temporary folder, requests to it, and content to push.

use std::io;

use axum::Router;
use axum::body::Body;
use fakecloud_budget::Budget;
use fakecloud_registry::{Algorithm, Config, Digest, Registry, media_type};
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// A registry, and the folder that it ends with.
pub(crate) struct Harness {
    pub(crate) registry: Registry,
    router: Router,
    pub(crate) folder: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An image of one layer that was pushed.
pub(crate) struct Image {
    pub(crate) config: Digest,
    pub(crate) layer: Digest,
    pub(crate) manifest: Vec<u8>,
    pub(crate) digest: Digest,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A registry that is set otherwise.
    pub(crate) fn with(set: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(&folder);
        set(&mut config);
        let registry = Registry::open(config).unwrap();
        Self { router: registry.router(), registry, folder }
    }

    /// The same folder, opened by another process.
    pub(crate) fn reopen(self) -> Self {
        self.try_reopen().unwrap()
    }

    pub(crate) fn try_reopen(self) -> io::Result<Self> {
        // This process goes on where another would have ended: the note of a pull may still be on its way to the disk.
        let is_gone =
            |opened: &io::Result<Registry>| opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        let mut openings = std::iter::repeat_with(|| Registry::open(config(&self.folder))).take(100);
        let registry = openings.find(|opened| !is_gone(opened)).expect("a note is soon written")?;
        Ok(Self { router: registry.router(), registry, folder: self.folder })
    }

    /// What was in memory is kept from being dropped, as if the process had been killed.
    pub(crate) fn kill(&self) -> (Registry, Router) {
        (self.registry.clone(), self.router.clone())
    }

    /// Sends a request: `GET /v2/…`, with headers.
    pub(crate) async fn send(&self, request: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let (method, uri) = request.split_once(' ').unwrap();
        let mut builder = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let response = self.router.clone().oneshot(builder.body(body.into()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// Sends a request without headers and body.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        self.send(request, &[], Body::empty()).await
    }

    /// Begins an upload and gives its location.
    pub(crate) async fn begin(&self, repository: &str) -> String {
        let begun = self.ask(&format!("POST /v2/{repository}/blobs/uploads/")).await;
        begun.expect(StatusCode::ACCEPTED).header(LOCATION.as_str()).to_owned()
    }

    pub(crate) async fn push_blob(&self, repository: &str, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        let request = format!("POST /v2/{repository}/blobs/uploads/?digest={digest}");
        self.send(&request, &[], content.to_vec()).await.expect(StatusCode::CREATED);
        digest
    }

    /// Pushes a manifest under a tag or digest.
    pub(crate) async fn push_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        content: &[u8],
    ) -> Answer {
        let request = format!("PUT /v2/{repository}/manifests/{reference}");
        self.send(&request, &[(CONTENT_TYPE.as_str(), media_type)], content.to_vec()).await
    }

    /// Pushes an image that no other seed gives, with its blobs.
    pub(crate) async fn push_image(&self, repository: &str, tag: &str, seed: &str) -> Image {
        let (config, layer) = (image_config(seed), format!("layer of {seed}"));
        let image = Image {
            config: self.push_blob(repository, config.as_bytes()).await,
            layer: self.push_blob(repository, layer.as_bytes()).await,
            manifest: image_manifest(config.as_bytes(), layer.as_bytes()),
            digest: Digest::of(&image_manifest(config.as_bytes(), layer.as_bytes())),
        };
        let pushed = self.push_manifest(repository, tag, media_type::OCI_MANIFEST, &image.manifest).await;
        pushed.expect(StatusCode::CREATED);
        image
    }

    /// The manifest under a reference.
    pub(crate) async fn pull_manifest(&self, repository: &str, reference: &str) -> Answer {
        let accept = [(ACCEPT.as_str(), media_type::OCI_MANIFEST)];
        self.send(&format!("GET /v2/{repository}/manifests/{reference}"), &accept, Body::empty()).await
    }
}

impl Answer {
    /// Checks the status.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, String::from_utf8_lossy(&self.body));
        self
    }

    /// Checks that it is an error of this code, in the specification's form.
    #[track_caller]
    pub(crate) fn expect_error(self, status: StatusCode, code: &str) -> Self {
        let answer = self.expect(status);
        let body = answer.json();
        assert_eq!(body["errors"][0]["code"], code, "{body}");
        assert!(body["errors"][0]["message"].as_str().is_some_and(|message| message.len() > 8), "{body}");
        answer
    }

    /// A header that must be there.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        value.to_str().unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }
}

fn config(folder: &TempDir) -> Config {
    Config {
        folder: folder.path().join("registry"),
        durable: false,
        quota: fakecloud_durable::Quota::unlimited(),
        token: None,
        auto_create: true,
        upstreams: Vec::new(),
        bodies: Budget::new(128 << 20, 64 << 20),
    }
}

/// The configuration of an image for Linux on amd64.
pub(crate) fn image_config(seed: &str) -> String {
    json!({ "architecture": "amd64", "os": "linux", "author": seed }).to_string()
}

pub(crate) fn image_manifest(config: &[u8], layer: &[u8]) -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    });
    manifest.to_string().into_bytes()
}

/// An artifact about another manifest.
pub(crate) fn artifact(artifact_type: &str, subject: Value, content: &[u8]) -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [descriptor("text/plain", content)],
        "subject": subject,
        "annotations": { "made-by": "a test" },
    });
    manifest.to_string().into_bytes()
}

pub(crate) fn index(children: &[Value]) -> Vec<u8> {
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": children });
    index.to_string().into_bytes()
}

pub(crate) fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(content), "size": content.len() })
}

/// A digest that nothing here has.
pub(crate) fn unknown_digest() -> Digest {
    Digest::of(b"what nobody has pushed")
}

pub(crate) fn sha512(content: &[u8]) -> Digest {
    Digest::with(Algorithm::Sha512, content)
}
