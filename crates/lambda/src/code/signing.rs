//! Code signing configurations as records: the five operations on CodeSigningConfig, and which functions have one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Response, Scope,
    arn::{FunctionRef, Resource},
    function::{function::Function, record::FunctionRecord, tags},
    moment::timestamp,
    page::Page,
    persist::{self, Kind},
    shapes::{
        AllowedPublishers, CodeSigningConfig, CodeSigningPolicies, CreateCodeSigningConfigRequest,
        CreateCodeSigningConfigResponse, DeleteCodeSigningConfigRequest, DeleteFunctionCodeSigningConfigRequest,
        GetCodeSigningConfigRequest, GetFunctionCodeSigningConfigRequest, GetFunctionCodeSigningConfigResponse,
        ListCodeSigningConfigsRequest, ListCodeSigningConfigsResponse, ListFunctionsByCodeSigningConfigRequest,
        ListFunctionsByCodeSigningConfigResponse, PutFunctionCodeSigningConfigRequest,
        PutFunctionCodeSigningConfigResponse, UpdateCodeSigningConfigRequest,
    },
    space::Space,
};

/// The kind in the ARNs of configurations.
pub(crate) const KIND: &str = "code-signing-config";

/// The publishers whose signature code needs. No signature is looked at yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CodeSigning {
    description: String,
    allowed_publishers: AllowedPublishers,
    policies: CodeSigningPolicies,
    last_modified_ms: u64,
    pub(crate) tags: BTreeMap<String, String>,
}

// === impl Lambda, the configurations ===

impl Lambda {
    pub(crate) fn create_code_signing(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: CreateCodeSigningConfigRequest,
    ) -> Result<Applied, Error> {
        let tags = input.tags.unwrap_or_default();
        tags::check(&tags)?;
        // 17 hexadecimal digits.
        let name = format!("csc-{:017x}", moment.random & ((1 << 68) - 1));
        let target = Resource { scope: scope.clone(), kind: KIND, name };
        let config = CodeSigning {
            description: input.description.unwrap_or_default(),
            allowed_publishers: input.allowed_publishers,
            policies: policies(input.code_signing_policies),
            last_modified_ms: moment.epoch_ms,
            tags,
        };
        let response = CreateCodeSigningConfigResponse { code_signing_config: config.shown(&target) };
        Ok(self.save_code_signing(&target, config, Response::json(201, &response)))
    }

    pub(crate) fn update_code_signing(
        &mut self,
        moment: &Moment,
        input: UpdateCodeSigningConfigRequest,
    ) -> Result<Applied, Error> {
        let (target, old) = self.code_signing(&input.code_signing_config_arn)?;
        let mut config = old.clone();
        config.description = input.description.unwrap_or(config.description);
        config.allowed_publishers = input.allowed_publishers.unwrap_or(config.allowed_publishers);
        if input.code_signing_policies.is_some() {
            config.policies = policies(input.code_signing_policies);
        }
        config.last_modified_ms = moment.epoch_ms;
        let response = CreateCodeSigningConfigResponse { code_signing_config: config.shown(&target) };
        Ok(self.save_code_signing(&target, config, Response::json(200, &response)))
    }

    pub(crate) fn get_code_signing(&self, input: &GetCodeSigningConfigRequest) -> Result<Applied, Error> {
        let (target, config) = self.code_signing(&input.code_signing_config_arn)?;
        let response = CreateCodeSigningConfigResponse { code_signing_config: config.shown(&target) };
        Ok(Applied::read(Response::json(200, &response)))
    }

    pub(crate) fn delete_code_signing(&mut self, input: &DeleteCodeSigningConfigRequest) -> Result<Applied, Error> {
        let (target, _) = self.code_signing(&input.code_signing_config_arn)?;
        let arn = &input.code_signing_config_arn;
        if self.space(&target.scope).is_some_and(|space| signed(space, arn).next().is_some()) {
            let message = format!("The code signing configuration {arn} is used by functions and can not be deleted.");
            return Err(Error::new(ErrorCode::ResourceConflict, message));
        }
        self.in_space(&target.scope, |space| space.code_signing.remove(&target.name));
        let change = persist::delete(&target.scope, Kind::CodeSigningConfig, &target.name);
        Ok(Applied::changed(Response::empty(204), [change]))
    }

    pub(crate) fn list_code_signing(
        &self,
        scope: &Scope,
        input: &ListCodeSigningConfigsRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let empty = Space::default();
        let configs = page.range(&self.space(scope).unwrap_or(&empty).code_signing).map(|(name, config)| {
            let target = Resource { scope: scope.clone(), kind: KIND, name: name.clone() };
            (name.clone(), config.shown(&target))
        });
        let (configs, next_marker) = page.take(configs);
        let list = ListCodeSigningConfigsResponse { code_signing_configs: Some(configs), next_marker };
        Ok(Applied::read(Response::json(200, &list)))
    }

    pub(crate) fn code_signing(&self, arn: &str) -> Result<(Resource, &CodeSigning), Error> {
        let target = Resource::parse(arn, KIND);
        let found = target.and_then(|target| {
            let config = self.space(&target.scope)?.code_signing.get(&target.name)?;
            Some((target, config))
        });
        found.ok_or_else(|| {
            let message = format!("The Lambda code signing configuration {arn} can not be found.");
            Error::new(ErrorCode::ResourceNotFound, message).untyped()
        })
    }

    pub(crate) fn save_code_signing(&mut self, target: &Resource, config: CodeSigning, response: Response) -> Applied {
        let change = persist::put(&target.scope, Kind::CodeSigningConfig, &target.name, &config);
        self.space_mut(&target.scope).code_signing.insert(target.name.clone(), config);
        Applied::changed(response, [change])
    }
}

// === impl Lambda, the functions ===

impl Lambda {
    pub(crate) fn put_function_code_signing(
        &mut self,
        scope: &Scope,
        input: PutFunctionCodeSigningConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, None)?;
        self.check_code_signing(&input.code_signing_config_arn)?;
        let mut function = self.signable(&target)?.clone();
        let (code_signing_config_arn, function_name) = (input.code_signing_config_arn, target.name.clone());
        function.code_signing_config_arn = Some(code_signing_config_arn.clone());
        let response = PutFunctionCodeSigningConfigResponse { code_signing_config_arn, function_name };
        Ok(Applied::changed(Response::json(200, &response), self.save_function(&target, function)))
    }

    /// Shows the function's configuration; as on AWS, an empty object when it has none.
    pub(crate) fn get_function_code_signing(
        &self,
        scope: &Scope,
        input: &GetFunctionCodeSigningConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, None)?;
        let response = match self.signable(&target)?.code_signing_config_arn.clone() {
            Some(code_signing_config_arn) => {
                let function_name = target.name;
                let response = GetFunctionCodeSigningConfigResponse { code_signing_config_arn, function_name };
                Response::json(200, &response)
            }
            None => Response::json(200, &serde_json::Map::new()),
        };
        Ok(Applied::read(response))
    }

    pub(crate) fn delete_function_code_signing(
        &mut self,
        scope: &Scope,
        input: &DeleteFunctionCodeSigningConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, None)?;
        let mut function = self.signable(&target)?.clone();
        let response = Response::empty(204);
        match function.code_signing_config_arn.take() {
            Some(_) => Ok(Applied::changed(response, self.save_function(&target, function))),
            None => Ok(Applied::read(response)),
        }
    }

    pub(crate) fn list_signed_functions(
        &self,
        input: &ListFunctionsByCodeSigningConfigRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let (target, _) = self.code_signing(&input.code_signing_config_arn)?;
        let empty = Space::default();
        let functions = signed(self.space(&target.scope).unwrap_or(&empty), &input.code_signing_config_arn);
        let rest = functions.filter(|name| page.after().is_none_or(|after| name.as_str() > after));
        let arn = |name: &String| crate::arn::function(target.scope.account(), target.scope.region(), name);
        let (function_arns, next_marker) = page.take(rest.map(|name| (name.clone(), arn(name))));
        let list = ListFunctionsByCodeSigningConfigResponse { function_arns: Some(function_arns), next_marker };
        Ok(Applied::read(Response::json(200, &list)))
    }

    /// A function whose code can be signed, which images can not.
    fn signable(&self, target: &FunctionRef) -> Result<&Function, Error> {
        let function = self.function(target)?;
        check_package(function.latest())?;
        Ok(function)
    }

    /// Takes the ARN of a configuration that a function can have.
    pub(crate) fn check_code_signing(&self, arn: &str) -> Result<(), Error> {
        self.code_signing(arn).map(|_| ()).map_err(|_| {
            let message = format!(
                "The code signing configuration cannot be found. Check that the provided configuration is not deleted: \
                 {arn}."
            );
            Error::new(ErrorCode::CodeSigningConfigNotFound, message)
        })
    }
}

/// Takes functions with a deployment package.
pub(crate) fn check_package(record: &FunctionRecord) -> Result<(), Error> {
    match record.code() {
        Some(_) => Ok(()),
        None => {
            let message = "Code signing is not supported for functions created with container images.";
            Err(Error::invalid_parameter(message))
        }
    }
}

/// The names of the functions that have this configuration.
fn signed<'s>(space: &'s Space, arn: &str) -> impl Iterator<Item = &'s String> {
    let has = move |arn_of: &Option<String>| arn_of.as_deref() == Some(arn);
    space.functions().iter().filter(move |(_, function)| has(&function.code_signing_config_arn)).map(|(name, _)| name)
}

/// The policy for code without a signature, by default a warning.
fn policies(given: Option<CodeSigningPolicies>) -> CodeSigningPolicies {
    let action = given.and_then(|policies| policies.untrusted_artifact_on_deployment);
    CodeSigningPolicies { untrusted_artifact_on_deployment: action.or_else(|| Some("Warn".to_owned())) }
}

// === impl CodeSigning ===

impl CodeSigning {
    fn shown(&self, target: &Resource) -> CodeSigningConfig {
        CodeSigningConfig {
            code_signing_config_id: target.name.clone(),
            code_signing_config_arn: target.arn(),
            description: Some(self.description.clone()),
            allowed_publishers: self.allowed_publishers.clone(),
            code_signing_policies: self.policies.clone(),
            last_modified: timestamp(self.last_modified_ms),
        }
    }
}
