//! Debian packages: tools installed as usual, daemons only unpacked.
//!
//! Installing etcd-server or containerd would start system services on the very ports that the node needs, and
//! Debian's containerd would displace the one of a Docker engine. Their files work just as well from a directory.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::scratch::Scratch;
use crate::shell;

/// Programs and the packages that have them.
const TOOLS: [(&str, &str); 6] = [
    ("conntrack", "conntrack"),
    ("dnsmasq", "dnsmasq-base"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("kubectl", "kubernetes-client"),
    ("openssl", "openssl"),
];

/// Packages that are unpacked, never installed.
const NODE: [&str; 4] = ["containerd", "containernetworking-plugins", "etcd-server", "runc"];

/// Installs the tools that are missing.
pub(super) fn install() -> Result<()> {
    install_for(&TOOLS)
}

/// Installs the packages of those programs that `PATH` lacks.
pub(super) fn install_for(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> =
        programs.iter().filter(|(program, _)| !shell::exists(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    update_lists()?;
    shell::step(&format!("installing the Debian packages {}", missing.join(" ")));
    let options = ["install", "-qq", "--yes", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"];
    shell::output(apt_get().args(options).args(&missing))?;
    match programs.iter().find(|(program, _)| !shell::exists(program)) {
        Some((program, package)) => bail!(
            "`{program}` is not on PATH although the package {package} is installed: add /usr/sbin and /usr/bin to PATH"
        ),
        None => Ok(()),
    }
}

/// Unpacks the daemons below `root`, all or none.
pub(super) fn unpack_node(root: &Path) -> Result<()> {
    if root.exists() {
        return Ok(());
    }
    update_lists()?;
    shell::step(&format!("unpacking the Debian packages {}", NODE.join(" ")));
    let scratch = Scratch::new("debian")?;
    let unpacked = scratch.path().join("root");
    fs::create_dir(&unpacked)?;
    // With the user _apt, apt would warn that it cannot write here.
    let download = ["download", "-qq", "-o", "APT::Sandbox::User=root"];
    shell::output(apt_get().args(download).args(NODE).current_dir(scratch.path()))?;
    for entry in fs::read_dir(scratch.path())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            shell::output(Command::new("dpkg-deb").arg("--extract").arg(&path).arg(&unpacked))?;
        }
    }
    fs::rename(&unpacked, root).with_context(|| format!("cannot move the unpacked packages to {}", root.display()))
}

fn update_lists() -> Result<()> {
    static UPDATED: std::sync::OnceLock<()> = std::sync::OnceLock::new();
    if UPDATED.get().is_none() {
        shell::step("updating the package lists (apt-get update)");
        shell::output(apt_get().args(["update", "-qq"]))?;
        UPDATED.get_or_init(|| ());
    }
    Ok(())
}

/// apt-get that asks nothing and waits for another run of itself.
pub(super) fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]);
    command
}
