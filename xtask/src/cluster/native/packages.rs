//! Debian packages: tools installed as usual, daemons only unpacked.
//!
//! Installing etcd-server or containerd would start system services on the very ports that the node needs, and
//! Debian's containerd would displace the one of a Docker engine. Their files work just as well from a directory.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::scratch::Scratch;
use crate::{debian, shell};

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
    debian::update_lists()?;
    shell::step(&format!("installing the Debian packages {}", missing.join(" ")));
    let options = ["install", "-qq", "--yes", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"];
    shell::output(debian::apt_get().args(options).args(&missing))?;
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
    shell::step(&format!("unpacking the Debian packages {}", NODE.join(" ")));
    let scratch = Scratch::new("debian")?;
    let unpacked = scratch.path().join("root");
    debian::download(&NODE, scratch.path())?;
    debian::unpack(scratch.path(), &unpacked)?;
    fs::rename(&unpacked, root).with_context(|| format!("cannot move the unpacked packages to {}", root.display()))
}
