//! Numbers of environments that published versions have on capacity providers, as records: PutFunctionScalingConfig and
//! GetFunctionScalingConfig.

use crate::{
    Applied, Error, ErrorCode, Lambda, Response, Scope,
    arn::FunctionRef,
    shapes::{
        GetFunctionScalingConfigRequest, GetFunctionScalingConfigResponse, PutFunctionScalingConfigRequest,
        PutFunctionScalingConfigResponse,
    },
};

impl Lambda {
    pub(crate) fn put_function_scaling(
        &mut self,
        scope: &Scope,
        input: PutFunctionScalingConfigRequest,
    ) -> Result<Applied, Error> {
        let target = self.scalable(scope, &input.function_name, &input.qualifier)?;
        let config = input.function_scaling_config.unwrap_or_default();
        if let (Some(min), Some(max)) = (config.min_execution_environments, config.max_execution_environments)
            && min > max
        {
            return Err(Error::invalid_parameter(format!(
                "MinExecutionEnvironments {min} is greater than MaxExecutionEnvironments {max}: give at most {max}"
            )));
        }
        let response = PutFunctionScalingConfigResponse { function_state: Some("Active".to_owned()) };
        self.attach(&target, Response::json(202, &response), |attachments| {
            attachments.scaling = Some(config).filter(|config| *config != Default::default());
        })
    }

    pub(crate) fn get_function_scaling(
        &self,
        scope: &Scope,
        input: &GetFunctionScalingConfigRequest,
    ) -> Result<Applied, Error> {
        let target = self.scalable(scope, &input.function_name, &input.qualifier)?;
        let config = self.attachments(&target).and_then(|attachments| attachments.scaling.clone());
        let response = GetFunctionScalingConfigResponse {
            function_arn: Some(target.arn()),
            applied_function_scaling_config: config.clone(),
            requested_function_scaling_config: config,
        };
        Ok(Applied::read(Response::json(200, &response)))
    }

    /// A function version on a capacity provider.
    fn scalable(&self, scope: &Scope, function: &str, qualifier: &str) -> Result<FunctionRef, Error> {
        let target = FunctionRef::parse(scope, function, Some(qualifier))?;
        match self.version(&target)?.capacity_provider_arn() {
            Some(_) => Ok(target),
            None => Err(Error::new(
                ErrorCode::AccessDenied,
                "The function provided by the arn does not contain a capacity provider configuration",
            )),
        }
    }
}
