//! What this machine must offer before a node can run on it, each refusal in a sentence.

use std::net::TcpListener;
use std::{fs, io};

use anyhow::{Context, Result, bail};

use super::components::{self, Binaries};
use super::process;

pub(super) fn require_root() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("the native cluster needs root (mounts, cgroups, network): run it with sudo, or use --provider kind");
    }
    Ok(())
}

/// The recipe is for Debian 12: its releases of etcd, containerd, runc, Go and the Kubernetes source fit together.
pub(super) fn require_debian() -> Result<()> {
    let release = fs::read_to_string("/etc/os-release").context("cannot read /etc/os-release")?;
    let field = |name: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    if (field("ID").as_str(), field("VERSION_ID").as_str()) != ("debian", "12") {
        bail!("the native cluster needs Debian 12, this is {}: use --provider kind", field("PRETTY_NAME"));
    }
    Ok(())
}

/// Refuses ports that other programs hold; those of this cluster's own running components are fine.
pub(super) fn require_free_ports(binaries: &Binaries) -> Result<()> {
    for component in components::all(binaries) {
        if process::alive(&component) {
            continue;
        }
        for &(address, port) in component.listens {
            match TcpListener::bind((address, port)) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
                    "port {port} of {address} is taken, {} needs it: stop the program that listens there (`ss -ltnp`)",
                    component.name
                ),
                // An address that the machine does not have yet is free.
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok(())
}
