//! Functions on capacity providers, as records. Such a function runs in a Pod of its own like every other; what AWS runs
//! it on is only kept and shown.

use crate::{
    Applied, Error, Lambda, Response, Scope,
    arn::{LATEST, Resource},
    capacity::providers::{self, provider_ref},
    function::{read::versions_after, record::FunctionRecord},
    page::Page,
    shapes::{
        CapacityProviderConfig, FunctionVersionsByCapacityProviderListItem,
        LambdaManagedInstancesCapacityProviderConfig, ListFunctionVersionsByCapacityProviderRequest,
        ListFunctionVersionsByCapacityProviderResponse,
    },
    space::Space,
};

/// AWS's defaults for what a function does not say.
const MEMORY_MIB: i64 = 2048;
const MEMORY_GIB_PER_VCPU: f64 = 2.0;
const MAX_CONCURRENCY: i64 = 16;

impl Lambda {
    pub(crate) fn list_versions_by_capacity_provider(
        &self,
        scope: &Scope,
        input: &ListFunctionVersionsByCapacityProviderRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let target = provider_ref(scope, &input.capacity_provider_name)?;
        self.capacity_provider(&target)?;
        let capacity_provider_arn = target.arn();
        let empty = Space::default();
        let space = self.space(&target.scope).unwrap_or(&empty);
        let items = versions_after(space, &page).filter(|(_, record)| is_version_on(record, &capacity_provider_arn));
        let (function_versions, next_marker) = page.take(items.map(|(key, record)| {
            let function_arn = record.arn();
            (key, FunctionVersionsByCapacityProviderListItem { function_arn, state: "Active".to_owned() })
        }));
        let list =
            ListFunctionVersionsByCapacityProviderResponse { capacity_provider_arn, function_versions, next_marker };
        Ok(Applied::read(Response::json(200, &list)))
    }

    /// The configuration as it is kept: of a provider that exists, with AWS's defaults.
    ///
    /// # Errors
    ///
    /// A provider that the function's account does not have.
    pub(crate) fn placed(
        &self,
        record: &FunctionRecord,
        config: CapacityProviderConfig,
    ) -> Result<CapacityProviderConfig, Error> {
        let instances = config.lambda_managed_instances_capacity_provider_config;
        let arn = &instances.capacity_provider_arn;
        let own = |target: &Resource| {
            (target.scope.account(), target.scope.region()) == (record.account.as_str(), record.region.as_str())
        };
        let target = Resource::parse(arn, providers::KIND).filter(own).ok_or_else(|| no_provider(arn))?;
        self.capacity_provider(&target).map_err(|_| no_provider(arn))?;
        Ok(CapacityProviderConfig {
            lambda_managed_instances_capacity_provider_config: LambdaManagedInstancesCapacityProviderConfig {
                execution_environment_memory_gi_b_per_v_cpu: instances
                    .execution_environment_memory_gi_b_per_v_cpu
                    .or(Some(MEMORY_GIB_PER_VCPU)),
                per_execution_environment_max_concurrency: instances
                    .per_execution_environment_max_concurrency
                    .or(Some(MAX_CONCURRENCY)),
                ..instances
            },
        })
    }
}

/// The memory of a function that comes onto a provider without saying how much it wants, in MiB.
pub(crate) fn memory_size(record: &FunctionRecord) -> Option<i64> {
    record.capacity_provider_arn().is_none().then_some(MEMORY_MIB)
}

fn no_provider(arn: &str) -> Error {
    Error::invalid_parameter(format!("Capacity provider not found: {arn}"))
}

/// The published versions on a provider.
pub(crate) fn versions_on<'s>(space: &'s Space, arn: &str) -> impl Iterator<Item = &'s FunctionRecord> {
    let versions = space.functions().values().flat_map(|function| function.versions()).map(|(_, record)| &**record);
    versions.filter(move |record| is_version_on(record, arn))
}

/// Tells whether it is a published version on a provider. As on AWS, `$LATEST` itself is on none.
fn is_version_on(record: &FunctionRecord, arn: &str) -> bool {
    record.version != LATEST && record.capacity_provider_arn() == Some(arn)
}

// === impl FunctionRecord ===

impl FunctionRecord {
    /// The capacity provider that the function names.
    pub(crate) fn capacity_provider_arn(&self) -> Option<&str> {
        let config = self.shown.capacity_provider_config.as_ref()?;
        Some(&config.lambda_managed_instances_capacity_provider_config.capacity_provider_arn)
    }
}
