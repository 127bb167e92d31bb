//! kubectl, with its answers parsed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};

/// kubectl as somebody, in a namespace.
#[derive(Clone)]
pub(crate) struct Kubectl {
    kubeconfig: Option<PathBuf>,
    namespace: Option<String>,
}

impl Kubectl {
    /// As the one whom `KUBECONFIG` names, in the default namespace.
    pub(crate) fn admin() -> Self {
        Self { kubeconfig: None, namespace: None }
    }

    pub(crate) fn in_namespace(&self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..self.clone() }
    }

    pub(crate) fn with_kubeconfig(&self, kubeconfig: &Path) -> Self {
        Self { kubeconfig: Some(kubeconfig.to_owned()), ..self.clone() }
    }

    /// What kubectl prints with `--output=json`.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let text = self.text(&[args, &["--output=json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("kubectl {args:?} printed no JSON: {error}\n{text}"))
    }

    /// What kubectl prints.
    pub(crate) fn text(&self, args: &[&str]) -> String {
        let output = self.run(args, None);
        assert!(output.status.success(), "kubectl {args:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What kubectl prints, or says instead; for reports that must not fail.
    pub(crate) fn attempt(&self, args: &[&str]) -> String {
        let Output { stdout, stderr, .. } = self.run(args, None);
        String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr)
    }

    /// Creates an object, or says why the API server refused it.
    pub(crate) fn try_create(&self, object: &Value) -> Result<(), String> {
        self.try_create_text(&object.to_string(), &[])
    }

    /// Creates what a manifest describes, with further arguments, or says why the API server refused it.
    pub(crate) fn try_create_text(&self, manifest: &str, args: &[&str]) -> Result<(), String> {
        let output = self.run(&[&["create", "--filename=-"], args].concat(), Some(manifest));
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// The JSON of the objects in a manifest, one after another.
    pub(crate) fn print(&self, manifest: &str) -> String {
        let output = self.run(&["create", "--dry-run=client", "--output=json", "--filename=-"], Some(manifest));
        assert!(output.status.success(), "kubectl cannot read: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn create(&self, object: &Value) {
        self.try_create(object).unwrap_or_else(|error| panic!("cannot create {object}: {error}"));
    }

    /// Replaces the status of an object, as a kubelet does; `object` is the whole of it.
    pub(crate) fn set_status(&self, path: &str, object: &Value) {
        let path = format!("{path}/status");
        let output = self.run(&["replace", "--raw", &path, "--filename=-"], Some(&object.to_string()));
        assert!(output.status.success(), "cannot set {path}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Evicts a Pod, as draining a node does.
    pub(crate) fn evict(&self, pod: &str) {
        let namespace = self.namespace.as_deref().expect("Pods are evicted from a namespace");
        let core: Value = serde_json::from_str(&self.text(&["get", "--raw=/api/v1"])).expect("discovery is JSON");
        let resources = core["resources"].as_array().expect("discovery has a list");
        let eviction = resources.iter().find(|one| one["name"] == "pods/eviction").expect("every API server evicts");
        let object = json!({
            "apiVersion": format!("policy/{}", eviction["version"].as_str().expect("a resource has a version")),
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
        });
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/eviction");
        let output = self.run(&["create", "--raw", &path, "--filename=-"], Some(&object.to_string()));
        assert!(output.status.success(), "cannot evict: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn run(&self, args: &[&str], stdin: Option<&str>) -> Output {
        let mut kubectl = Command::new("kubectl");
        kubectl.args(self.kubeconfig.iter().map(|path| format!("--kubeconfig={}", path.display())));
        kubectl.args(self.namespace.iter().map(|namespace| format!("--namespace={namespace}"))).args(args);
        kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = kubectl.spawn().expect("kubectl is on PATH");
        let mut pipe = child.stdin.take().expect("standard input is a pipe");
        let stdin = stdin.unwrap_or_default().as_bytes();
        // Written beside the reading: kubectl prints the first objects before it has read the last.
        thread::scope(|scope| {
            scope.spawn(move || pipe.write_all(stdin).expect("kubectl reads its standard input"));
            child.wait_with_output().expect("kubectl can be waited for")
        })
    }
}
