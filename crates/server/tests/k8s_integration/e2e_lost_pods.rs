//! Pods that go away, or whose packets do, while fakecloud counts on them.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Fakecloud, Function, Namespace, Node, Pod, Witness, eventually, with_temp_ns};

/// A peer that vanished is noticed after 10 s without an acknowledgement, whatever the function's timeout is.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

/// No start takes longer, `FAKECLOUD_LAMBDA_START_TIMEOUT` by default.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A function that nothing but its answer or its Pod's end can end in time.
const TIMEOUT_S: u64 = 300;

/// Takes whatever is sent to the port that functions listen on, and tells the witness of it.
const TRAP: &str = r#"
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server(("", 8080))
def tell(line):
    with socket.create_connection((host, int(port))) as witness:
        witness.sendall(line + b"\n")
address = socket.gethostbyname(socket.gethostname())
tell(f"the trap listens at {address}".encode())
while True:
    stream, _ = listener.accept()
    tell(b"the trap was sent: " + stream.recv(64).split(b"\r\n")[0])
    stream.close()
"#;

#[test]
fn idle_pod_deleted_with_kubectl_is_replaced_without_an_error() {
    with_temp_ns(|ns| {
        let (fakecloud, _witness) = telltale(ns);
        let first = fakecloud.lambda.invoke("telltale", &event("first", 0)).returned();
        let pod = first["pod"].as_str().expect("the function names its Pod");
        ns.kubectl.text(&["delete", "pod", pod, "--grace-period=0", "--force", "--wait=false"]);

        let asked = Instant::now();
        let second = fakecloud.lambda.invoke("telltale", &event("second", 0)).returned();
        assert_ne!(second["pod"], first["pod"]);
        assert!(asked.elapsed() < START_TIMEOUT, "more than a start was waited for: {:?}", asked.elapsed());
    });
}

#[test]
fn pod_killed_under_its_invocation_gives_one_error_and_no_second_run() {
    with_temp_ns(|ns| {
        let (fakecloud, witness) = telltale(ns);
        let lambda = &fakecloud.lambda;
        let answer = thread::scope(|scope| {
            let invoked = scope.spawn(|| lambda.invoke("telltale", &event("only", 120)));
            witness.wait_for("only");
            ns.kubectl.text(&["delete", "pod", &ns.pods_of("telltale")[0].name, "--grace-period=1", "--wait=false"]);
            invoked.join().expect("the client does not panic")
        });
        assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"), "{answer}");
        let error = answer.expect(200);
        let message = error["errorMessage"].as_str().unwrap_or_default();
        assert!(message.contains("the Pod was deleted"), "{error}");

        lambda.invoke("telltale", &event("next", 0)).returned();
        witness.wait_for("next");
        assert_eq!(witness.lines(), ["only", "next"], "each event ran once");
    });
}

#[test]
fn pod_evicted_under_its_invocation_gives_one_error_that_names_it() {
    with_temp_ns(|ns| {
        let (fakecloud, witness) = telltale(ns);
        let lambda = &fakecloud.lambda;
        let (answer, pod) = thread::scope(|scope| {
            let invoked = scope.spawn(|| lambda.invoke("telltale", &event("only", 120)));
            witness.wait_for("only");
            let pod = ns.pods_of("telltale").remove(0).name;
            ns.kubectl.evict(&pod);
            (invoked.join().expect("the client does not panic"), pod)
        });
        assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"), "{answer}");
        let error = answer.expect(200);
        let message = error["errorMessage"].as_str().unwrap_or_default();
        assert!(message.contains("the Pod was deleted") && message.contains(&pod), "{error}");

        let next = lambda.invoke("telltale", &event("next", 0)).returned();
        assert_ne!(next["pod"], json!(pod));
        let warm = lambda.invoke("telltale", &event("warm", 0)).returned();
        assert_eq!(warm["pod"], next["pod"]);
        witness.wait_for("warm");
        assert_eq!(witness.lines(), ["only", "next", "warm"], "each event ran once");
        eventually("the evicted Pod is gone", || (ns.pods_of("telltale").len() == 1).then_some(()));
    });
}

#[test]
fn address_that_went_over_to_another_pod_is_never_sent_an_invocation() {
    with_temp_ns(|ns| {
        let (fakecloud, witness) = telltale(ns);
        let first = fakecloud.lambda.invoke("telltale", &event("first", 0)).returned();
        // Kubernetes 1.20 needs up to a minute for a Pod that is deleted before the kubelet has seen it run.
        let pod = eventually("the Pod's status says that it runs", || {
            ns.pods_of("telltale").into_iter().find(|pod| pod.object["status"]["phase"] == "Running")
        });
        let address = address(&pod);
        ns.kubectl.text(&["delete", "pod", &pod.name, "--grace-period=1"]);
        eventually("the address is free", || Node::is_free(address).then_some(()));

        Node::next_address(address);
        set_trap(ns, &witness);
        let trap_listens = format!("the trap listens at {address}");
        witness.wait_for(&trap_listens);

        for name in ["second", "third"] {
            let answer = fakecloud.lambda.invoke("telltale", &event(name, 0)).returned();
            assert_ne!(answer["pod"], first["pod"]);
        }
        witness.wait_for("third");
        assert_eq!(witness.lines(), ["first", &trap_listens, "second", "third"]);
    });
}

#[test]
fn packets_that_vanish_are_noticed_in_seconds() {
    with_temp_ns(|ns| {
        let (fakecloud, witness) = telltale(ns);
        let lambda = &fakecloud.lambda;
        lambda.invoke("telltale", &event("warm", 0)).returned();
        let pod = &ns.pods_of("telltale")[0];

        let (answer, waited) = thread::scope(|scope| {
            let invoked = scope.spawn(|| lambda.invoke("telltale", &event("silenced", 120)));
            witness.wait_for("silenced");
            let began = Instant::now();
            let _silence = Node::silence(address(pod));
            (invoked.join().expect("the client does not panic"), began.elapsed())
        });
        assert!(waited < NOTICED_WITHIN, "noticed after {waited:?}");
        assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"), "{answer}");
        let error = answer.expect(200).to_string();
        assert!(error.contains(&pod.name), "the Pod is not named: {error}");

        let next = lambda.invoke("telltale", &event("next", 0)).returned();
        assert_ne!(next["pod"], json!(pod.name));
    });
}

#[test]
fn function_recreated_at_once_never_runs_its_old_code() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        for version in 0..3 {
            let code = format!("def handler(event, context):\n    return {version}\n");
            fakecloud.lambda.create_function("reborn", &Function::python(&code));
            assert_eq!(fakecloud.lambda.invoke("reborn", &Value::Null).returned(), json!(version));
            fakecloud.lambda.delete_function("reborn");
        }
        eventually("the Pods of the deleted functions are gone", || ns.pods().is_empty().then_some(()));
    });
}

fn telltale(ns: &Namespace) -> (Fakecloud<'_>, Witness) {
    let (fakecloud, witness) = (Fakecloud::start(ns), Witness::listen());
    let members = json!({"Timeout": TIMEOUT_S});
    fakecloud.lambda.create_function("telltale", &Function::python_telltale(&witness).members(members));
    (fakecloud, witness)
}

fn event(name: &str, seconds: u64) -> Value {
    json!({"name": name, "seconds": seconds})
}

fn address(pod: &Pod) -> Ipv4Addr {
    let address = pod.object["status"]["podIP"].as_str().and_then(|address| address.parse().ok());
    address.unwrap_or_else(|| panic!("Pod {} has no IPv4 address: {:#}", pod.name, pod.object["status"]))
}

/// A Pod of a stranger, who listens where functions do.
fn set_trap(ns: &Namespace, witness: &Witness) {
    ns.kubectl.create(&json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "trap"},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "runAsUser": 993, "seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": 0,
            "containers": [{
                "name": "trap",
                "image": "public.ecr.aws/lambda/python:3.12",
                "imagePullPolicy": "IfNotPresent",
                "command": ["python3", "-c", TRAP, witness.address],
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    }));
}
