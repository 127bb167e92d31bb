//! The memory that clients may have this process hold: parts of one total.

use std::path::{Path, PathBuf};

use fakecloud_lambda::MAX_REQUEST_BYTES;
use tracing::{info, warn};

use crate::args::Size;

/// What is assumed where nothing limits the process, and no less where more is there: who wants more says so.
const TOTAL_BYTES: u64 = 1 << 30;

/// Below this the largest archive that AWS takes has no room.
const TOTAL_BYTES_ENOUGH: u64 = 512 << 20;

/// The memory that the largest body takes: itself and what is decoded from it.
pub(crate) const LARGEST_BODY_BYTES: usize = 2 * MAX_REQUEST_BYTES as usize;

/// Where Linux shows the limits of control groups.
const CGROUPS: &str = "/sys/fs/cgroup";

/// The parts, in bytes. What is left of the total, five sixteenths, is for the process itself, connections and what is too
/// small to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Bodies of requests that are being read or applied.
    pub(crate) bodies: usize,
    /// Payloads of invocations that wait or run.
    pub(crate) payloads: usize,
    /// Payloads of events that are queued.
    pub(crate) events: usize,
}

impl Parts {
    /// The parts of the setting, or else of what there is. Blocks.
    pub(crate) fn of_setting(setting: Option<Size>) -> Self {
        let total = setting.map_or_else(|| limit().map_or(TOTAL_BYTES, |limit| limit.min(TOTAL_BYTES)), |Size(it)| it);
        if total < TOTAL_BYTES_ENOUGH {
            warn!(
                memory_mib = total >> 20,
                "there is too little memory for the largest archives: raise the memory limit of the container to 512Mi or more"
            );
        }
        info!(memory_mib = total >> 20, "memory that request bodies, payloads and events have their parts of");
        Self::of(total)
    }

    fn of(total: u64) -> Self {
        let sixteenths = |count: u64| usize::try_from(total / 16 * count).unwrap_or(usize::MAX);
        Self { bodies: sixteenths(7), payloads: sixteenths(2), events: sixteenths(2) }
    }
}

/// The lowest limit of the control groups that this process is in, in bytes.
fn limit() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    files(&groups).iter().filter_map(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok()).min()
}

/// The files that may have a limit: of each group and those that it is in, as versions 2 and 1 of control groups have them.
fn files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { continue };
        let (root, name) = match controllers {
            "" => (CGROUPS.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|it| it == "memory") => {
                (format!("{CGROUPS}/memory"), "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let path = Path::new(&root).join(group.trim_start_matches('/'));
        let within = path.ancestors().take_while(|it| it.starts_with(&root));
        files.extend(within.map(|it| it.join(name)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_less_than_the_whole() {
        for total in [512 << 20, 1 << 30, 8 << 30] {
            let Parts { bodies, payloads, events } = Parts::of(total);
            let sum = (bodies + payloads + events) as u64;
            assert_eq!(sum, total / 16 * 11, "five sixteenths are left");
            assert!(bodies > LARGEST_BODY_BYTES, "{total}: there is room for the largest body beside others");
        }
    }

    #[test]
    fn limits_are_looked_for_in_all_groups_around_the_process() {
        let files = |groups| files(groups).iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
        assert_eq!(files("0::/\n"), ["/sys/fs/cgroup/memory.max"]);
        let nested = ["/sys/fs/cgroup/kubepods/pod1/memory.max", "/sys/fs/cgroup/kubepods/memory.max"];
        assert_eq!(files("0::/kubepods/pod1"), [&nested[..], &["/sys/fs/cgroup/memory.max"]].concat());
        let old = ["/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
        assert_eq!(files("5:devices:/\n4:memory:/a"), old);
    }
}
