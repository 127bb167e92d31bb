//! The registry under test, on a socket, with its upstreams.

use fakecloud_budget::Budget;
use fakecloud_durable::{Limit, Quota};
use fakecloud_registry::{Config, Digest, Registry, media_type};
use http::StatusCode;
use http::header::ACCEPT;
use reqwest::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::scripted::Upstream;

pub(crate) struct Ours {
    url: String,
    registry: Registry,
    http: reqwest::Client,
    folder: TempDir,
    upstreams: Vec<String>,
    server: JoinHandle<()>,
}

/// An answer that has been read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An image of one layer.
pub(crate) struct Image {
    pub(crate) config: Vec<u8>,
    pub(crate) layer: Vec<u8>,
    pub(crate) manifest: Vec<u8>,
}

// === impl Ours ===

impl Ours {
    /// With upstreams such as `hub=http://127.0.0.1:5000`.
    pub(crate) async fn start(upstreams: &[String]) -> Self {
        Self::open(tempfile::tempdir().unwrap(), upstreams.to_vec(), None).await
    }

    /// The same with so many bytes that it may keep.
    pub(crate) async fn start_small(upstreams: &[String], bytes: u64) -> Self {
        Self::open(tempfile::tempdir().unwrap(), upstreams.to_vec(), Some(bytes)).await
    }

    /// The same registry after a restart.
    pub(crate) async fn restart(self) -> Self {
        self.server.abort();
        assert!(self.server.await.unwrap_err().is_cancelled());
        Self::open(self.folder, self.upstreams, None).await
    }

    async fn open(folder: TempDir, upstreams: Vec<String>, bytes_max: Option<u64>) -> Self {
        let quota = bytes_max.map(|bytes| Quota::of(folder.path(), Limit::Bytes(bytes)).unwrap());
        let registry = Registry::open(Config {
            folder: folder.path().join("registry"),
            durable: false,
            quota: quota.unwrap_or_else(Quota::unlimited),
            token: None,
            auto_create: true,
            upstreams: upstreams.iter().map(|upstream| upstream.parse().unwrap()).collect(),
            bodies: Budget::new(128 << 20, 64 << 20),
        });
        let (registry, listener) = (registry.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = registry.router();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, http: reqwest::Client::builder().no_proxy().build().unwrap(), registry, folder, upstreams, server }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::read(self.http.get(self.url(path)).header(ACCEPT, "*/*").send().await.unwrap()).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        Answer::read(self.http.head(self.url(path)).send().await.unwrap()).await
    }

    /// Pulls an image as clients do: its manifest by this reference, then all that it refers to.
    pub(crate) async fn pull(&self, repository: &str, reference: &str) -> Image {
        let found = self.head(&format!("/v2/{repository}/manifests/{reference}")).await;
        assert_eq!(found.status, 200, "{repository} {reference}");
        let digest = found.header("docker-content-digest");
        let manifest = self.get(&format!("/v2/{repository}/manifests/{digest}")).await.expect(200);
        assert_eq!(Digest::of(&manifest).to_string(), digest);
        let parsed: Value = serde_json::from_slice(&manifest).unwrap();
        let blob = async |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap();
            let content = self.get(&format!("/v2/{repository}/blobs/{digest}")).await.expect(200);
            assert_eq!(Digest::of(&content).to_string(), digest);
            content
        };
        Image { config: blob(&parsed["config"]).await, layer: blob(&parsed["layers"][0]).await, manifest }
    }

    /// How many files the registry has that are no records.
    pub(crate) fn files(&self) -> usize {
        count(&self.folder.path().join("registry/blobs"))
    }
}

fn count(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

// === impl Answer ===

impl Answer {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The body of an answer that must have this status.
    pub(crate) fn expect(self, status: u16) -> Vec<u8> {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.body
    }

    /// The code and the message of the first error.
    pub(crate) fn error(&self) -> (String, String) {
        let errors: Value = serde_json::from_slice(&self.body).unwrap();
        let text = |name: &str| errors["errors"][0][name].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }
}

// === impl Image ===

impl Image {
    /// One whose layer has this content.
    pub(crate) fn new(layer: impl Into<Vec<u8>>) -> Self {
        let layer = layer.into();
        let config = br#"{"architecture":"amd64","os":"linux"}"#.to_vec();
        let descriptor = |media_type: &str, content: &[u8]| json!({"mediaType": media_type, "digest": Digest::of(content).to_string(), "size": content.len()});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
        });
        Self { config, layer, manifest: manifest.to_string().into_bytes() }
    }

    /// Puts it into a repository of an upstream.
    pub(crate) fn publish(&self, upstream: &Upstream, repository: &str, tag: &str) -> &Self {
        upstream.put_blob(repository, &self.config);
        upstream.put_blob(repository, &self.layer);
        upstream.put_manifest(repository, media_type::OCI_MANIFEST, &self.manifest, &[tag]);
        self
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }

    /// The path of its layer below the repository.
    pub(crate) fn layer_path(&self, repository: &str) -> String {
        format!("/v2/{repository}/blobs/{}", Digest::of(&self.layer))
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        (&self.config, &self.layer, &self.manifest) == (&other.config, &other.layer, &other.manifest)
    }
}
