//! The control groups of Pods: whether the kernel offers what they need, and their end.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// Without these the kubelet does not start.
const REQUIRED: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];

/// The group below which the kubelet keeps every Pod.
const PODS: &str = "kubepods";

const DEADLINE: Duration = Duration::from_secs(10);

pub(super) fn require() -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read /proc/self/mounts")?;
    let unified = |root: &str| fs::read_to_string(format!("{root}/cgroup.controllers")).unwrap_or_default();
    let missing = missing(&mounts, unified);
    if !missing.is_empty() {
        bail!(
            "the cgroup controllers {} are not there: mount them below /sys/fs/cgroup, or enable them at boot \
             (cgroup_enable={}); in a container, they must be passed to it",
            missing.join(", "),
            missing[0]
        );
    }
    Ok(())
}

/// The required controllers that no mounted hierarchy has, of version 1 (an option of the mount) or 2 (a file in it).
fn missing(mounts: &str, unified: impl Fn(&str) -> String) -> Vec<&'static str> {
    let mut available: Vec<String> = Vec::new();
    for (root, kind, options) in hierarchies(mounts) {
        match kind {
            "cgroup" => available.extend(options.split(',').map(str::to_owned)),
            _ => available.extend(unified(root).split_whitespace().map(str::to_owned)),
        }
    }
    REQUIRED.into_iter().filter(|name| !available.iter().any(|it| it == name)).collect()
}

/// Mount point, type and options of every cgroup file system.
fn hierarchies(mounts: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (root, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
        kind.starts_with("cgroup").then_some((root, kind, options))
    })
}

/// Kills every process of every Pod and removes the Pods' groups.
pub(super) fn end_pods() -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read /proc/self/mounts")?;
    let deadline = Instant::now() + DEADLINE;
    for (root, ..) in hierarchies(&mounts) {
        let pods = Path::new(root).join(PODS);
        loop {
            let groups = groups(&pods)?;
            if groups.is_empty() {
                break;
            }
            if Instant::now() > deadline {
                bail!("the processes of Pods below {} do not end, not even when killed", pods.display());
            }
            groups.iter().for_each(|group| end(group));
            sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

/// Kills what is in a group and removes it; one that is still busy stays for the next round.
fn end(group: &Path) {
    let processes = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    for pid in processes.lines().filter_map(|line| line.parse().ok()).filter_map(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
    let _ = fs::remove_dir(group);
}

/// A group and all below it, children first; none if it does not exist.
fn groups(root: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", root.display()))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(groups(&entry.path())?);
        }
    }
    found.push(root.to_owned());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::missing;

    const VERSION_1: &str = "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n\
                             cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0\n\
                             cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n";
    const VERSION_2: &str = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n";

    #[test]
    fn controllers_of_version_1_are_mount_options() {
        assert_eq!(missing(VERSION_1, |_| String::new()), ["pids"]);
    }

    #[test]
    fn controllers_of_version_2_are_listed_in_the_root() {
        let controllers = |root: &str| {
            assert_eq!(root, "/sys/fs/cgroup");
            "cpuset cpu io pids\n".to_owned()
        };
        assert_eq!(missing(VERSION_2, controllers), ["memory"]);
    }
}
