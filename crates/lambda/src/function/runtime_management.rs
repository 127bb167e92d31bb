//! Updates of a version's runtime, as a record of when they come: PutRuntimeManagementConfig and
//! GetRuntimeManagementConfig.

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, Lambda, Response, Scope,
    arn::FunctionRef,
    shapes::{
        GetRuntimeManagementConfigRequest, GetRuntimeManagementConfigResponse, PutRuntimeManagementConfigRequest,
        PutRuntimeManagementConfigResponse,
    },
};

/// The modes other than `Auto`, which needs no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RuntimeManagement {
    FunctionUpdate,
    Manual { runtime_version_arn: String },
}

impl Lambda {
    pub(crate) fn put_runtime_management(
        &mut self,
        scope: &Scope,
        input: PutRuntimeManagementConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        self.managed(&target)?;
        let management = parse(&input.update_runtime_on, input.runtime_version_arn.clone())?;
        let response = PutRuntimeManagementConfigResponse {
            function_arn: target.qualified().arn(),
            runtime_version_arn: input.runtime_version_arn,
            update_runtime_on: input.update_runtime_on,
        };
        let response = Response::json(200, &response);
        self.attach(&target, response, |attachments| attachments.runtime_management = management)
    }

    pub(crate) fn get_runtime_management(
        &self,
        scope: &Scope,
        input: &GetRuntimeManagementConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        self.managed(&target)?;
        let management = self.attachments(&target).and_then(|attachments| attachments.runtime_management.clone());
        let (update_runtime_on, runtime_version_arn) = match management {
            None => ("Auto", None),
            Some(RuntimeManagement::FunctionUpdate) => ("FunctionUpdate", None),
            Some(RuntimeManagement::Manual { runtime_version_arn }) => ("Manual", Some(runtime_version_arn)),
        };
        let response = GetRuntimeManagementConfigResponse {
            function_arn: Some(target.qualified().arn()),
            runtime_version_arn,
            update_runtime_on: Some(update_runtime_on.to_owned()),
        };
        Ok(Applied::read(Response::json(200, &response)))
    }

    /// Takes versions, which have a runtime of their own; aliases have not.
    fn managed(&self, target: &FunctionRef) -> Result<(), Error> {
        let version = target.qualified().qualifier.and_then(|version| self.function(target).ok()?.numbered(&version));
        version.map(|_| ()).ok_or_else(|| target.not_found())
    }
}

/// The model allows three modes.
fn parse(mode: &str, runtime_version_arn: Option<String>) -> Result<Option<RuntimeManagement>, Error> {
    match (mode, runtime_version_arn) {
        ("Manual", Some(runtime_version_arn)) => Ok(Some(RuntimeManagement::Manual { runtime_version_arn })),
        ("Manual", None) => {
            Err(Error::invalid_parameter("RuntimeVersionArn is required when UpdateRuntimeOn is Manual: give it"))
        }
        (mode, Some(arn)) => Err(Error::invalid_parameter(format!(
            "RuntimeVersionArn is only for UpdateRuntimeOn Manual: leave {arn} out, or give Manual instead of {mode}"
        ))),
        ("FunctionUpdate", None) => Ok(Some(RuntimeManagement::FunctionUpdate)),
        (_auto, None) => Ok(None),
    }
}
