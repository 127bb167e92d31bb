//! The control plane's state, separated by account and region, and the one place where operations are dispatched.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Applied, Call, Change, Code, Error, ErrorCode, ForeignLayers, Generation, Moment, Operation, Origin, Scope, Stored,
    capacity::providers::CapacityProviderRecord,
    code::signing::CodeSigning,
    concurrency::{readiness::Readiness, running::Running},
    function::versions::Function,
    layer::{emptied::EmptiedLayers, layers::Layer},
    mapping::mappings::Mapping,
    url::target::UrlIndex,
};

/// The most bytes of zips that an account may store in a region.
pub(crate) const MAX_STORED_BYTES: u64 = 80_530_636_800;

/// The control plane of all accounts and regions.
#[derive(Debug)]
pub struct Lambda {
    pub(crate) config: Config,
    pub(crate) spaces: BTreeMap<Scope, Space>,
    /// What there is of provisioned environments, by the ARNs of versions, as the caller last said.
    pub(crate) readiness: BTreeMap<String, Readiness>,
    pub(crate) generation: Generation,
    /// The layers without a version.
    pub(crate) emptied: EmptiedLayers,
    /// What of the records that the state was restored from is to be written anew.
    pub(crate) repairs: Vec<Change>,
}

/// What of the surroundings answers depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where those reach the server whose requests do not say how they did, such as `http://fakecloud:4566`.
    pub self_url: String,
    /// What stands before the hex SHA-256 of an archive in the paths that let clients download it, such as
    /// `/_fakecloud/lambda/archives/`.
    pub archives_path: String,
    /// Layers of other accounts.
    pub foreign_layers: ForeignLayers,
}

/// What one account has in one region.
#[derive(Debug, Default)]
pub(crate) struct Space {
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) layers: BTreeMap<String, Layer>,
    pub(crate) capacity_providers: BTreeMap<String, CapacityProviderRecord>,
    /// By their UUIDs.
    pub(crate) mappings: BTreeMap<String, Mapping>,
    /// By their ids.
    pub(crate) code_signing: BTreeMap<String, CodeSigning>,
    /// The function URLs by their ids.
    pub(crate) urls: UrlIndex,
    /// The sum of all zips' sizes.
    pub(crate) stored_bytes: u64,
    /// What of the account's concurrency is some function's own.
    pub(crate) reserved_concurrency: u32,
    pub(crate) running: Running,
    /// The functions that have provisioned concurrency.
    pub(crate) provisioned: BTreeSet<String>,
}

// === impl Config ===

impl Config {
    /// Where the client that came from `origin` downloads an archive.
    pub(crate) fn archive_url(&self, origin: Option<&Origin>, archive: &Stored) -> String {
        let base = origin.map_or_else(|| self.self_url.clone(), Origin::to_string);
        format!("{base}{}{}", self.archives_path, archive.sha256_hex)
    }
}

// === impl Lambda ===

impl Lambda {
    /// A control plane without any function.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            spaces: BTreeMap::new(),
            readiness: BTreeMap::new(),
            generation: Generation::default(),
            emptied: EmptiedLayers::default(),
            repairs: Vec::new(),
        }
    }

    /// Carries out one call of the control plane, with the code that it brings or names. When it fails, nothing has changed.
    /// An image that comes without what its registry has is taken as it is.
    ///
    /// # Errors
    ///
    /// AWS's errors; `NotImplementedException` for the operations that are not served yet. Invocations go through
    /// [`Lambda::resolve`] instead.
    #[expect(clippy::wildcard_enum_match_arm, reason = "this match is the list of what is served; all else is not yet")]
    pub fn apply(&mut self, scope: &Scope, moment: &Moment, call: &Call, code: Option<Code>) -> Result<Applied, Error> {
        use Operation as O;
        match call.operation() {
            O::CreateFunction => self.create_function(scope, moment, call.input()?, code),
            O::GetFunction => self.get_function(scope, call.origin(), &call.input()?),
            O::GetFunctionConfiguration => self.get_function_configuration(scope, &call.input()?),
            O::ListFunctions => self.list_functions(scope, &call.input()?),
            O::UpdateFunctionCode => self.update_function_code(scope, moment, call.input()?, code),
            O::UpdateFunctionConfiguration => self.update_function_configuration(scope, moment, call.input()?),
            O::DeleteFunction => self.delete_function(scope, &call.input()?),
            O::PublishVersion => self.publish_version(scope, moment, call.input()?),
            O::ListVersionsByFunction => self.list_versions_by_function(scope, &call.input()?),
            O::CreateAlias => self.create_alias(scope, moment, call.input()?),
            O::GetAlias => self.get_alias(scope, &call.input()?),
            O::UpdateAlias => self.update_alias(scope, moment, call.input()?),
            O::DeleteAlias => self.delete_alias(scope, &call.input()?),
            O::ListAliases => self.list_aliases(scope, &call.input()?),
            O::PublishLayerVersion => self.publish_layer_version(scope, moment, call.origin(), call.input()?, code),
            O::GetLayerVersion => self.get_layer_version(scope, call.origin(), &call.input()?),
            O::ListLayers => self.list_layers(scope, &call.input()?),
            O::ListLayerVersions => self.list_layer_versions(scope, &call.input()?),
            O::GetLayerVersionByArn => self.get_layer_version_by_arn(call.origin(), &call.input()?),
            O::AddLayerVersionPermission => self.add_layer_version_permission(scope, moment, &call.input()?),
            O::RemoveLayerVersionPermission => self.remove_layer_version_permission(scope, moment, &call.input()?),
            O::GetLayerVersionPolicy => self.get_layer_version_policy(scope, &call.input()?),
            O::DeleteLayerVersion => self.delete_layer_version(scope, &call.input()?),
            O::TagResource => self.tag_resource(scope, moment, call.input()?),
            O::UntagResource => self.untag_resource(scope, moment, &call.input()?),
            O::ListTags => self.list_tags(scope, &call.input()?),
            O::PutFunctionConcurrency => self.put_function_concurrency(scope, &call.input()?),
            O::GetFunctionConcurrency => self.get_function_concurrency(scope, &call.input()?),
            O::DeleteFunctionConcurrency => self.delete_function_concurrency(scope, &call.input()?),
            O::GetAccountSettings => Ok(self.get_account_settings(scope)),
            O::AddPermission => self.add_permission(scope, moment, &call.input()?),
            O::RemovePermission => self.remove_permission(scope, moment, &call.input()?),
            O::GetPolicy => self.get_policy(scope, &call.input()?),
            O::PutResourcePolicy => self.put_resource_policy(scope, moment, &call.input()?),
            O::GetResourcePolicy => self.get_resource_policy(scope, &call.input()?),
            O::DeleteResourcePolicy => self.delete_resource_policy(scope, moment, &call.input()?),
            O::PutFunctionEventInvokeConfig => self.put_event_invoke_config(scope, moment, call.input()?),
            O::UpdateFunctionEventInvokeConfig => self.update_event_invoke_config(scope, moment, call.input()?),
            O::GetFunctionEventInvokeConfig => self.get_event_invoke_config(scope, &call.input()?),
            O::DeleteFunctionEventInvokeConfig => self.delete_event_invoke_config(scope, &call.input()?),
            O::ListFunctionEventInvokeConfigs => self.list_event_invoke_configs(scope, &call.input()?),
            O::CreateFunctionUrlConfig => self.create_function_url(scope, moment, call.origin(), call.input()?),
            O::UpdateFunctionUrlConfig => self.update_function_url(scope, moment, call.origin(), call.input()?),
            O::GetFunctionUrlConfig => self.get_function_url(scope, call.origin(), &call.input()?),
            O::DeleteFunctionUrlConfig => self.delete_function_url(scope, &call.input()?),
            O::ListFunctionUrlConfigs => self.list_function_urls(scope, call.origin(), &call.input()?),
            O::PutRuntimeManagementConfig => self.put_runtime_management(scope, call.input()?),
            O::GetRuntimeManagementConfig => self.get_runtime_management(scope, &call.input()?),
            O::PutFunctionRecursionConfig => self.put_recursion(scope, call.input()?),
            O::GetFunctionRecursionConfig => self.get_recursion(scope, &call.input()?),
            O::PutProvisionedConcurrencyConfig => self.put_provisioned_concurrency(scope, moment, &call.input()?),
            O::GetProvisionedConcurrencyConfig => self.get_provisioned_concurrency(scope, &call.input()?),
            O::ListProvisionedConcurrencyConfigs => self.list_provisioned_concurrency(scope, &call.input()?),
            O::DeleteProvisionedConcurrencyConfig => self.delete_provisioned_concurrency(scope, &call.input()?),
            O::CreateCodeSigningConfig => self.create_code_signing(scope, moment, call.input()?),
            O::UpdateCodeSigningConfig => self.update_code_signing(moment, call.input()?),
            O::GetCodeSigningConfig => self.get_code_signing(&call.input()?),
            O::DeleteCodeSigningConfig => self.delete_code_signing(&call.input()?),
            O::ListCodeSigningConfigs => self.list_code_signing(scope, &call.input()?),
            O::ListFunctionsByCodeSigningConfig => self.list_signed_functions(&call.input()?),
            O::PutFunctionCodeSigningConfig => self.put_function_code_signing(scope, call.input()?),
            O::GetFunctionCodeSigningConfig => self.get_function_code_signing(scope, &call.input()?),
            O::DeleteFunctionCodeSigningConfig => self.delete_function_code_signing(scope, &call.input()?),
            O::CreateEventSourceMapping => self.create_mapping(scope, moment, call.input()?),
            O::UpdateEventSourceMapping => self.update_mapping(scope, moment, call.input()?),
            O::GetEventSourceMapping => self.get_mapping(scope, &call.input()?),
            O::DeleteEventSourceMapping => self.delete_mapping(scope, &call.input()?),
            O::ListEventSourceMappings => self.list_mappings(scope, &call.input()?),
            O::CreateCapacityProvider => self.create_capacity_provider(scope, moment, call.input()?),
            O::UpdateCapacityProvider => self.update_capacity_provider(scope, moment, call.input()?),
            O::GetCapacityProvider => self.get_capacity_provider(scope, &call.input()?),
            O::DeleteCapacityProvider => self.delete_capacity_provider(scope, &call.input()?),
            O::ListCapacityProviders => self.list_capacity_providers(scope, &call.input()?),
            O::ListFunctionVersionsByCapacityProvider => self.list_versions_by_capacity_provider(scope, &call.input()?),
            O::PutFunctionScalingConfig => self.put_function_scaling(scope, call.input()?),
            O::GetFunctionScalingConfig => self.get_function_scaling(scope, &call.input()?),
            O::Invoke | O::InvokeWithResponseStream => {
                Err(Error::service("an invocation is resolved and run, not applied"))
            }
            unserved => Err(not_served(unserved)),
        }
    }

    /// Whether so many more bytes fit under the account's limit.
    ///
    /// # Errors
    ///
    /// `CodeStorageExceededException`.
    pub(crate) fn check_storage(&self, scope: &Scope, more_bytes: u64) -> Result<(), Error> {
        self.space(scope).map_or(Ok(()), |space| space.check_storage(more_bytes))
    }

    pub(crate) fn spaces(&self) -> impl Iterator<Item = &Space> {
        self.spaces.values()
    }

    pub(crate) fn space(&self, scope: &Scope) -> Option<&Space> {
        self.spaces.get(scope)
    }

    /// The space to put something into: a new one is kept, so whoever may put nothing takes [`Lambda::in_space`].
    pub(crate) fn space_mut(&mut self, scope: &Scope) -> &mut Space {
        // Every invocation is counted in here, in a space that is there already.
        if !self.spaces.contains_key(scope) {
            self.spaces.insert(scope.clone(), Space::default());
        }
        self.spaces.get_mut(scope).expect("it was put there if it was missing")
    }

    /// Takes something out of a space, if there is one, and the space with the last thing in it.
    pub(crate) fn in_space<T>(&mut self, scope: &Scope, change: impl FnOnce(&mut Space) -> T) -> Option<T> {
        let space = self.spaces.get_mut(scope)?;
        let changed = change(space);
        if space.is_empty() {
            self.spaces.remove(scope);
        }
        Some(changed)
    }
}

/// The answer of the operations that are not served yet.
fn not_served(operation: Operation) -> Error {
    let message = format!("the operation {} is not supported by fakecloud yet", operation.name());
    Error::new(ErrorCode::NotImplemented, message)
}
