//! The native provider: a real single-node Kubernetes on this machine, without Docker and without systemd.
//!
//! etcd, containerd, runc and the CNI plugins come from Debian's packages, the Kubernetes server from Debian's source
//! package, built once. All state is below one directory; `down` removes it and all that the node did to the machine.

mod build;
mod cgroups;
mod components;
mod config;
mod dns;
mod iptables;
mod layout;
mod machine;
mod mounts;
mod network;
mod packages;
mod pki;
mod policies;
mod process;
mod ready;
mod reset;
mod scratch;
mod sysctl;

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use self::components::Binaries;
use self::layout::state;
use super::{Node, say};
use crate::shell;

pub(super) use self::dns::{await_service_name, mirror_services};

/// Whether a native cluster was booted and not taken down since.
pub(super) fn exists() -> bool {
    state("").exists()
}

pub(super) fn kubeconfig() -> PathBuf {
    pki::kubeconfig("admin")
}

pub(super) fn host_address() -> String {
    layout::GATEWAY.to_owned()
}

pub(super) fn node() -> Result<Node> {
    let ctr = Binaries::locate()?.node.join("usr/bin/ctr");
    let ctr = format!("{} --address {}", ctr.display(), state("containerd.sock").display());
    let (addresses, registries) = (state("cni/addresses").join(layout::NETWORK), state(layout::REGISTRIES));
    Ok(Node { shell: String::new(), addresses, registries, ctr })
}

pub(super) fn up() -> Result<()> {
    machine::require_root()?;
    let binaries = Binaries::locate()?;
    if components::all(&binaries).iter().all(process::alive) && ready::now() {
        shell::step("the native cluster is up already");
        return Ok(());
    }
    machine::require_debian()?;
    cgroups::require()?;
    packages::install()?;
    packages::unpack_node(&binaries.node)?;
    build::ensure(&binaries.kubernetes)?;

    let started = Instant::now();
    let containerd = components::containerd(&binaries);
    if exists() && !process::alive(&containerd) {
        shell::step("recovering a node that lost its processes, as after a reboot of the machine");
        reset::as_rebooted()?;
    }
    machine::require_free_ports(&binaries)?;
    boot(&binaries)?;
    shell::step(&format!("node {} is ready after {:.1} s", layout::NODE, started.elapsed().as_secs_f32()));
    Ok(())
}

fn boot(binaries: &Binaries) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(state(""))
        .with_context(|| format!("cannot create {}", state("").display()))?;
    reset::remember_machine()?;
    shell::step("making certificates, configuration and network");
    pki::ensure()?;
    config::write(binaries)?;
    network::prepare()?;

    shell::step("starting etcd, containerd and the API server");
    let control = components::control_plane(binaries);
    process::start_missing(&control)?;
    ready::await_api_server(&control)?;
    policies::apply()?;

    shell::step("starting controllers, scheduler, kubelet, kube-proxy and DNS");
    // A kubelet that runs on need not speak for minutes.
    let kubelet_starts = !process::alive(&components::kubelet(binaries));
    let old_heartbeat = if kubelet_starts { ready::last_heartbeat() } else { None };
    let all = components::all(binaries);
    process::start_missing(&all)?;
    ready::await_node(&all, old_heartbeat.as_deref())
}

pub(super) fn down() -> Result<()> {
    machine::require_root()?;
    if !exists() {
        shell::step("there is no native cluster to take down");
        return Ok(());
    }
    shell::step("stopping the node and removing what it left on the machine");
    reset::everything()
}

pub(super) fn status() -> Result<()> {
    machine::require_root()?;
    let components = components::all(&Binaries::locate()?);
    say(&format!("state directory  {}", state("").display()))?;
    say(&format!("kubeconfig       {}", kubeconfig().display()))?;
    for component in &components {
        let text = process::pid(component).map_or_else(|| "not running".to_owned(), |pid| format!("pid {pid}"));
        say(&format!("{:<24} {text}", component.name))?;
    }
    let dead: Vec<&str> = components.iter().filter(|it| !process::alive(it)).map(|it| it.name).collect();
    if !dead.is_empty() {
        bail!("the native cluster is not up ({}): `cargo xtask cluster up` boots or repairs it", dead.join(", "));
    }
    if !ready::now() {
        bail!("all processes run, but node {} is not ready: see {}", layout::NODE, state("log").display());
    }
    say(&format!("node {} is ready", layout::NODE))
}

pub(super) fn load_image(archive: &Path) -> Result<()> {
    let ctr = Binaries::locate()?.node.join("usr/bin/ctr");
    let mut import = Command::new(ctr);
    import.arg("--address").arg(state("containerd.sock")).args(["--namespace", "k8s.io", "images", "import"]);
    shell::output(import.arg(archive))?;
    Ok(())
}
