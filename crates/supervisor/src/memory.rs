//! The memory of the container, from its control group.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

/// The files of control groups of both versions with the most memory that was used, in bytes.
const PEAKS: [&str; 2] = ["/sys/fs/cgroup/memory.peak", "/sys/fs/cgroup/memory/memory.max_usage_in_bytes"];

/// The files of both versions that count the processes that the kernel killed.
const EVENTS: [&str; 2] = ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"];

/// The figures of the container's control group, where they can be read.
#[derive(Debug)]
pub(crate) struct Memory {
    peak: Option<File>,
    killed: u64,
}

// === impl Memory ===

impl Memory {
    pub(crate) fn new() -> Self {
        let peak = PEAKS.iter().find_map(|path| File::open(path).ok());
        Self { peak, killed: killed() }
    }

    /// The most memory that the container has used, in MiB.
    pub(crate) fn peak_mb(&self) -> Option<u32> {
        let mut text = [0; 32];
        let bytes = self.peak.as_ref()?.read_at(&mut text, 0).ok()?;
        let peak: u64 = std::str::from_utf8(&text[..bytes]).ok()?.trim().parse().ok()?;
        u32::try_from(peak / 1024 / 1024).ok()
    }

    /// Whether the kernel has killed a process for memory since this was asked last.
    pub(crate) fn has_killed(&mut self) -> bool {
        let before = std::mem::replace(&mut self.killed, killed());
        self.killed > before
    }
}

fn killed() -> u64 {
    let text = EVENTS.iter().find_map(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
    count.and_then(|it| it.trim().parse().ok()).unwrap_or(0)
}
