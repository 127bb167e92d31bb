//! A node that only the API server knows: no kubelet runs what is scheduled to it, or says that it lives.

use serde_json::{Value, json};

use super::{Kubectl, Namespace, eventually};

/// Takes Pods of one namespace's functions, until this is dropped.
pub(crate) struct SecondNode<'ns> {
    namespace: &'ns Namespace,
    name: String,
}

/// The label that Pods select it by, and the taint that keeps others away.
const KEY: &str = "fakecloud-test";

// === impl SecondNode ===

impl<'ns> SecondNode<'ns> {
    /// Joins the cluster. As nobody renews what it says of itself, it is not ready any more after forty seconds.
    pub(crate) fn join(namespace: &'ns Namespace) -> Self {
        let (admin, name) = (Kubectl::admin(), namespace.name.clone());
        let mut node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {KEY: name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}},
            "spec": {"taints": [{"key": KEY, "value": name, "effect": "NoSchedule"}]},
        });
        admin.create(&node);
        let this = Self { namespace, name };
        let room = json!({"cpu": "8", "memory": "16Gi", "pods": "10", "ephemeral-storage": "16Gi"});
        let ready = json!([{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "it will do"}]);
        node["status"] = json!({"capacity": room, "allocatable": room, "conditions": ready});
        admin.set_status(&format!("/api/v1/nodes/{}", this.name), &node);
        this
    }

    /// Lets functions tolerate what keeps others away.
    pub(crate) const SETTING: (&'static str, &'static str) = ("FAKECLOUD_K8S_TAG_TOLERATIONS", KEY);

    /// The tags of functions whose Pods go there, and nowhere else.
    pub(crate) fn tags(&self) -> Value {
        json!({
            "fakecloud-k8s/node-selector": format!("{KEY}={}", self.name),
            "fakecloud-k8s/tolerations": format!("{KEY}={}:NoSchedule", self.name),
        })
    }

    /// Waits until a Pod of this function is scheduled, and says of it that it runs and has this address.
    pub(crate) fn run(&self, function: &str, address: &Value) {
        let kubectl = &self.namespace.kubectl;
        let mut pod = eventually("the second node is given a Pod", || {
            let pods = self.namespace.pods_of(function).into_iter();
            pods.map(|pod| pod.object).find(|pod| pod["spec"]["nodeName"] == self.name)
        });
        let condition = |type_: &str| json!({"type": type_, "status": "True"});
        let conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(condition);
        let (phase, addresses) = ("Running", [json!({"ip": address})]);
        pod["status"] = json!({"phase": phase, "podIP": address, "podIPs": addresses, "conditions": conditions});
        let name = pod["metadata"]["name"].as_str().expect("every Pod has a name");
        kubectl.set_status(&format!("/api/v1/namespaces/{}/pods/{name}", self.namespace.name), &pod);
    }
}

impl Drop for SecondNode<'_> {
    fn drop(&mut self) {
        let there = format!("--field-selector=spec.nodeName={}", self.name);
        self.namespace.kubectl.attempt(&["delete", "pods", &there, "--grace-period=0", "--force", "--wait=false"]);
        Kubectl::admin().attempt(&["delete", "node", &self.name]);
    }
}
