//! Capacity providers as records: the five operations on CapacityProvider.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Response, Scope,
    arn::Resource,
    capacity::managed_instances::versions_on,
    function::tags,
    moment::timestamp,
    page::Page,
    persist::{self, Kind},
    shapes::{
        CapacityProvider, CapacityProviderPermissionsConfig, CapacityProviderScalingConfig,
        CapacityProviderTelemetryConfig, CapacityProviderVpcConfig, CreateCapacityProviderRequest,
        CreateCapacityProviderResponse, DeleteCapacityProviderRequest, GetCapacityProviderRequest,
        InstanceRequirements, ListCapacityProvidersRequest, ListCapacityProvidersResponse, PropagateTags,
        UpdateCapacityProviderRequest,
    },
    space::Space,
};

/// The kind in the ARNs of capacity providers.
pub(crate) const KIND: &str = "capacity-provider";

/// The state of every provider that is looked at.
const ACTIVE: &str = "Active";

/// The compute resources that functions may be given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CapacityProviderRecord {
    vpc_config: CapacityProviderVpcConfig,
    permissions_config: CapacityProviderPermissionsConfig,
    instance_requirements: Option<InstanceRequirements>,
    scaling_config: Option<CapacityProviderScalingConfig>,
    kms_key_arn: Option<String>,
    propagate_tags: Option<PropagateTags>,
    telemetry_config: Option<CapacityProviderTelemetryConfig>,
    last_modified_ms: u64,
    pub(crate) tags: BTreeMap<String, String>,
}

// === impl Lambda ===

impl Lambda {
    pub(crate) fn create_capacity_provider(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: CreateCapacityProviderRequest,
    ) -> Result<Applied, Error> {
        let target = provider_ref(scope, &input.capacity_provider_name)?;
        let tags = input.tags.unwrap_or_default();
        tags::check(&tags)?;
        if self.capacity_provider(&target).is_ok() {
            let message = format!("Capacity provider already exists: {}", target.arn());
            return Err(Error::new(ErrorCode::ResourceConflict, message));
        }
        let provider = CapacityProviderRecord {
            vpc_config: input.vpc_config,
            permissions_config: input.permissions_config,
            instance_requirements: input.instance_requirements,
            scaling_config: input.capacity_provider_scaling_config,
            kms_key_arn: input.kms_key_arn,
            propagate_tags: input.propagate_tags,
            telemetry_config: input.telemetry_config,
            last_modified_ms: moment.epoch_ms,
            tags,
        };
        let response = answer(202, provider.shown(&target, "Pending"));
        Ok(self.save_capacity_provider(&target, provider, response))
    }

    pub(crate) fn update_capacity_provider(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: UpdateCapacityProviderRequest,
    ) -> Result<Applied, Error> {
        let target = provider_ref(scope, &input.capacity_provider_name)?;
        let mut provider = self.capacity_provider(&target)?.clone();
        provider.scaling_config = input.capacity_provider_scaling_config.or(provider.scaling_config);
        provider.propagate_tags = input.propagate_tags.or(provider.propagate_tags);
        provider.telemetry_config = input.telemetry_config.or(provider.telemetry_config);
        provider.last_modified_ms = moment.epoch_ms;
        let response = answer(202, provider.shown(&target, ACTIVE));
        Ok(self.save_capacity_provider(&target, provider, response))
    }

    pub(crate) fn get_capacity_provider(
        &self,
        scope: &Scope,
        input: &GetCapacityProviderRequest,
    ) -> Result<Applied, Error> {
        let target = provider_ref(scope, &input.capacity_provider_name)?;
        Ok(Applied::read(answer(200, self.capacity_provider(&target)?.shown(&target, ACTIVE))))
    }

    pub(crate) fn delete_capacity_provider(
        &mut self,
        scope: &Scope,
        input: &DeleteCapacityProviderRequest,
    ) -> Result<Applied, Error> {
        let target = provider_ref(scope, &input.capacity_provider_name)?;
        let response = answer(202, self.capacity_provider(&target)?.shown(&target, "Deleting"));
        let space = self.space(&target.scope);
        if let Some(version) = space.and_then(|space| versions_on(space, &target.arn()).next()) {
            let (arn, version) = (target.arn(), version.arn());
            let message = format!("Capacity provider {arn} is used by {version}: delete that function version first");
            return Err(Error::new(ErrorCode::ResourceConflict, message));
        }
        self.in_space(&target.scope, |space| space.capacity_providers.remove(&target.name));
        let change = persist::delete(&target.scope, Kind::CapacityProvider, &target.name);
        Ok(Applied::changed(response, [change]))
    }

    pub(crate) fn list_capacity_providers(
        &self,
        scope: &Scope,
        input: &ListCapacityProvidersRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let empty = Space::default();
        let providers = page.range(&self.space(scope).unwrap_or(&empty).capacity_providers);
        let wanted = input.state.as_deref().is_none_or(|state| state == ACTIVE);
        let shown = providers.filter(|_| wanted).map(|(name, provider)| {
            let target = Resource { scope: scope.clone(), kind: KIND, name: name.clone() };
            (name.clone(), provider.shown(&target, ACTIVE))
        });
        let (capacity_providers, next_marker) = page.take(shown);
        let list = ListCapacityProvidersResponse { capacity_providers, next_marker };
        Ok(Applied::read(Response::json(200, &list)))
    }

    pub(crate) fn capacity_provider(&self, target: &Resource) -> Result<&CapacityProviderRecord, Error> {
        let provider = self.space(&target.scope).and_then(|space| space.capacity_providers.get(&target.name));
        provider.ok_or_else(|| {
            let message = format!("Capacity provider not found: {}", target.arn());
            Error::new(ErrorCode::ResourceNotFound, message)
        })
    }

    pub(crate) fn save_capacity_provider(
        &mut self,
        target: &Resource,
        provider: CapacityProviderRecord,
        response: Response,
    ) -> Applied {
        let change = persist::put(&target.scope, Kind::CapacityProvider, &target.name, &provider);
        self.space_mut(&target.scope).capacity_providers.insert(target.name.clone(), provider);
        Applied::changed(response, [change])
    }
}

/// The provider that a name or an ARN means, in the caller's own account and region.
pub(crate) fn provider_ref(scope: &Scope, text: &str) -> Result<Resource, Error> {
    match Resource::parse(text, KIND) {
        Some(target) if target.scope == *scope => Ok(target),
        Some(_) => {
            let message = format!("{scope} has no capacity provider of another account or region: {text}");
            Err(Error::new(ErrorCode::AccessDenied, message))
        }
        None => Ok(Resource { scope: scope.clone(), kind: KIND, name: text.to_owned() }),
    }
}

/// Every operation on one provider answers with it in the same form.
fn answer(status: u16, capacity_provider: CapacityProvider) -> Response {
    Response::json(status, &CreateCapacityProviderResponse { capacity_provider })
}

// === impl CapacityProviderRecord ===

impl CapacityProviderRecord {
    fn shown(&self, target: &Resource, state: &str) -> CapacityProvider {
        CapacityProvider {
            capacity_provider_arn: target.arn(),
            state: state.to_owned(),
            vpc_config: self.vpc_config.clone(),
            permissions_config: self.permissions_config.clone(),
            instance_requirements: self.instance_requirements.clone(),
            capacity_provider_scaling_config: self.scaling_config.clone(),
            kms_key_arn: self.kms_key_arn.clone(),
            propagate_tags: self.propagate_tags.clone(),
            telemetry_config: self.telemetry_config.clone(),
            last_modified: Some(timestamp(self.last_modified_ms)),
        }
    }
}
