//! From the control plane's records to podspec's checked values, and nothing else.

use fakecloud_lambda::{
    Architecture as RecordArchitecture, FunctionRecord, ImageContent, Package as RecordPackage, PinnedImage,
};
use fakecloud_podspec::{
    Architecture, BadTag, Environment, EphemeralStorageMib, Function, ImageConfig, InvalidValue, MemoryMib, Package,
    Scheduling, Tag, TagFault, TagRules, TimeoutSecs,
};
use tracing::warn;

/// What a Pod of this function version is rendered from. Tags `fakecloud-k8s/…` that do not count are logged.
pub(crate) fn function(record: &FunctionRecord, rules: &TagRules) -> Result<Function, InvalidValue> {
    let mut function =
        Function::new(record.name.parse()?, record.region.parse()?, record.account.parse()?, package(&record.package)?);
    let (scheduling, bad_tags) = Scheduling::from_tags(&record.tags, rules);
    for BadTag { key, reason } in bad_tags {
        let setting = setting(&reason);
        warn!(function = %record.arn(), tag = key, %reason, setting, "a function's tag, or a part of it, does not count");
    }
    function.arn = record.unqualified_arn();
    function.version = record.version.parse()?;
    for left_out in record.layers.iter().filter(|layer| layer.code.is_none()) {
        warn!(function = %record.arn(), layer = left_out.arn, "the function runs without a layer of another account");
    }
    let layers = record.layers.iter().filter_map(|layer| layer.code.as_ref());
    function.layers = layers.map(|code| code.sha256_hex.clone()).collect();
    function.architecture = match record.architecture {
        RecordArchitecture::X86_64 => Architecture::X86_64,
        RecordArchitecture::Arm64 => Architecture::Arm64,
    };
    function.memory = MemoryMib::new(record.memory_mib)?;
    function.ephemeral_storage = EphemeralStorageMib::new(record.ephemeral_storage_mib)?;
    function.timeout = TimeoutSecs::new(record.timeout_s)?;
    function.environment = Environment::new(record.environment.clone())?;
    function.scheduling = scheduling;
    Ok(function)
}

/// The setting that decides whether a tag counts; none where no setting helps.
fn setting(fault: &TagFault) -> Option<&'static str> {
    match fault {
        TagFault::NotHeeded(_) => Some("FAKECLOUD_K8S_TAGS"),
        TagFault::Key { tag: Tag::Tolerations, .. } => Some("FAKECLOUD_K8S_TAG_TOLERATIONS"),
        TagFault::Key { tag: Tag::Labels, .. } => Some("FAKECLOUD_K8S_TAG_LABELS"),
        TagFault::Key { tag: Tag::Annotations, .. } => Some("FAKECLOUD_K8S_TAG_ANNOTATIONS"),
        TagFault::Key { tag: Tag::NodeSelector | Tag::PriorityClass | Tag::RuntimeClass, .. }
        | TagFault::Invalid(_)
        | TagFault::LabelOfServices(_) => None,
    }
}

fn package(package: &RecordPackage) -> Result<Package, InvalidValue> {
    Ok(match package {
        RecordPackage::Zip { runtime, handler, code } => {
            Package::Zip { runtime: runtime.parse()?, handler: handler.parse()?, code_sha256: code.sha256_hex.clone() }
        }
        RecordPackage::Image { uri, config, content } => Package::Image {
            uri: match content {
                ImageContent::Pinned(image) => ecr_uri(image).parse()?,
                ImageContent::Pushed(_) => uri.parse()?,
            },
            config: ImageConfig {
                entry_point: config.entry_point.clone().unwrap_or_default(),
                command: config.command.clone().unwrap_or_default(),
                working_directory: config.working_directory.clone(),
            },
        },
    })
}

/// The image under ECR's own name for it, whatever way the user named it by: podspec knows where ECR's images are pulled
/// from.
fn ecr_uri(image: &PinnedImage) -> String {
    let PinnedImage { account, region, repository, digest } = image;
    format!("{account}.dkr.ecr.{region}.amazonaws.com/{repository}@{digest}")
}
