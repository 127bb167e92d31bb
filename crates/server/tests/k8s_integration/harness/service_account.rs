//! A ServiceAccount with rights of its own, as fakecloud's Deployment has.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Kubectl, Namespace, eventually, unique};

/// A ServiceAccount in a namespace, and the kubeconfig of one who is it.
pub(crate) struct ServiceAccount {
    pub(crate) kubeconfig: PathBuf,
}

/// The rules of the Role in `deploy/`.
pub(crate) fn role_rules() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/role.yaml");
    let path = file.to_str().expect("the repository's path is UTF-8");
    let role = Kubectl::admin().json(&["create", "--dry-run=client", "--filename", path]);
    role["rules"].clone()
}

// === impl ServiceAccount ===

impl ServiceAccount {
    /// Creates a ServiceAccount that may do what `rules` say, in its own namespace only.
    pub(crate) fn create(namespace: &Namespace, rules: &Value) -> Self {
        let kubectl = &namespace.kubectl;
        let name = format!("fakecloud-{}", unique());
        kubectl.create(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}));
        kubectl.create(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules,
        }));
        kubectl.create(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace.name}],
        }));
        let kubeconfig = namespace.dir().join(format!("{name}.json"));
        let text = kubeconfig_with(&token(kubectl, &name)).to_string();
        fs::write(&kubeconfig, text).expect("the namespace's directory takes a file");
        Self { kubeconfig }
    }

    /// The setting that makes fakecloud this ServiceAccount.
    pub(crate) fn setting(&self) -> (&str, &str) {
        ("KUBECONFIG", self.kubeconfig.to_str().expect("the namespace's directory is UTF-8"))
    }
}

/// A token of the ServiceAccount, by the one way that every Kubernetes since 1.2 knows.
fn token(kubectl: &Kubectl, account: &str) -> String {
    let annotations = json!({"kubernetes.io/service-account.name": account});
    kubectl.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": account, "annotations": annotations},
    }));
    let encoded = eventually("the ServiceAccount has a token", || {
        kubectl.json(&["get", "secret", account])["data"]["token"].as_str().map(str::to_owned)
    });
    let token = STANDARD.decode(encoded).expect("Secrets are Base64");
    String::from_utf8(token).expect("tokens are ASCII")
}

/// The administrator's kubeconfig with another one's token in place of the administrator's credentials.
fn kubeconfig_with(token: &str) -> Value {
    let mut config = Kubectl::admin().json(&["config", "view", "--minify", "--raw", "--flatten"]);
    config["users"][0]["user"] = json!({"token": token});
    config
}
