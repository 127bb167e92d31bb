//! Retries and destinations of asynchronous invocations: the five operations on FunctionEventInvokeConfig.

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Response, Scope,
    arn::FunctionRef,
    function::function::Function,
    page::Page,
    shapes::{
        DeleteFunctionEventInvokeConfigRequest, DestinationConfig, FunctionEventInvokeConfig,
        GetFunctionEventInvokeConfigRequest, ListFunctionEventInvokeConfigsRequest,
        ListFunctionEventInvokeConfigsResponse, OnFailure, OnSuccess, PutFunctionEventInvokeConfigRequest,
        UpdateFunctionEventInvokeConfigRequest,
    },
};

/// The configuration of a version's or alias's asynchronous invocations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct EventInvoke {
    last_modified_ms: u64,
    pub(crate) maximum_retry_attempts: Option<i64>,
    pub(crate) maximum_event_age_s: Option<i64>,
    pub(crate) on_success: Option<String>,
    pub(crate) on_failure: Option<String>,
}

// === impl Lambda ===

impl Lambda {
    pub(crate) fn put_event_invoke_config(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: PutFunctionEventInvokeConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        let (retries, age_s) = (input.maximum_retry_attempts, input.maximum_event_age_in_seconds);
        check_given(retries, age_s, input.destination_config.as_ref())?;
        self.configurable(&target)?;
        let config = EventInvoke::default().with(moment, retries, age_s, input.destination_config);
        self.set_event_invoke(&target, config)
    }

    pub(crate) fn update_event_invoke_config(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: UpdateFunctionEventInvokeConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        self.configurable(&target)?;
        let old = self.event_invoke(&target)?.clone();
        let (retries, age_s) = (input.maximum_retry_attempts, input.maximum_event_age_in_seconds);
        check_given(retries, age_s, input.destination_config.as_ref())?;
        self.set_event_invoke(&target, old.with(moment, retries, age_s, input.destination_config))
    }

    pub(crate) fn get_event_invoke_config(
        &self,
        scope: &Scope,
        input: &GetFunctionEventInvokeConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        let shown = self.event_invoke(&target)?.shown(&target);
        Ok(Applied::read(Response::json(200, &shown)))
    }

    pub(crate) fn delete_event_invoke_config(
        &mut self,
        scope: &Scope,
        input: &DeleteFunctionEventInvokeConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        self.event_invoke(&target)?;
        self.attach(&target, Response::empty(204), |attachments| attachments.event_invoke = None)
    }

    pub(crate) fn list_event_invoke_configs(
        &self,
        scope: &Scope,
        input: &ListFunctionEventInvokeConfigsRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let target = FunctionRef { qualifier: None, ..FunctionRef::parse(scope, &input.function_name, None)? };
        let configs = page.range(self.configurable(&target)?.all_attachments()).filter_map(|(name, attachments)| {
            let target = FunctionRef { qualifier: Some(name.clone()), ..target.clone() };
            Some((name.clone(), attachments.event_invoke.as_ref()?.shown(&target)))
        });
        let (configs, next_marker) = page.take(configs);
        let function_event_invoke_configs = Some(configs);
        let list = ListFunctionEventInvokeConfigsResponse { function_event_invoke_configs, next_marker };
        Ok(Applied::read(Response::json(200, &list)))
    }

    /// The function of a version or alias that exists.
    fn configurable(&self, target: &FunctionRef) -> Result<&Function, Error> {
        let function = self.space(&target.scope).and_then(|space| space.functions().get(&target.name));
        function
            .filter(|function| function.version(target.qualifier.as_deref()).is_some())
            .ok_or_else(|| Error::new(ErrorCode::ResourceNotFound, "The function doesn't exist."))
    }

    fn event_invoke(&self, target: &FunctionRef) -> Result<&EventInvoke, Error> {
        self.attachments(target).and_then(|attachments| attachments.event_invoke.as_ref()).ok_or_else(|| {
            let message = format!("The function {} doesn't have an EventInvokeConfig", target.qualified().arn());
            Error::new(ErrorCode::ResourceNotFound, message)
        })
    }

    fn set_event_invoke(&mut self, target: &FunctionRef, config: EventInvoke) -> Result<Applied, Error> {
        self.check_destinations(target, &config)?;
        let response = Response::json(200, &config.shown(target));
        self.attach(target, response, |attachments| attachments.event_invoke = Some(config))
    }

    /// Checks that records may go to these destinations: queues, topics, buses, buckets and other functions.
    fn check_destinations(&self, target: &FunctionRef, config: &EventInvoke) -> Result<(), Error> {
        let (success, failure) = (config.on_success.as_deref(), config.on_failure.as_deref());
        for arn in success.into_iter().chain(failure).filter(|arn| service(arn) == Some("lambda")) {
            let function = FunctionRef::parse(&target.scope, arn, None)?;
            if self.function(&function).is_err() {
                return Err(Error::invalid_parameter(format!("The destination ARN {arn} is invalid.")));
            }
            if (&function.scope, &function.name) == (&target.scope, &target.name) {
                let message = "You can't specify the function as a destination for itself.";
                return Err(Error::invalid_parameter(message));
            }
        }
        let served = |arn: &str| matches!(service(arn), Some("lambda" | "sqs" | "sns" | "events"));
        if success.is_none_or(served) && failure.is_none_or(|arn| served(arn) || service(arn) == Some("s3")) {
            return Ok(());
        }
        let part = |name: &str, arn: Option<&str>| match arn {
            Some(arn) => format!("{name}(destination={arn})"),
            None => "null".to_owned(),
        };
        Err(Error::invalid_parameter(format!(
            "The provided destination config DestinationConfig(onSuccess={}, onFailure={}) is invalid.",
            part("OnSuccess", success),
            part("OnFailure", failure)
        )))
    }
}

/// Refuses a request that sets nothing.
fn check_given(
    retries: Option<i64>,
    age_s: Option<i64>,
    destinations: Option<&DestinationConfig>,
) -> Result<(), Error> {
    match retries.is_none() && age_s.is_none() && destinations.is_none() {
        true => {
            Err(Error::invalid_parameter("You must specify at least one of error handling or destination setting."))
        }
        false => Ok(()),
    }
}

/// The service in an ARN.
fn service(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(1)
}

// === impl EventInvoke ===

impl EventInvoke {
    /// The configuration with what is given instead of what was.
    fn with(
        mut self,
        moment: &Moment,
        retries: Option<i64>,
        age_s: Option<i64>,
        destinations: Option<DestinationConfig>,
    ) -> Self {
        self.last_modified_ms = moment.epoch_ms;
        self.maximum_retry_attempts = retries.or(self.maximum_retry_attempts);
        self.maximum_event_age_s = age_s.or(self.maximum_event_age_s);
        if let Some(DestinationConfig { on_success, on_failure }) = destinations {
            let given = |arn: Option<String>| arn.filter(|arn| !arn.is_empty());
            self.on_success = given(on_success.and_then(|on_success| on_success.destination));
            self.on_failure = given(on_failure.and_then(|on_failure| on_failure.destination));
        }
        self
    }

    fn shown(&self, target: &FunctionRef) -> FunctionEventInvokeConfig {
        FunctionEventInvokeConfig {
            last_modified: Some(self.last_modified_ms as f64 / 1000.0),
            function_arn: Some(target.qualified().arn()),
            maximum_retry_attempts: self.maximum_retry_attempts,
            maximum_event_age_in_seconds: self.maximum_event_age_s,
            destination_config: Some(DestinationConfig {
                on_success: Some(OnSuccess { destination: self.on_success.clone() }),
                on_failure: Some(OnFailure { destination: self.on_failure.clone() }),
            }),
        }
    }
}
