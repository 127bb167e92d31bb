//! Manifests of images, several at once.

use std::io;

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Caller, Target, no_repository, read};
use super::error::{Error, ErrorCode};
use super::image_id::{Identified, ImageFailure, ImageIdentifier};
use super::put_image::Image;
use super::upstream;
use crate::catalog::{Repository, RepositoryKey};
use crate::digest::Digest;
use crate::reference::Tag;
use crate::registry::Registry;

/// All manifests of an answer together: a hundred of the usual size, and one of the largest, fit many times.
const MANIFEST_BYTES_MAX: u64 = 32 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(flatten)]
    target: Target,
    image_ids: Vec<ImageIdentifier>,
    accepted_media_types: Option<Vec<String>>,
}

/// An image whose manifest is to be read.
struct Found {
    digest: Digest,
    tag: Option<Tag>,
    media_type: String,
    size: u64,
}

/// BatchGetImage
pub(super) async fn get(registry: &Registry, caller: &Caller, request: Value) -> Result<Value, Error> {
    let request: Request = read(request)?;
    let key = caller.key(&request.target);
    let (ids, mut failures) = fetched(registry, &key, request.image_ids).await;
    let found = {
        let catalog = registry.catalog();
        match catalog.repository(&key) {
            Some(repository) => {
                let (found, missing) = find(repository, &ids, request.accepted_media_types.as_deref());
                failures.extend(missing);
                found
            }
            // An upstream has it, but nothing of it could be fetched.
            None if !failures.is_empty() => Vec::new(),
            None => return Err(no_repository(&key)),
        }
    };
    let bytes = found.iter().fold(0u64, |sum, image| sum.saturating_add(image.size));
    if bytes > MANIFEST_BYTES_MAX {
        let message = format!(
            "The manifests have {bytes} bytes together; an answer has {MANIFEST_BYTES_MAX} at most: name fewer images"
        );
        return Err(Error::new(ErrorCode::LimitExceeded, message));
    }
    let images = registry.blocking(move |registry| read_all(registry, &key, found)).await;
    let images = images.map_err(|error| Error::server(format!("a manifest could not be read: {error}")))?;
    Ok(json!({ "images": images, "failures": failures }))
}

/// Fetches what an upstream has; the images that may be here then, and those that could not be fetched.
async fn fetched(
    registry: &Registry,
    key: &RepositoryKey,
    ids: Vec<ImageIdentifier>,
) -> (Vec<ImageIdentifier>, Vec<ImageFailure>) {
    let Some(source) = upstream::source(registry, key) else { return (ids, Vec::new()) };
    let (mut fetched, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        match upstream::fetch(registry, &source, &id).await {
            Ok(()) => fetched.push(id),
            Err(failure) => failures.push(failure),
        }
    }
    (fetched, failures)
}

fn find(repository: &Repository, ids: &[ImageIdentifier], types: Option<&[String]>) -> (Vec<Found>, Vec<ImageFailure>) {
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        let found = id.find(repository).and_then(|found| accepted(id, found, types));
        match found {
            Ok(found) => images.push(found),
            Err(failure) => failures.push(failure),
        }
    }
    (images, failures)
}

/// The image, unless it is of a media type that the client does not understand.
fn accepted(id: &ImageIdentifier, found: Identified<'_>, types: Option<&[String]>) -> Result<Found, ImageFailure> {
    let Identified { digest, tag, record } = found;
    let media_type = &record.manifest.media_type;
    if types.is_some_and(|types| !types.contains(media_type)) {
        let reason = format!("Requested image is of the media type '{media_type}', which is not accepted");
        return Err(id.failure("ImageNotFound", reason));
    }
    Ok(Found { digest, tag, media_type: media_type.clone(), size: record.size })
}

fn read_all(registry: &Registry, key: &RepositoryKey, found: Vec<Found>) -> io::Result<Vec<Image>> {
    let image = |Found { digest, tag, media_type, .. }: Found| {
        let content = String::from_utf8_lossy(&registry.blobs().read(&digest)?).into_owned();
        Ok(Image::new(key, &digest, tag.as_ref(), &media_type, content))
    };
    found.into_iter().map(image).collect()
}
