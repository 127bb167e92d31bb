//! Records as the wire shows them.

use crate::{
    Config, Origin,
    arn::LATEST,
    code::image::resolved_uri,
    function::{
        logging,
        record::{FunctionRecord, ImageContent, Package},
        runtime,
    },
    moment::timestamp,
    shapes::{
        EnvironmentResponse, EphemeralStorage, FunctionCodeLocation, FunctionConfiguration, GetFunctionResponse,
        ImageConfig, ImageConfigResponse, Layer, ResolvedS3Object, RuntimeVersionConfig, SnapStartResponse,
        TracingConfigResponse, VpcConfigResponse,
    },
};

/// The state that a function version is shown in. Everything is done when the answer is sent; clients see the states
/// that AWS passes through, and their waiters end at the next read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The answer of a create.
    Created,
    /// The answer of an update.
    Updated,
    /// Every other answer.
    Settled,
}

/// The reason that AWS gives for functions that it creates and, word for word, for those that it updates.
const CREATING: &str = "The function is being created.";

/// The configuration of a function version.
pub(crate) fn configuration(record: &FunctionRecord, progress: Progress) -> FunctionConfiguration {
    let mut view = listed(record);
    view.runtime_version_config = view.runtime.as_deref().map(|runtime| RuntimeVersionConfig {
        runtime_version_arn: Some(runtime::version_arn(&record.region, runtime)),
        error: None,
    });
    state(&mut view, progress);
    view
}

/// The configuration as lists show it: without what the version is doing.
pub(crate) fn listed(record: &FunctionRecord) -> FunctionConfiguration {
    let text = |text: &str| Some(text.to_owned());
    let (runtime, handler, package_type, image_config_response) = package(&record.package);
    let code = record.code();
    let mut view = FunctionConfiguration {
        function_name: text(&record.name),
        function_arn: Some(record.arn()),
        runtime,
        role: text(&record.role),
        handler,
        code_size: Some(code.map_or(0, |code| code.size as i64)),
        description: text(&record.description),
        timeout: Some(record.timeout_s.into()),
        memory_size: Some(record.memory_mib.into()),
        last_modified: Some(timestamp(record.last_modified_ms)),
        code_sha256: record.code_sha256().map(str::to_owned),
        version: text(&record.version),
        revision_id: text(&record.revision_id),
        package_type: text(package_type),
        image_config_response,
        architectures: Some(vec![record.architecture.name().to_owned()]),
        ephemeral_storage: Some(EphemeralStorage { size: record.ephemeral_storage_mib.into() }),
        environment: (record.shown.environment_given || !record.environment.is_empty())
            .then(|| EnvironmentResponse { variables: Some(record.environment.clone()), error: None }),
        layers: (!record.layers.is_empty()).then(|| layers(record)),
        ..FunctionConfiguration::default()
    };
    shown(record, &mut view);
    view
}

/// The answer of GetFunction to a client that came from `origin`.
pub(crate) fn function(record: &FunctionRecord, config: &Config, origin: Option<&Origin>) -> GetFunctionResponse {
    let code = match &record.package {
        Package::Zip { code, .. } => FunctionCodeLocation {
            repository_type: Some("S3".to_owned()),
            location: Some(config.archive_url(origin, code)),
            resolved_s3_object: record.shown.referenced.clone().map(|object| ResolvedS3Object {
                s3_bucket: Some(object.bucket),
                s3_key: Some(object.key),
                s3_object_version: object.version,
            }),
            source_kms_key_arn: record.shown.source_kms_key_arn.clone(),
            ..FunctionCodeLocation::default()
        },
        Package::Image { uri, content, .. } => FunctionCodeLocation {
            repository_type: Some("ECR".to_owned()),
            image_uri: Some(uri.clone()),
            resolved_image_uri: Some(match content {
                ImageContent::Pinned(image) => resolved_uri(uri, &image.digest),
                ImageContent::Pushed(_) => uri.clone(),
            }),
            ..FunctionCodeLocation::default()
        },
    };
    GetFunctionResponse {
        configuration: Some(configuration(record, Progress::Settled)),
        code: Some(code),
        tags: (!record.tags.is_empty()).then(|| record.tags.clone()),
        ..GetFunctionResponse::default()
    }
}

type PackageView = (Option<String>, Option<String>, &'static str, Option<ImageConfigResponse>);

fn package(package: &Package) -> PackageView {
    match package {
        Package::Zip { runtime, handler, .. } => (Some(runtime.clone()), Some(handler.clone()), "Zip", None),
        Package::Image { config, .. } => {
            let crate::ImageConfig { entry_point, command, working_directory } = config.clone();
            let given = entry_point.is_some() || command.is_some() || working_directory.is_some();
            let config = ImageConfig { entry_point, command, working_directory };
            (None, None, "Image", given.then_some(ImageConfigResponse { image_config: Some(config), error: None }))
        }
    }
}

fn layers(record: &FunctionRecord) -> Vec<Layer> {
    let layer = |layer: &crate::LayerUse| Layer {
        arn: Some(layer.arn.clone()),
        code_size: Some(layer.code.as_ref().map_or(0, |code| code.size as i64)),
        ..Layer::default()
    };
    record.layers.iter().map(layer).collect()
}

/// The settings that are only shown, with AWS's defaults.
fn shown(record: &FunctionRecord, view: &mut FunctionConfiguration) {
    let shown = record.shown.clone();
    view.vpc_config = shown.vpc_config.map(|vpc| VpcConfigResponse {
        subnet_ids: Some(vpc.subnet_ids.unwrap_or_default()),
        security_group_ids: Some(vpc.security_group_ids.unwrap_or_default()),
        vpc_id: Some(String::new()),
        ipv6_allowed_for_dual_stack: Some(vpc.ipv6_allowed_for_dual_stack.unwrap_or_default()),
    });
    view.dead_letter_config =
        shown.dead_letter_config.filter(|config| config.target_arn.as_ref().is_some_and(|arn| !arn.is_empty()));
    view.kms_key_arn = shown.kms_key_arn.filter(|arn| !arn.is_empty());
    let mode = shown.tracing_config.and_then(|tracing| tracing.mode).unwrap_or_else(|| "PassThrough".to_owned());
    view.tracing_config = Some(TracingConfigResponse { mode: Some(mode) });
    view.file_system_configs = shown.file_system_configs.filter(|configs| !configs.is_empty());
    let apply_on = shown.snap_start.and_then(|snap_start| snap_start.apply_on).unwrap_or_else(|| "None".to_owned());
    let snapped = record.version != LATEST && apply_on == "PublishedVersions";
    let optimization_status = Some(if snapped { "On" } else { "Off" }.to_owned());
    view.snap_start = Some(SnapStartResponse { apply_on: Some(apply_on), optimization_status });
    view.capacity_provider_config = shown.capacity_provider_config;
    view.durable_config = shown.durable_config;
    view.tenancy_config = shown.tenancy_config;
    view.logging_config = Some(logging::shown(shown.logging_config.unwrap_or_default(), &record.name));
}

fn state(view: &mut FunctionConfiguration, progress: Progress) {
    let text = |text: &str| Some(text.to_owned());
    match progress {
        Progress::Created => {
            view.state = text("Pending");
            view.state_reason = text(CREATING);
            view.state_reason_code = text("Creating");
        }
        Progress::Updated => {
            view.state = text("Active");
            view.last_update_status = text("InProgress");
            view.last_update_status_reason = text(CREATING);
            view.last_update_status_reason_code = text("Creating");
        }
        Progress::Settled => {
            view.state = text("Active");
            view.last_update_status = text("Successful");
        }
    }
}
