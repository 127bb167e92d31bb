//! Provisioned concurrency: the four operations on ProvisionedConcurrencyConfig. What is ready of it, the caller says.

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Readiness, Response, Scope,
    account::MAX_CONCURRENCY,
    alias::aliases::{Alias, no_qualifier},
    arn::{FunctionRef, LATEST},
    concurrency::reserved::MIN_UNRESERVED,
    function::{function::Function, tenancy},
    moment::timestamp,
    page::Page,
    shapes::{
        DeleteProvisionedConcurrencyConfigRequest, GetProvisionedConcurrencyConfigRequest,
        GetProvisionedConcurrencyConfigResponse, ListProvisionedConcurrencyConfigsRequest,
        ListProvisionedConcurrencyConfigsResponse, ProvisionedConcurrencyConfigListItem,
        PutProvisionedConcurrencyConfigRequest, PutProvisionedConcurrencyConfigResponse,
    },
    space::Space,
};

/// The number of environments that a version or alias wants to have ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provisioned {
    pub(crate) requested: u32,
    last_modified_ms: u64,
}

// === impl Lambda ===

impl Lambda {
    pub(crate) fn put_provisioned_concurrency(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &PutProvisionedConcurrencyConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, Some(&input.qualifier))?;
        let function = self.function(&target).map_err(|_| no_qualifier(&target))?;
        check_qualifier(function, &target, &input.qualifier)?;
        tenancy::refuse_for(function, "Provisioned concurrency")?;
        // What does not fit the type exceeds the account's limit as well.
        let requested = u32::try_from(input.provisioned_concurrent_executions).unwrap_or(u32::MAX);
        self.check_room(&target, requested)?;
        let provisioned = Provisioned { requested, last_modified_ms: moment.epoch_ms };
        let response = PutProvisionedConcurrencyConfigResponse {
            requested_provisioned_concurrent_executions: Some(requested.into()),
            allocated_provisioned_concurrent_executions: Some(0),
            available_provisioned_concurrent_executions: Some(0),
            status: Some("IN_PROGRESS".to_owned()),
            status_reason: None,
            last_modified: Some(moment.timestamp()),
        };
        let response = Response::json(202, &response);
        self.attach(&target, response, |attachments| attachments.provisioned = Some(provisioned))
    }

    pub(crate) fn get_provisioned_concurrency(
        &self,
        scope: &Scope,
        input: &GetProvisionedConcurrencyConfigRequest,
    ) -> Result<Applied, Error> {
        let target = self.provisionable(scope, &input.function_name, &input.qualifier)?;
        let provisioned = self.attachments(&target).and_then(|attachments| attachments.provisioned.as_ref());
        let provisioned = provisioned.ok_or_else(|| {
            let message = "No Provisioned Concurrency Config found for this function";
            Error::new(ErrorCode::ProvisionedConcurrencyConfigNotFound, message)
        })?;
        let function = self.function(&target)?;
        let item = provisioned.shown(&target, &self.readiness_of(function, input.qualifier.as_str()));
        let response = GetProvisionedConcurrencyConfigResponse {
            requested_provisioned_concurrent_executions: item.requested_provisioned_concurrent_executions,
            allocated_provisioned_concurrent_executions: item.allocated_provisioned_concurrent_executions,
            available_provisioned_concurrent_executions: item.available_provisioned_concurrent_executions,
            status: item.status,
            status_reason: item.status_reason,
            last_modified: item.last_modified,
        };
        Ok(Applied::read(Response::json(200, &response)))
    }

    /// Deletes a configuration; as on AWS, one that does not exist is deleted just as well.
    pub(crate) fn delete_provisioned_concurrency(
        &mut self,
        scope: &Scope,
        input: &DeleteProvisionedConcurrencyConfigRequest,
    ) -> Result<Applied, Error> {
        let target = self.provisionable(scope, &input.function_name, &input.qualifier)?;
        let response = Response::empty(204);
        if self.attachments(&target).is_none_or(|attachments| attachments.provisioned.is_none()) {
            return Ok(Applied::read(response));
        }
        let mut function = self.function(&target)?.clone();
        function.attach(target.qualifier.as_deref(), |attachments| attachments.provisioned = None);
        if let Some(alias) = function.aliases().get(&input.qualifier).map(Alias::handed_over) {
            function.set_alias(input.qualifier.clone(), alias);
        }
        Ok(Applied::changed(response, self.save_function(&target, function)))
    }

    pub(crate) fn list_provisioned_concurrency(
        &self,
        scope: &Scope,
        input: &ListProvisionedConcurrencyConfigsRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let target = FunctionRef { qualifier: None, ..FunctionRef::parse(scope, &input.function_name, None)? };
        let function = self.function(&target)?;
        let configs = page.range(function.all_attachments()).filter_map(|(name, attachments)| {
            let target = FunctionRef { qualifier: Some(name.clone()), ..target.clone() };
            let provisioned = attachments.provisioned.as_ref()?;
            Some((name.clone(), provisioned.shown(&target, &self.readiness_of(function, name))))
        });
        let (configs, next_marker) = page.take(configs);
        let provisioned_concurrency_configs = Some(configs);
        let list = ListProvisionedConcurrencyConfigsResponse { provisioned_concurrency_configs, next_marker };
        Ok(Applied::read(Response::json(200, &list)))
    }

    /// The version or alias of a function that exists.
    fn provisionable(&self, scope: &Scope, function: &str, qualifier: &str) -> Result<FunctionRef, Error> {
        let target = FunctionRef::parse(scope, function, Some(qualifier))?;
        if qualifier == LATEST {
            let message = "The function resource provided must be an alias or a published version.";
            return Err(Error::invalid_parameter(message));
        }
        let function = self.function(&target).ok();
        match function.and_then(|function| function.version(Some(qualifier))) {
            Some(_) => Ok(target),
            None => Err(no_qualifier(&target)),
        }
    }

    /// Checks that so many environments fit into the concurrency that the function or the account has.
    fn check_room(&self, target: &FunctionRef, requested: u32) -> Result<(), Error> {
        let function = self.function(target)?;
        let own = self.attachments(target).and_then(|attachments| attachments.provisioned.as_ref());
        let own = own.map_or(0, |provisioned| provisioned.requested);
        let total = (function.provisioned() - own).saturating_add(requested);
        if let Some(reserved) = function.reserved_concurrency {
            return match total > reserved {
                true => Err(Error::invalid_parameter(
                    "Specified ConcurrentExecutions for function is greater than function's reserved concurrency",
                )),
                false => Ok(()),
            };
        }
        let all = self.space(&target.scope).map_or(0, Space::reserved_concurrency);
        let unreserved = MAX_CONCURRENCY.saturating_sub(all.saturating_sub(function.provisioned()));
        if total > unreserved {
            let message = format!(
                "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency \
                 [{unreserved}]."
            );
            return Err(Error::invalid_parameter(message).untyped());
        }
        match unreserved - total < MIN_UNRESERVED {
            true => Err(Error::invalid_parameter(format!(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below \
                 its minimum value of [{MIN_UNRESERVED}]."
            ))
            .untyped()),
            false => Ok(()),
        }
    }
}

/// A published version or an alias of one; not both of them are provisioned at once.
fn check_qualifier(function: &Function, target: &FunctionRef, qualifier: &str) -> Result<(), Error> {
    let has =
        |name: &str| function.attachments(Some(name)).is_some_and(|attachments| attachments.provisioned.is_some());
    let conflict = |message: &str| Err(Error::new(ErrorCode::ResourceConflict, message));
    let alias = function.aliases().get(qualifier);
    if qualifier == LATEST || alias.map(Alias::version) == Some(LATEST) {
        return Err(Error::invalid_parameter(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
        ));
    }
    if let Some(alias) = alias {
        if alias.is_weighted() {
            return Err(Error::invalid_parameter("Alias with weights can not be used with Provisioned Concurrency"));
        }
        return match has(alias.version()) {
            true => conflict(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
            ),
            false => Ok(()),
        };
    }
    if function.numbered(qualifier).is_none() {
        return Err(no_qualifier(target));
    }
    match function.aliases().iter().any(|(name, alias)| alias.version() == qualifier && has(name)) {
        true => conflict("Version is pointed by a Provisioned Concurrency alias"),
        false => Ok(()),
    }
}

// === impl Provisioned ===

impl Provisioned {
    fn shown(&self, target: &FunctionRef, readiness: &Readiness) -> ProvisionedConcurrencyConfigListItem {
        let failed = readiness.available < self.requested && readiness.failure.is_some();
        let status = match failed {
            true => "FAILED",
            false if readiness.available < self.requested => "IN_PROGRESS",
            false => "READY",
        };
        ProvisionedConcurrencyConfigListItem {
            function_arn: Some(target.arn()),
            requested_provisioned_concurrent_executions: Some(self.requested.into()),
            allocated_provisioned_concurrent_executions: Some(readiness.allocated.into()),
            available_provisioned_concurrent_executions: Some(readiness.available.into()),
            status: Some(status.to_owned()),
            status_reason: readiness.failure.clone().filter(|_| failed),
            last_modified: Some(timestamp(self.last_modified_ms)),
        }
    }
}

// === impl Function ===

impl Function {
    /// The number of environments that all versions and aliases want to have ready.
    pub(crate) fn provisioned(&self) -> u32 {
        let all = self.all_attachments().values().filter_map(|attachments| attachments.provisioned.as_ref());
        all.map(|provisioned| provisioned.requested).sum()
    }
}
