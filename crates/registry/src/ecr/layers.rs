//! Layers that a repository has, and where they can be had.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, Call, Target, read};
use super::error::{Error, ErrorCode};
use crate::catalog::{Repository, RepositoryKey};
use crate::digest::Digest;

/// What a layer is that no image of the repository refers to: what Docker makes.
const LAYER_MEDIA_TYPE: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CheckRequest {
    #[serde(flatten)]
    target: Target,
    layer_digests: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DownloadRequest {
    #[serde(flatten)]
    target: Target,
    layer_digest: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    layer_digest: String,
    layer_availability: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerFailure {
    layer_digest: String,
    failure_code: &'static str,
    failure_reason: String,
}

/// BatchCheckLayerAvailability
pub(super) fn check(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: CheckRequest = read(request)?;
    let (_, repository) = call.repository(&request.target)?;
    let (mut layers, mut failures) = (Vec::new(), Vec::new());
    for layer_digest in request.layer_digests {
        match layer_digest.parse::<Digest>() {
            Ok(digest) => layers.push(layer(repository, &digest)),
            Err(_) => failures.push(LayerFailure {
                failure_code: if layer_digest.is_empty() { "MissingLayerDigest" } else { "InvalidLayerDigest" },
                failure_reason: format!("Invalid layer digest '{layer_digest}'"),
                layer_digest,
            }),
        }
    }
    Ok(Answer::new(json!({ "layers": layers, "failures": failures })))
}

/// GetDownloadUrlForLayer: the registry's own URL of the layer, which anybody may read.
pub(super) fn download_url(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: DownloadRequest = read(request)?;
    let (key, repository) = call.repository(&request.target)?;
    let digest = request.layer_digest;
    let known = digest.parse().is_ok_and(|digest: Digest| repository.blobs.contains_key(&digest));
    if !known {
        return Err(no_layers(&key, &[digest]));
    }
    let url = format!("{}/v2/{key}/blobs/{digest}", call.caller.origin);
    Ok(Answer::new(json!({ "downloadUrl": url, "layerDigest": digest })))
}

pub(super) fn no_layers(key: &RepositoryKey, digests: &[String]) -> Error {
    let (name, account) = (&key.name, key.scope.account());
    let digests = digests.join(", ");
    let message = format!(
        "Layers with digests '[{digests}]' required for pushing image into repository with name '{name}' in the \
         registry with id '{account}' do not exist"
    );
    Error::new(ErrorCode::LayersNotFound, message)
}

fn layer(repository: &Repository, digest: &Digest) -> Layer {
    let layer_size = repository.blobs.get(digest).copied();
    let media_type = layer_size.map(|_| {
        let blobs = repository.manifests.values().flat_map(|record| record.manifest.blobs());
        let known = blobs.into_iter().find(|blob| blob.digest == *digest);
        known.map_or_else(|| LAYER_MEDIA_TYPE.to_owned(), |blob| blob.media_type.clone())
    });
    Layer {
        layer_digest: digest.to_string(),
        layer_availability: if layer_size.is_some() { "AVAILABLE" } else { "UNAVAILABLE" },
        layer_size,
        media_type,
    }
}
