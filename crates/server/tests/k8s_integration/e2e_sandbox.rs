//! What a function finds around it, in a namespace that enforces the restricted Pod Security Standard.

use serde_json::{Value, json};

use crate::harness::{Fakecloud, Function, LogLevel, ServiceAccount, role_rules, with_temp_ns};

const LOOK_AROUND: &str = r#"
import errno, os

def refusal(path):
    try:
        with open(path, "w"):
            return None
    except OSError as error:
        return errno.errorcode[error.errno]

def handler(event, context):
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    return {
        "uid": os.getuid(),
        "gid": os.getgid(),
        "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
        "no_new_privileges": status["NoNewPrivs"],
        "seccomp": status["Seccomp"],
        "root": refusal("/created"),
        "task": refusal("/var/task/created"),
        "code": refusal("/var/task/app.py"),
        "layer": refusal("/opt/layer-file"),
        "tmp": refusal("/tmp/created"),
        "service_account": os.path.exists("/var/run/secrets/kubernetes.io"),
        "neighbour": "NEIGHBOUR_SERVICE_HOST" in os.environ,
    }
"#;

#[test]
fn function_is_lambdas_user_without_rights_on_a_read_only_root() {
    with_temp_ns(|ns| {
        ns.kubectl.create(&json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "neighbour"}, "spec": {"ports": [{"port": 80}]},
        }));
        let account = ServiceAccount::create(ns, &role_rules());
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[account.setting()]);
        let layer = fakecloud.lambda.publish_layer("any", &[("layer-file", b"")]);
        fakecloud.lambda.create_function("caged", &Function::python(LOOK_AROUND).layers(&[layer]));

        let found = fakecloud.lambda.invoke("caged", &Value::Null).returned();
        let expected = json!({
            "uid": 993,
            "gid": 990,
            "capabilities": 0,
            "no_new_privileges": "1",
            "seccomp": "2",
            "root": "EROFS",
            "task": "EROFS",
            "code": "EROFS",
            "layer": "EROFS",
            "tmp": null,
            "service_account": false,
            "neighbour": false,
        });
        assert_eq!(found, expected, "{found:#}");
    });
}

/// Without this, the test above would prove nothing about what the namespace enforces.
#[test]
fn namespace_refuses_a_pod_that_is_not_restricted() {
    with_temp_ns(|ns| {
        let account = ServiceAccount::create(ns, &role_rules());
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "privileged"},
            "spec": {"containers": [{"name": "any", "image": "busybox:1.36", "securityContext": {"privileged": true}}]},
        });
        let refusal = ns.kubectl.with_kubeconfig(&account.kubeconfig).try_create(&pod).unwrap_err();
        let enforced = refusal.contains("PodSecurity") || refusal.contains("pod security policy");
        assert!(enforced && refusal.contains("privileged"), "{refusal}");
    });
}
