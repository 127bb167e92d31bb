//! Manifests of upstreams: fetched when they are asked for, and again when their tag has moved.

use std::time::Instant;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method, Response};
use hyper::body::Incoming;
use tracing::{info, warn};

use super::Upstreams;
use super::client::Ask;
use super::error::{Problem, UpstreamError};
use super::fetch::{self, on_disk};
use super::source::Source;
use super::transport::read_all;
use crate::catalog::{ManifestRecord, UnixMillis, What};
use crate::digest::Digest;
use crate::manifest::{Manifest, media_type};
use crate::reference::Reference;
use crate::registry::Registry;

/// The specification lets registries refuse longer ones.
const MANIFEST_BYTES_MAX: usize = 4 << 20;

/// What is asked for, and nothing else is taken: the page of a hotel's network is no manifest.
const KNOWN: [&str; 5] = [
    media_type::OCI_INDEX,
    media_type::OCI_MANIFEST,
    media_type::DOCKER_LIST,
    media_type::DOCKER_MANIFEST,
    media_type::OCI_ARTIFACT,
];

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

impl Upstreams {
    /// Sees to it that a manifest is here as the upstream has it, for a tag as of at most a minute ago. A tag that is here
    /// stays as it is while the upstream cannot be asked.
    pub(crate) async fn fetch_manifest(
        &self,
        registry: &Registry,
        source: &Source,
        reference: &Reference,
    ) -> Result<(), UpstreamError> {
        let path = format!("{} {reference}", source.key());
        let is_good = || match (reference, source.manifest(registry, reference)) {
            (_, None) => None,
            (Reference::Digest(_), Some(digest)) => Some(digest),
            (Reference::Tag(_), Some(digest)) => self.checked.is_fresh(Instant::now(), &path).then_some(digest),
        };
        if is_good().is_some() {
            return Ok(());
        }
        let _turn = self.checked.turn(&path).await;
        if is_good().is_some() {
            return Ok(());
        }
        let cached = source.manifest(registry, reference);
        let fetched = self.fetch_moved(registry, source, reference, cached).await;
        match (fetched, cached) {
            (Err(error), Some(digest)) => {
                warn!(repository = %source.key(), %reference, %digest, %error, "serving what is cached");
            }
            (fetched, _) => fetched?,
        }
        self.checked.note(Instant::now(), path);
        Ok(())
    }

    /// Fetches a manifest unless the upstream says that it is the one that is here.
    async fn fetch_moved(
        &self,
        registry: &Registry,
        source: &Source,
        reference: &Reference,
        cached: Option<Digest>,
    ) -> Result<(), UpstreamError> {
        if cached.is_some() {
            let head = self.client.ask(&ask(source, Method::HEAD, reference)).await?;
            if told_digest(&head) == cached {
                return Ok(());
            }
        }
        let ask = ask(source, Method::GET, reference);
        let mut answer = self.client.ask(&ask).await?;
        let content = read_all(answer.body_mut(), MANIFEST_BYTES_MAX).await;
        let content =
            content.map_err(|error| ask.error(Problem::Broken(format!("manifest {}: {error}", ask.words()))))?;
        let stored = store(registry, source, reference, &answer, content).await;
        let digest = stored.map_err(|problem| ask.error(problem))?;
        info!(repository = %source.key(), %reference, %digest, "fetched a manifest");
        Ok(())
    }
}

fn ask<'a>(source: &'a Source, method: Method, reference: &Reference) -> Ask<'a> {
    let mut ask = source.ask(method, format!("manifests/{reference}"));
    // In one line: not every registry reads more than the first.
    ask.headers.insert(ACCEPT, HeaderValue::try_from(KNOWN.join(", ")).expect("media types are valid header values"));
    ask
}

fn told_digest(answer: &Response<Incoming>) -> Option<Digest> {
    answer.headers().get(CONTENT_DIGEST)?.to_str().ok()?.parse().ok()
}

/// Checks a manifest and puts it into the repository, with the tag that it was asked for by.
async fn store(
    registry: &Registry,
    source: &Source,
    reference: &Reference,
    answer: &Response<Incoming>,
    content: Vec<u8>,
) -> Result<Digest, Problem> {
    let digest = match reference {
        Reference::Digest(digest) => *digest,
        Reference::Tag(_) => told_digest(answer).unwrap_or_else(|| Digest::of(&content)),
    };
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let manifest = Manifest::parse(content_type, &content).map_err(|error| Problem::BadAnswer(error.to_string()))?;
    if !KNOWN.contains(&manifest.media_type.as_str()) {
        return Err(Problem::BadAnswer(format!("{} instead of a manifest", manifest.media_type)));
    }
    let (files, algorithm) = (registry.clone(), digest.algorithm());
    let received = on_disk(move || {
        let mut received = files.blobs().receive(algorithm)?;
        received.write(&content).map(|()| received)
    });
    let size = fetch::store(registry, received.await?, &digest, "manifest").await?;
    let record = ManifestRecord { size, pushed_at: UnixMillis::now(), pulled_at: None, fetched: true, manifest };
    let mut changes = vec![What::PutManifest(digest, Box::new(record))];
    if let Reference::Tag(tag) = reference {
        changes.push(What::PutTag(tag.clone(), digest));
    }
    source.put(registry, changes).await?;
    Ok(digest)
}
