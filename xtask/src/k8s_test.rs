//! `cargo xtask k8s-test`: the cluster tests, with all they need.

use std::process::Command;

use anyhow::{Context, Result};

use crate::cluster::{self, Cluster, Provider};
use crate::{clients, deploy, faketime, image_tools, images, moto, paths, shell};

/// Where kind puts Services unless told otherwise.
const KIND_SERVICES: &str = "10.96.0.0/16";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The kind of cluster to test on [default: what this machine has]
    #[arg(long, value_enum)]
    provider: Option<Provider>,
    /// Keep the namespaces and files of tests that fail
    #[arg(long)]
    keep: bool,
    /// Arguments for the test program, such as a part of tests' names
    #[arg(last = true)]
    test_args: Vec<String>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let Args { provider, keep, test_args } = args;
    let cluster = cluster::ensure_up(provider)?;
    images::ensure_loaded(&cluster)?;
    deploy::deploy(&cluster)?;
    let clients = clients::ensure()?;
    let moto = moto::ensure()?;
    if cluster.provider == Provider::Kind {
        route_into_kind(&cluster)?;
    }

    shell::step("running the cluster tests");
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--package", "fakecloud-server", "--features", "k8s-integration"]);
    cargo.args(["--test", "k8s_integration", "--", "--test-threads=1"]).args(test_args).current_dir(paths::repo());
    cargo.env("FAKECLOUD_K8S_TEST", "1").env("KUBECONFIG", &cluster.kubeconfig);
    cargo.env("FAKECLOUD_TEST_HOST", cluster.host_address()?).env("FAKECLOUD_TEST_CLIENTS", clients.dir);
    cargo.env("FAKECLOUD_TEST_MOTO", moto);
    cargo.env("FAKECLOUD_TEST_ORAS", image_tools::ensure_oras()?);
    // Elsewhere the tests that need them say so, unless the variables lead to what is there already.
    if shell::exists("apt-get") {
        cargo.env("FAKECLOUD_TEST_FAKETIME", faketime::ensure()?);
        cargo.env("FAKECLOUD_TEST_IMAGE_TOOLS", image_tools::ensure()?.root);
    }
    let node = cluster.node()?;
    cargo.env("FAKECLOUD_TEST_NODE_SHELL", node.shell).env("FAKECLOUD_TEST_NODE_ADDRESSES", node.addresses);
    cargo.env("FAKECLOUD_TEST_NODE_REGISTRIES", node.registries).env("FAKECLOUD_TEST_CTR", node.ctr);
    cargo.envs(keep.then_some(("FAKECLOUD_TEST_KEEP", "1")));
    shell::run(&mut cargo)
}

/// Leads this host's packets for Pods and Services to kind's node: the tests run fakecloud on the host, and fakecloud
/// speaks to Pods directly.
fn route_into_kind(cluster: &Cluster) -> Result<()> {
    let of_node = |path: &str| {
        let output = format!("--output=jsonpath={{.items[0].{path}}}");
        shell::output(cluster.kubectl().args(["get", "nodes", &output]))
    };
    let node = of_node("status.addresses[?(@.type==\"InternalIP\")].address")?;
    let node = node.split(' ').next().context("kind's node has no InternalIP")?;
    for network in [of_node("spec.podCIDR")?.as_str(), KIND_SERVICES] {
        shell::step(&format!("routing {network} to kind's node {node}"));
        let route = ["ip", "route", "replace", network, "via", node];
        match shell::exists("sudo") {
            true => shell::run(Command::new("sudo").args(route))?,
            false => shell::run(Command::new(route[0]).args(&route[1..]))?,
        }
    }
    Ok(())
}
