//! The cluster's certificates and the kubeconfigs that hold them, made by OpenSSL.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use super::layout::{API_PORT, API_SERVICE, GATEWAY, NODE, state};
use crate::shell;

/// Valid as long as any such cluster lives.
const DAYS: &str = "3650";

/// OpenSSL's default configuration would add extensions of its own.
const OPENSSL_CONFIG: &str = "[req]\ndistinguished_name = subject\n[subject]\n";

/// A certificate for servers and clients.
struct Leaf {
    name: &'static str,
    subject: String,
    alternative_names: String,
}

/// The clients that get a kubeconfig of their certificate.
const CLIENTS: [&str; 5] = ["admin", "controller-manager", "scheduler", "kubelet", "proxy"];

pub(super) fn certificate(name: &str) -> PathBuf {
    state("pki").join(format!("{name}.crt"))
}

pub(super) fn key(name: &str) -> PathBuf {
    state("pki").join(format!("{name}.key"))
}

pub(super) fn kubeconfig(client: &str) -> PathBuf {
    state("").join(format!("{client}.kubeconfig"))
}

/// Checks the tokens that the private half, `key("service-accounts")`, signs.
pub(super) fn service_accounts_public_key() -> PathBuf {
    state("pki/service-accounts.pub")
}

/// Makes what is missing; what is there stays, since tokens and kubeconfigs of a recovered cluster depend on it.
pub(super) fn ensure() -> Result<()> {
    fs::create_dir_all(state("pki")).with_context(|| format!("cannot create {}", state("pki").display()))?;
    fs::write(state("pki/openssl.cnf"), OPENSSL_CONFIG)?;
    if !certificate("ca").exists() {
        authority()?;
    }
    if !service_accounts_public_key().exists() {
        service_accounts_key_pair()?;
    }
    for leaf in leaves() {
        if !certificate(leaf.name).exists() {
            sign(&leaf)?;
        }
    }
    CLIENTS.iter().try_for_each(|client| write_kubeconfig(client))
}

fn leaves() -> Vec<Leaf> {
    let leaf = |name, subject: &str, alternative_names: &str| Leaf {
        name,
        subject: subject.to_owned(),
        alternative_names: alternative_names.to_owned(),
    };
    let api = format!(
        "IP:{GATEWAY},IP:{API_SERVICE},IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,\
         DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
    );
    let node = format!("/O=system:nodes/CN=system:node:{NODE}");
    vec![
        leaf("etcd", "/CN=etcd", "IP:127.0.0.1,DNS:localhost"),
        leaf("etcd-client", "/CN=etcd-client", "DNS:etcd-client"),
        leaf("apiserver", "/CN=kube-apiserver", &api),
        leaf("apiserver-kubelet", "/O=system:masters/CN=kube-apiserver-kubelet-client", "DNS:kube-apiserver"),
        leaf("admin", "/O=system:masters/CN=admin", "DNS:admin"),
        leaf("controller-manager", "/CN=system:kube-controller-manager", "DNS:controller-manager"),
        leaf("scheduler", "/CN=system:kube-scheduler", "DNS:scheduler"),
        leaf("kubelet", &node, &format!("IP:{GATEWAY},DNS:{NODE}")),
        leaf("proxy", "/CN=system:kube-proxy", "DNS:proxy"),
    ]
}

fn authority() -> Result<()> {
    let extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"];
    certify("ca", &mut request("ca", "/CN=fakecloud-cluster", &extensions))
}

fn service_accounts_key_pair() -> Result<()> {
    let openssl = || Command::new("openssl");
    let (private, public) = (key("service-accounts"), service_accounts_public_key());
    let generate = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"];
    shell::output(openssl().args(generate).arg(&private))?;
    shell::output(openssl().args(["pkey", "-pubout", "-in"]).arg(&private).arg("-out").arg(&public))?;
    Ok(())
}

fn sign(leaf: &Leaf) -> Result<()> {
    let names = format!("subjectAltName={}", leaf.alternative_names);
    let extensions = [
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth,clientAuth",
        &names,
    ];
    let mut request = request(leaf.name, &leaf.subject, &extensions);
    certify(leaf.name, request.arg("-CA").arg(certificate("ca")).arg("-CAkey").arg(key("ca")))
}

/// Writes the certificate under its name only when it is complete.
fn certify(name: &str, request: &mut Command) -> Result<()> {
    let draft = state("pki").join(format!("{name}.draft"));
    shell::output(request.arg("-out").arg(&draft)).with_context(|| format!("cannot make the {name} certificate"))?;
    fs::rename(&draft, certificate(name)).with_context(|| format!("cannot write {}", certificate(name).display()))
}

fn request(name: &str, subject: &str, extensions: &[&str]) -> Command {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-noenc", "-days", DAYS, "-subj", subject, "-config"]).arg(state("pki/openssl.cnf"));
    openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout"]).arg(key(name));
    for extension in extensions {
        openssl.args(["-addext", extension]);
    }
    openssl
}

fn write_kubeconfig(client: &str) -> Result<()> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "fakecloud", "cluster": {
            "server": format!("https://{GATEWAY}:{API_PORT}"),
            "certificate-authority": certificate("ca"),
        } }],
        "users": [{ "name": client, "user": {
            "client-certificate": certificate(client),
            "client-key": key(client),
        } }],
        "contexts": [{ "name": "fakecloud", "context": { "cluster": "fakecloud", "user": client } }],
        "current-context": "fakecloud",
    });
    let path = kubeconfig(client);
    fs::write(&path, serde_json::to_string_pretty(&config)?).with_context(|| format!("cannot write {}", path.display()))
}
