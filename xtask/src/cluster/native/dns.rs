//! Cluster DNS: dnsmasq on the bridge, and a mirror that gives it the names of all Services.
//!
//! Debian has no CoreDNS. dnsmasq answers for `cluster.local` from a hosts file and asks the machine's own servers
//! for all else; the mirror watches the Services and writes that file. Headless Services have no name here.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde::Deserialize;

use super::components::Arguments;
use super::layout::{CLUSTER_DOMAIN, GATEWAY, state};
use super::pki;
use super::process::{self, Process};
use super::ready::kubectl;
use crate::shell;

const PUBLISH_DEADLINE: Duration = Duration::from_secs(10);
/// Between two watches; a watch normally lasts for half an hour.
const RETRY: Duration = Duration::from_secs(1);

/// Namespace and name of a Service, and its cluster IP.
type Names = BTreeMap<(String, String), String>;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    object: Service,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(rename = "clusterIP", default)]
    cluster_ip: String,
}

pub(super) fn server() -> Process {
    let mut args = Arguments::default();
    for flag in ["keep-in-foreground", "bind-interfaces", "no-hosts", "no-poll", "log-facility=-", "user=root"] {
        args.flag(flag);
    }
    args.set("listen-address", GATEWAY);
    args.set("except-interface", "lo");
    args.path("conf-file", Path::new("/dev/null"));
    args.path("pid-file", &started_file());
    args.path("resolv-file", Path::new("/etc/resolv.conf"));
    args.path("addn-hosts", &hosts_file());
    // Never asks other servers for the cluster's names.
    args.set("local", &format!("/{CLUSTER_DOMAIN}/"));
    args.process("dnsmasq", shell::which("dnsmasq").unwrap_or_else(|| "dnsmasq".into()), &[(GATEWAY, 53)])
}

/// This very program, as [`mirror_services`].
pub(super) fn mirror() -> Process {
    let program = std::env::current_exe().unwrap_or_else(|_| "xtask".into());
    let mut args = Arguments::default();
    args.word("cluster");
    args.word("mirror-services");
    args.word(pki::kubeconfig("admin"));
    args.process("service-mirror", program, &[])
}

/// Waits until Pods can resolve a Service.
pub(in super::super) fn await_service_name(namespace: &str, name: &str) -> Result<()> {
    let get = ["get", "service", name, "--namespace", namespace, "--output", "jsonpath={.spec.clusterIP}"];
    let ip = shell::output(kubectl().args(get))?;
    if ip.is_empty() || ip == "None" {
        bail!("Service {namespace}/{name} has no cluster IP, so there is nothing that its name could resolve to");
    }
    let line = host_line(namespace, name, &ip);
    let deadline = Instant::now() + PUBLISH_DEADLINE;
    while !fs::read_to_string(hosts_file()).is_ok_and(|hosts| hosts.contains(&line)) {
        if Instant::now() > deadline {
            bail!("the name of Service {namespace}/{name} is not served; {}", process::log_tail("service-mirror"));
        }
        sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Keeps the hosts file equal to the cluster's Services, for ever.
pub(in super::super) fn mirror_services(kubeconfig: &Path) -> Result<()> {
    loop {
        if let Err(error) = mirror_once(kubeconfig) {
            eprintln!("cannot watch the Services, trying again: {error:#}");
        }
        sleep(RETRY);
    }
}

/// Lists all Services, then follows their changes until the watch ends.
fn mirror_once(kubeconfig: &Path) -> Result<()> {
    let get = || {
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(kubeconfig).args(["get", "services", "--all-namespaces", "--output=json"]);
        command
    };
    let list: List = serde_json::from_str(&shell::output(&mut get())?)?;
    let mut names = Names::new();
    list.items.into_iter().for_each(|service| insert(&mut names, service));
    publish(&names)?;

    let mut watch = get();
    let mut child = watch
        .args(["--watch", "--output-watch-events"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start kubectl")?;
    let followed = follow(child.stdout.take().expect("stdout is piped"), &mut names);
    // It may have ended already.
    let _ = child.kill();
    child.wait()?;
    followed
}

fn follow(events: impl Read, names: &mut Names) -> Result<()> {
    for event in serde_json::Deserializer::from_reader(BufReader::new(events)).into_iter() {
        let before = names.clone();
        apply(names, event.context("kubectl printed no watch event")?);
        if *names != before {
            publish(names)?;
        }
    }
    Ok(())
}

fn apply(names: &mut Names, event: Event) {
    if event.kind == "DELETED" {
        names.remove(&(event.object.metadata.namespace, event.object.metadata.name));
    } else {
        insert(names, event.object);
    }
}

fn insert(names: &mut Names, service: Service) {
    let Service { metadata: Metadata { namespace, name }, spec: Spec { cluster_ip } } = service;
    if cluster_ip.is_empty() || cluster_ip == "None" {
        names.remove(&(namespace, name));
    } else {
        names.insert((namespace, name), cluster_ip);
    }
}

/// Writes the hosts file and has dnsmasq read it again.
fn publish(names: &Names) -> Result<()> {
    let draft = hosts_file().with_extension("draft");
    fs::write(&draft, hosts(names)).with_context(|| format!("cannot write {}", draft.display()))?;
    fs::rename(&draft, hosts_file())?;
    let server = server();
    // Until dnsmasq has written this, the signal would end it; afterwards, it is about to read the file anyway.
    let started = fs::read_to_string(started_file()).ok().and_then(|pid| pid.trim().parse().ok());
    if started.is_some() && started == process::pid(&server) {
        process::signal(&server, Signal::HUP)?;
    }
    Ok(())
}

fn hosts(names: &Names) -> String {
    names.iter().map(|((namespace, name), ip)| host_line(namespace, name, ip)).collect()
}

fn host_line(namespace: &str, name: &str, ip: &str) -> String {
    format!("{ip} {name}.{namespace}.svc.{CLUSTER_DOMAIN}\n")
}

/// Holds dnsmasq's process id from when it handles signals on.
fn started_file() -> PathBuf {
    state("run/dnsmasq.started")
}

fn hosts_file() -> PathBuf {
    state("run/service-names")
}

#[cfg(test)]
mod tests {
    use super::{Names, apply, hosts};

    fn after(events: &[serde_json::Value]) -> String {
        let mut names = Names::new();
        for event in events {
            apply(&mut names, serde_json::from_value(event.clone()).unwrap());
        }
        hosts(&names)
    }

    fn event(kind: &str, name: &str, ip: &str) -> serde_json::Value {
        let metadata = serde_json::json!({ "namespace": "shop", "name": name });
        serde_json::json!({ "type": kind, "object": { "metadata": metadata, "spec": { "clusterIP": ip } } })
    }

    #[test]
    fn services_get_their_full_name() {
        let events = [event("ADDED", "cart", "10.96.0.7"), event("ADDED", "api", "10.96.0.9")];
        assert_eq!(after(&events), "10.96.0.9 api.shop.svc.cluster.local\n10.96.0.7 cart.shop.svc.cluster.local\n");
    }

    #[test]
    fn deleted_and_headless_services_have_no_name() {
        let events =
            [event("ADDED", "cart", "10.96.0.7"), event("DELETED", "cart", "10.96.0.7"), event("ADDED", "db", "None")];
        assert_eq!(after(&events), "");
    }
}
