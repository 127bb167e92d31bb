//! Reserved concurrency: PutFunctionConcurrency, GetFunctionConcurrency and DeleteFunctionConcurrency.

use crate::{
    Applied, Error, Lambda, Response, Scope,
    account::MAX_CONCURRENCY,
    arn::FunctionRef,
    function::function::Function,
    shapes::{
        Concurrency, DeleteFunctionConcurrencyRequest, GetFunctionConcurrencyRequest, GetFunctionConcurrencyResponse,
        PutFunctionConcurrencyRequest,
    },
    space::Space,
};

/// The concurrency that no function can reserve, so that functions without a reservation run as well.
pub(crate) const MIN_UNRESERVED: u32 = 100;

impl Lambda {
    pub(crate) fn put_function_concurrency(
        &mut self,
        scope: &Scope,
        input: &PutFunctionConcurrencyRequest,
    ) -> Result<Applied, Error> {
        let target = whole_function(scope, &input.function_name)?;
        let mut function = self.function(&target).map_err(|_| target.qualified().not_found())?.clone();
        // What does not fit the type exceeds the account's limit as well.
        let reserved = u32::try_from(input.reserved_concurrent_executions).unwrap_or(u32::MAX);
        let others =
            self.space(&target.scope).map_or(0, Space::reserved_concurrency).saturating_sub(function.reserved());
        if others.saturating_add(reserved) > MAX_CONCURRENCY - MIN_UNRESERVED {
            return Err(Error::invalid_parameter(format!(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
                 below its minimum value of [{MIN_UNRESERVED}]."
            ))
            .untyped());
        }
        let provisioned = function.provisioned();
        if reserved < provisioned {
            return Err(Error::invalid_parameter(format!(
                " ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned \
                 concurrency [{provisioned}]."
            )));
        }
        let response = Response::json(200, &concurrency(Some(reserved)));
        if function.reserved_concurrency == Some(reserved) {
            return Ok(Applied::read(response));
        }
        function.reserved_concurrency = Some(reserved);
        Ok(Applied::changed(response, self.save_function(&target, function)))
    }

    pub(crate) fn get_function_concurrency(
        &self,
        scope: &Scope,
        input: &GetFunctionConcurrencyRequest,
    ) -> Result<Applied, Error> {
        let target = whole_function(scope, &input.function_name)?;
        let Concurrency { reserved_concurrent_executions } = concurrency(self.function(&target)?.reserved_concurrency);
        let response = GetFunctionConcurrencyResponse { reserved_concurrent_executions };
        Ok(Applied::read(Response::json(200, &response)))
    }

    pub(crate) fn delete_function_concurrency(
        &mut self,
        scope: &Scope,
        input: &DeleteFunctionConcurrencyRequest,
    ) -> Result<Applied, Error> {
        let target = whole_function(scope, &input.function_name)?;
        let mut function = self.function(&target)?.clone();
        let response = Response::empty(204);
        match function.reserved_concurrency.take() {
            Some(_) => Ok(Applied::changed(response, self.save_function(&target, function))),
            None => Ok(Applied::read(response)),
        }
    }
}

/// A reservation as the wire shows it.
pub(crate) fn concurrency(reserved: Option<u32>) -> Concurrency {
    Concurrency { reserved_concurrent_executions: reserved.map(i64::from) }
}

/// A function without a qualifier.
fn whole_function(scope: &Scope, name: &str) -> Result<FunctionRef, Error> {
    let target = FunctionRef::parse(scope, name, None)?;
    match &target.qualifier {
        Some(_) => Err(Error::invalid_parameter(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. \
             Please specify either a function name or an unqualified function ARN.",
        )),
        None => Ok(target),
    }
}

impl Function {
    /// The part of the account's concurrency that is this function's own: its reservation, or else what it has
    /// provisioned.
    pub(crate) fn reserved(&self) -> u32 {
        self.reserved_concurrency.unwrap_or_else(|| self.provisioned())
    }
}
