//! UpdateFunctionCode and UpdateFunctionConfiguration.

use std::sync::Arc;

use crate::{
    Applied, Code, Effect, Error, Lambda, Moment, Operation, Response, Scope,
    arn::FunctionRef,
    code::{image, source::no_source},
    function::{
        configuration::{Settings, check_unzipped},
        create::architecture,
        durable,
        function::Function,
        latest_published::PublishTo,
        record::{FunctionRecord, Package, ReferencedObject},
        revision::stale_revision,
        view::{self, Progress},
    },
    shapes::{FunctionConfiguration, UpdateFunctionCodeRequest, UpdateFunctionConfigurationRequest},
};

impl Lambda {
    pub(crate) fn update_function_code(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: UpdateFunctionCodeRequest,
        code: Option<Code>,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, None)?;
        let (publish, publish_to) = (input.publish.unwrap_or_default(), input.publish_to.clone());
        let is_dry_run = input.dry_run.unwrap_or_default();
        let record = self.with_new_code(&target, moment, input, code)?;
        if is_dry_run {
            let response = Response::json(200, &view::configuration(&record, Progress::Settled));
            return Ok(Applied::read(response));
        }
        let to = PublishTo::of(publish_to.as_deref(), &record)?;
        self.update(&target, moment, record, publish.then_some(to))
    }

    /// A function's `$LATEST` with the code of an update, which satisfies every rule.
    pub(crate) fn with_new_code(
        &self,
        target: &FunctionRef,
        moment: &Moment,
        input: UpdateFunctionCodeRequest,
        code: Option<Code>,
    ) -> Result<FunctionRecord, Error> {
        let function = self.updatable(target, input.revision_id.as_deref())?;
        let mut record = FunctionRecord::clone(function.latest());
        if input.architectures.is_some() {
            record.architecture = architecture(input.architectures.as_deref());
        }
        set_code(&mut record, moment, &input, code)?;
        record.shown.referenced = ReferencedObject::of_update(&input);
        check_unzipped(&record)?;
        if let Some(key) = input.source_kms_key_arn {
            record.shown.source_kms_key_arn = Some(key);
        }
        Ok(record)
    }

    pub(crate) fn update_function_configuration(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: UpdateFunctionConfigurationRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, None)?;
        let function = self.updatable(&target, input.revision_id.as_deref())?;
        let mut record = FunctionRecord::clone(function.latest());
        if input.capacity_provider_config.is_some() && record.capacity_provider_arn().is_none() {
            let message = "CapacityProviderConfig isn't supported for Lambda Default functions.";
            return Err(Error::invalid_parameter(message));
        }
        durable::check_update(&record, input.durable_config.as_ref())?;
        self.configure(&mut record, Settings::from(input))?;
        self.update(&target, moment, record, None)
    }

    /// The function that an update is about, if `$LATEST` has the revision that the caller knows.
    pub(crate) fn updatable(&self, target: &FunctionRef, revision_id: Option<&str>) -> Result<&Function, Error> {
        if let Some(qualifier) = target.qualifier.as_deref().filter(|qualifier| *qualifier != crate::arn::LATEST) {
            return Err(Error::invalid_parameter(format!(
                "only $LATEST can be updated: leave out ':{qualifier}' of the function's name"
            )));
        }
        let function = self.function(target)?;
        match revision_id {
            Some(known) if known != function.latest().revision_id => Err(stale_revision()),
            _ => Ok(function),
        }
    }

    /// Stores a new `$LATEST`, of a new revision even when it runs what the old one ran, and publishes it where that is
    /// asked for.
    fn update(
        &mut self,
        target: &FunctionRef,
        moment: &Moment,
        mut record: FunctionRecord,
        publish: Option<PublishTo>,
    ) -> Result<Applied, Error> {
        let old = self.function(target)?;
        let mut function = old.clone();
        record.revision_id = moment.settled_uuid();
        record.last_modified_ms = moment.epoch_ms;
        function.set_latest(record);
        let answer = match (publish, function.unchanged_version()) {
            (None, _) => FunctionConfiguration {
                revision_id: Some(moment.uuid()),
                ..view::configuration(function.latest(), Progress::Updated)
            },
            (Some(PublishTo::NextNumber), Some(newest)) => view::configuration(newest, Progress::Settled),
            (Some(to), _) => view::configuration(&function.publish_to(to, moment, None), Progress::Created),
        };
        let new = |record: &&Arc<FunctionRecord>| old.version(Some(&record.version)) != Some(*record);
        let effects = function.records().filter(new).cloned().map(Effect::Deployed).collect();
        let added_bytes = function.stored_bytes().saturating_sub(old.stored_bytes());
        self.check_storage(&target.scope, added_bytes)?;
        let changes = self.save_function(target, function);
        Ok(Applied { response: Response::json(200, &answer), changes, effects })
    }
}

fn set_code(
    record: &mut FunctionRecord,
    moment: &Moment,
    input: &UpdateFunctionCodeRequest,
    code: Option<Code>,
) -> Result<(), Error> {
    match (&mut record.package, code, &input.image_uri) {
        (Package::Zip { code, .. }, Some(Code::Archive(stored)), None) => *code = stored,
        (Package::Image { uri, content, .. }, code @ (None | Some(Code::Image(_))), Some(new)) => {
            *content = image::content(new, Code::image(code), record.architecture, moment)?;
            new.clone_into(uri);
        }
        (Package::Zip { .. }, _, Some(_)) => {
            let message = "Please don't provide ImageUri when updating a function with packageType Zip.";
            return Err(Error::invalid_parameter(message));
        }
        (Package::Image { .. }, _, _) => {
            let message = "Please provide ImageUri when updating a function with packageType Image.";
            return Err(Error::invalid_parameter(message));
        }
        (Package::Zip { .. }, None | Some(Code::Image(_)), None) => {
            return Err(no_source(Operation::UpdateFunctionCode));
        }
    }
    Ok(())
}
