//! Bare Pods: what the cluster alone needs for a Pod like a function's, without fakecloud.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::functions::{self, Code};
use super::http::Client;
use super::namespace::Namespace;
use super::server::Server;

/// The emulator's port.
pub(crate) const RIE_PORT: u16 = 8080;

/// Between two attempts at a port that does not listen yet.
const DIAL_INTERVAL: Duration = Duration::from_millis(4);
const OPEN_TIMEOUT: Duration = Duration::from_secs(300);

/// A function's own Pod made bare: the same images, limits, volumes and security, with an init container that does
/// nothing. The emulator opens its port before it looks for code.
pub(crate) struct BarePod {
    /// In the names of all that are made: an address is known by a name, also after its Pod has gone.
    what: String,
    manifest: Value,
    made: AtomicUsize,
}

impl BarePod {
    /// Creates a function, starts its first Pod, which brings everything from the disk, and takes that for a model.
    ///
    /// # Errors
    /// Any answer but the event; those of [`BarePod::like`].
    pub(crate) fn of_function(server: &Server, namespace: &Namespace<'_>, function: &str, code: &Code) -> Result<Self> {
        functions::create(server, function, code)?;
        functions::invoke(&mut server.client()?, &functions::invoke_path(function))?;
        Self::like(function, &namespace.pod_of(function)?)
    }

    /// Takes the Pod of a function, as the API server gives it, for a model. No two may have the same name.
    ///
    /// # Errors
    /// When it is no Pod with an init container.
    pub(crate) fn like(what: &str, function_pod: &Value) -> Result<Self> {
        let mut spec = function_pod["spec"].clone();
        let fields = spec.as_object_mut().context("a Pod has a spec")?;
        // What the scheduler and the API server wrote into it.
        fields.retain(|field, _| {
            !["nodeName", "serviceAccount", "serviceAccountName", "tolerations"].contains(&&**field)
        });
        let init = spec["initContainers"][0].as_object_mut().context("a function's Pod has an init container")?;
        init.retain(|field, _| !["args", "env"].contains(&&**field));
        init.insert("command".to_owned(), json!(["true"]));
        let manifest = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": spec });
        Ok(Self { what: what.to_owned(), manifest, made: AtomicUsize::new(0) })
    }

    /// Time from the request to create one until its port opens. It is deleted then.
    ///
    /// # Errors
    /// When the API server refuses it, or it does not listen within 300 s.
    pub(crate) fn time_to_open(&self, namespace: &Namespace<'_>) -> Result<Duration> {
        let mut api = namespace.api()?;
        let name = self.next_name();
        let began = Instant::now();
        self.create(&mut api, namespace, &name)?;
        await_open(namespace.ip_of(&name)?)?;
        let took = began.elapsed();
        api.send("DELETE", &namespace.pods_path(&format!("/{name}")), "", b"")?.success()?;
        Ok(took)
    }

    /// Time until `count` of them, created at once, have all opened their ports. They are deleted then.
    ///
    /// # Errors
    /// Those of [`BarePod::time_to_open`].
    pub(crate) fn time_to_open_all(&self, namespace: &Namespace<'_>, count: usize) -> Result<Duration> {
        let times = thread::scope(|scope| {
            let pods: Vec<_> = (0..count).map(|_| scope.spawn(|| self.time_to_open(namespace))).collect();
            pods.into_iter().map(|pod| pod.join().expect("a measurement does not panic")).collect::<Result<Vec<_>>>()
        });
        Ok(times?.into_iter().max().unwrap_or_default())
    }

    /// The same, created by one call of kubectl, which is part of the time.
    ///
    /// # Errors
    /// Those of [`BarePod::time_to_open`].
    pub(crate) fn time_to_open_all_by_kubectl(&self, namespace: &Namespace<'_>, count: usize) -> Result<Duration> {
        let names: Vec<String> = (0..count).map(|_| self.next_name()).collect();
        let items: Vec<Value> = names.iter().map(|name| self.named(name)).collect();
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
        let began = Instant::now();
        let opened = thread::scope(|scope| {
            let open = |name: &String| await_open(namespace.ip_of(name)?);
            let pods: Vec<_> = names.iter().map(|name| scope.spawn(move || open(name))).collect();
            namespace.create(&list)?;
            pods.into_iter().try_for_each(|pod| pod.join().expect("a measurement does not panic"))
        });
        let took = began.elapsed();
        opened?;
        let mut api = namespace.api()?;
        for name in names {
            api.send("DELETE", &namespace.pods_path(&format!("/{name}")), "", b"")?.success()?;
        }
        Ok(took)
    }

    fn next_name(&self) -> String {
        format!("bare-{}-{}", self.what, self.made.fetch_add(1, Ordering::Relaxed))
    }

    fn named(&self, name: &str) -> Value {
        let mut manifest = self.manifest.clone();
        manifest["metadata"]["name"] = json!(name);
        manifest
    }

    fn create(&self, api: &mut Client, namespace: &Namespace<'_>, name: &str) -> Result<()> {
        let body = serde_json::to_vec(&self.named(name))?;
        api.send("POST", &namespace.pods_path(""), "Content-Type: application/json\r\n", &body)?.success()?;
        Ok(())
    }
}

/// Waits until the emulator listens there.
///
/// # Errors
/// When it does not within 300 s.
pub(crate) fn await_open(ip: IpAddr) -> Result<()> {
    let (address, began) = (SocketAddr::new(ip, RIE_PORT), Instant::now());
    while began.elapsed() < OPEN_TIMEOUT {
        if TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok() {
            return Ok(());
        }
        thread::sleep(DIAL_INTERVAL);
    }
    bail!("{address} does not listen after {} s", OPEN_TIMEOUT.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_pod_differs_in_what_it_fetches_and_in_nothing_else() {
        let limits = json!({ "limits": { "memory": "640Mi" } });
        let function_pod = json!({
            "metadata": { "name": "fakecloud-lambda-f-1", "labels": { "fakecloud-managed-by": "fakecloud" } },
            "spec": {
                "nodeName": "node",
                "volumes": [{ "name": "code", "emptyDir": {} }],
                "initContainers": [{ "image": "busybox", "command": ["sh"], "args": ["-c"], "env": [], "resources": limits }],
                "containers": [{ "image": "python", "args": ["app.handler"], "resources": limits }],
            },
            "status": { "podIP": "10.0.0.1" },
        });
        let expected = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {},
            "spec": {
                "volumes": [{ "name": "code", "emptyDir": {} }],
                "initContainers": [{ "image": "busybox", "command": ["true"], "resources": limits }],
                "containers": [{ "image": "python", "args": ["app.handler"], "resources": limits }],
            },
        });
        assert_eq!(BarePod::like("python", &function_pod).unwrap().manifest, expected);
    }
}
