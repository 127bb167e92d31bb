//! What refers to an image: signatures, lists of its parts and other artifacts.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::call::{Answer, Call, Target, read};
use super::error::Error;
use super::page::Paging;
use crate::catalog::ManifestRecord;
use crate::digest::Digest;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(flatten)]
    target: Target,
    subject_id: Subject,
    filter: Option<Filter>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    image_digest: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    artifact_types: Option<Vec<String>>,
    artifact_status: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageReferrer<'r> {
    digest: String,
    media_type: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'r str>,
    size: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'r BTreeMap<String, String>,
    artifact_status: &'static str,
}

/// ListImageReferrers
pub(super) fn list(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: Request = read(request)?;
    let (_, repository) = call.repository(&request.target)?;
    let subject: Digest = request
        .subject_id
        .image_digest
        .parse()
        .map_err(|error| Error::invalid("subjectId.imageDigest", format_args!("{error}")))?;
    let filter = request.filter.unwrap_or_default();
    let referrers = repository.referrers(&subject, None).filter(|(_, record)| filter.takes(record));
    let (page, next) =
        request.paging.take(referrers.map(|(digest, record)| (digest.to_string(), view(digest, record))))?;
    Ok(Answer::paged("referrers", &page, next))
}

fn view<'r>(digest: &Digest, record: &'r ManifestRecord) -> ImageReferrer<'r> {
    ImageReferrer {
        digest: digest.to_string(),
        media_type: &record.manifest.media_type,
        artifact_type: record.manifest.referrer_type(),
        size: record.size,
        annotations: &record.manifest.annotations,
        artifact_status: "ACTIVE",
    }
}

impl Filter {
    fn takes(&self, record: &ManifestRecord) -> bool {
        let active = !matches!(self.artifact_status.as_deref(), Some("ARCHIVED" | "ACTIVATING"));
        let types = self.artifact_types.as_deref().unwrap_or_default();
        let kind = record.manifest.referrer_type().unwrap_or_default();
        active && (types.is_empty() || types.iter().any(|wanted| wanted == kind))
    }
}
