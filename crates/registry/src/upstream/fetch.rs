//! Fetches blobs from upstreams: into a file that is theirs alone, checked while they come, then given their place.

use std::collections::BTreeMap;
use std::convert::identity;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, RANGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::Upstreams;
use super::download::{Download, Downloading, Progress, download};
use super::error::{Problem, UpstreamError};
use super::source::Source;
use super::transport::{TransportError, next_piece};
use crate::catalog::{RepositoryKey, What};
use crate::digest::Digest;
use crate::registry::Registry;
use crate::storage::{StoreError, Writer};

/// How often a download goes on that is cut in the same place.
const CUTS_MAX: u32 = 2;
const CUT_PAUSE: Duration = Duration::from_millis(200);

/// What is under way.
#[derive(Default)]
pub(super) struct Downloads(Mutex<BTreeMap<(RepositoryKey, Digest), Arc<Download>>>);

/// A file that is being written.
struct Partial {
    content: Writer,
    /// How many of the bytes that come next are in it already.
    repeated: u64,
}

/// How often, and after how many bytes, the connection ended.
#[derive(Default)]
struct Cuts {
    at: u64,
    in_this_place: u32,
}

/// Takes a download off the list, however it ends.
struct Listed {
    registry: Registry,
    blob: (RepositoryKey, Digest),
}

impl Upstreams {
    /// The length of a blob that is not here, as its upstream says.
    pub(crate) async fn blob_size(&self, source: &Source, digest: &Digest) -> Result<u64, UpstreamError> {
        let ask = source.ask(Method::HEAD, format!("blobs/{digest}"));
        let answer = self.client.ask(&ask).await?;
        let unknown = || ask.error(Problem::BadAnswer(format!("no Content-Length for {}", ask.words())));
        length(answer.headers()).ok_or_else(unknown)
    }

    /// A blob of a repository on its way: one that somebody has asked for already, else a new download. `None` if it is here.
    pub(crate) fn download(&self, registry: &Registry, source: &Source, digest: &Digest) -> Option<Arc<Download>> {
        let blob = (source.key().clone(), *digest);
        let mut under_way = self.downloads.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(download) = under_way.get(&blob) {
            return Some(download.clone());
        }
        // A download is taken off the list when the blob is here.
        if source.has_blob(registry, digest) {
            return None;
        }
        let (teller, download) = download(source.upstream().to_string());
        let download = Arc::new(download);
        under_way.insert(blob.clone(), download.clone());
        let listed = Listed { registry: registry.clone(), blob };
        tokio::spawn(run(listed, source.clone(), teller));
        Some(download)
    }
}

/// Runs to its end also where the client hangs up: another will want the blob.
async fn run(listed: Listed, source: Source, teller: Downloading) {
    let (registry, digest) = (listed.registry.clone(), listed.blob.1);
    let fetched = fetch(&registry, &source, &digest, &teller).await;
    drop(listed);
    match fetched {
        Ok(size) => {
            info!(repository = %source.key(), %digest, size, "fetched a blob");
            teller.tell(Progress::Whole { size });
        }
        Err(error) => {
            warn!(repository = %source.key(), %digest, %error, "a blob could not be fetched");
            teller.tell(Progress::Failed(error));
        }
    }
}

/// Downloads a blob, gives it its place and puts it into its repository; says its length in bytes.
async fn fetch(
    registry: &Registry,
    source: &Source,
    digest: &Digest,
    teller: &Downloading,
) -> Result<u64, UpstreamError> {
    let client = &registry.upstreams().client;
    let mut ask = source.ask(Method::GET, format!("blobs/{digest}"));
    if let Some(size) = adopt(registry, source, digest, teller).await.map_err(|error| ask.error(error))? {
        return Ok(size);
    }
    let mut answer = client.ask(&ask).await?;
    let size = length(answer.headers());
    let mut partial = Partial::begin(registry, digest, teller).await.map_err(|error| ask.error(error))?;
    let mut cuts = Cuts::default();
    loop {
        match next_piece(answer.body_mut()).await {
            Ok(Some(piece)) => {
                partial = partial.write(piece).await.map_err(|error| ask.error(error))?;
                teller.tell(Progress::Coming { here: partial.content.length(), size });
            }
            Ok(None) => break,
            Err(cut) => {
                debug!(%digest, at = partial.content.length(), %cut, "a download was cut");
                cuts.another(partial.content.length(), &cut).await.map_err(|error| ask.error(error))?;
                let rest = HeaderValue::try_from(format!("bytes={}-", partial.content.length()));
                ask.headers.insert(RANGE, rest.expect("a number is a valid header value"));
                answer = client.ask(&ask).await?;
                // Some send all of it again.
                partial.repeated =
                    if answer.status() == StatusCode::PARTIAL_CONTENT { 0 } else { partial.content.length() };
            }
        }
    }
    partial.finish(registry, source, digest).await.map_err(|error| ask.error(error))
}

/// What another repository has need not come once more.
async fn adopt(
    registry: &Registry,
    source: &Source,
    digest: &Digest,
    teller: &Downloading,
) -> Result<Option<u64>, Problem> {
    let Some(size) = source.adopt(registry, digest).await? else { return Ok(None) };
    let (files, digest) = (registry.clone(), *digest);
    teller.begin(on_disk(move || files.blobs().file(&digest)).await?);
    Ok(Some(size))
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

// === impl Cuts ===

impl Cuts {
    /// Waits a little after the connection ended at this length; gives up after several in the same place.
    async fn another(&mut self, at: u64, cut: &TransportError) -> Result<(), Problem> {
        self.in_this_place = if at > self.at { 1 } else { self.in_this_place + 1 };
        self.at = at;
        if self.in_this_place > CUTS_MAX {
            return Err(Problem::Broken(format!("blob, which ended after {at} bytes: {cut}")));
        }
        sleep(CUT_PAUSE).await;
        Ok(())
    }
}

// === impl Partial ===

impl Partial {
    async fn begin(registry: &Registry, digest: &Digest, teller: &Downloading) -> Result<Self, Problem> {
        let (registry, algorithm) = (registry.clone(), digest.algorithm());
        let (content, reader) = on_disk(move || {
            let content = registry.blobs().receive(algorithm)?;
            let reader = content.file()?;
            Ok((content, reader))
        })
        .await?;
        teller.begin(reader);
        Ok(Self { content, repeated: 0 })
    }

    async fn write(mut self, piece: Bytes) -> Result<Self, Problem> {
        let known = usize::try_from(self.repeated).unwrap_or(usize::MAX).min(piece.len());
        self.repeated -= known as u64;
        let fresh = piece.slice(known..);
        on_disk(move || self.content.write(&fresh).map(|()| self)).await
    }

    /// Gives it its place if it is what was asked for. Otherwise nothing of it is left.
    async fn finish(self, registry: &Registry, source: &Source, digest: &Digest) -> Result<u64, Problem> {
        let length = store(registry, self.content, digest, "blob").await?;
        source.put(registry, vec![What::PutBlob(*digest, length)]).await?;
        Ok(length)
    }
}

/// Gives what was received its place if it has this digest, and says its length in bytes.
pub(super) async fn store(registry: &Registry, received: Writer, digest: &Digest, what: &str) -> Result<u64, Problem> {
    let (registry, expected) = (registry.clone(), *digest);
    let stored = on_disk(move || Ok(registry.blobs().store(received, &expected))).await?;
    stored.map_err(|error| match error {
        StoreError::OtherDigest { actual } => {
            Problem::Broken(format!("{what} {digest}: what came has the digest {actual}"))
        }
        StoreError::Disk(error) => Problem::of_disk(&error),
    })
}

/// What blocks while the disk works.
pub(super) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let done = spawn_blocking(work).await.map_err(io::Error::other);
    done.and_then(identity).map_err(|error| Problem::of_disk(&error))
}

// === impl Listed ===

impl Drop for Listed {
    fn drop(&mut self) {
        let mut under_way = self.registry.upstreams().downloads.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&self.blob);
    }
}
