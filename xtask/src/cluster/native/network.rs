//! The bridge that Pods are on, and the kernel settings and packet filter rules it needs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::layout::{BRIDGE, GATEWAY, POD_CIDR, SERVICE_CIDR};
use super::{iptables, sysctl};
use crate::shell;

pub(super) fn prepare() -> Result<()> {
    load_modules()?;
    refuse_taken_ranges()?;
    if !bridge_exists() {
        create_bridge()?;
    }
    sysctl::set("net/ipv4/ip_forward", "1")?;
    sysctl::set("net/bridge/bridge-nf-call-iptables", "1")?;
    iptables::add_own_rules()
}

pub(super) fn remove() -> Result<()> {
    iptables::remove_rules()?;
    if bridge_exists() {
        // Ports of the bridge whose Pod's namespace lives on would otherwise stay as lone interfaces.
        for port in ports()? {
            shell::output(ip().args(["link", "delete", &port]))?;
        }
        shell::output(ip().args(["link", "delete", BRIDGE]))?;
    }
    Ok(())
}

/// Loads what is not built into the kernel; what is missing afterwards is named with its use.
fn load_modules() -> Result<()> {
    let overlay = || std::fs::read_to_string("/proc/filesystems").is_ok_and(|it| it.contains("\toverlay\n"));
    let netfilter = || Path::new("/proc/sys/net/bridge/bridge-nf-call-iptables").exists();
    for (module, present, use_) in [
        ("overlay", &overlay as &dyn Fn() -> bool, "file systems of containers"),
        ("br_netfilter", &netfilter, "Services between Pods"),
    ] {
        if !present() && shell::exists("modprobe") {
            shell::output(Command::new("modprobe").arg(module))?;
        }
        if !present() {
            bail!("the kernel has no support for {module} ({use_}): load that module or use another kernel");
        }
    }
    Ok(())
}

/// Refuses to run where an address of the Pod or Service range already leads elsewhere.
fn refuse_taken_ranges() -> Result<()> {
    for range in [POD_CIDR, SERVICE_CIDR] {
        let routes = shell::output(ip().args(["-4", "route", "show", "root", range]))?;
        if let Some(route) = routes.lines().find(|route| !route.contains(BRIDGE)) {
            bail!("the address range {range} is in use (`ip route`: {route}): take that network down first");
        }
    }
    Ok(())
}

/// A locally administered address of the bridge's own. Without one the kernel gives it the lowest of its ports'
/// addresses, which changes as Pods come and go, and what every Pod knows of its gateway is wrong for half a minute.
const BRIDGE_ADDRESS: &str = "02:fa:ce:c1:0d:01";

fn create_bridge() -> Result<()> {
    let bridge = ["link", "add", BRIDGE, "address", BRIDGE_ADDRESS, "type", "bridge"];
    shell::output(ip().args(bridge)).context("cannot create a bridge: does the kernel have CONFIG_BRIDGE?")?;
    shell::output(ip().args(["address", "add", &format!("{GATEWAY}/16"), "dev", BRIDGE]))?;
    shell::output(ip().args(["link", "set", BRIDGE, "up"]))?;
    // A first pair tells at once whether Pods will get their interface.
    let veth = ["link", "add", "fakecloud-try0", "type", "veth", "peer", "name", "fakecloud-try1"];
    shell::output(ip().args(veth)).context("cannot create a veth pair: does the kernel have CONFIG_VETH?")?;
    shell::output(ip().args(["link", "delete", "fakecloud-try0"]))?;
    Ok(())
}

fn bridge_exists() -> bool {
    Path::new("/sys/class/net").join(BRIDGE).exists()
}

fn ports() -> Result<Vec<String>> {
    let directory = Path::new("/sys/class/net").join(BRIDGE).join("brif");
    let entries = std::fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn ip() -> Command {
    Command::new("ip")
}
