//! Nodes that give a Pod's place to others, run out of what it uses, or are not heard of any more.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    Answer, Fakecloud, Function, Kubectl, LogLevel, Namespace, SecondNode, Witness, eventually, with_temp_ns,
};

/// The most memory that a function may have, in MB.
const MEMORY_MAX_MB: u64 = 10_240;

/// How long boto3 waits for an answer.
const CLIENTS_WAIT: Duration = Duration::from_secs(60);

/// Fills its container's log with as many bytes as its event says, and then takes its time.
const TALKATIVE: &str = r#"
import socket, sys, time

def handler(event, context):
    for _ in range(event["bytes"] // 1024):
        sys.stdout.write("x" * 1023 + "\n")
    sys.stdout.flush()
    time.sleep(event["seconds"])
    return {"pod": socket.gethostname()}
"#;

#[test]
fn pod_preempted_under_its_invocation_gives_one_error_and_a_new_pod_once_there_is_room() {
    with_temp_ns(|ns| {
        let tags = ("FAKECLOUD_K8S_TAGS", "all");
        let (fakecloud, witness) = (Fakecloud::start_with(ns, LogLevel::Debug, &[tags]), Witness::listen());
        let lambda = &fakecloud.lambda;
        let (class, memory_mb) = (LowPriority::of(ns), (node_memory_mb() * 6 / 10).min(MEMORY_MAX_MB));
        let members = json!({
            "Timeout": 300,
            "MemorySize": memory_mb,
            "Tags": {"fakecloud-k8s/priority-class": class.name},
        });
        lambda.create_function("humble", &Function::python_telltale(&witness).members(members));

        let (answer, pod) = thread::scope(|scope| {
            let invoked = scope.spawn(|| lambda.invoke("humble", &event("only", 120)));
            witness.wait_for("only");
            outlast_its_start();
            let pod = ns.pods_of("humble").remove(0).name;
            put_in_its_place(ns, node_memory_mb() - memory_mb / 2);
            (invoked.join().expect("the client does not panic"), pod)
        });
        let message = end_of_runtime(&answer);
        assert!(message.contains("the Pod was deleted") && message.contains(&pod), "{message}");

        let next = thread::scope(|scope| {
            let invoked = scope.spawn(|| lambda.invoke("humble", &event("next", 0)));
            eventually("its new Pod waits for room", || is_unschedulable(ns, "humble").then_some(()));
            ns.kubectl.text(&["delete", "pod", "proud", "--grace-period=0", "--force", "--wait=false"]);
            invoked.join().expect("the client does not panic").returned()
        });
        assert_ne!(next["pod"], json!(pod));
        witness.wait_for("next");
        assert_eq!(witness.lines(), ["only", "next"], "each event ran once");
    });
}

#[test]
fn pod_evicted_for_the_disk_it_uses_is_named_with_the_kubelets_reason_and_replaced() {
    with_temp_ns(|ns| {
        ns.kubectl.create(&json!({
            "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "little-disk"},
            "spec": {"limits": [{
                "type": "Container", "default": {"ephemeral-storage": "1Mi"}, "defaultRequest": {"ephemeral-storage": "0"},
            }]},
        }));
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        lambda.create_function("talkative", &Function::python(TALKATIVE).members(json!({"Timeout": 300})));

        let message = end_of_runtime(&lambda.invoke("talkative", &json!({"bytes": 8 << 20, "seconds": 240})));
        assert!(message.contains("Evicted") && message.contains("ephemeral"), "{message}");
        assert!(message.contains("fakecloud-lambda-talkative-"), "the Pod is not named: {message}");

        let next = lambda.invoke("talkative", &json!({"bytes": 0, "seconds": 0})).returned();
        let next = next["pod"].as_str().expect("the function names its Pod");
        assert!(!message.contains(next), "{next} served again");
        eventually("the evicted Pod is gone", || (ns.pods_of("talkative").len() == 1).then_some(()));
    });
}

#[test]
fn pods_on_a_node_that_is_not_heard_of_serve_no_more_and_what_one_runs_is_told_of_it() {
    with_temp_ns(|ns| {
        let settings = [("FAKECLOUD_K8S_UNSCHEDULABLE_GRACE", "1s"), SecondNode::SETTING];
        let (fakecloud, witness) = (Fakecloud::start_with(ns, LogLevel::Debug, &settings), Witness::listen());
        let lambda = &fakecloud.lambda;
        let function = |members: Value| Function::python_telltale(&witness).members(members);
        // Pods of the real node answer for those that nobody runs.
        let [(idle, idle_address), (busy, busy_address)] = ["idle-substitute", "busy-substitute"].map(|name| {
            lambda.create_function(name, &function(json!({"Timeout": 300})));
            lambda.invoke(name, &event(name, 0)).returned();
            eventually("its address is known", || {
                let pod = ns.pods_of(name).remove(0);
                let address = pod.object["status"]["podIP"].clone();
                (!address.is_null()).then_some((pod.name, address))
            })
        });
        let node = SecondNode::join(ns);
        for name in ["idle", "busy"] {
            lambda.create_function(name, &function(json!({"Timeout": 300, "Tags": node.tags()})));
        }
        let reason = format!("its node {} is not ready", ns.name);
        let cut_off = thread::scope(|scope| {
            let answer = scope.spawn(|| lambda.invoke("idle", &event("short", 0)));
            node.run("idle", &idle_address);
            assert_eq!(answer.join().expect("the client does not panic").returned()["pod"], json!(idle));
            let long = scope.spawn(|| lambda.invoke("busy", &event("long", 240)));
            node.run("busy", &busy_address);
            witness.wait_for("long");

            eventually("the idle Pod is given up", || ns.pods_of("idle").is_empty().then_some(()));
            let warned =
                || fakecloud.log().lines().filter(|line| line.contains(" WARN ") && line.contains(&reason)).count();
            eventually("the log names the node for both Pods", || (warned() == 2).then_some(()));
            assert_eq!(ns.pods_of("busy").len(), 1, "what it runs may end");
            assert!(!long.is_finished());
            ns.kubectl.text(&["delete", "pod", &busy, "--grace-period=0", "--force", "--wait=false"]);
            long.join().expect("the client does not panic")
        });
        let message = end_of_runtime(&cut_off);
        assert!(message.contains(&reason), "{message}");
        eventually("the busy Pod is given up", || ns.pods_of("busy").is_empty().then_some(()));
        for name in ["idle", "busy"] {
            let refused = lambda.invoke(name, &event("late", 0));
            assert_eq!(refused.status, 424, "{refused}");
            assert!(refused.error_message().contains("Unschedulable"), "{refused}");
        }
        assert_eq!(witness.lines(), ["idle-substitute", "busy-substitute", "short", "long"], "each event ran once");
    });
}

#[test]
fn full_node_takes_the_pod_once_the_one_that_idled_longest_has_gone() {
    with_temp_ns(|ns| {
        let setting = ("FAKECLOUD_K8S_UNSCHEDULABLE_GRACE", "2s");
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[setting]);
        let lambda = &fakecloud.lambda;
        // Two of them fit beside whatever else is there, and three do not.
        let memory_mb = (node_memory_mb() * 4 / 10).min(MEMORY_MAX_MB);
        let rest_mb = node_memory_mb() - memory_mb * 5 / 2;
        if rest_mb > memory_mb / 10 {
            put_in_its_place(ns, rest_mb);
        }
        for name in ["first", "second", "third"] {
            lambda.create_function(name, &Function::python_report().members(json!({"MemorySize": memory_mb})));
        }
        for name in ["first", "second", "third"] {
            assert_eq!(lambda.invoke(name, &Value::Null).returned()["count"], 1);
        }

        let warned = fakecloud.log().lines().filter(|line| line.contains("no node has room for the Pod")).count();
        assert!(warned > 0, "the node was never full");
        assert!(ns.pods_of("first").is_empty(), "its Pod idled longest");
        assert_eq!(lambda.invoke("second", &Value::Null).returned()["count"], 2, "it has kept its Pod");
        // The next test needs the node.
        outlast_its_start();
    });
}

#[test]
fn function_that_fits_no_node_hears_it_before_clients_give_up_and_costs_others_two_idle_pods() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        // What is left of a large node is still too little.
        if node_memory_mb() > MEMORY_MAX_MB {
            put_in_its_place(ns, node_memory_mb() - MEMORY_MAX_MB / 2);
            eventually("the node is taken", || {
                let taker = ns.kubectl.json(&["get", "pod", "proud"]);
                taker["spec"]["nodeName"].is_string().then_some(())
            });
        }
        for name in ["first", "second", "third"] {
            lambda.create_function(name, &Function::python_report().members(json!({"MemorySize": 128})));
            lambda.invoke(name, &Value::Null).returned();
        }
        lambda.create_function("large", &Function::python_report().members(json!({"MemorySize": MEMORY_MAX_MB})));

        for _ in 0..2 {
            let asked = Instant::now();
            let refused = lambda.invoke("large", &Value::Null);
            let waited = asked.elapsed();
            assert_eq!(refused.status, 424, "{refused}");
            assert!(refused.error_message().contains("Insufficient memory"), "{refused}");
            assert!(waited < CLIENTS_WAIT, "the reason came after {waited:?}");
            // Its back-off.
            thread::sleep(Duration::from_secs(1));
        }
        assert_eq!(lambda.invoke("third", &Value::Null).returned()["count"], 2, "it has kept its Pod");
    });
}

/// A PriorityClass below that of all other Pods; it goes with this.
struct LowPriority {
    name: String,
}

impl LowPriority {
    fn of(ns: &Namespace) -> Self {
        Kubectl::admin().create(&json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": ns.name}, "value": -10,
        }));
        Self { name: ns.name.clone() }
    }
}

impl Drop for LowPriority {
    fn drop(&mut self) {
        Kubectl::admin().attempt(&["delete", "priorityclass", &self.name]);
    }
}

/// The kubelet of Kubernetes 1.20 takes more than a minute for a Pod that is deleted within moments of its start, and as long
/// nobody else has its memory.
fn outlast_its_start() {
    thread::sleep(Duration::from_secs(3));
}

/// A Pod that needs so much memory that the function's has to go, which its priority lets it ask for.
fn put_in_its_place(ns: &Namespace, memory_mb: u64) {
    ns.kubectl.create(&json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "proud"},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "runAsUser": 993, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "proud",
                "image": "public.ecr.aws/lambda/python:3.12",
                "imagePullPolicy": "IfNotPresent",
                "command": ["sleep", "1000"],
                "resources": {"requests": {"memory": format!("{memory_mb}Mi")}},
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    }));
}

/// What the node has for Pods.
fn node_memory_mb() -> u64 {
    let memory = Kubectl::admin().text(&["get", "nodes", "--output=jsonpath={.items[0].status.allocatable.memory}"]);
    let kib: Option<u64> = memory.strip_suffix("Ki").and_then(|kib| kib.parse().ok());
    kib.unwrap_or_else(|| panic!("a node's memory in KiB, not {memory:?}")) / 1024
}

fn is_unschedulable(ns: &Namespace, function: &str) -> bool {
    let conditions = |pod: &Value| pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let pods = ns.pods_of(function);
    pods.iter().flat_map(|pod| conditions(&pod.object)).any(|condition| condition["reason"] == "Unschedulable")
}

/// The message of an invocation whose Pod ended under it.
fn end_of_runtime(answer: &Answer) -> String {
    assert_eq!(answer.header("x-amz-function-error"), Some("Unhandled"), "{answer}");
    let message = answer.expect(200)["errorMessage"].as_str().unwrap_or_default().to_owned();
    assert!(!message.is_empty(), "{answer}");
    message
}

fn event(name: &str, seconds: u64) -> Value {
    json!({"name": name, "seconds": seconds})
}
