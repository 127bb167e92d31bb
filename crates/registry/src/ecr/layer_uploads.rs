//! Layers that come in parts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body;
use super::call::{Caller, Target, no_repository, read};
use super::error::{Error, ErrorCode};
use super::upstream;
use crate::catalog::RepositoryKey;
use crate::digest::{Algorithm, Digest};
use crate::push::BlobError;
use crate::registry::Registry;
use crate::storage::{BeginError, StoreError, Turn, UploadError, UploadId};

/// What clients are told to send at a time, as AWS tells them.
const PART_BYTES: u64 = 10 << 20;

/// What parts have at least, the last one aside, as AWS documents its error: "Layer parts must be at least 5 MiB in size."
const PART_BYTES_MIN: u64 = 5 << 20;

/// As the service model has it.
const PART_BYTES_MAX: usize = 20 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartRequest {
    #[serde(flatten)]
    target: Target,
    upload_id: String,
    part_first_byte: u64,
    part_last_byte: u64,
    layer_part_blob: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CompleteRequest {
    #[serde(flatten)]
    target: Target,
    upload_id: String,
    layer_digests: Vec<String>,
}

/// InitiateLayerUpload
pub(super) async fn initiate(registry: &Registry, caller: &Caller, request: Value) -> Result<Value, Error> {
    let key = caller.key(&read(request)?);
    if registry.catalog().repository(&key).is_none() {
        return Err(no_repository(&key));
    }
    upstream::refuse_push(registry, &key).await?;
    let begun = registry.begin_upload(key, Algorithm::Sha256).await;
    let id = begun.map_err(|error| match error {
        BeginError::TooMany { .. } => Error::new(ErrorCode::Throttling, error.to_string()),
        BeginError::Disk(cause) => Error::disk("an upload could not be begun", &cause),
        BeginError::Random(cause) => Error::server(format!("an upload could not be named: {cause}")),
    })?;
    Ok(json!({ "uploadId": id.to_string(), "partSize": PART_BYTES }))
}

/// UploadLayerPart. Parts come in their order, each begins where the last one ended.
pub(super) async fn part(registry: &Registry, caller: &Caller, request: Value) -> Result<Value, Error> {
    let request: PartRequest = read(request)?;
    let key = caller.key(&request.target);
    let blob = request.layer_part_blob;
    let part = body::work(blob.len(), move || decode(blob)).await?;
    let (_, turn) = take(registry, &key, &request.upload_id)?;
    let received = turn.upload().length().map_err(|_| no_upload(&key, &request.upload_id))?;
    let last = received + part.len() as u64;
    if request.part_first_byte != received || request.part_last_byte.checked_add(1) != Some(last) || part.is_empty() {
        let (first, last, bytes) = (request.part_first_byte, request.part_last_byte, part.len());
        let problem = format!("bytes {first} to {last} in {bytes} bytes, where byte {received} is next");
        return Err(invalid_part(&key, &request.upload_id, received, &problem));
    }
    let written = registry.blocking(move |_registry| turn.write_part(&part)).await;
    written.map_err(|error| Error::disk("the part could not be written", &error))?;
    Ok(json!({
        "registryId": key.scope.account(),
        "repositoryName": key.name,
        "uploadId": request.upload_id,
        "lastByteReceived": last - 1,
    }))
}

/// CompleteLayerUpload
pub(super) async fn complete(registry: &Registry, caller: &Caller, request: Value) -> Result<Value, Error> {
    let request: CompleteRequest = read(request)?;
    let key = caller.key(&request.target);
    let (id, turn) = take(registry, &key, &request.upload_id)?;
    let digest = one_digest(&request.layer_digests)?;
    if turn.upload().length() == Ok(0) {
        let message = format!("The upload with id '{id}' has no layer part: upload one first");
        return Err(Error::new(ErrorCode::EmptyUpload, message));
    }
    if let Some(bytes) = turn.upload().smallest_part_but_the_last().filter(|bytes| *bytes < PART_BYTES_MIN) {
        let message = format!(
            "The upload with id '{id}' has a part of {bytes} bytes before the last one: layer parts must be at least \
             {PART_BYTES_MIN} bytes (5 MiB) in size; upload the layer again in such parts"
        );
        return Err(Error::new(ErrorCode::LayerPartTooSmall, message));
    }
    let existed = registry.catalog().repository(&key).is_some_and(|it| it.blobs.contains_key(&digest));
    registry.finish_upload(id, turn, digest).await.map_err(|error| unfinished(&key, &request.upload_id, error))?;
    if existed {
        return Err(exists(&key, &digest));
    }
    Ok(json!({
        "registryId": key.scope.account(),
        "repositoryName": key.name,
        "uploadId": request.upload_id,
        "layerDigest": digest,
    }))
}

fn decode(base64: String) -> Result<Vec<u8>, Error> {
    let part = STANDARD.decode(base64).map_err(|error| {
        let message = format!("the Blob at 'layerPartBlob' is no base64: {error}");
        Error::new(ErrorCode::Serialization, message)
    })?;
    match part.len() {
        ..=PART_BYTES_MAX => Ok(part),
        _ => {
            let constraint = format!("Member must have length less than or equal to {PART_BYTES_MAX}");
            Err(Error::invalid("layerPartBlob", constraint))
        }
    }
}

/// The upload, for one request at a time.
fn take(registry: &Registry, key: &RepositoryKey, id: &str) -> Result<(UploadId, Turn), Error> {
    if registry.catalog().repository(key).is_none() {
        return Err(no_repository(key));
    }
    let found = id.to_ascii_lowercase().parse().and_then(|id| Ok((id, registry.uploads().take(id)?)));
    match found {
        Ok((id, turn)) if turn.upload().repository == *key => Ok((id, turn)),
        Ok(_) | Err(UploadError::Unknown) => Err(no_upload(key, id)),
        Err(busy @ UploadError::Busy) => Err(invalid_part(key, id, 0, &busy.to_string())),
    }
}

/// What an upload is to have: one digest, however often it is named.
fn one_digest(digests: &[String]) -> Result<Digest, Error> {
    let mut parsed =
        digests.iter().map(|digest| digest.parse::<Digest>().map_err(|error| Error::invalid("layerDigests", error)));
    let first = parsed.next().unwrap_or_else(|| Err(Error::invalid("layerDigests", "Member must not be empty")))?;
    for other in parsed {
        let other = other?;
        if other != first {
            let message = format!("One layer cannot have the digests '{first}' and '{other}'");
            return Err(Error::new(ErrorCode::InvalidLayer, message));
        }
    }
    Ok(first)
}

fn unfinished(key: &RepositoryKey, id: &str, error: BlobError) -> Error {
    match error {
        BlobError::Upload(_) => no_upload(key, id),
        BlobError::Store(StoreError::Disk(error)) => Error::disk("the layer could not be written", &error),
        BlobError::Store(mismatch) => Error::new(ErrorCode::InvalidLayer, mismatch.to_string()),
        BlobError::Refused(_) => no_repository(key),
        BlobError::Records(error) => Error::disk("the layer could not be recorded", &error),
    }
}

fn exists(key: &RepositoryKey, digest: &Digest) -> Error {
    let (name, account) = (&key.name, key.scope.account());
    let message = format!(
        "Layer with digest '{digest}' already exists in the repository with name '{name}' in the registry with id \
         '{account}'"
    );
    Error::new(ErrorCode::LayerAlreadyExists, message)
}

fn no_upload(key: &RepositoryKey, id: &str) -> Error {
    let (name, account) = (&key.name, key.scope.account());
    let message = format!(
        "Upload with id '{id}' could not be found for the repository with name '{name}' in the registry with id \
         '{account}'"
    );
    Error::new(ErrorCode::UploadNotFound, message)
}

fn invalid_part(key: &RepositoryKey, id: &str, received: u64, problem: &str) -> Error {
    let (name, account) = (&key.name, key.scope.account());
    let message = format!(
        "Invalid layer part upload for upload with id '{id}' in the repository with name '{name}' in the registry \
         with id '{account}': {problem}"
    );
    Error::new(ErrorCode::InvalidLayerPart, message)
        .with("registryId", account)
        .with("repositoryName", name.as_str())
        .with("uploadId", id)
        .with("lastValidByteReceived", received.saturating_sub(1))
}
