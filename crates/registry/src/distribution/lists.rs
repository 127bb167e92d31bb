//! What there is: repositories, tags of one, and manifests that are about another.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::HeaderName;
use http::header::{CONTENT_TYPE, HeaderValue, LINK};
use serde_json::{Value, json};

use crate::catalog::{Asked, ManifestRecord, Wanted};
use crate::digest::Digest;
use crate::distribution::blobs::{name_unknown, parse};
use crate::distribution::call::Call;
use crate::distribution::error::Error;
use crate::distribution::page::Page;
use crate::manifest::media_type;

/// By which of its parameters a list of referrers was filtered.
pub(super) const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// `GET` of the repositories' names, each as it leads there.
pub(super) fn repositories(call: &Call) -> Result<Response, Error> {
    let page = Page::of(call)?;
    let catalog = call.registry.catalog();
    let (names, is_more) = page.cut(catalog.paths_after(page.after));
    let link = names.last().filter(|_| is_more).and_then(|last| page.link("/v2/_catalog", last));
    Ok(linked(json!({ "repositories": names }), link))
}

/// `GET` of a repository's tags.
pub(super) fn tags(call: &Call, asked: &Asked) -> Result<Response, Error> {
    let page = Page::of(call)?;
    let catalog = call.registry.catalog();
    let (_, repository) = catalog.find(asked, Wanted::Repository).map_err(name_unknown)?;
    let (tags, is_more) = page.cut(repository.tags_after(page.after));
    let path = format!("/v2/{}/tags/list", asked.path);
    let link = tags.last().filter(|_| is_more).and_then(|last| page.link(&path, last));
    Ok(linked(json!({ "name": asked.path.to_string(), "tags": tags }), link))
}

/// `GET` of the manifests that are about another, as an index. There are none about what is not there, and that is no error.
pub(super) fn referrers(call: &Call, asked: &Asked, digest: &str) -> Result<Response, Error> {
    let digest = parse(digest)?;
    let wanted = call.parameter("artifactType");
    let catalog = call.registry.catalog();
    let manifests: Vec<Value> = match catalog.find(asked, Wanted::Manifest(&digest)) {
        Ok((_, repository)) => {
            repository.referrers(&digest, wanted).map(|(digest, record)| descriptor(digest, record)).collect()
        }
        Err(_) => Vec::new(),
    };
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests });
    let mut response = ([(CONTENT_TYPE, media_type::OCI_INDEX)], index.to_string()).into_response();
    if wanted.is_some() {
        response.headers_mut().insert(OCI_FILTERS_APPLIED, HeaderValue::from_static("artifactType"));
    }
    Ok(response)
}

fn descriptor(digest: &Digest, record: &ManifestRecord) -> Value {
    let mut descriptor = json!({ "mediaType": record.manifest.media_type, "digest": digest, "size": record.size });
    if let Some(artifact_type) = record.manifest.referrer_type() {
        descriptor["artifactType"] = json!(artifact_type);
    }
    if !record.manifest.annotations.is_empty() {
        descriptor["annotations"] = json!(record.manifest.annotations);
    }
    descriptor
}

pub(super) fn linked(list: Value, link: Option<HeaderValue>) -> Response {
    let mut response = Json(list).into_response();
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    response
}
