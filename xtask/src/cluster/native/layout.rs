//! Where the native cluster keeps its state, and its names and addresses.

use std::path::{Path, PathBuf};

/// Short, because a unix socket's path is limited to 107 bytes, and outside the cache because it holds private keys.
const STATE: &str = "/var/lib/fakecloud-cluster";

pub(super) const KUBERNETES_VERSION: &str = "1.20.2";

/// The node's name in the cluster.
pub(super) const NODE: &str = "fakecloud-node";
/// At most 15 characters, as for every network interface.
pub(super) const BRIDGE: &str = "fakecloud0";
/// The CNI network's name.
pub(super) const NETWORK: &str = "fakecloud";
/// Below the state directory: how containerd reaches registries, which it reads at each pull.
pub(super) const REGISTRIES: &str = "certs.d";
/// The host's address on the bridge: the API server, the kubelet and the DNS server listen there and nowhere else.
pub(super) const GATEWAY: &str = "10.88.0.1";
pub(super) const POD_CIDR: &str = "10.88.0.0/16";
pub(super) const SERVICE_CIDR: &str = "10.96.0.0/16";
/// The first address of [`SERVICE_CIDR`], which the API server gives to the Service `kubernetes`.
pub(super) const API_SERVICE: &str = "10.96.0.1";
pub(super) const API_PORT: u16 = 6443;
pub(super) const CLUSTER_DOMAIN: &str = "cluster.local";

/// A path below the state directory; `""` is the directory itself.
pub(super) fn state(path: &str) -> PathBuf {
    if path.is_empty() { PathBuf::from(STATE) } else { Path::new(STATE).join(path) }
}
