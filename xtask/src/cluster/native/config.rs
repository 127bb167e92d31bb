//! The configuration files of containerd, its CNI network and the kubelet.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::components::Binaries;
use super::layout::{BRIDGE, CLUSTER_DOMAIN, GATEWAY, NETWORK, POD_CIDR, REGISTRIES, state};
use super::pki;

pub(super) fn write(binaries: &Binaries) -> Result<()> {
    fs::create_dir_all(state("cni")).with_context(|| format!("cannot create {}", state("cni").display()))?;
    let network = serde_json::to_string_pretty(&network())?;
    let kubelet = serde_json::to_string_pretty(&kubelet())?;
    write_file("containerd.toml", &containerd(&binaries.node))?;
    write_file("cni/10-fakecloud.conflist", &network)?;
    // JSON is YAML too.
    write_file("kubelet.yaml", &kubelet)
}

fn write_file(name: &str, text: &str) -> Result<()> {
    fs::write(state(name), text).with_context(|| format!("cannot write {}", state(name).display()))
}

fn containerd(node: &Path) -> String {
    let state = state("");
    let (state, node) = (state.display(), node.display());
    // restrict_oom_score_adj: where CAP_SYS_RESOURCE is missing (in a container, say), runc otherwise fails with
    // "can't get final child's PID from pipe: EOF".
    format!(
        r#"version = 2
root = "{state}/containerd/root"
state = "{state}/containerd/state"
[grpc]
  address = "{state}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{state}/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.9"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{node}/usr/lib/cni"
    conf_dir = "{state}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{state}/{REGISTRIES}"
"#
    )
}

/// One bridge with the Pods' addresses. `isGateway` with an explicit route: with `isDefaultGateway` and a default
/// route the plugin fails with "file exists". The masquerade rule is the node's own, one for all Pods.
fn network() -> serde_json::Value {
    json!({
        "cniVersion": "0.4.0",
        "name": NETWORK,
        "plugins": [{
            "type": "bridge",
            "bridge": BRIDGE,
            "isGateway": true,
            "hairpinMode": true,
            "ipam": {
                "type": "host-local",
                "dataDir": state("cni/addresses"),
                "ranges": [[{ "subnet": POD_CIDR, "gateway": GATEWAY }]],
                "routes": [{ "dst": "0.0.0.0/0" }],
            },
        }],
    })
}

fn kubelet() -> serde_json::Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": GATEWAY,
        "authentication": {
            "anonymous": { "enabled": false },
            "webhook": { "enabled": true },
            "x509": { "clientCAFile": pki::certificate("ca") },
        },
        "authorization": { "mode": "Webhook" },
        "tlsCertFile": pki::certificate("kubelet"),
        "tlsPrivateKeyFile": pki::key("kubelet"),
        "clusterDomain": CLUSTER_DOMAIN,
        "clusterDNS": [GATEWAY],
        "resolvConf": "/etc/resolv.conf",
        "volumePluginDir": state("kubelet/volume-plugins"),
        // There is no systemd to ask.
        "cgroupDriver": "cgroupfs",
        // The node is the developer's machine: swap may be on, and Pods are not limited as a whole.
        "failSwapOn": false,
        "enforceNodeAllocatable": [],
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
        },
        // Loaded images cannot be pulled again.
        "imageGCHighThresholdPercent": 100,
        "serializeImagePulls": false,
        "maxPods": 250,
        // A kubelet of 1.20 allows itself 5 API requests and 5 events a second, one of today (1.27 and later) 50:
        // figures taken here are to hold on a cluster of today.
        "kubeAPIQPS": 50,
        "kubeAPIBurst": 100,
        "eventRecordQPS": 50,
        "eventBurst": 100,
    })
}
