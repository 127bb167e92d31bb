//! Statuses as kubelets and schedulers write them.

use serde_json::{Value, json};

use super::*;

fn verdict_of(status: Value) -> Verdict {
    pod(json!({ "metadata": { "name": "p" }, "status": status })).verdict
}

fn pod(pod: Value) -> Reading {
    read(&serde_json::from_value(pod).unwrap())
}

fn container(name: &str, state: &Value) -> Value {
    json!({ "name": name, "image": "registry/img:1", "imageID": "", "ready": false, "restartCount": 0, "state": state })
}

#[test]
fn pod_on_its_way_is_fine() {
    assert_eq!(verdict_of(json!({ "phase": "Pending" })), Verdict::Fine);
    let waiting = json!({ "waiting": { "reason": "PodInitializing" } });
    let status = json!({ "phase": "Pending", "containerStatuses": [container(CONTAINER, &waiting)] });
    assert_eq!(verdict_of(status), Verdict::Fine);
}

#[test]
fn address_is_read_whatever_its_family() {
    for ip in ["10.1.2.3", "fd00::7"] {
        let reading = pod(json!({ "metadata": {}, "status": { "phase": "Pending", "podIP": ip } }));
        assert_eq!(reading.ip, Some(ip.parse().unwrap()));
    }
}

#[test]
fn image_that_cannot_be_pulled_names_the_image_and_the_cause() {
    let verdict = |reason: &str| {
        let waiting = json!({ "waiting": { "reason": reason, "message": "no such host" } });
        verdict_of(json!({ "phase": "Pending", "containerStatuses": [container(CONTAINER, &waiting)] }))
    };
    let cause = |reason| format!("image registry/img:1 of container {CONTAINER}: {reason}: no such host");
    for reason in ["ErrImagePull", "ImagePullBackOff"] {
        let image = "registry/img:1".to_owned();
        assert_eq!(verdict(reason), Verdict::CannotPull { image, cause: cause(reason) });
    }
    for reason in ["ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError"] {
        assert_eq!(verdict(reason), Verdict::CannotStart(cause(reason)));
    }
}

#[test]
fn failed_init_container_gives_its_own_words() {
    let ended = json!({ "terminated": { "exitCode": 1, "reason": "Error", "message": "code: HTTP 404\n" } });
    let status = json!({ "phase": "Failed", "initContainerStatuses": [container(INIT_CONTAINER, &ended)] });
    let expected = format!("init container {INIT_CONTAINER} ended with exit code 1 (Error): code: HTTP 404");
    assert_eq!(verdict_of(status), Verdict::CannotStart(expected));
}

#[test]
fn init_container_that_is_cut_off_names_the_url_the_cause_and_the_way_out() {
    let message = "cannot fetch the code from http://10.96.0.7:4566: nc: timed out\n";
    let ended = json!({ "terminated": { "exitCode": 1, "reason": "Error", "message": message } });
    let status = json!({ "phase": "Failed", "initContainerStatuses": [container(INIT_CONTAINER, &ended)] });
    let Verdict::CannotStart(cause) = verdict_of(status) else { panic!("it cannot start") };
    let expected = "init container fetch ended with exit code 1 (Error): cannot fetch the code from \
                    http://10.96.0.7:4566: nc: timed out (a NetworkPolicy or firewall drops the packets";
    assert!(cause.starts_with(expected), "{cause}");
}

#[test]
fn pod_for_which_no_node_has_the_labels_names_them_and_the_settings() {
    let verdict = |selector: Value, message: &str| {
        let status = json!({ "phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message
        }] });
        pod(json!({ "metadata": {}, "spec": { "containers": [], "nodeSelector": selector }, "status": status })).verdict
    };
    let labels = json!({ "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux" });
    for message in [
        "0/1 nodes are available: 1 node(s) didn't match node selector.",
        "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity.",
        "0/3 nodes are available: 1 node(s) had untolerated taint {a: b}, 2 node(s) didn't match Pod's node \
         affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    ] {
        let Verdict::Unschedulable(cause) = verdict(labels.clone(), message) else { panic!("it is unschedulable") };
        assert!(cause.contains("kubernetes.io/arch=arm64, kubernetes.io/os=linux"), "{cause}");
        assert!(cause.contains("FAKECLOUD_LAMBDA_IGNORE_ARCHITECTURE=true"), "{cause}");
    }
    let ignored = json!({ "kubernetes.io/os": "linux", "pool": "a" });
    let message = "0/1 nodes are available: 1 node(s) didn't match node selector.";
    let Verdict::Unschedulable(cause) = verdict(ignored, message) else { panic!("it is unschedulable") };
    assert!(cause.ends_with("has all of the labels kubernetes.io/os=linux, pool=a)"), "{cause}");
    let full = "0/2 nodes are available: 1 Insufficient memory, 1 node(s) didn't match Pod's node affinity/selector.";
    assert_eq!(
        verdict(labels, full),
        Verdict::Unschedulable(format!("Unschedulable: {full}")),
        "a node may have room later"
    );
}

#[test]
fn init_container_that_succeeded_is_fine() {
    let ended = json!({ "terminated": { "exitCode": 0, "reason": "Completed" } });
    let status = json!({ "phase": "Pending", "initContainerStatuses": [container(INIT_CONTAINER, &ended)] });
    assert_eq!(verdict_of(status), Verdict::Fine);
}

#[test]
fn killed_container_is_found_by_name_behind_an_injected_one() {
    let killed = json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled" } });
    let sidecar = container("istio-proxy", &json!({ "running": {} }));
    let status = json!({ "phase": "Running", "containerStatuses": [sidecar, container(CONTAINER, &killed)] });
    let expected = format!("signal: killed: container {CONTAINER} ended with exit code 137 (OOMKilled)");
    assert_eq!(verdict_of(status), Verdict::Ended(expected));
}

#[test]
fn end_of_an_injected_container_is_not_the_functions() {
    let ended = json!({ "terminated": { "exitCode": 1, "reason": "Error" } });
    let running = container(CONTAINER, &json!({ "running": {} }));
    let status = json!({ "phase": "Running", "containerStatuses": [container("istio-proxy", &ended), running] });
    assert_eq!(verdict_of(status), Verdict::Fine);
}

#[test]
fn evicted_pod_says_so() {
    let status = json!({ "phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory." });
    let expected = "the Pod ended: Failed: Evicted: The node was low on resource: memory.";
    assert_eq!(verdict_of(status.clone()), Verdict::Ended(expected.to_owned()));

    // From Kubernetes 1.22 on, it says so once its containers have ended.
    let killed = json!({ "terminated": { "exitCode": 137, "reason": "Error" } });
    let mut ended = status;
    ended["containerStatuses"] = json!([container(CONTAINER, &killed)]);
    assert_eq!(verdict_of(ended), Verdict::Ended(format!("signal: killed: {expected}")));
}

#[test]
fn unschedulable_is_no_failure_yet() {
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"
    });
    let status = json!({ "phase": "Pending", "conditions": [condition] });
    assert_eq!(verdict_of(status), Verdict::Unschedulable("Unschedulable: 0/1 nodes are available".to_owned()));
}

#[test]
fn room_is_wanted_where_other_pods_take_what_a_node_has() {
    for (expected, message) in [
        (true, "0/1 nodes are available: 1 Insufficient memory."),
        (true, "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {pool: spot}."),
        (true, "0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available."),
        (false, "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
        (false, "no node fits"),
    ] {
        assert_eq!(is_for_want_of_room(&format!("Unschedulable: {message}")), expected, "{message}");
    }
}

#[test]
fn no_room_is_wanted_where_the_scheduler_calls_preemption_no_help_on_any_node() {
    const NO_VICTIMS: &str = "No preemption victims found for incoming pod";
    const NO_HELP: &str = "Preemption is not helpful for scheduling";
    const TAINTED: &str = "1 Insufficient memory, 1 node(s) had untolerated taint {a: b}";
    for (expected, reasons, preemption) in [
        (true, "2 Insufficient memory", format!("0/2 nodes are available: 2 {NO_VICTIMS}.")),
        (true, "2 Insufficient memory", format!("0/2 nodes are available: 1 {NO_VICTIMS}, 1 {NO_HELP}.")),
        (true, "2 Insufficient memory", "not eligible due to preemptionPolicy=Never.".to_owned()),
        (true, "2 Insufficient memory", "0/".to_owned()),
        (true, TAINTED, format!("0/2 nodes are available: 1 {NO_VICTIMS}, 1 {NO_HELP}.")),
        (true, "2 Too many pods", format!("0/12 nodes are available: 2 {NO_HELP}.")),
        (false, "2 Insufficient memory", format!("0/2 nodes are available: 2 {NO_HELP}.")),
        (false, "2 Insufficient memory", format!("0/2 nodes are available: 2 {NO_HELP}..")),
        (false, TAINTED, format!("0/2 nodes are available: 2 {NO_HELP}.")),
    ] {
        for notes in ["", "no new claims to deallocate, "] {
            let message = format!("Unschedulable: 0/2 nodes are available: {reasons}. {notes}preemption: {preemption}");
            assert_eq!(is_for_want_of_room(&message), expected, "{message}");
        }
    }
}

#[test]
fn pod_under_deletion_is_over_and_says_who_disrupted_it() {
    let metadata = json!({ "name": "p", "deletionTimestamp": "2026-01-01T00:00:00Z" });
    let reading = pod(json!({ "metadata": metadata, "status": { "phase": "Running" } }));
    assert_eq!(reading.verdict, Verdict::Ended("the Pod was deleted".to_owned()));

    let condition = json!({
        "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler", "message": "for a Pod of higher priority"
    });
    let reading = pod(json!({ "metadata": metadata, "status": { "phase": "Running", "conditions": [condition] } }));
    let expected = "the Pod was deleted (PreemptionByScheduler: for a Pod of higher priority)";
    assert_eq!(reading.verdict, Verdict::Ended(expected.to_owned()));
}

#[test]
fn progress_tells_what_each_container_does() {
    let waiting = json!({ "waiting": { "reason": "PodInitializing" } });
    let running = json!({ "running": {} });
    let status = json!({
        "phase": "Pending",
        "initContainerStatuses": [container(INIT_CONTAINER, &running)],
        "containerStatuses": [container(CONTAINER, &waiting)],
    });
    let status: PodStatus = serde_json::from_value(status).unwrap();
    let expected =
        format!("its phase is Pending, container {INIT_CONTAINER} runs, container {CONTAINER} waits: PodInitializing");
    assert_eq!(progress(&status), expected);
}

#[test]
fn end_of_the_functions_container_is_told_as_aws_tells_it() {
    for (code, how) in
        [(0, "exit status 0"), (3, "exit status 3"), (139, "signal: segmentation fault"), (143, "signal: terminated")]
    {
        let ended = json!({ "terminated": { "exitCode": code, "reason": "Error" } });
        let status = json!({ "phase": "Running", "containerStatuses": [container(CONTAINER, &ended)] });
        let cause = format!("{how}: container {CONTAINER} ended with exit code {code} (Error)");
        let by_itself = code < 128;
        let expected = if by_itself { Verdict::Exited(cause) } else { Verdict::Ended(cause) };
        assert_eq!(verdict_of(status), expected);
    }
}

#[test]
fn pod_that_is_not_ready_though_its_containers_are_is_on_a_node_that_is_not() {
    let status = |ready: &str, containers_ready: &str| {
        let condition = |type_: &str, status: &str| json!({ "type": type_, "status": status });
        let conditions = [condition("Ready", ready), condition("ContainersReady", containers_ready)];
        json!({ "phase": "Running", "conditions": conditions, "containerStatuses": [container(CONTAINER, &json!({ "running": {} }))] })
    };
    let verdict = |spec: Value, status: Value| pod(json!({ "metadata": {}, "spec": spec, "status": status })).verdict;
    let node = || json!({ "containers": [], "nodeName": "n1" });
    let not_ready = Verdict::NodeNotReady("its node n1 is not ready".to_owned());
    assert_eq!(verdict(node(), status("False", "True")), not_ready);
    for (ready, containers_ready) in [("True", "True"), ("False", "False"), ("Unknown", "Unknown")] {
        assert_eq!(verdict(node(), status(ready, containers_ready)), Verdict::Fine);
    }
    let mut gated = node();
    gated["readinessGates"] = json!([{ "conditionType": "example.com/gate" }]);
    assert_eq!(verdict(gated, status("False", "True")), Verdict::Fine, "the gate is closed, not the node gone");
}
