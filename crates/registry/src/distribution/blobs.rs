//! Blobs: pulled whole or in part, and deleted.

use std::io;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use http::{HeaderName, StatusCode};
use serde_json::json;

use crate::catalog::{Asked, DeleteError, Unknown, Wanted};
use crate::digest::Digest;
use crate::distribution::call::Call;
use crate::distribution::error::{Error, ErrorCode};
use crate::distribution::range;
use crate::registry::ChangeError;
use crate::storage::pieces;

/// The digest of what is answered, by which Docker's clients knew it before there was a specification.
pub(super) const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// What is under a digest never changes.
const FOREVER: &str = "max-age=31536000";

/// `GET` of a blob.
pub(super) async fn get(call: &Call, asked: &Asked, digest: &str) -> Result<Response, Error> {
    let (digest, length) = find(call, asked, digest)?;
    if is_known(call, &digest) {
        return Ok(not_modified(&digest));
    }
    let wanted = match (call.header(RANGE), call.header(IF_RANGE)) {
        (Some(range), None) => range::wanted(range, length),
        (Some(range), Some(tag)) if tag == entity_tag(&digest) => range::wanted(range, length),
        (Some(_), Some(_)) | (None, _) => range::Wanted::Everything,
    };
    let (status, part) = match wanted {
        range::Wanted::Everything => (StatusCode::OK, 0..length),
        range::Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        range::Wanted::Nothing => {
            let message = format!("the blob has {length} bytes: no such range is in it");
            return Err(
                Error::new(ErrorCode::RangeInvalid, message).with_header(CONTENT_RANGE, &format!("bytes */{length}"))
            );
        }
    };
    let opened = call.registry.blocking(move |registry| registry.blobs().file(&digest)).await;
    let file = opened.map_err(|error| missing(&digest, &error))?;
    let mut response = (status, describe(&digest), [(CONTENT_LENGTH, part.end - part.start)]).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
        response.headers_mut().extend([(CONTENT_RANGE, range.try_into().expect("numbers fit into a header"))]);
    }
    *response.body_mut() = Body::from_stream(pieces(file, part.start, part.end));
    Ok(response)
}

/// `HEAD` of a blob: clients ask so before they push.
pub(super) fn head(call: &Call, asked: &Asked, digest: &str) -> Result<Response, Error> {
    let (digest, length) = find(call, asked, digest)?;
    if is_known(call, &digest) {
        return Ok(not_modified(&digest));
    }
    Ok((describe(&digest), [(CONTENT_LENGTH, length)], Body::empty()).into_response())
}

/// `DELETE` of a blob that no manifest needs.
pub(super) async fn delete(call: &Call, asked: Asked, digest: &str) -> Result<Response, Error> {
    let digest = parse(digest)?;
    let deleting = call.registry.change(move |catalog| {
        let (key, repository) = catalog.find_to_delete(&asked).map_err(name_unknown)?;
        let changes = repository.delete_blob(&key, &digest).map_err(|error| match error {
            DeleteError::NoBlob | DeleteError::NoManifest => unknown(&digest),
            DeleteError::BlobInUse { .. } => Error::new(ErrorCode::Unsupported, error),
        })?;
        Ok(((), changes))
    });
    deleting.await.map_err(changed)?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// The error of a request whose change did not happen.
pub(super) fn changed(error: ChangeError<Error>) -> Error {
    match error {
        ChangeError::Refused(refused) => refused,
        ChangeError::Disk(error) => Error::internal(&error),
    }
}

/// The error of a request for no certain repository.
pub(super) fn name_unknown(error: Unknown) -> Error {
    Error::new(ErrorCode::NameUnknown, error)
}

/// Reads a digest.
pub(super) fn parse(digest: &str) -> Result<Digest, Error> {
    digest.parse().map_err(|error| Error::new(ErrorCode::DigestInvalid, error).with_detail(json!({ "digest": digest })))
}

/// What conditions on content compare.
pub(super) fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Whether the client says that it has this content already.
pub(super) fn is_known(call: &Call, digest: &Digest) -> bool {
    let Some(known) = call.header(IF_NONE_MATCH) else { return false };
    let expected = entity_tag(digest);
    known.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == expected)
}

/// Says so.
pub(super) fn not_modified(digest: &Digest) -> Response {
    (StatusCode::NOT_MODIFIED, [(ETAG, entity_tag(digest)), (DOCKER_CONTENT_DIGEST, digest.to_string())])
        .into_response()
}

/// The digest and the length of a blob that is there, and now stays for a while.
fn find(call: &Call, asked: &Asked, digest: &str) -> Result<(Digest, u64), Error> {
    let digest = parse(digest)?;
    call.registry.blobs().need(&digest);
    let catalog = call.registry.catalog();
    let (_, repository) = catalog.find(asked, Wanted::Blob(&digest)).map_err(name_unknown)?;
    let length = repository.blobs.get(&digest).ok_or_else(|| unknown(&digest))?;
    Ok((digest, *length))
}

fn unknown(digest: &Digest) -> Error {
    let message = format!("there is no blob {digest} in the repository");
    Error::new(ErrorCode::BlobUnknown, message).with_detail(json!({ "digest": digest }))
}

/// The file is not there, which somebody else must have deleted, or cannot be read.
fn missing(digest: &Digest, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound { unknown(digest) } else { Error::internal(error) }
}

pub(super) fn describe(digest: &Digest) -> [(HeaderName, String); 5] {
    [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CACHE_CONTROL, FOREVER.to_owned()),
        (ETAG, entity_tag(digest)),
        (DOCKER_CONTENT_DIGEST, digest.to_string()),
    ]
}
