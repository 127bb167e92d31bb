//! Content on its way into repositories, whichever API it comes by.

use std::io;

use axum::body::Body;
use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::catalog::{Asked, Create, NewManifest, PushError, RepositoryKey, UnixMillis, Wanted};
use crate::digest::{Algorithm, Digest};
use crate::registry::{ChangeError, Registry};
use crate::request_body::{BodyError, RequestBody};
use crate::storage::{BeginError, StoreError, Turn, UploadError, UploadId, Writer};

/// Collected before it is written, so that few times a thread changes hands.
const BATCH_BYTES: usize = 128 << 10;

/// Why content was not received.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    #[error(transparent)]
    Client(BodyError),
    #[error("the request's body has not the {promised} bytes of its Content-Range")]
    OtherLength { promised: u64 },
    #[error("the content cannot be written")]
    Disk(#[source] io::Error),
}

/// How long a body is to be, if that is known, and how much of it has come, in bytes.
struct Length {
    promised: Option<u64>,
    received: u64,
}

/// Why a blob did not come to be in a repository.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlobError {
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(PushError),
    #[error("the registry's records cannot be written")]
    Records(#[source] io::Error),
}

impl From<ChangeError<PushError>> for BlobError {
    fn from(error: ChangeError<PushError>) -> Self {
        match error {
            ChangeError::Refused(error) => Self::Refused(error),
            ChangeError::Disk(error) => Self::Records(error),
        }
    }
}

/// Why a manifest did not come to be in a repository.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    #[error(transparent)]
    Refused(PushError),
    #[error("the manifest cannot be stored")]
    Disk(#[from] io::Error),
}

impl Registry {
    /// Whether pushes make repositories.
    pub(crate) fn create(&self) -> Create {
        match self.config().auto_create {
            true => Create::IfMissing,
            false => Create::Never,
        }
    }

    /// Begins an upload to a repository, which need not be there yet.
    pub(crate) async fn begin_upload(
        &self,
        repository: RepositoryKey,
        algorithm: Algorithm,
    ) -> Result<UploadId, BeginError> {
        let content = self.receive(algorithm).await?;
        self.uploads().begin(repository, content)
    }

    /// Begins to receive content.
    pub(crate) async fn receive(&self, algorithm: Algorithm) -> io::Result<Writer> {
        self.blocking(move |registry| registry.blobs().receive(algorithm)).await
    }

    /// Ends an upload: its content must have this digest, and is a blob of the repository from now on. Otherwise it is
    /// gone.
    pub(crate) async fn finish_upload(&self, id: UploadId, turn: Turn, digest: Digest) -> Result<u64, BlobError> {
        let content = turn.finish();
        self.uploads().end(id);
        self.put_blob(turn.upload().repository.clone(), content?, digest).await
    }

    /// Makes what was received a blob of a repository, if it has this digest. Gives its length in bytes.
    pub(crate) async fn put_blob(
        &self,
        repository: RepositoryKey,
        received: Writer,
        digest: Digest,
    ) -> Result<u64, BlobError> {
        let (create, now) = (self.create(), UnixMillis::now());
        self.blocking(move |registry| {
            let size = registry.blobs().store(received, &digest)?;
            registry
                .change_blocking(|catalog| Ok(((), catalog.put_blob(now, &repository, (digest, size), create)?)))?;
            Ok(size)
        })
        .await
    }

    /// Makes a blob of another repository, or of any, one of this repository. Gives false where there is none.
    pub(crate) async fn mount_blob(
        &self,
        repository: RepositoryKey,
        digest: Digest,
        from: Option<Asked>,
    ) -> Result<bool, ChangeError<PushError>> {
        let (create, now) = (self.create(), UnixMillis::now());
        self.blobs().need(&digest);
        self.change(move |catalog| {
            catalog.allow_push(&repository, create)?;
            let size = match &from {
                Some(from) => {
                    let found = catalog.find(from, Wanted::Blob(&digest)).ok();
                    found.and_then(|(_, from)| from.blobs.get(&digest).copied())
                }
                None => catalog.blob_size(&digest),
            };
            let Some(size) = size else { return Ok((false, Vec::new())) };
            Ok((true, catalog.put_blob(now, &repository, (digest, size), create)?))
        })
        .await
    }

    /// Puts a manifest into a repository, whose content has the digest that is given.
    pub(crate) async fn put_manifest(
        &self,
        repository: RepositoryKey,
        content: Bytes,
        new: NewManifest,
    ) -> Result<(), ManifestError> {
        let (create, now) = (self.create(), UnixMillis::now());
        self.blocking(move |registry| {
            // What will be refused need not be written.
            registry.catalog().put_manifest(now, &repository, &new, create).map_err(ManifestError::Refused)?;
            let mut received = registry.blobs().receive(new.digest.algorithm())?;
            received.write(&content)?;
            registry.blobs().store(received, &new.digest).map_err(io::Error::other)?;
            let changed =
                registry.change_blocking(|catalog| Ok(((), catalog.put_manifest(now, &repository, &new, create)?)));
            changed.map_err(|error| match error {
                ChangeError::Refused(refused) => ManifestError::Refused(refused),
                ChangeError::Disk(error) => ManifestError::Disk(error),
            })
        })
        .await
    }
}

impl Turn {
    /// Adds a request's body to the upload, of which no more than two batches are in memory. What came before the body
    /// broke off stays, but nothing beyond the length in bytes that was promised.
    pub(crate) async fn receive(self, body: Body, promised: Option<u64>) -> Result<Self, ReceiveError> {
        let mut pieces = RequestBody::new(body);
        let mut length = Length { promised, received: 0 };
        let mut turn = self;
        let mut batch = length.count(next_batch(&mut pieces).await?)?;
        while !batch.is_empty() {
            let writing = write(turn, batch);
            let next = next_batch(&mut pieces).await;
            turn = writing.await.expect("writing does not panic").map_err(ReceiveError::Disk)?;
            batch = length.count(next?)?;
        }
        Ok(turn)
    }
}

impl Length {
    /// Counts a batch, of which the last one is empty.
    fn count(&mut self, batch: Vec<Bytes>) -> Result<Vec<Bytes>, ReceiveError> {
        self.received += batch.iter().map(|piece| piece.len() as u64).sum::<u64>();
        match self.promised {
            Some(promised) if self.received > promised || (batch.is_empty() && self.received < promised) => {
                Err(ReceiveError::OtherLength { promised })
            }
            Some(_) | None => Ok(batch),
        }
    }
}

/// The next pieces of a body; none at its end. Where it breaks off, what came until then is the last batch but one.
async fn next_batch(pieces: &mut RequestBody) -> Result<Vec<Bytes>, ReceiveError> {
    let (mut batch, mut length) = (Vec::new(), 0);
    while length < BATCH_BYTES {
        let Some(piece) = pieces.next().await.map_err(ReceiveError::Client)? else { break };
        length += piece.len();
        batch.push(piece);
    }
    Ok(batch)
}

fn write(turn: Turn, batch: Vec<Bytes>) -> JoinHandle<io::Result<Turn>> {
    tokio::task::spawn_blocking(move || {
        turn.write(batch.iter().map(Bytes::as_ref))?;
        Ok(turn)
    })
}
