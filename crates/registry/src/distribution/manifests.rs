//! Manifests: pushed, pulled and deleted, by tag or by digest.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fakecloud_budget::Share;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use crate::catalog::{Asked, ManifestRecord, NewManifest, RepositoryKey, Wanted};
use crate::digest::Digest;
use crate::distribution::blobs::{
    DOCKER_CONTENT_DIGEST, changed, entity_tag, is_known, name_unknown, not_modified, parse,
};
use crate::distribution::call::Call;
use crate::distribution::error::{Error, ErrorCode};
use crate::distribution::uploads::refused;
use crate::manifest::Manifest;
use crate::push::ManifestError;
use crate::reference::{InvalidReference, Reference, Tag};
use crate::request_body::{BodyError, RequestBody};

/// As the specification recommends it.
const BYTES_MAX: usize = 4 << 20;

/// The manifest that the one which was pushed is about: its client need not keep a list of referrers then.
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// A tag that a manifest which was pushed by its digest was given.
const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");

/// `GET` of a manifest. Whatever media types the client accepts, it gets what is there.
pub(super) async fn get(call: &Call, asked: &Asked, reference: &str) -> Result<Response, Error> {
    let reference = read(reference)?;
    let (repository, digest, record) = find(call, asked, &reference)?;
    if is_known(call, &digest) {
        return Ok(not_modified(&digest));
    }
    let content = call.registry.content(digest).await.map_err(|error| Error::internal(&error))?;
    call.registry.note_pull(repository, digest);
    Ok((describe(&digest, &record), content).into_response())
}

/// `HEAD` of a manifest.
pub(super) fn head(call: &Call, asked: &Asked, reference: &str) -> Result<Response, Error> {
    let (_, digest, record) = find(call, asked, &read(reference)?)?;
    if is_known(call, &digest) {
        return Ok(not_modified(&digest));
    }
    Ok((describe(&digest, &record), Body::empty()).into_response())
}

/// `PUT` of a manifest.
pub(super) async fn put(call: &Call, asked: Asked, reference: &str, body: Body) -> Result<Response, Error> {
    let (digest, tags) = named(call, reference)?;
    let (content, _memory) = receive(call, body).await?;
    let digest = match digest {
        Some(expected) => {
            let actual = Digest::with(expected.algorithm(), &content);
            if actual != expected {
                let message = format!("the manifest's digest is {actual}, not {expected}");
                return Err(Error::new(ErrorCode::DigestInvalid, message));
            }
            expected
        }
        None => Digest::of(&content),
    };
    let manifest = Manifest::parse(call.header(CONTENT_TYPE), &content)
        .map_err(|error| Error::new(ErrorCode::ManifestInvalid, error))?;
    let subject = manifest.subject.as_ref().map(|subject| subject.digest);
    let mut response = created(&asked, &digest, subject);
    if reference.contains(':') {
        let given = tags.iter().filter_map(|tag| HeaderValue::from_str(tag.as_str()).ok());
        response.headers_mut().extend(given.map(|tag| (OCI_TAG, tag)));
    }
    let repository = call.registry.catalog().target(&asked);
    let new = NewManifest { digest, size: content.len() as u64, manifest, tags };
    call.registry.put_manifest(repository, content, new).await.map_err(|error| match error {
        ManifestError::Refused(error) => refused(error),
        ManifestError::Disk(_) => Error::internal(&error),
    })?;
    Ok(response)
}

/// `DELETE` of a manifest with all its tags, or of a tag alone.
pub(super) async fn delete(call: &Call, asked: Asked, reference: &str) -> Result<Response, Error> {
    let reference = read(reference)?;
    let deleting = call.registry.change(move |catalog| {
        let (key, repository) = catalog.find_to_delete(&asked).map_err(name_unknown)?;
        let changes = repository.delete(&key, &reference).map_err(|_| unknown(&reference))?;
        Ok(((), changes))
    });
    deleting.await.map_err(changed)?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// What a push names: a tag, for which the query may give the digest, or a digest, for which it may give tags.
fn named(call: &Call, reference: &str) -> Result<(Option<Digest>, Vec<Tag>), Error> {
    match read(reference)? {
        Reference::Tag(tag) => Ok((call.parameter("digest").map(parse).transpose()?, vec![tag])),
        Reference::Digest(digest) => {
            let tags = call.parameters("tag").map(|tag| tag.parse::<Tag>());
            let tags: Result<Vec<Tag>, _> = tags.collect();
            Ok((Some(digest), tags.map_err(|error| Error::new(ErrorCode::TagInvalid, error))?))
        }
    }
}

async fn receive(call: &Call, body: Body) -> Result<(Bytes, Share), Error> {
    let share = call.registry.config().bodies.share(call.peer);
    RequestBody::new(body).all(BYTES_MAX, share).await.map_err(|error| match error {
        BodyError::Silent | BodyError::Slow { .. } => Error::new(ErrorCode::RequestTimeout, error),
        BodyError::NoRoom(_) => Error::new(ErrorCode::TooManyRequests, error),
        BodyError::Cut(_) => Error::new(ErrorCode::ManifestInvalid, error),
        BodyError::TooLarge { bytes_max } => {
            Error::new(ErrorCode::ManifestTooLarge, format!("the manifest has more than {bytes_max} bytes"))
        }
    })
}

fn find(call: &Call, asked: &Asked, reference: &Reference) -> Result<(RepositoryKey, Digest, ManifestRecord), Error> {
    let catalog = call.registry.catalog();
    let (key, repository) = catalog.find(asked, Wanted::manifest(reference)).map_err(name_unknown)?;
    let (digest, record) = repository.manifest(reference).ok_or_else(|| unknown(reference))?;
    Ok((key, digest, record.clone()))
}

fn read(reference: &str) -> Result<Reference, Error> {
    reference.parse().map_err(|error| match error {
        InvalidReference::Tag(error) => Error::new(ErrorCode::ManifestInvalid, error),
        InvalidReference::Digest(error) => Error::new(ErrorCode::DigestInvalid, error),
    })
}

fn unknown(reference: &Reference) -> Error {
    let message = format!("there is no manifest {reference} in the repository");
    Error::new(ErrorCode::ManifestUnknown, message).with_detail(json!({ "reference": reference.to_string() }))
}

fn created(asked: &Asked, digest: &Digest, subject: Option<Digest>) -> Response {
    let location = format!("/v2/{}/manifests/{digest}", asked.path);
    let headers = [(LOCATION, location), (DOCKER_CONTENT_DIGEST, digest.to_string())];
    let mut response = (StatusCode::CREATED, headers).into_response();
    if let Some(subject) = subject {
        let subject = HeaderValue::from_str(&subject.to_string()).expect("digests fit into a header");
        response.headers_mut().insert(OCI_SUBJECT, subject);
    }
    response
}

fn describe(digest: &Digest, record: &ManifestRecord) -> [(HeaderName, String); 5] {
    [
        (CONTENT_TYPE, record.manifest.media_type.clone()),
        (CONTENT_LENGTH, record.size.to_string()),
        (ACCEPT_RANGES, "none".to_owned()),
        (ETAG, entity_tag(digest)),
        (DOCKER_CONTENT_DIGEST, digest.to_string()),
    ]
}
