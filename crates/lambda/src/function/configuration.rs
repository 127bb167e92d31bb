//! The configuration that CreateFunction and UpdateFunctionConfiguration share: its rules, applied to a record.

use std::collections::BTreeMap;

use crate::{
    Error, Lambda,
    arn::LayerVersionRef,
    capacity::managed_instances,
    function::{
        durable, environment, file_systems, logging,
        record::{FunctionRecord, ImageConfig, LayerUse, Package},
        runtime, tenancy,
    },
    request::violations::violation,
    shapes,
};

/// The most bytes that a function's code and layers may have unzipped.
pub(crate) const MAX_UNZIPPED_BYTES: u64 = 262_144_000;

/// The most layers that a function may have.
const MAX_LAYERS: usize = 5;

/// AWS's limits for functions that run outside capacity providers; the model's own maxima are those of the latter.
const MAX_TIMEOUT_S: u32 = 1_800;
const MAX_MEMORY_MIB: u32 = 10_240;
/// The longest timeout of a function on a capacity provider.
const MAX_MANAGED_TIMEOUT_S: u32 = 5_400;
const MAX_EPHEMERAL_STORAGE_MIB: u32 = 10_240;

/// AWS's text for settings that images bring themselves.
const NOT_FOR_IMAGES: &str =
    "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.";

/// The settings in a request; `None` leaves what is.
#[derive(Default)]
pub(crate) struct Settings {
    runtime: Option<String>,
    handler: Option<String>,
    role: Option<String>,
    description: Option<String>,
    timeout: Option<i64>,
    memory_size: Option<i64>,
    ephemeral_storage: Option<shapes::EphemeralStorage>,
    environment: Option<shapes::Environment>,
    layers: Option<Vec<String>>,
    image_config: Option<shapes::ImageConfig>,
    vpc_config: Option<shapes::VpcConfig>,
    dead_letter_config: Option<shapes::DeadLetterConfig>,
    kms_key_arn: Option<String>,
    tracing_config: Option<shapes::TracingConfig>,
    file_system_configs: Option<Vec<shapes::FileSystemConfig>>,
    snap_start: Option<shapes::SnapStart>,
    logging_config: Option<shapes::LoggingConfig>,
    capacity_provider_config: Option<shapes::CapacityProviderConfig>,
    durable_config: Option<shapes::DurableConfig>,
    /// Members that would change what runs and that nothing acts on yet, by name.
    unserved: Vec<&'static str>,
}

/// The two requests have the same members for everything that is a setting.
macro_rules! settings_from {
    ($request:ty) => {
        impl From<$request> for Settings {
            fn from(request: $request) -> Self {
                let unserved = [
                    ("RuntimeConfig", request.runtime_config.is_some()),
                    ("AcceleratorConfig", request.accelerator_config.is_some()),
                ];
                Self {
                    runtime: request.runtime,
                    handler: request.handler,
                    role: request.role.into(),
                    description: request.description,
                    timeout: request.timeout,
                    memory_size: request.memory_size,
                    ephemeral_storage: request.ephemeral_storage,
                    environment: request.environment,
                    layers: request.layers,
                    image_config: request.image_config,
                    vpc_config: request.vpc_config,
                    dead_letter_config: request.dead_letter_config,
                    kms_key_arn: request.kms_key_arn,
                    tracing_config: request.tracing_config,
                    file_system_configs: request.file_system_configs,
                    snap_start: request.snap_start,
                    logging_config: request.logging_config,
                    capacity_provider_config: request.capacity_provider_config,
                    durable_config: request.durable_config,
                    unserved: unserved.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect(),
                }
            }
        }
    };
}

settings_from!(shapes::CreateFunctionRequest);
settings_from!(shapes::UpdateFunctionConfigurationRequest);

impl Lambda {
    /// Applies settings to a record that is not stored yet.
    ///
    /// # Errors
    ///
    /// AWS's error for the first rule that the result would break.
    pub(crate) fn configure(&self, record: &mut FunctionRecord, mut settings: Settings) -> Result<(), Error> {
        settings.unserved.iter().try_for_each(|name| refuse_given(name, true))?;
        set_package(record, &mut settings)?;
        if let Some(config) = settings.capacity_provider_config.take() {
            settings.memory_size = settings.memory_size.or_else(|| managed_instances::memory_size(record));
            record.shown.capacity_provider_config = Some(self.placed(record, config)?);
        }
        set_resources(record, &settings)?;
        if let Some(environment) = settings.environment {
            record.shown.environment_given = true;
            record.environment = environment.variables.unwrap_or_default();
            environment::check(&record.environment)?;
        }
        if let Some(arns) = settings.layers {
            record.layers = self.layer_uses(record, &arns)?;
        }
        check_unzipped(record)?;
        record.role = settings.role.unwrap_or_else(|| std::mem::take(&mut record.role));
        record.description = settings.description.unwrap_or_else(|| std::mem::take(&mut record.description));
        let shown = &mut record.shown;
        replace(&mut shown.vpc_config, settings.vpc_config);
        replace(&mut shown.dead_letter_config, settings.dead_letter_config);
        replace(&mut shown.kms_key_arn, settings.kms_key_arn);
        replace(&mut shown.tracing_config, settings.tracing_config);
        file_systems::check(settings.file_system_configs.as_deref().unwrap_or_default())?;
        replace(&mut shown.file_system_configs, settings.file_system_configs);
        replace(&mut shown.snap_start, settings.snap_start);
        if let Some(durable) = settings.durable_config {
            shown.durable_config = Some(durable::changed(shown.durable_config.take(), durable));
        }
        if let Some(logging) = settings.logging_config {
            shown.logging_config = Some(logging::changed(shown.logging_config.take(), logging)?);
        }
        check_snapshots(record)?;
        Ok(())
    }

    /// Looks up the layers of a function.
    fn layer_uses(&self, record: &FunctionRecord, arns: &[String]) -> Result<Vec<LayerUse>, Error> {
        if !arns.is_empty() && record.code().is_none() {
            return Err(Error::invalid_parameter(NOT_FOR_IMAGES));
        }
        if arns.len() > MAX_LAYERS {
            return Err(Error::invalid_parameter(format!("Cannot reference more than {MAX_LAYERS} layers.")));
        }
        let mut seen = BTreeMap::new();
        let mut uses = Vec::new();
        check_layer_regions(&record.region, arns)?;
        for arn in arns {
            let layer = LayerVersionRef::parse(arn).ok_or_else(|| no_layer(arn))?;
            if let Some(first) = seen.insert((layer.scope.account().to_owned(), layer.name.clone()), arn) {
                return Err(Error::invalid_parameter(format!(
                    "Two different versions of the same layer are not allowed to be referenced in the same function. \
                     {first} and {arn} are versions of the same layer."
                )));
            }
            uses.push(self.layer_use(record, arn, &layer)?);
        }
        Ok(uses)
    }

    /// A layer version that exists, or that was deleted while the function used it.
    fn layer_use(&self, record: &FunctionRecord, arn: &str, layer: &LayerVersionRef) -> Result<LayerUse, Error> {
        let version = self
            .space(&layer.scope)
            .and_then(|space| space.layers().get(&layer.name))
            .and_then(|found| found.version(layer.version));
        match version {
            Some(version) => Ok(LayerUse { arn: arn.to_owned(), code: Some(version.content.clone()) }),
            None if layer.scope.account() != record.account => {
                let used = record.layers.iter().find(|used| used.arn == arn && used.code.is_some()).cloned();
                let find = || Ok(LayerUse { arn: arn.to_owned(), code: self.config.foreign_layers.find(arn, layer)? });
                used.map_or_else(find, Ok)
            }
            None => record.layers.iter().find(|used| used.arn == arn).cloned().ok_or_else(|| no_layer(arn)),
        }
    }
}

/// Refuses layers of other regions than the function's. CreateFunction does so before it looks for the function.
pub(crate) fn check_layer_regions(region: &str, arns: &[String]) -> Result<(), Error> {
    let elsewhere = |arn: &String| LayerVersionRef::parse(arn).is_some_and(|layer| layer.scope.region() != region);
    match arns.iter().any(elsewhere) {
        true => Err(Error::invalid_parameter(format!(
            "Layers are not in the same region as the function. Layers are expected to be in region {region}."
        ))),
        false => Ok(()),
    }
}

/// Refuses a member that would change what runs and that nothing acts on yet.
pub(crate) fn refuse_given(member: &str, given: bool) -> Result<(), Error> {
    match given {
        true => Err(Error::invalid_parameter(format!("{member} is not supported by fakecloud yet: leave it out"))),
        false => Ok(()),
    }
}

/// Code and layers together, as they are unpacked in the Pod.
///
/// # Errors
///
/// More than 262,144,000 bytes.
pub(crate) fn check_unzipped(record: &FunctionRecord) -> Result<(), Error> {
    let code = record.code().map_or(0, |code| code.unzipped);
    let layers = record.layers.iter().filter_map(|layer| layer.code.as_ref()).map(|code| code.unzipped);
    match layers.fold(code, u64::saturating_add) > MAX_UNZIPPED_BYTES {
        true => Err(Error::archive(&crate::ArchiveFault::TooLarge)),
        false => Ok(()),
    }
}

fn set_package(record: &mut FunctionRecord, settings: &mut Settings) -> Result<(), Error> {
    let (new_runtime, new_handler, image) =
        (settings.runtime.take(), settings.handler.take(), settings.image_config.take());
    match &mut record.package {
        Package::Zip { runtime, handler, .. } => {
            if image.is_some() {
                let message = "ImageConfig is only supported for functions with packageType Image: leave it out";
                return Err(Error::invalid_parameter(message));
            }
            if let Some(new) = new_runtime {
                runtime::check(&new)?;
                *runtime = new;
            }
            *handler = new_handler.unwrap_or_else(|| std::mem::take(handler));
        }
        Package::Image { config, .. } => {
            if new_runtime.is_some() || new_handler.is_some() {
                return Err(Error::invalid_parameter(NOT_FOR_IMAGES));
            }
            if let Some(image) = image {
                let shapes::ImageConfig { entry_point, command, working_directory } = image;
                *config = ImageConfig { entry_point, command, working_directory };
            }
        }
    }
    Ok(())
}

/// Snapshots are of versions whose runtime allows it.
fn check_snapshots(record: &FunctionRecord) -> Result<(), Error> {
    let wanted = record.shown.snap_start.as_ref().and_then(|snap_start| snap_start.apply_on.as_deref());
    if wanted == Some("PublishedVersions") {
        tenancy::refuse_for_record(record, "SnapStart")?;
    }
    match (wanted, &record.package) {
        (Some("PublishedVersions"), Package::Zip { runtime, .. }) => runtime::check_snapshots(runtime),
        (Some("PublishedVersions"), Package::Image { .. }) => {
            Err(Error::invalid_parameter("ContainerImage is not supported for SnapStart enabled functions."))
        }
        _ => Ok(()),
    }
}

fn set_resources(record: &mut FunctionRecord, settings: &Settings) -> Result<(), Error> {
    if let Some(timeout) = settings.timeout {
        let managed = record.capacity_provider_arn().is_some();
        let max = if managed { MAX_MANAGED_TIMEOUT_S } else { MAX_TIMEOUT_S };
        record.timeout_s = bounded("timeout", timeout, max)?;
    }
    if let Some(memory) = settings.memory_size {
        record.memory_mib = bounded("memorySize", memory, MAX_MEMORY_MIB)?;
    }
    if let Some(storage) = &settings.ephemeral_storage {
        record.ephemeral_storage_mib = bounded("ephemeralStorage.size", storage.size, MAX_EPHEMERAL_STORAGE_MIB)?;
    }
    Ok(())
}

/// The model has checked the lower bound.
fn bounded(path: &str, value: i64, max: u32) -> Result<u32, Error> {
    u32::try_from(value).ok().filter(|value| *value <= max).ok_or_else(|| {
        violation(&value.to_string(), path, &format!("Member must have value less than or equal to {max}"))
    })
}

fn no_layer(arn: &str) -> Error {
    Error::invalid_parameter(format!("Layer version {arn} does not exist."))
}

fn replace<T>(current: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *current = new;
    }
}
