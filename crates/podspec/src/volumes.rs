//! The volumes of a Pod: code, layers and `/tmp`, each only where something needs it.
//!
//! All are empty directories, which the kubelet makes writable for everyone, so no `fsGroup` and no walk over their
//! files is needed.

use k8s_openapi::api::core::v1::{EmptyDirVolumeSource, Volume, VolumeMount};

use crate::resources::mebibytes;
use crate::{Cluster, Function, Package, TmpMedium};

/// Where a function's code is, as on AWS.
pub(crate) const CODE_DIR: &str = "/var/task";
/// Where a function's layers are, as on AWS.
pub(crate) const LAYERS_DIR: &str = "/opt";

const CODE: &str = "code";
const LAYERS: &str = "layers";
const TMP: &str = "tmp";

pub(crate) fn volumes(function: &Function, cluster: &Cluster) -> Vec<Volume> {
    let plain = fetched(function).into_iter().map(|(name, _)| empty_dir(name, EmptyDirVolumeSource::default()));
    let tmp = EmptyDirVolumeSource {
        medium: match cluster.tmp_medium {
            TmpMedium::Memory => Some("Memory".to_owned()),
            TmpMedium::Disk => None,
        },
        size_limit: Some(mebibytes(function.ephemeral_storage.get())),
    };
    plain.chain([empty_dir(TMP, tmp)]).collect()
}

/// What the init container fills.
pub(crate) fn init_mounts(function: &Function) -> Vec<VolumeMount> {
    fetched(function).into_iter().map(|(name, path)| mount(name, path)).collect()
}

/// What the function sees: code and layers to read, `/tmp` to write.
pub(crate) fn mounts(function: &Function) -> Vec<VolumeMount> {
    let read_only = |(name, path)| VolumeMount { read_only: Some(true), ..mount(name, path) };
    fetched(function).into_iter().map(read_only).chain([mount(TMP, "/tmp")]).collect()
}

/// The volumes that have to be filled before the function starts, and where they are mounted.
fn fetched(function: &Function) -> Vec<(&'static str, &'static str)> {
    let code = match function.package {
        Package::Zip { .. } => Some((CODE, CODE_DIR)),
        Package::Image { .. } => None,
    };
    let layers = (!function.layers.is_empty()).then_some((LAYERS, LAYERS_DIR));
    code.into_iter().chain(layers).collect()
}

fn empty_dir(name: &str, source: EmptyDirVolumeSource) -> Volume {
    Volume { name: name.to_owned(), empty_dir: Some(source), ..Volume::default() }
}

fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}
