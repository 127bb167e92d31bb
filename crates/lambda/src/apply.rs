//! The one place where operations are dispatched.

use crate::{Applied, Call, Code, Error, ErrorCode, Lambda, Moment, Operation, Scope};

impl Lambda {
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
}

/// The answer of the operations that are not served yet.
fn not_served(operation: Operation) -> Error {
    let message = format!("the operation {} is not supported by fakecloud yet", operation.name());
    Error::new(ErrorCode::NotImplemented, message)
}
