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
    for component in components::all(binaries).iter().filter(|it| !process::alive(it)) {
        if let Some((address, port)) = component.listens.iter().find(|(address, port)| taken(address, *port)) {
            bail!(
                "port {port} of {address} is taken, {} needs it: stop the program that listens there (`ss -ltnp`)",
                component.name
            );
        }
    }
    Ok(())
}

fn taken(address: &str, port: u16) -> bool {
    let bound = match TcpListener::bind((address, port)) {
        // The bridge does not exist yet; a program that listens on every address also holds those of loopback.
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => TcpListener::bind(("127.0.0.2", port)),
        bound => bound,
    };
    bound.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::taken;

    #[test]
    fn port_of_a_listener_is_taken_until_it_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(taken("127.0.0.1", port));
        drop(listener);
        assert!(!taken("127.0.0.1", port));
    }

    #[test]
    fn listener_on_every_address_takes_the_port_of_one_that_is_still_to_come() {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // TEST-NET-1 of RFC 5737: no machine has it.
        assert!(taken("192.0.2.1", port));
        drop(listener);
        assert!(!taken("192.0.2.1", port));
    }
}
