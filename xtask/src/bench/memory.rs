//! What a process has in memory.

use std::fs;
use std::process::Child;

use anyhow::{Context, Result};

/// What of a process is in memory, in KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// All of it: `VmRSS` of `/proc/<pid>/status`.
    pub(crate) resident_kib: u64,
    /// The most it ever was: `VmHWM`.
    pub(crate) peak_kib: u64,
    /// The part that is its own, not its program's file: `RssAnon`.
    pub(crate) anonymous_kib: u64,
}

// === impl Memory ===

impl Memory {
    /// Looks at a process.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn of(process: &Child) -> Result<Self> {
        let id = process.id();
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
            kib.with_context(|| format!("/proc/{id}/status has no {name}"))
        };
        Ok(Self { resident_kib: field("VmRSS")?, peak_kib: field("VmHWM")?, anonymous_kib: field("RssAnon")? })
    }
}
