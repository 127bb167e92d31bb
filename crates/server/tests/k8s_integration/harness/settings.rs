//! What the tests need from outside, all of it set by `cargo xtask k8s-test`.

use std::env;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::Kubectl;

pub(crate) struct Settings {
    /// The address by which Pods reach a server on this host.
    pub(crate) host: String,
    /// The directory with the AWS clients.
    pub(crate) clients: PathBuf,
    /// What stands before a command for it to run on the cluster's node: `docker exec NODE`, or nothing.
    pub(crate) node_shell: Vec<String>,
    /// The directory on the node in which the `host-local` plugin keeps the Pods' addresses.
    pub(crate) node_addresses: String,
    /// Keep the namespace of a test that fails.
    pub(crate) keep: bool,
}

/// The settings.
///
/// # Panics
/// With what is missing, the same words in every test.
pub(crate) fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let asked = env::var("FAKECLOUD_K8S_TEST").is_ok_and(|value| value == "1");
        assert!(
            asked,
            "FAKECLOUD_K8S_TEST is not 1: these tests create and delete Pods, so they run only when asked to, by \
             `cargo xtask k8s-test`, which also boots a cluster for them"
        );
        Settings {
            host: required("FAKECLOUD_TEST_HOST", "the address by which Pods reach this host"),
            clients: required("FAKECLOUD_TEST_CLIENTS", "the directory with the AWS clients").into(),
            node_shell: required("FAKECLOUD_TEST_NODE_SHELL", "what stands before a command to run it on the node")
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            node_addresses: required("FAKECLOUD_TEST_NODE_ADDRESSES", "where the node keeps the addresses of Pods"),
            keep: env::var_os("FAKECLOUD_TEST_KEEP").is_some(),
        }
    })
}

/// The address by which Pods reach a server on this host.
pub(crate) fn host() -> &'static str {
    &settings().host
}

/// The directory with moto's server, for `PYTHONPATH`.
///
/// # Panics
/// Without the variable, in words.
pub(crate) fn moto() -> PathBuf {
    required("FAKECLOUD_TEST_MOTO", "the directory with moto's server").into()
}

/// The root below which skopeo, Docker and what they need are unpacked.
///
/// # Panics
/// Without the variable, in words.
pub(crate) fn image_tools() -> PathBuf {
    required("FAKECLOUD_TEST_IMAGE_TOOLS", "the root of Debian's packages skopeo and docker.io, unpacked").into()
}

/// The directory with the Python package oras, for `PYTHONPATH`.
///
/// # Panics
/// Without the variable, in words.
pub(crate) fn oras() -> PathBuf {
    required("FAKECLOUD_TEST_ORAS", "the directory with the Python package oras").into()
}

/// The directory on the node below which its containerd finds how to reach registries.
///
/// # Panics
/// Without the variable, in words.
pub(crate) fn node_registries() -> String {
    required("FAKECLOUD_TEST_NODE_REGISTRIES", "where the node's containerd finds how to reach registries")
}

/// The command that speaks to the node's containerd, in words.
///
/// # Panics
/// Without the variable, in words.
pub(crate) fn ctr() -> Vec<String> {
    let command = required("FAKECLOUD_TEST_CTR", "the command that speaks to the node's containerd");
    command.split_whitespace().map(str::to_owned).collect()
}

/// The library that sets the clock of a process, for `LD_PRELOAD`.
///
/// # Panics
/// Without the variable, in words.
pub(crate) fn faketime() -> PathBuf {
    required("FAKECLOUD_TEST_FAKETIME", "libfaketime's library").into()
}

/// Checks the settings, and that kubectl reaches a cluster with a node that is ready.
pub(crate) fn require_cluster() {
    settings();
    let nodes = Kubectl::admin().json(&["get", "nodes"]);
    let ready = nodes["items"].as_array().into_iter().flatten().any(|node| {
        let conditions = node["status"]["conditions"].as_array();
        conditions.into_iter().flatten().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    });
    assert!(ready, "the cluster has no node that is ready: {nodes:#}");
}

fn required(name: &str, what: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set, {what}: `cargo xtask k8s-test` sets it"))
}
