//! A namespace of its own for one run, and fast ways to its Pods: plain HTTP through `kubectl proxy`, one watch.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::http::Client;
use crate::cluster::Cluster;
use crate::shell;

/// Far more than a Pod needs to get an address, or to go.
const POD_TIMEOUT: Duration = Duration::from_secs(120);

/// The grace period of a function's Pod is 2 s; its containers have ended by then, although the Pod itself may be
/// listed for another minute.
const CONTAINERS_END: Duration = Duration::from_secs(4);

/// Deleted with all its Pods when dropped.
pub(crate) struct Namespace<'a> {
    pub(crate) name: String,
    cluster: &'a Cluster,
    proxy: Child,
    proxy_address: SocketAddr,
    watch: Child,
    addresses: Arc<Addresses>,
}

/// The Pod IPs that the watch has told.
#[derive(Default)]
struct Addresses {
    by_pod: Mutex<HashMap<String, IpAddr>>,
    told: Condvar,
}

impl<'a> Namespace<'a> {
    /// Makes the namespace and waits until it takes Pods.
    ///
    /// # Errors
    /// When the API server refuses, or kubectl cannot be started.
    pub(crate) fn make(cluster: &'a Cluster) -> Result<Self> {
        let name = format!("fakecloud-bench-{}", std::process::id());
        shell::output(cluster.kubectl().args(["create", "namespace", &name]))?;
        let (proxy, proxy_address) = start_proxy(cluster.kubectl())?;
        let addresses = Arc::<Addresses>::default();
        let watch = start_watch(cluster.kubectl(), &name, Arc::clone(&addresses))?;
        let namespace = Self { name, cluster, proxy, proxy_address, watch, addresses };
        namespace.await_service_account()?;
        Ok(namespace)
    }

    /// A connection to the API server, with the administrator's rights.
    ///
    /// # Errors
    /// When the proxy has ended.
    pub(crate) fn api(&self) -> Result<Client> {
        Client::connect(self.proxy_address)
    }

    /// The path of the Pods, or of what `below` names.
    pub(crate) fn pods_path(&self, below: &str) -> String {
        format!("/api/v1/namespaces/{}/pods{below}", self.name)
    }

    /// The only living Pod of this function.
    ///
    /// # Errors
    /// When the function has no Pod or several.
    pub(crate) fn pod_of(&self, function: &str) -> Result<Value> {
        let mut pods = self.living_pods()?;
        pods.retain(|pod| pod["metadata"]["labels"]["fakecloud-lambda"] == function);
        match pods.len() {
            1 => Ok(pods.remove(0)),
            other => bail!("function {function} has {other} Pods instead of one"),
        }
    }

    /// The names of this function's living Pods.
    ///
    /// # Errors
    /// When the API server does not list them.
    pub(crate) fn pods_of(&self, function: &str) -> Result<Vec<String>> {
        let mut pods = self.living_pods()?;
        pods.retain(|pod| pod["metadata"]["labels"]["fakecloud-lambda"] == function);
        let name = |pod: &Value| pod["metadata"]["name"].as_str().context("a Pod has a name").map(str::to_owned);
        pods.iter().map(name).collect()
    }

    /// Creates objects by one call of kubectl.
    ///
    /// # Errors
    /// When the API server refuses one of them.
    pub(crate) fn create(&self, objects: &Value) -> Result<()> {
        let mut file = tempfile::NamedTempFile::new()?;
        serde_json::to_writer(&mut file, objects)?;
        let mut kubectl = self.cluster.kubectl();
        kubectl.args(["create", "--namespace", &self.name, "--filename"]).arg(file.path());
        shell::output(&mut kubectl).map(drop)
    }

    /// Waits until the watch tells the Pod's IP.
    ///
    /// # Errors
    /// When it does not within two minutes.
    pub(crate) fn ip_of(&self, pod: &str) -> Result<IpAddr> {
        let by_pod = self.addresses.by_pod.lock().expect("the watch does not panic");
        let (by_pod, _) = self
            .addresses
            .told
            .wait_timeout_while(by_pod, POD_TIMEOUT, |by_pod| !by_pod.contains_key(pod))
            .expect("the watch does not panic");
        by_pod.get(pod).copied().with_context(|| format!("Pod {pod} has no IP after {} s", POD_TIMEOUT.as_secs()))
    }

    /// Waits until no container runs any more, so that no kubelet is busy with the last measurement.
    ///
    /// # Errors
    /// When a Pod has not been deleted after two minutes.
    pub(crate) fn settle(&self) -> Result<()> {
        let began = Instant::now();
        while !self.living_pods()?.is_empty() {
            if began.elapsed() > POD_TIMEOUT {
                bail!("Pods live on in namespace {} after {} s", self.name, POD_TIMEOUT.as_secs());
            }
            thread::sleep(Duration::from_millis(100));
        }
        thread::sleep(CONTAINERS_END);
        Ok(())
    }

    /// The Pods that nobody has deleted.
    fn living_pods(&self) -> Result<Vec<Value>> {
        let list: Value = serde_json::from_slice(&self.api()?.send("GET", &self.pods_path(""), "", b"")?.success()?)?;
        let pods = list["items"].as_array().context("a list of Pods has items")?;
        Ok(pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).cloned().collect())
    }

    /// A namespace takes Pods once it has its default ServiceAccount.
    fn await_service_account(&self) -> Result<()> {
        let path = format!("/api/v1/namespaces/{}/serviceaccounts/default", self.name);
        let (mut api, began) = (self.api()?, Instant::now());
        while api.send("GET", &path, "", b"")?.status != 200 {
            if began.elapsed() > POD_TIMEOUT {
                bail!("namespace {} got no default ServiceAccount: is the controller manager up?", self.name);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        for child in [&mut self.proxy, &mut self.watch] {
            // One that has ended by itself needs no end.
            drop(child.kill());
            drop(child.wait());
        }
        let delete = ["delete", "namespace", &self.name, "--wait=false"];
        if let Err(error) = shell::output(self.cluster.kubectl().args(delete)) {
            shell::step(&format!("namespace {} is left behind: {error:#}", self.name));
        }
    }
}

/// `kubectl proxy` speaks TLS to the API server, so that a request from here is plain HTTP.
fn start_proxy(mut kubectl: Command) -> Result<(Child, SocketAddr)> {
    let mut proxy = kubectl.args(["proxy", "--port=0"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(proxy.stdout.take().expect("standard output is piped")).read_line(&mut line)?;
    let port = line.trim().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let port: u16 = port.with_context(|| format!("kubectl proxy says no port but {line:?}"))?;
    Ok((proxy, (Ipv4Addr::LOCALHOST, port).into()))
}

/// One line for every change of a Pod: its name, and its IP as soon as it has one.
fn start_watch(mut kubectl: Command, namespace: &str, addresses: Arc<Addresses>) -> Result<Child> {
    let output = r#"--output=jsonpath={.metadata.name} {.status.podIP}{"\n"}"#;
    kubectl.args(["get", "pods", "--watch", "--namespace", namespace, output]);
    let mut watch = kubectl.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(watch.stdout.take().expect("standard output is piped")).lines();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some((pod, ip)) = line.split_once(' ')
                && let Ok(ip) = ip.parse()
            {
                addresses.by_pod.lock().expect("no reader panics").insert(pod.to_owned(), ip);
                addresses.told.notify_all();
            }
        }
    });
    Ok(watch)
}
