//! Settings of a version, an alias or a whole function besides what it runs.

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, Lambda, Response, arn::FunctionRef, concurrency::provisioned::Provisioned,
    event::invoke_config::EventInvoke, function::runtime_management::RuntimeManagement, policy::document::Policy,
    shapes::FunctionScalingConfig, url::config::FunctionUrl,
};

/// Goes away with the version or alias that it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attachments {
    pub(crate) policy: Option<Policy>,
    pub(crate) event_invoke: Option<EventInvoke>,
    pub(crate) url: Option<FunctionUrl>,
    pub(crate) provisioned: Option<Provisioned>,
    pub(crate) runtime_management: Option<RuntimeManagement>,
    pub(crate) scaling: Option<FunctionScalingConfig>,
}

impl Lambda {
    /// The settings of a version, an alias or a function; `None` also where there is none of these.
    pub(crate) fn attachments(&self, target: &FunctionRef) -> Option<&Attachments> {
        let function = self.space(&target.scope)?.functions().get(&target.name)?;
        function.attachments(target.qualifier.as_deref())
    }

    /// Changes what is configured for a version, an alias or a function, which exists, and gives this answer.
    pub(crate) fn attach(
        &mut self,
        target: &FunctionRef,
        response: Response,
        change: impl FnOnce(&mut Attachments),
    ) -> Result<Applied, Error> {
        let mut function = self.function(target)?.clone();
        function.attach(target.qualifier.as_deref(), change);
        Ok(Applied::changed(response, self.save_function(target, function)))
    }
}
