//! The way back: to the state after a reboot, and to the machine as it was before the first boot.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result};

use super::layout::{NETWORK, state};
use super::{cgroups, mounts, network, process, sysctl};

/// Directories that containerd, the CNI plugins and the kubelet make outside the state directory, with no option
/// against it.
const OUTSIDE: [&str; 9] = [
    "/run/containerd/s",
    "/run/containerd",
    "/run/netns",
    "/var/lib/cni/results",
    "/var/lib/cni",
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
];

/// Writes down the machine as it is before the first boot.
pub(super) fn remember_machine() -> Result<()> {
    sysctl::remember()?;
    if record().exists() {
        return Ok(());
    }
    let present: BTreeMap<&str, bool> = OUTSIDE.into_iter().map(|path| (path, Path::new(path).exists())).collect();
    fs::write(record(), serde_json::to_string_pretty(&present)?)
        .with_context(|| format!("cannot write {}", record().display()))
}

/// Ends and removes what a reboot of the machine would. Images, objects and credentials stay; containerd and the
/// kubelet know how to go on from there, as from any reboot.
pub(super) fn as_rebooted() -> Result<()> {
    process::end_all()?;
    cgroups::end_pods()?;
    let sockets = shim_sockets();
    mounts::delete_pod_namespaces()?;
    mounts::unmount_state()?;
    sockets.iter().try_for_each(|socket| remove(socket))?;
    for path in ["containerd/state", "cni/addresses", "run"] {
        remove(&state(path))?;
    }
    remove_cni_results()
}

/// Removes the cluster and all its traces.
pub(super) fn everything() -> Result<()> {
    as_rebooted()?;
    network::remove()?;
    sysctl::restore()?;
    remove_outside()?;
    remove(&state(""))
}

/// The sockets of shims, which the shims themselves remove unless they are killed.
fn shim_sockets() -> Vec<PathBuf> {
    let tasks = state("containerd/state/io.containerd.runtime.v2.task/k8s.io");
    let Ok(entries) = fs::read_dir(tasks) else { return Vec::new() };
    entries
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("address")).ok())
        .filter_map(|address| Some(PathBuf::from(address.trim().strip_prefix("unix://")?)))
        .collect()
}

/// What CNI remembers of each Pod of our network, for its deletion.
fn remove_cni_results() -> Result<()> {
    let Ok(entries) = fs::read_dir("/var/lib/cni/results") else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&format!("{NETWORK}-")) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes the directories outside that were not there before the first boot.
fn remove_outside() -> Result<()> {
    let Ok(text) = fs::read_to_string(record()) else { return Ok(()) };
    let before: BTreeMap<String, bool> =
        serde_json::from_str(&text).with_context(|| format!("cannot read {}", record().display()))?;
    before.iter().filter(|(_, present)| !**present).try_for_each(|(path, _)| remove(Path::new(path)))
}

/// Removes a file or a directory with its content; one that is gone is fine.
fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn record() -> PathBuf {
    state("directories.before.json")
}
