//! Layers: PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn, ListLayers, ListLayerVersions and
//! DeleteLayerVersion.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Code, Error, ErrorCode, Lambda, Moment, Operation, Origin, Response, Scope, Stored,
    arn::{self, LayerVersionRef, parse_layer},
    code::source::no_source,
    layer::{
        compatibility::{self, Filter},
        permission::LayerPolicy,
    },
    page::Page,
    persist::{self, Kind},
    policy::permission::no_resource,
    shapes::{
        DeleteLayerVersionRequest, GetLayerVersionByArnRequest, GetLayerVersionRequest, GetLayerVersionResponse,
        LayerVersionContentOutput, LayerVersionsListItem, LayersListItem, ListLayerVersionsRequest,
        ListLayerVersionsResponse, ListLayersRequest, ListLayersResponse, PublishLayerVersionRequest,
    },
    space::Space,
};

/// A layer with its versions. Its record holds none of them, since each has one of its own; records of older processes do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layer {
    #[serde(default, skip_serializing)]
    pub(crate) versions: BTreeMap<u64, Arc<LayerVersion>>,
    /// The highest number ever given; numbers of deleted versions are not given again.
    pub(crate) last_version: u64,
    /// The place of a layer without a version among the layers that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) emptied: Option<u64>,
    /// The policies that say who may use which version, besides the layer's own account.
    #[serde(default, skip_serializing)]
    pub(crate) policies: BTreeMap<u64, LayerPolicy>,
}

/// A version of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerVersion {
    pub(crate) version: u64,
    pub(crate) content: Stored,
    created: String,
    description: String,
    license_info: Option<String>,
    compatible_runtimes: Option<Vec<String>>,
    compatible_architectures: Option<Vec<String>>,
}

// === impl Lambda ===

impl Lambda {
    pub(crate) fn publish_layer_version(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        origin: Option<&Origin>,
        input: PublishLayerVersionRequest,
        code: Option<Code>,
    ) -> Result<Applied, Error> {
        let (name, content) = self.new_content(scope, &input, code)?;
        let mut layer = self.space(scope).and_then(|space| space.layers().get(&name)).cloned().unwrap_or_default();
        layer.last_version += 1;
        if let Some(emptied) = layer.emptied.take() {
            self.emptied.remove(emptied, scope, &name);
        }
        let version = Arc::new(LayerVersion {
            version: layer.last_version,
            content,
            created: moment.timestamp(),
            description: input.description.unwrap_or_default(),
            license_info: input.license_info,
            compatible_runtimes: input.compatible_runtimes,
            compatible_architectures: input.compatible_architectures,
        });
        layer.versions.insert(version.version, Arc::clone(&version));
        // The layer's own record comes last: before that, the new version does not count.
        let changes = vec![layer.save(scope, &name, version.version), persist::put(scope, Kind::Layer, &name, &layer)];
        self.space_mut(scope).put_layer(name.clone(), layer);
        let location = self.config.archive_url(origin, &version.content);
        let response = Response::json(201, &version.shown(scope, &name, location));
        Ok(Applied { response, changes, effects: Vec::new() })
    }

    /// The layer's name and the content of a version that may be published.
    pub(crate) fn new_content(
        &self,
        scope: &Scope,
        input: &PublishLayerVersionRequest,
        code: Option<Code>,
    ) -> Result<(String, Stored), Error> {
        let (owner, name) = parse_layer(scope, &input.layer_name)?;
        if owner != *scope {
            let message = format!("{scope} cannot publish a layer of another account or region: {}", input.layer_name);
            return Err(Error::new(ErrorCode::AccessDenied, message));
        }
        compatibility::check(input.compatible_runtimes.as_deref(), input.compatible_architectures.as_deref())?;
        let content = Code::archive(code).ok_or_else(|| no_source(Operation::PublishLayerVersion))?;
        if content.unzipped > crate::function::configuration::MAX_UNZIPPED_BYTES {
            return Err(Error::archive(&crate::ArchiveFault::TooLarge));
        }
        self.check_storage(scope, content.size)?;
        Ok((name, content))
    }

    pub(crate) fn get_layer_version(
        &self,
        scope: &Scope,
        origin: Option<&Origin>,
        input: &GetLayerVersionRequest,
    ) -> Result<Applied, Error> {
        self.show_layer_version(origin, &layer_version_ref(scope, &input.layer_name, input.version_number)?)
    }

    pub(crate) fn get_layer_version_by_arn(
        &self,
        origin: Option<&Origin>,
        input: &GetLayerVersionByArnRequest,
    ) -> Result<Applied, Error> {
        self.show_layer_version(origin, &LayerVersionRef::parse(&input.arn).ok_or_else(no_resource)?)
    }

    fn show_layer_version(&self, origin: Option<&Origin>, target: &LayerVersionRef) -> Result<Applied, Error> {
        let LayerVersionRef { scope, name, version } = target;
        let layer = self.space(scope).and_then(|space| space.layers().get(name));
        let version = layer.and_then(|layer| layer.version(*version)).ok_or_else(no_resource)?;
        let location = self.config.archive_url(origin, &version.content);
        Ok(Applied::read(Response::json(200, &version.shown(scope, name, location))))
    }

    pub(crate) fn list_layers(&self, scope: &Scope, input: &ListLayersRequest) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let filter = Filter::new(input.compatible_runtime.as_deref(), input.compatible_architecture.as_deref())?;
        let empty = Space::default();
        let layers = page.range(self.space(scope).unwrap_or(&empty).layers()).filter_map(|(name, layer)| {
            let newest = layer.versions.values().rev().find(|version| version.is_for(filter))?;
            let item = LayersListItem {
                layer_name: Some(name.clone()),
                layer_arn: Some(arn::layer(scope, name)),
                latest_matching_version: Some(newest.item(scope, name)),
            };
            Some((name.clone(), item))
        });
        let (layers, next_marker) = page.take(layers);
        Ok(Applied::read(Response::json(200, &ListLayersResponse { layers: Some(layers), next_marker })))
    }

    pub(crate) fn list_layer_versions(
        &self,
        scope: &Scope,
        input: &ListLayerVersionsRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let filter = Filter::new(input.compatible_runtime.as_deref(), input.compatible_architecture.as_deref())?;
        let (scope, name) = parse_layer(scope, &input.layer_name)?;
        let before = page.after().and_then(|after| after.parse().ok()).unwrap_or(u64::MAX);
        let layer = self.space(&scope).and_then(|space| space.layers().get(&name));
        let newest_first = layer.into_iter().flat_map(|layer| layer.versions.range(..before).rev());
        let items = newest_first
            .filter(|(_, version)| version.is_for(filter))
            .map(|(number, version)| (number.to_string(), version.item(&scope, &name)));
        let (layer_versions, next_marker) = page.take(items);
        let list = ListLayerVersionsResponse { layer_versions: Some(layer_versions), next_marker };
        Ok(Applied::read(Response::json(200, &list)))
    }

    /// Deletes a version; as on AWS, one that does not exist is deleted just as well.
    pub(crate) fn delete_layer_version(
        &mut self,
        scope: &Scope,
        input: &DeleteLayerVersionRequest,
    ) -> Result<Applied, Error> {
        let (owner, name) = parse_layer(scope, &input.layer_name)?;
        if owner != *scope {
            let message = format!("{scope} cannot delete a layer of another account or region: {}", input.layer_name);
            return Err(Error::new(ErrorCode::AccessDenied, message));
        }
        let number = positive(input.version_number)?;
        let mut changes = Vec::new();
        if let Some(mut layer) = self.space(scope).and_then(|space| space.layers().get(&name)).cloned()
            && layer.versions.remove(&number).is_some()
        {
            layer.policies.remove(&number);
            changes.push(layer.save(scope, &name, number));
            if layer.versions.is_empty() {
                layer.emptied = Some(self.emptied.add(scope, &name));
                changes.push(persist::put(scope, Kind::Layer, &name, &layer));
            }
            self.space_mut(scope).put_layer(name, layer);
            changes.extend(self.forget_emptied());
        }
        Ok(Applied { response: Response::empty(204), changes, effects: Vec::new() })
    }
}

/// A layer version that a request names by the layer's name or ARN and a number.
pub(crate) fn layer_version_ref(scope: &Scope, layer: &str, version: i64) -> Result<LayerVersionRef, Error> {
    let (scope, name) = parse_layer(scope, layer)?;
    Ok(LayerVersionRef { scope, name, version: positive(version)? })
}

fn positive(number: i64) -> Result<u64, Error> {
    u64::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| Error::invalid_parameter("Layer Version Cannot be less than 1"))
}

// === impl Layer ===

impl Layer {
    pub(crate) fn version(&self, number: u64) -> Option<&Arc<LayerVersion>> {
        self.versions.get(&number)
    }

    /// The archives of all versions.
    pub(crate) fn archives(&self) -> impl Iterator<Item = &Stored> {
        self.versions.values().map(|version| &version.content)
    }

    /// The size of the zips of all versions, in bytes.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.archives().map(|content| content.size).sum()
    }
}

// === impl LayerVersion ===

impl LayerVersion {
    fn arn(&self, scope: &Scope, name: &str) -> String {
        format!("{}:{}", arn::layer(scope, name), self.version)
    }

    fn is_for(&self, filter: Filter<'_>) -> bool {
        filter.admits(self.compatible_runtimes.as_deref(), self.compatible_architectures.as_deref())
    }

    fn content(&self, location: String) -> LayerVersionContentOutput {
        LayerVersionContentOutput {
            location: Some(location),
            code_sha256: Some(self.content.sha256_base64.clone()),
            code_size: Some(self.content.size as i64),
            ..LayerVersionContentOutput::default()
        }
    }

    /// The answer of PublishLayerVersion as well: both have the same members.
    fn shown(&self, scope: &Scope, name: &str, location: String) -> GetLayerVersionResponse {
        GetLayerVersionResponse {
            content: Some(self.content(location)),
            layer_arn: Some(arn::layer(scope, name)),
            layer_version_arn: Some(self.arn(scope, name)),
            description: Some(self.description.clone()),
            created_date: Some(self.created.clone()),
            version: Some(self.version as i64),
            compatible_architectures: self.compatible_architectures.clone(),
            compatible_runtimes: self.compatible_runtimes.clone(),
            license_info: self.license_info.clone(),
        }
    }

    fn item(&self, scope: &Scope, name: &str) -> LayerVersionsListItem {
        LayerVersionsListItem {
            layer_version_arn: Some(self.arn(scope, name)),
            version: Some(self.version as i64),
            description: Some(self.description.clone()),
            created_date: Some(self.created.clone()),
            compatible_architectures: self.compatible_architectures.clone(),
            compatible_runtimes: self.compatible_runtimes.clone(),
            license_info: self.license_info.clone(),
        }
    }
}
