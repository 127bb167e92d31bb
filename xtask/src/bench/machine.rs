//! The machine that was measured on: figures mean nothing without it.

use std::fs;

use anyhow::Result;
use serde::Serialize;

/// Facts that a reader needs to compare figures with those of another machine.
#[derive(Serialize)]
pub(crate) struct Machine {
    cores: usize,
    cpu: String,
    kernel: String,
    /// Of the last minute, before the first measurement.
    load_average_before: String,
    /// Of the last minute, after the last one.
    load_average_after: String,
}

impl Machine {
    /// Looks at this machine before the measurements.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub(crate) fn before() -> Result<Self> {
        let cpu = fs::read_to_string("/proc/cpuinfo")?;
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            cpu: cpu.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned()),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            load_average_before: load_average()?,
            load_average_after: String::new(),
        })
    }

    /// Looks again after them.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub(crate) fn after(self) -> Result<Self> {
        Ok(Self { load_average_after: load_average()?, ..self })
    }

    /// All of it in one sentence.
    pub(crate) fn in_words(&self) -> String {
        let Self { cores, cpu, kernel, load_average_before, load_average_after } = self;
        format!(
            "{cores} cores ({cpu}), Linux {kernel}, load average {load_average_before} before and \
             {load_average_after} after"
        )
    }
}

fn load_average() -> Result<String> {
    let all = fs::read_to_string("/proc/loadavg")?;
    Ok(all.split(' ').next().unwrap_or_default().to_owned())
}
