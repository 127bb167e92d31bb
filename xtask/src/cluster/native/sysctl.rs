//! Kernel settings that a node changes: set where needed, remembered before, restored after.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::layout::state;

/// All that this node, the kubelet (`protectKernelDefaults` off) and kube-proxy write.
const TOUCHED: [&str; 9] = [
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "net/bridge/bridge-nf-call-iptables",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
];

/// Writes down the settings of the machine as the node finds it.
pub(super) fn remember() -> Result<()> {
    if record().exists() {
        return Ok(());
    }
    let values: BTreeMap<&str, String> = TOUCHED
        .into_iter()
        .filter_map(|name| Some((name, fs::read_to_string(path(name)).ok()?.trim().to_owned())))
        .collect();
    fs::write(record(), serde_json::to_string_pretty(&values)?)
        .with_context(|| format!("cannot write {}", record().display()))
}

pub(super) fn set(name: &str, value: &str) -> Result<()> {
    fs::write(path(name), value).with_context(|| format!("cannot set the kernel setting {name} to {value}"))
}

pub(super) fn restore() -> Result<()> {
    let Ok(text) = fs::read_to_string(record()) else { return Ok(()) };
    let values: BTreeMap<String, String> =
        serde_json::from_str(&text).with_context(|| format!("cannot read {}", record().display()))?;
    values.iter().try_for_each(|(name, value)| set(name, value))
}

fn path(name: &str) -> PathBuf {
    Path::new("/proc/sys").join(name)
}

fn record() -> PathBuf {
    state("sysctl.before.json")
}
