//! Pods as the API server shows them.

use serde_json::Value;

use super::Kubectl;

pub(crate) struct Pod {
    pub(crate) name: String,
    /// The whole object.
    pub(crate) object: Value,
}

impl Pod {
    /// The Pods with these labels.
    pub(crate) fn list(kubectl: &Kubectl, selector: &str) -> Vec<Self> {
        let list = kubectl.json(&["get", "pods", &format!("--selector={selector}")]);
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().map(Self::new).collect()
    }

    fn new(object: Value) -> Self {
        let name = object["metadata"]["name"].as_str().expect("every Pod has a name").to_owned();
        Self { name, object }
    }

    pub(crate) fn label(&self, label: &str) -> &str {
        let labels = &self.object["metadata"]["labels"];
        labels[label].as_str().unwrap_or_else(|| panic!("Pod {} has no label {label}: {labels}", self.name))
    }

    /// Whether the Pod is being deleted.
    pub(super) fn is_terminating(&self) -> bool {
        !self.object["metadata"]["deletionTimestamp"].is_null()
    }

    /// The container (of either kind) with this name.
    pub(crate) fn container(&self, name: &str) -> &Value {
        ["initContainers", "containers"]
            .into_iter()
            .filter_map(|kind| self.object["spec"][kind].as_array())
            .flatten()
            .find(|container| container["name"] == name)
            .unwrap_or_else(|| panic!("Pod {} has no container {name}: {:#}", self.name, self.object["spec"]))
    }

    /// The phase, and the state of every container.
    pub(super) fn states(&self) -> String {
        let status = &self.object["status"];
        let mut text = status["phase"].to_string();
        if self.is_terminating() {
            text += &format!(", deleted at {}", self.object["metadata"]["deletionTimestamp"]);
        }
        for kind in ["initContainerStatuses", "containerStatuses"] {
            for container in status[kind].as_array().into_iter().flatten() {
                text += &format!("\n    {}: {}", container["name"], container["state"]);
            }
        }
        text
    }
}
