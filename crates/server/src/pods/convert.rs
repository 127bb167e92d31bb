//! From the control plane's records to podspec's checked values, and nothing else.

use fakecloud_lambda::{
    Architecture as RecordArchitecture, FunctionRecord, ImageContent, Package as RecordPackage, PinnedImage,
};
use fakecloud_podspec::{
    Architecture, Environment, EphemeralStorageMib, Function, ImageConfig, InvalidValue, MemoryMib, Package,
    Scheduling, TimeoutSecs,
};
use tracing::warn;

/// What a Pod of this function version is rendered from. Bad `fakecloud-k8s/…` tags are logged and ignored.
pub(crate) fn function(record: &FunctionRecord) -> Result<Function, InvalidValue> {
    let mut function =
        Function::new(record.name.parse()?, record.region.parse()?, record.account.parse()?, package(&record.package)?);
    let (scheduling, bad_tags) = Scheduling::from_tags(&record.tags);
    for bad in bad_tags {
        warn!(function = %record.arn(), tag = %bad, "ignoring a tag");
    }
    function.arn = record.unqualified_arn();
    function.version = record.version.parse()?;
    function.layers = record.layers.iter().map(|layer| layer.code.sha256_hex.clone()).collect();
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
