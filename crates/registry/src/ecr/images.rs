//! What images a repository has, and what is told of each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, Call, Target, read};
use super::error::Error;
use super::image_id::{Identified, ImageIdentifier};
use super::page::Paging;
use crate::catalog::{ManifestRecord, Repository, RepositoryKey};
use crate::digest::Digest;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListRequest {
    #[serde(flatten)]
    target: Target,
    filter: Option<Filter>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeRequest {
    #[serde(flatten)]
    target: Target,
    image_ids: Option<Vec<ImageIdentifier>>,
    filter: Option<Filter>,
    #[serde(flatten)]
    paging: Paging,
}

/// Which images are wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    tag_status: Option<String>,
    image_status: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageDetail {
    registry_id: String,
    repository_name: String,
    image_digest: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tags: Vec<String>,
    image_size_in_bytes: u64,
    image_pushed_at: f64,
    image_manifest_media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_recorded_pull_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_manifest_digest: Option<String>,
    image_status: &'static str,
}

/// ListImages: each tag of an image is one entry, and so is an image without tags.
pub(super) fn list(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: ListRequest = read(request)?;
    let (_, repository) = call.repository(&request.target)?;
    let filter = request.filter.unwrap_or_default();
    let manifests = repository.manifests_from(first(&request.paging)?).map(|(digest, _)| digest);
    let images = manifests.filter(|_| filter.takes_active()).flat_map(|digest| {
        let tagged: Vec<_> = repository.tags_of(digest).map(|tag| ImageIdentifier::of(digest, Some(tag))).collect();
        let untagged = tagged.is_empty().then(|| ImageIdentifier::of(digest, None));
        tagged.into_iter().chain(untagged).filter(|id| filter.takes(id.image_tag.is_some()))
    });
    let keyed = images.map(|id| {
        // Digests end before any tag begins.
        let key = format!(
            "{} {}",
            id.image_digest.as_deref().unwrap_or_default(),
            id.image_tag.as_deref().unwrap_or_default()
        );
        (key, id)
    });
    let (page, next) = request.paging.take(keyed)?;
    Ok(Answer::paged("imageIds", &page, next))
}

/// DescribeImages
pub(super) fn describe(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: DescribeRequest = read(request)?;
    let (key, repository) = call.repository(&request.target)?;
    let filter = request.filter.unwrap_or_default();
    if let Some(ids) = request.image_ids {
        request.paging.refuse_beside("imageIds")?;
        let mut found: Vec<(Digest, &ManifestRecord)> = Vec::new();
        for id in ids {
            let Identified { digest, record, .. } = id.find(repository).map_err(|failure| failure.into_error(&key))?;
            // One image may have been named by several of its tags.
            if !found.iter().any(|(known, _)| *known == digest) {
                found.push((digest, record));
            }
        }
        let details = found.into_iter().map(|(digest, record)| detail(&key, repository, &digest, record));
        return Ok(Answer::new(
            json!({ "imageDetails": details.filter(|it| filter.takes_image(it)).collect::<Vec<_>>() }),
        ));
    }
    let manifests = repository.manifests_from(first(&request.paging)?);
    let details = manifests.map(|(digest, record)| detail(&key, repository, digest, record));
    let wanted = details.filter(|it| filter.takes_image(it)).map(|it| (it.image_digest.clone(), it));
    let (page, next) = request.paging.take(wanted)?;
    Ok(Answer::paged("imageDetails", &page, next))
}

/// The image that a page begins with or behind, by whose digest its keys begin.
fn first(paging: &Paging) -> Result<Option<Digest>, Error> {
    Ok(paging.after()?.and_then(|key| key.split(' ').next()?.parse().ok()))
}

fn detail(key: &RepositoryKey, repository: &Repository, digest: &Digest, record: &ManifestRecord) -> ImageDetail {
    let manifest = &record.manifest;
    ImageDetail {
        registry_id: key.scope.account().to_owned(),
        repository_name: key.name.to_string(),
        image_digest: digest.to_string(),
        image_tags: repository.tags_of(digest).map(ToString::to_string).collect(),
        image_size_in_bytes: size(repository, record),
        image_pushed_at: record.pushed_at.seconds(),
        image_manifest_media_type: manifest.media_type.clone(),
        artifact_media_type: manifest.referrer_type().map(str::to_owned),
        last_recorded_pull_time: record.pulled_at.map(|at| at.seconds()),
        subject_manifest_digest: manifest.subject.as_ref().map(|subject| subject.digest.to_string()),
        image_status: "ACTIVE",
    }
}

/// The bytes of an image's configuration and layers; of several images, those of the largest, as AWS has it.
fn size(repository: &Repository, record: &ManifestRecord) -> u64 {
    let manifest = &record.manifest;
    let own =
        |record: &ManifestRecord| -> u64 { record.manifest.blobs().fold(0, |sum, blob| sum.saturating_add(blob.size)) };
    match manifest.is_index() {
        true => {
            let listed = manifest.manifests.iter().filter_map(|listed| repository.manifests.get(&listed.digest));
            listed.map(own).max().unwrap_or_default()
        }
        false => own(record),
    }
}

// === impl Filter ===

impl Filter {
    /// Whether an image with or without tags is wanted.
    fn takes(&self, tagged: bool) -> bool {
        match self.tag_status.as_deref() {
            Some("TAGGED") => tagged,
            Some("UNTAGGED") => !tagged,
            Some(_) | None => true,
        }
    }

    /// Whether images that are not archived are wanted; there are no others.
    fn takes_active(&self) -> bool {
        !matches!(self.image_status.as_deref(), Some("ARCHIVED" | "ACTIVATING"))
    }

    fn takes_image(&self, image: &ImageDetail) -> bool {
        self.takes_active() && self.takes(!image.image_tags.is_empty())
    }
}
