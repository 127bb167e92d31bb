//! Images that a test makes from numbers, and how a client pushes and reads them.

use std::fmt::Write as _;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::Client;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A blob or manifest with its digest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Content {
    pub(crate) digest: String,
    pub(crate) bytes: Vec<u8>,
}

/// An image of two layers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Image {
    /// Config and layers.
    pub(crate) blobs: Vec<Content>,
    pub(crate) manifest: Content,
}

/// How a blob gets to the registry.
#[derive(Clone, Copy)]
pub(crate) enum Upload {
    /// In the one request that starts it.
    Whole,
    /// In the request that ends it.
    AtTheEnd,
    /// In pieces of so many bytes.
    Pieces(usize),
}

/// Why a push did not come to its end.
#[derive(Debug)]
pub(crate) enum Cut {
    /// There was no answer, or half of one.
    Connection,
    /// The upload is not known, as with a server that has started since it began.
    UploadUnknown,
}

/// A repository of the server under test.
#[derive(Clone)]
pub(crate) struct Repository {
    client: Client,
    path: String,
}

// === impl Content ===

impl Content {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { digest: digest_of(&bytes), bytes }
    }

    /// So many bytes that follow from a number.
    pub(crate) fn numbered(number: u64, length: usize) -> Self {
        let mut random = number | 1;
        let bytes = std::iter::repeat_with(|| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random.to_le_bytes()
        });
        Self::new(bytes.flatten().take(length).collect())
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({ "mediaType": media_type, "digest": self.digest, "size": self.bytes.len() })
    }
}

// === impl Image ===

impl Image {
    /// An image of these layers.
    pub(crate) fn of(layers: [Content; 2]) -> Self {
        let diffs = layers.each_ref().map(|layer| &layer.digest);
        let config =
            json!({ "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": diffs } });
        let config = Content::new(config.to_string().into_bytes());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor("application/vnd.oci.image.config.v1+json"),
            "layers": layers.each_ref().map(|layer| layer.descriptor("application/vnd.oci.image.layer.v1.tar")),
        });
        let manifest = Content::new(manifest.to_string().into_bytes());
        Self { blobs: [config].into_iter().chain(layers).collect(), manifest }
    }
}

// === impl Cut ===

impl From<reqwest::Error> for Cut {
    fn from(error: reqwest::Error) -> Self {
        assert!(!error.is_timeout(), "{error}");
        Self::Connection
    }
}

// === impl Repository ===

impl Repository {
    pub(crate) fn new(client: &Client, name: &str) -> Self {
        Self { client: client.clone(), path: format!("/v2/{name}") }
    }

    /// Uploads a blob.
    pub(crate) async fn upload(&self, blob: &Content, upload: Upload) -> Result<(), Cut> {
        let Content { digest, bytes } = blob;
        let uploads = format!("{}/blobs/uploads/", self.path);
        if let Upload::Whole = upload {
            let request = self.client.request(Method::POST, &format!("{uploads}?digest={digest}"));
            return expect(request.body(bytes.clone()).send().await?, StatusCode::CREATED).await;
        }
        let started = self.client.request(Method::POST, &uploads).header("content-length", "0").send().await?;
        let mut location = location_of(&started);
        expect(started, StatusCode::ACCEPTED).await?;
        let mut last = bytes.as_slice();
        if let Upload::Pieces(size) = upload {
            for piece in bytes.chunks(size) {
                let sent = self.client.request(Method::PATCH, &location).body(piece.to_vec()).send().await?;
                location = location_of(&sent);
                expect(sent, StatusCode::ACCEPTED).await?;
            }
            last = &[];
        }
        let separator = if location.contains('?') { '&' } else { '?' };
        let path = format!("{location}{separator}digest={digest}");
        expect(self.client.request(Method::PUT, &path).body(last.to_vec()).send().await?, StatusCode::CREATED).await
    }

    /// Pushes an image's manifest under a tag.
    pub(crate) async fn tag(&self, image: &Image, tag: &str) -> Result<(), Cut> {
        let request = self.client.request(Method::PUT, &format!("{}/manifests/{tag}", self.path));
        let request = request.header("content-type", MANIFEST).body(image.manifest.bytes.clone());
        expect(request.send().await?, StatusCode::CREATED).await
    }

    /// A blob as it is downloaded, if it is there.
    pub(crate) async fn blob(&self, digest: &str) -> Option<Vec<u8>> {
        self.read(&format!("blobs/{digest}")).await
    }

    /// The manifest under a tag or digest, if it is there.
    pub(crate) async fn manifest(&self, reference: &str) -> Option<Vec<u8>> {
        self.read(&format!("manifests/{reference}")).await
    }

    /// All tags.
    pub(crate) async fn tags(&self) -> Vec<String> {
        let Some(list) = self.read("tags/list").await else { return Vec::new() };
        let list: Value = serde_json::from_slice(&list).unwrap();
        serde_json::from_value(list["tags"].clone()).unwrap()
    }

    async fn read(&self, below: &str) -> Option<Vec<u8>> {
        let request = self.client.request(Method::GET, &format!("{}/{below}", self.path));
        let answer = request.header("accept", MANIFEST).send().await.unwrap();
        if answer.status() == StatusCode::NOT_FOUND {
            return None;
        }
        Some(answer.error_for_status().unwrap().bytes().await.unwrap().to_vec())
    }
}

/// The digest as it is written everywhere.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Where to go on, as a path of the same server.
fn location_of(answer: &Response) -> String {
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap()).unwrap_or_default();
    match location.split_once("://") {
        Some((_, after)) => after[after.find('/').unwrap()..].to_owned(),
        None => location.to_owned(),
    }
}

/// Reads an answer to its end: one that does not arrive whole may be the end of the process.
async fn expect(answer: Response, status: StatusCode) -> Result<(), Cut> {
    let (actual, path) = (answer.status(), answer.url().path().to_owned());
    let text = answer.text().await?;
    if actual == StatusCode::NOT_FOUND && text.contains("BLOB_UPLOAD_UNKNOWN") {
        return Err(Cut::UploadUnknown);
    }
    assert_eq!(actual, status, "{path}: {text}");
    Ok(())
}
