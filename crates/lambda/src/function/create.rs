//! CreateFunction.

use crate::{
    Applied, Code, Effect, Error, ErrorCode, Lambda, Moment, Operation, Response, Scope,
    arn::{FunctionRef, LATEST},
    code::{image, signing, source::no_source},
    function::{
        configuration::{self, Settings},
        function::Function,
        latest_published::PublishTo,
        record::{Architecture, FunctionRecord, ImageConfig, Package, ReferencedObject, Shown},
        runtime, tags,
        view::{self, Progress},
    },
    request::violations::violation,
    shapes::{CreateFunctionRequest, FunctionConfiguration},
};

/// The longest name, which the service model does not tell from the longest ARN.
const MAX_NAME_CHARS: usize = 64;

impl Lambda {
    pub(crate) fn create_function(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: CreateFunctionRequest,
        code: Option<Code>,
    ) -> Result<Applied, Error> {
        let (publish, publish_to) = (input.publish.unwrap_or_default(), input.publish_to.clone());
        let mut function = self.new_function(scope, moment, input, code)?;
        let to = PublishTo::of(publish_to.as_deref(), function.latest())?;
        let mut effects = vec![Effect::Deployed(function.latest().clone())];
        let mut shown = function.latest().clone();
        if publish {
            shown = function.publish_to(to, moment, None);
            effects.push(Effect::Deployed(shown.clone()));
        }
        let name = shown.name.clone();
        let changes = function.save(scope, &name, None);
        self.space_mut(scope).put_function(name, function);
        // Even when a version is published, the ARN is the function's.
        let answer = FunctionConfiguration {
            function_arn: Some(shown.unqualified_arn()),
            revision_id: Some(moment.uuid()),
            ..view::configuration(&shown, Progress::Created)
        };
        Ok(Applied { response: Response::json(201, &answer), changes, effects })
    }

    /// A function that may be made and satisfies every rule.
    pub(crate) fn new_function(
        &self,
        scope: &Scope,
        moment: &Moment,
        input: CreateFunctionRequest,
        code: Option<Code>,
    ) -> Result<Function, Error> {
        let function = own_name(scope, &input.function_name)?;
        configuration::check_layer_regions(scope.region(), input.layers.as_deref().unwrap_or_default())?;
        if self.space(scope).is_some_and(|space| space.functions().contains_key(&function.name)) {
            let message = format!("Function already exist: {}", function.name);
            return Err(Error::new(ErrorCode::ResourceConflict, message));
        }
        let code_signing_config_arn = input.code_signing_config_arn.clone();
        code_signing_config_arn.iter().try_for_each(|arn| self.check_code_signing(arn))?;
        let record = self.new_record(function, moment, input, code)?;
        if code_signing_config_arn.is_some() {
            signing::check_package(&record)?;
        }
        self.check_storage(scope, record.code().map_or(0, |code| code.size))?;
        let mut function = Function::new(record);
        function.code_signing_config_arn = code_signing_config_arn;
        Ok(function)
    }

    /// The first `$LATEST` of a function, which satisfies every rule.
    fn new_record(
        &self,
        function: FunctionRef,
        moment: &Moment,
        mut input: CreateFunctionRequest,
        code: Option<Code>,
    ) -> Result<FunctionRecord, Error> {
        let tags = input.tags.take().unwrap_or_default();
        tags::check(&tags)?;
        let architecture = architecture(input.architectures.as_deref());
        let package = new_package(&mut input, moment, architecture, code)?;
        let source_kms_key_arn = input.code.source_kms_key_arn.take();
        let referenced = ReferencedObject::of(&mut input.code);
        let tenancy_config = input.tenancy_config.take();
        let mut record = FunctionRecord {
            account: function.scope.account().to_owned(),
            region: function.scope.region().to_owned(),
            name: function.name,
            version: LATEST.to_owned(),
            revision_id: moment.settled_uuid(),
            last_modified_ms: moment.epoch_ms,
            package,
            architecture,
            memory_mib: 128,
            ephemeral_storage_mib: 512,
            timeout_s: 3,
            environment: Default::default(),
            layers: Vec::new(),
            tags,
            role: String::new(),
            description: String::new(),
            shown: Shown { source_kms_key_arn, referenced, tenancy_config, ..Shown::default() },
        };
        self.configure(&mut record, Settings::from(input))?;
        Ok(record)
    }
}

/// The function that a create names: in the caller's own account, without a qualifier, of at most 64 characters. Other
/// operations just find no function of a longer name.
fn own_name(scope: &Scope, text: &str) -> Result<FunctionRef, Error> {
    let function = FunctionRef::parse(scope, text, None)?;
    if function.name.len() > MAX_NAME_CHARS {
        let rule = format!("Member must have length less than or equal to {MAX_NAME_CHARS}");
        return Err(Error::invalid_parameter(violation(text, "functionName", &rule).message()));
    }
    if function.scope != *scope {
        let message = format!("account {} cannot create a function in another account: {text}", scope.account());
        return Err(Error::new(ErrorCode::AccessDenied, message));
    }
    match &function.qualifier {
        Some(qualifier) => Err(Error::invalid_parameter(format!(
            "a function is created without a qualifier: leave out ':{qualifier}' of '{text}'"
        ))),
        None => Ok(function),
    }
}

fn new_package(
    input: &mut CreateFunctionRequest,
    moment: &Moment,
    architecture: Architecture,
    code: Option<Code>,
) -> Result<Package, Error> {
    let no_source = || no_source(Operation::CreateFunction);
    match input.package_type.as_deref() {
        Some("Image") => {
            if input.code.zip_file.is_some() {
                let message = "Please don't provide ZipFile when creating a function with packageType Image.";
                return Err(Error::invalid_parameter(message));
            }
            let uri = input.code.image_uri.take().filter(|uri| !uri.is_empty()).ok_or_else(no_source)?;
            let content = image::content(&uri, Code::image(code), architecture, moment)?;
            Ok(Package::Image { uri, config: ImageConfig::default(), content })
        }
        _ => {
            let (Some(runtime), Some(handler)) = (input.runtime.take(), input.handler.take()) else {
                let message =
                    "Runtime and Handler are mandatory parameters for functions created with deployment packages.";
                return Err(Error::invalid_parameter(message));
            };
            runtime::check(&runtime)?;
            Ok(Package::Zip { runtime, handler, code: Code::archive(code).ok_or_else(no_source)? })
        }
    }
}

/// The model allows exactly one of its two architectures.
pub(crate) fn architecture(architectures: Option<&[String]>) -> Architecture {
    match architectures {
        Some([name]) if name == Architecture::Arm64.name() => Architecture::Arm64,
        _ => Architecture::X86_64,
    }
}
