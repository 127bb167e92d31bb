//! Blobs on their way in: at once, in chunks, or out of another repository.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, LOCATION, RANGE};
use http::{HeaderName, StatusCode};
use serde_json::json;

use crate::catalog::{Asked, PushError};
use crate::digest::{Algorithm, Digest};
use crate::distribution::blobs::{DOCKER_CONTENT_DIGEST, parse};
use crate::distribution::call::Call;
use crate::distribution::error::{Error, ErrorCode};
use crate::distribution::range;
use crate::name::RepositoryPath;
use crate::push::{BlobError, ReceiveError};
use crate::registry::ChangeError;
use crate::request_body::BodyError;
use crate::storage::{BeginError, StoreError, Turn, UploadError, UploadId};

const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// `POST` of an upload: begins it; with a digest the body is the whole blob; with `mount` the blob is in another repository
/// already, if it is.
pub(super) async fn post(call: &Call, asked: Asked, body: Body) -> Result<Response, Error> {
    let repository = call.registry.catalog().target(&asked);
    call.registry.catalog().allow_push(&repository, call.registry.create()).map_err(refused)?;
    if let Some(digest) = call.parsed::<Digest>("mount", ErrorCode::DigestInvalid)? {
        let from: Option<RepositoryPath> = call.parsed("from", ErrorCode::NameInvalid)?;
        let from = from.map(|path| call.asked(path));
        if call.registry.mount_blob(repository.clone(), digest, from).await.map_err(changed)? {
            return Ok(created(&asked, &digest));
        }
    }
    let digest: Option<Digest> = call.parsed("digest", ErrorCode::DigestInvalid)?;
    let algorithm = call.parsed("digest-algorithm", ErrorCode::Unsupported)?;
    let algorithm = digest.map(|digest| digest.algorithm()).or(algorithm).unwrap_or(Algorithm::Sha256);
    let id = call.registry.begin_upload(repository, algorithm).await.map_err(not_begun)?;
    match digest {
        Some(digest) => {
            // Nobody else knows of it: it ends with this request, also where its client goes away.
            let _passing = call.registry.uploads().passing(id);
            let turn = take(call, &asked, id)?.receive(body, None).await.map_err(cut)?;
            finish(call, &asked, id, turn, digest).await
        }
        None => Ok(progress(StatusCode::ACCEPTED, &asked, id, 0)),
    }
}

/// `GET` of an upload: how far it is.
pub(super) fn get(call: &Call, asked: &Asked, id: &str) -> Result<Response, Error> {
    let id = identify(id)?;
    let upload = call.registry.uploads().get(id).map_err(unknown)?;
    if upload.repository != call.registry.catalog().target(asked) {
        return Err(unknown(UploadError::Unknown));
    }
    Ok(progress(StatusCode::NO_CONTENT, asked, id, upload.length().map_err(unknown)?))
}

/// `PATCH` of an upload: the next chunk.
pub(super) async fn patch(call: &Call, asked: &Asked, id: &str, body: Body) -> Result<Response, Error> {
    let id = identify(id)?;
    let turn = append(call, asked, id, body).await?;
    Ok(progress(StatusCode::ACCEPTED, asked, id, turn.upload().length().map_err(unknown)?))
}

/// `PUT` of an upload: the last chunk, if there is one, and the digest of all of them.
pub(super) async fn put(call: &Call, asked: &Asked, id: &str, body: Body) -> Result<Response, Error> {
    let id = identify(id)?;
    let digest = call.parameter("digest").ok_or_else(|| {
        Error::new(
            ErrorCode::DigestInvalid,
            "the query has no digest: end the upload with ?digest=<digest of the blob>",
        )
    })?;
    let digest = parse(digest)?;
    let turn = append(call, asked, id, body).await?;
    finish(call, asked, id, turn, digest).await
}

/// `DELETE` of an upload: its client has changed its mind.
pub(super) fn delete(call: &Call, asked: &Asked, id: &str) -> Result<Response, Error> {
    let id = identify(id)?;
    drop(take(call, asked, id)?);
    call.registry.uploads().end(id).ok_or_else(|| unknown(UploadError::Unknown))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Adds a body to an upload, if it is what comes next.
async fn append(call: &Call, asked: &Asked, id: UploadId, body: Body) -> Result<Turn, Error> {
    let turn = take(call, asked, id)?;
    let length = turn.upload().length().map_err(unknown)?;
    let promised = match call.header(CONTENT_RANGE) {
        Some(header) => {
            let message = || format!("invalid Content-Range {header:?}: expected <first>-<last>");
            let chunk = range::chunk(header).ok_or_else(|| Error::new(ErrorCode::RangeInvalid, message()))?;
            if chunk.start != length {
                let message = format!("the chunk begins at byte {}, but the upload has {length}", chunk.start);
                return Err(Error::new(ErrorCode::RangeInvalid, message)
                    .with_header(LOCATION, &location(asked, id))
                    .with_header(RANGE, &received(length)));
            }
            Some(chunk.end - chunk.start)
        }
        None => None,
    };
    let announced = call.header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if let (Some(promised), Some(announced)) = (promised, announced)
        && promised != announced
    {
        let message = format!("the Content-Range is of {promised} bytes, the Content-Length {announced}");
        return Err(Error::new(ErrorCode::SizeInvalid, message));
    }
    turn.receive(body, promised).await.map_err(cut)
}

async fn finish(call: &Call, asked: &Asked, id: UploadId, turn: Turn, digest: Digest) -> Result<Response, Error> {
    call.registry.finish_upload(id, turn, digest).await.map_err(|error| not_stored(error, &digest))?;
    Ok(created(asked, &digest))
}

/// Takes an upload of this very repository.
fn take(call: &Call, asked: &Asked, id: UploadId) -> Result<Turn, Error> {
    let turn = call.registry.uploads().take(id).map_err(unknown)?;
    match turn.upload().repository == call.registry.catalog().target(asked) {
        true => Ok(turn),
        false => Err(unknown(UploadError::Unknown)),
    }
}

fn identify(id: &str) -> Result<UploadId, Error> {
    id.parse().map_err(unknown)
}

fn location(asked: &Asked, id: UploadId) -> String {
    format!("/v2/{}/blobs/uploads/{id}", asked.path)
}

/// The bytes that are there, first and last. Nothing is written as the specification's clients expect it.
fn received(length: u64) -> String {
    format!("0-{}", length.saturating_sub(1))
}

fn progress(status: StatusCode, asked: &Asked, id: UploadId, length: u64) -> Response {
    let headers = [(LOCATION, location(asked, id)), (RANGE, received(length)), (UPLOAD_UUID, id.to_string())];
    (status, headers).into_response()
}

fn created(asked: &Asked, digest: &Digest) -> Response {
    let location = format!("/v2/{}/blobs/{digest}", asked.path);
    (StatusCode::CREATED, [(LOCATION, location), (DOCKER_CONTENT_DIGEST, digest.to_string())]).into_response()
}

// === errors ===

fn not_begun(error: BeginError) -> Error {
    match error {
        BeginError::TooMany { .. } => Error::new(ErrorCode::TooManyRequests, error),
        BeginError::Disk(_) | BeginError::Random(_) => Error::internal(&error),
    }
}

fn unknown(error: UploadError) -> Error {
    match error {
        UploadError::Unknown => Error::new(ErrorCode::BlobUploadUnknown, error),
        UploadError::Busy => Error::new(ErrorCode::BlobUploadBusy, error),
    }
}

fn cut(error: ReceiveError) -> Error {
    match error {
        ReceiveError::Client(BodyError::Silent | BodyError::Slow { .. }) => {
            Error::new(ErrorCode::RequestTimeout, error)
        }
        ReceiveError::Client(BodyError::NoRoom(_)) => Error::new(ErrorCode::TooManyRequests, error),
        ReceiveError::Client(BodyError::Cut(_) | BodyError::TooLarge { .. }) => {
            Error::new(ErrorCode::BlobUploadInvalid, error)
        }
        ReceiveError::OtherLength { .. } => Error::new(ErrorCode::SizeInvalid, error),
        ReceiveError::Disk(_) => Error::internal(&error),
    }
}

fn not_stored(error: BlobError, expected: &Digest) -> Error {
    match error {
        BlobError::Upload(error) => unknown(error),
        BlobError::Store(StoreError::OtherDigest { actual }) => {
            let message = format!("the blob's digest is {actual}, not {expected}");
            Error::new(ErrorCode::DigestInvalid, message).with_detail(json!({ "digest": expected, "actual": actual }))
        }
        BlobError::Store(StoreError::Disk(ref error)) => Error::internal(error),
        BlobError::Refused(error) => refused(error),
        BlobError::Records(ref error) => Error::internal(error),
    }
}

fn changed(error: ChangeError<PushError>) -> Error {
    match error {
        ChangeError::Refused(error) => refused(error),
        ChangeError::Disk(error) => Error::internal(&error),
    }
}

/// The error of a push that a rule forbids.
pub(super) fn refused(error: PushError) -> Error {
    let detail =
        |digests: &[Digest]| json!(digests.iter().map(|digest| json!({ "digest": digest })).collect::<Vec<_>>());
    match &error {
        PushError::NoRepository(_) => Error::new(ErrorCode::NameUnknown, error),
        PushError::MissingBlobs(digests) | PushError::MissingManifests(digests) => {
            let detail = detail(digests);
            Error::new(ErrorCode::ManifestBlobUnknown, error).with_detail(detail)
        }
        PushError::OtherSize { .. } => Error::new(ErrorCode::ManifestInvalid, error),
        PushError::ImmutableTag { .. } => Error::new(ErrorCode::TagInvalid, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_too_many_is_429_and_says_the_limit() {
        let response = not_begun(BeginError::TooMany { open_max: 1_000 }).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(BeginError::TooMany { open_max: 1_000 }.to_string().starts_with("1000 uploads are open"));
    }
}
