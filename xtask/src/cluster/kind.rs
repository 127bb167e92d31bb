//! The kind provider: nothing but kind's own command line, with a pinned node image.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::Node;
use crate::{paths, shell};

const NAME: &str = "fakecloud";

/// <https://github.com/kubernetes-sigs/kind/releases> lists the node images of each release.
const NODE_IMAGE: &str = "kindest/node:v1.33.4";

/// Whether kind is installed and a Docker engine answers.
pub(super) fn available() -> bool {
    shell::exists("kind")
        && Command::new("docker")
            .arg("info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}

pub(super) fn kubeconfig() -> Result<PathBuf> {
    Ok(paths::cache()?.join("kind.kubeconfig"))
}

/// The addresses are in the directory that kind's own network, kindnet, tells the plugin, in a folder of the network's
/// name; registries are where the nodes of kind 0.27 and later look: <https://kind.sigs.k8s.io/docs/user/local-registry/>.
pub(super) fn node() -> Node {
    let shell = format!("docker exec {NAME}-control-plane");
    Node {
        ctr: format!("{shell} ctr"),
        shell,
        addresses: PathBuf::from("/run/cni-ipam-state/kindnet"),
        registries: PathBuf::from("/etc/containerd/certs.d"),
    }
}

pub(super) fn up(kubeconfig: &Path) -> Result<()> {
    require()?;
    if exists()? {
        shell::step("the kind cluster is there already");
        return shell::run(kind().args(["export", "kubeconfig", "--name", NAME, "--kubeconfig"]).arg(kubeconfig));
    }
    shell::step(&format!("creating a kind cluster of {NODE_IMAGE}"));
    let create = ["create", "cluster", "--name", NAME, "--image", NODE_IMAGE, "--wait", "180s", "--kubeconfig"];
    shell::run(kind().args(create).arg(kubeconfig))
}

pub(super) fn down() -> Result<()> {
    require()?;
    let kubeconfig = kubeconfig()?;
    shell::run(kind().args(["delete", "cluster", "--name", NAME, "--kubeconfig"]).arg(&kubeconfig))?;
    if kubeconfig.exists() {
        std::fs::remove_file(&kubeconfig).with_context(|| format!("cannot remove {}", kubeconfig.display()))?;
    }
    Ok(())
}

pub(super) fn status() -> Result<()> {
    require()?;
    if !exists()? {
        bail!("the kind cluster {NAME} does not exist: `cargo xtask cluster up --provider kind` creates it");
    }
    shell::run(Command::new("kubectl").arg("--kubeconfig").arg(kubeconfig()?).args(["get", "nodes", "-o", "wide"]))
}

pub(super) fn load_image(archive: &Path) -> Result<()> {
    shell::run(kind().args(["load", "image-archive", "--name", NAME]).arg(archive))
}

/// The IPv4 gateway of the Docker network that kind's nodes are in.
pub(super) fn host_address() -> Result<String> {
    let format = "{{range .IPAM.Config}}{{println .Gateway}}{{end}}";
    let gateways = shell::output(Command::new("docker").args(["network", "inspect", "kind", "--format", format]))?;
    let ipv4 = gateways.lines().find(|gateway| gateway.parse::<std::net::Ipv4Addr>().is_ok());
    Ok(ipv4.with_context(|| format!("the Docker network `kind` has no IPv4 gateway, only: {gateways:?}"))?.to_owned())
}

fn exists() -> Result<bool> {
    Ok(shell::output(kind().args(["get", "clusters"]))?.lines().any(|cluster| cluster == NAME))
}

fn require() -> Result<()> {
    if !available() {
        bail!("--provider kind needs `kind` on PATH and a Docker engine that answers `docker info`");
    }
    Ok(())
}

fn kind() -> Command {
    Command::new("kind")
}
