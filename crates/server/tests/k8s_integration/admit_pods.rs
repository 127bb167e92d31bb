//! Every Pod in podspec's snapshots is one that a real API server takes, without creating it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Deserializer, Value, json};

use crate::harness::{Kubectl, ServiceAccount, role_rules, unique, with_temp_ns};

#[test]
fn every_pod_snapshot_is_admitted() {
    with_temp_ns(|ns| {
        let account = ServiceAccount::create(ns, &role_rules());
        let (restricted, unrestricted): (Vec<_>, Vec<_>) = snapshots().into_iter().partition(is_restricted);
        assert!(restricted.len() >= 20 && !unrestricted.is_empty(), "{} and {}", restricted.len(), unrestricted.len());

        // Most as fakecloud creates them, those that restricted namespaces refuse on purpose where nothing is enforced.
        let in_restricted = ns.kubectl.with_kubeconfig(&account.kubeconfig);
        let anywhere = Kubectl::admin().in_namespace("default");
        let classes = Classes::create(restricted.iter().chain(&unrestricted));
        let refusals: Vec<_> =
            [dry_run(&in_restricted, &restricted, &classes), dry_run(&anywhere, &unrestricted, &classes)].concat();
        classes.delete();
        assert!(refusals.is_empty(), "{}", refusals.join("\n"));
    });
}

/// The Pods, named after their snapshots.
fn snapshots() -> Vec<Value> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../podspec/tests/snapshots");
    let mut paths: Vec<_> = fs::read_dir(&dir)
        .unwrap_or_else(|error| panic!("no snapshots in {}: {error}", dir.display()))
        .map(|entry| entry.expect("the directory can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "snap"))
        .collect();
    paths.sort();
    let yaml: String = paths.iter().map(|path| format!("---\n{}", without_front_matter(path))).collect();
    // kubectl is the YAML parser here: it is the one that users have.
    let text = Kubectl::admin().print(&yaml);
    let mut pods: Vec<Value> = Deserializer::from_str(&text).into_iter().map(|pod| pod.expect("JSON")).collect();
    assert_eq!(pods.len(), paths.len(), "one Pod for each snapshot");
    for (pod, path) in pods.iter_mut().zip(&paths) {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("snapshots have names");
        pod["metadata"]["name"] = json!(name.replace(['_', '.'], "-"));
        pod["metadata"]["namespace"] = Value::Null;
    }
    pods
}

fn without_front_matter(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a snapshot can be read");
    let rest = text.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n"));
    rest.unwrap_or_else(|| panic!("{} has no front matter", path.display())).1.to_owned()
}

fn is_restricted(pod: &Value) -> bool {
    pod["spec"]["containers"][0]["securityContext"]["runAsNonRoot"] == true
}

/// Asks the API server what it would say; each refusal with the name of the snapshot.
fn dry_run(kubectl: &Kubectl, pods: &[Value], classes: &Classes) -> Vec<String> {
    let items: Vec<_> = pods.iter().map(|pod| classes.rename_in(pod.clone())).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    kubectl.try_create_text(&list, &["--dry-run=server"]).err().into_iter().collect()
}

/// PriorityClasses and RuntimeClasses, which admission looks up; they have no namespace, so they get unique names.
struct Classes {
    suffix: String,
    objects: Vec<Value>,
}

// === impl Classes ===

impl Classes {
    /// Creates all that these Pods name.
    fn create<'a>(pods: impl Iterator<Item = &'a Value> + Clone) -> Self {
        let suffix = unique();
        let named =
            |field: &str| -> BTreeSet<&str> { pods.clone().filter_map(|pod| pod["spec"][field].as_str()).collect() };
        let priorities = named("priorityClassName").into_iter().map(|name| {
            let metadata = json!({"name": format!("{name}-{suffix}")});
            json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": metadata, "value": 1})
        });
        let runtimes = named("runtimeClassName").into_iter().map(|name| {
            let metadata = json!({"name": format!("{name}-{suffix}")});
            json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": metadata, "handler": "any"})
        });
        let objects: Vec<_> = priorities.chain(runtimes).collect();
        for object in &objects {
            Kubectl::admin().create(object);
        }
        Self { suffix, objects }
    }

    /// The Pod with the names that its classes have here.
    fn rename_in(&self, mut pod: Value) -> Value {
        for field in ["priorityClassName", "runtimeClassName"] {
            if let Some(name) = pod["spec"][field].as_str() {
                pod["spec"][field] = json!(format!("{name}-{}", self.suffix));
            }
        }
        pod
    }

    fn delete(self) {
        for object in self.objects {
            let name = object["metadata"]["name"].as_str().expect("it was created with a name");
            let kind = object["kind"].as_str().expect("it was created with a kind");
            Kubectl::admin().text(&["delete", kind, name]);
        }
    }
}
