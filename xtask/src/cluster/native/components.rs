//! The node's processes and their command lines.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::layout::{API_PORT, GATEWAY, KUBERNETES_VERSION, NODE, POD_CIDR, SERVICE_CIDR, state};
use super::process::Process;
use super::{dns, pki};
use crate::paths;

/// Where the programs are.
pub(super) struct Binaries {
    /// Holds kube-apiserver and its siblings.
    pub(super) kubernetes: PathBuf,
    /// The root below which Debian's etcd, containerd, runc and CNI packages are unpacked.
    pub(super) node: PathBuf,
}

/// What the API server and the images need: etcd, containerd, the API server.
pub(super) fn control_plane(binaries: &Binaries) -> Vec<Process> {
    vec![etcd(binaries), containerd(binaries), apiserver(binaries)]
}

/// All components, in the order of their start.
pub(super) fn all(binaries: &Binaries) -> Vec<Process> {
    let mut all = control_plane(binaries);
    all.extend([controller_manager(binaries), scheduler(binaries), kubelet(binaries), proxy(binaries)]);
    all.extend([dns::server(), dns::mirror()]);
    all
}

fn etcd(binaries: &Binaries) -> Process {
    let mut args = Arguments::default();
    args.path("data-dir", &state("etcd"));
    args.set("name", NODE);
    args.set("listen-client-urls", "https://127.0.0.1:2379");
    args.set("advertise-client-urls", "https://127.0.0.1:2379");
    args.set("listen-peer-urls", "https://127.0.0.1:2380");
    args.set("initial-advertise-peer-urls", "https://127.0.0.1:2380");
    args.set("initial-cluster", &format!("{NODE}=https://127.0.0.1:2380"));
    for prefix in ["", "peer-"] {
        args.set(&format!("{prefix}client-cert-auth"), "true");
        args.path(&format!("{prefix}trusted-ca-file"), &pki::certificate("ca"));
        args.path(&format!("{prefix}cert-file"), &pki::certificate("etcd"));
        args.path(&format!("{prefix}key-file"), &pki::key("etcd"));
    }
    let program = binaries.node.join("usr/bin/etcd");
    args.process("etcd", program, &[("127.0.0.1", 2379), ("127.0.0.1", 2380)])
}

pub(super) fn containerd(binaries: &Binaries) -> Process {
    let mut args = Arguments::default();
    args.path("config", &state("containerd.toml"));
    let mut process = args.process("containerd", binaries.node.join("usr/bin/containerd"), &[]);
    // It looks there for its shim and for runc.
    process.path = vec![binaries.node.join("usr/bin"), binaries.node.join("usr/sbin")];
    process
}

fn apiserver(binaries: &Binaries) -> Process {
    let mut args = Arguments::default();
    args.set("etcd-servers", "https://127.0.0.1:2379");
    args.path("etcd-cafile", &pki::certificate("ca"));
    args.path("etcd-certfile", &pki::certificate("etcd-client"));
    args.path("etcd-keyfile", &pki::key("etcd-client"));
    args.set("bind-address", GATEWAY);
    args.set("advertise-address", GATEWAY);
    args.set("secure-port", &API_PORT.to_string());
    args.path("client-ca-file", &pki::certificate("ca"));
    args.path("tls-cert-file", &pki::certificate("apiserver"));
    args.path("tls-private-key-file", &pki::key("apiserver"));
    args.path("kubelet-client-certificate", &pki::certificate("apiserver-kubelet"));
    args.path("kubelet-client-key", &pki::key("apiserver-kubelet"));
    // The node's name resolves nowhere; logs and exec need its address.
    args.set("kubelet-preferred-address-types", "InternalIP");
    args.set("authorization-mode", "Node,RBAC");
    args.set("enable-admission-plugins", "NodeRestriction,PodSecurityPolicy");
    args.set("allow-privileged", "true");
    args.path("service-account-key-file", &pki::service_accounts_public_key());
    args.path("service-account-signing-key-file", &pki::key("service-accounts"));
    args.set("service-account-issuer", "https://kubernetes.default.svc.cluster.local");
    args.set("service-cluster-ip-range", SERVICE_CIDR);
    args.process("kube-apiserver", binaries.kubernetes.join("kube-apiserver"), &[(GATEWAY, API_PORT)])
}

fn controller_manager(binaries: &Binaries) -> Process {
    let mut args = Arguments::default();
    args.path("kubeconfig", &pki::kubeconfig("controller-manager"));
    args.path("service-account-private-key-file", &pki::key("service-accounts"));
    args.path("root-ca-file", &pki::certificate("ca"));
    args.set("use-service-account-credentials", "true");
    args.path("flex-volume-plugin-dir", &state("kubelet/volume-plugins"));
    args.set("leader-elect", "false");
    args.set("bind-address", "127.0.0.1");
    // No unauthenticated port.
    args.set("port", "0");
    // How soon a fresh node loses its "not ready" taint; 5 s otherwise.
    args.set("node-monitor-period", "1s");
    // The defaults (20, 30) are for a cluster that someone tunes; managed ones allow more.
    args.set("kube-api-qps", "100");
    args.set("kube-api-burst", "200");
    let program = binaries.kubernetes.join("kube-controller-manager");
    args.process("kube-controller-manager", program, &[("127.0.0.1", 10257)])
}

fn scheduler(binaries: &Binaries) -> Process {
    let mut args = Arguments::default();
    args.path("kubeconfig", &pki::kubeconfig("scheduler"));
    args.set("leader-elect", "false");
    args.set("bind-address", "127.0.0.1");
    args.set("port", "0");
    args.set("kube-api-qps", "100");
    args.set("kube-api-burst", "200");
    args.process("kube-scheduler", binaries.kubernetes.join("kube-scheduler"), &[("127.0.0.1", 10259)])
}

pub(super) fn kubelet(binaries: &Binaries) -> Process {
    let mut args = Arguments::default();
    args.path("config", &state("kubelet.yaml"));
    args.path("kubeconfig", &pki::kubeconfig("kubelet"));
    args.path("root-dir", &state("kubelet"));
    args.path("cert-dir", &state("kubelet/pki"));
    args.set("hostname-override", NODE);
    args.set("node-ip", GATEWAY);
    args.set("container-runtime", "remote");
    args.set("container-runtime-endpoint", &format!("unix://{}", state("containerd.sock").display()));
    let ports = &[(GATEWAY, 10250), ("127.0.0.1", 10248)];
    args.process("kubelet", binaries.kubernetes.join("kubelet"), ports)
}

fn proxy(binaries: &Binaries) -> Process {
    let mut args = Arguments::default();
    args.path("kubeconfig", &pki::kubeconfig("proxy"));
    args.set("proxy-mode", "iptables");
    args.set("cluster-cidr", POD_CIDR);
    args.set("hostname-override", NODE);
    args.set("healthz-bind-address", "127.0.0.1:10256");
    args.set("metrics-bind-address", "127.0.0.1:10249");
    // The machine's conntrack settings stay as they are.
    args.set("conntrack-max-per-core", "0");
    args.set("conntrack-tcp-timeout-established", "0s");
    args.set("conntrack-tcp-timeout-close-wait", "0s");
    let ports = &[("127.0.0.1", 10249), ("127.0.0.1", 10256)];
    args.process("kube-proxy", binaries.kubernetes.join("kube-proxy"), ports)
}

/// A command line in the making.
#[derive(Default)]
pub(super) struct Arguments(Vec<OsString>);

// === impl Arguments ===

impl Arguments {
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.push(format!("--{name}={value}").into());
    }

    pub(super) fn path(&mut self, name: &str, value: &Path) {
        let mut argument = OsString::from(format!("--{name}="));
        argument.push(value);
        self.0.push(argument);
    }

    pub(super) fn flag(&mut self, name: &str) {
        self.0.push(format!("--{name}").into());
    }

    pub(super) fn word(&mut self, word: impl Into<OsString>) {
        self.0.push(word.into());
    }

    pub(super) fn process(
        self,
        name: &'static str,
        program: PathBuf,
        listens: &'static [(&'static str, u16)],
    ) -> Process {
        Process { name, program, args: self.0, path: Vec::new(), listens }
    }
}

// === impl Binaries ===

impl Binaries {
    pub(super) fn locate() -> Result<Self> {
        let cache = paths::cache()?;
        Ok(Self { kubernetes: cache.join("kubernetes").join(KUBERNETES_VERSION), node: cache.join("debian-12-node") })
    }
}
