//! Mounts and network namespaces that Pods leave behind.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::mount::{UnmountFlags, unmount};

use super::layout::{POD_CIDR, state};
use crate::shell;

/// Unmounts all below the state directory, the newest first.
pub(super) fn unmount_state() -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read /proc/self/mounts")?;
    for point in below(&mounts, &state("")).into_iter().rev() {
        unmount(&point, UnmountFlags::DETACH).with_context(|| format!("cannot unmount {point}"))?;
    }
    Ok(())
}

/// The mount points below a directory, in the order they were mounted.
fn below(mounts: &str, root: &Path) -> Vec<String> {
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    points.map(unescape).filter(|point| Path::new(point).starts_with(root)).collect()
}

/// `/proc/self/mounts` writes blanks and backslashes in octal.
fn unescape(point: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(point.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

/// Deletes the network namespaces that containerd made for Pods: `cni-…` with an address of the Pod range or none.
pub(super) fn delete_pod_namespaces() -> Result<()> {
    let Ok(entries) = fs::read_dir("/run/netns") else { return Ok(()) };
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("cni-") && is_of_pod(&name) {
            shell::output(Command::new("ip").args(["netns", "delete", &name]))?;
        }
    }
    Ok(())
}

fn is_of_pod(namespace: &str) -> bool {
    let show = ["-netns", namespace, "-4", "-oneline", "address", "show", "scope", "global"];
    // A namespace whose mount is gone cannot be entered, and belongs to nobody.
    let addresses = shell::output(Command::new("ip").args(show)).unwrap_or_default();
    let range = POD_CIDR.trim_end_matches(".0.0/16");
    addresses.lines().all(|line| line.contains(&format!("inet {range}.")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::below;

    #[test]
    fn only_mounts_below_the_directory_are_found() {
        let mounts =
            "tmpfs /state/pods/a\\040b tmpfs rw 0 0\n/dev/vda / ext4 rw 0 0\ntmpfs /state-of-others tmpfs rw 0 0\n";
        assert_eq!(below(mounts, Path::new("/state")), ["/state/pods/a b"]);
    }
}
