//! Reads a Pod's status: where it listens, and in words why it will not start or has ended. No IO.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod, PodStatus};

use fakecloud_podspec::{CONTAINER, INIT_CONTAINER, NODE_ARCHITECTURE};

use crate::backends::k8s::fetch_failure;

/// Waiting reasons the kubelet does not get out of by itself in the time a caller waits.
/// (`ContainerCreating` and `PodInitializing` are the ordinary ones.)
const FATAL_WAITING: [&str; 8] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// What a Pod's status says about its use as an execution environment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Any one of the Pod's addresses; IPv4 and IPv6 alike.
    pub(crate) ip: Option<IpAddr>,
    /// The node that was chosen for it.
    pub(crate) node: Option<String>,
    pub(crate) verdict: Verdict,
}

/// Whether there is still hope.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// On its way, or running.
    Fine,
    /// No node takes it for now; an autoscaler may still bring one.
    Unschedulable(String),
    /// It will not start; the first real cause.
    CannotStart(String),
    /// The same: its node cannot pull an image.
    CannotPull { image: String, cause: String },
    /// The function's own process ended, and nobody made it.
    Exited(String),
    /// It ran when its node was last heard of, which may be gone for good.
    NodeNotReady(String),
    /// It ran, or was about to, and is over: deleted, evicted, killed.
    Ended(String),
}

/// Reads the status of `pod`. Containers are found by name: a service mesh may have put its own first.
pub(crate) fn read(pod: &Pod) -> Reading {
    let status = pod.status.as_ref();
    let ip = status.and_then(|status| status.pod_ip.as_deref()).and_then(|ip| ip.parse().ok());
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    Reading { ip, node, verdict: verdict(pod, status) }
}

/// How far a Pod that has not ended has come, for the error of a start that took too long.
pub(crate) fn progress(status: &PodStatus) -> String {
    let statuses = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    let states = statuses.filter_map(|container| Some(format!("container {} {}", container.name, at(container)?)));
    let states = states.collect::<Vec<_>>().join(", ");
    let phase = status.phase.as_deref().unwrap_or("Unknown");
    if states.is_empty() { format!("its phase is {phase}") } else { format!("its phase is {phase}, {states}") }
}

/// What a scheduler's message calls the nodes on which a Pod would not fit, whatever else left them.
const PREEMPTION_IS_NO_HELP: &str = "Preemption is not helpful for scheduling";

/// Whether the scheduler may have a node for the Pod once other Pods take less of it.
///
/// A Pod that is larger than any node lacks room in the same words, and all that tells it apart are those of preemption, which
/// end the message: `preemption: 0/<nodes> nodes are available: <count> <reason>, …`. From Kubernetes 1.34 on
/// (<https://github.com/kubernetes/kubernetes/pull/131345>), a node that has less in all than the Pod requests is one where
/// preemption is not helpful, and so is in every version one that is ruled out by what no Pod's end changes, like a taint.
/// Where that is said of all nodes, no Pod's end helps. What keeps the Pod from preempting others has other words
/// (`not eligible due to preemptionPolicy=Never.`), and so has a node with none of lower priority
/// (`No preemption victims found for incoming pod`): neither tells anything about the room there.
pub(crate) fn is_for_want_of_room(unschedulable: &str) -> bool {
    lacks_room(unschedulable) && !fits_no_node(unschedulable)
}

fn lacks_room(unschedulable: &str) -> bool {
    ["Insufficient ", "Too many pods"].iter().any(|reason| unschedulable.contains(reason))
}

fn fits_no_node(unschedulable: &str) -> bool {
    let preemption = unschedulable.rsplit_once("preemption: 0/").map(|(_, preemption)| preemption);
    let Some((nodes, reasons)) = preemption.and_then(|text| text.split_once(" nodes are available: ")) else {
        return false;
    };
    reasons.trim_end_matches('.') == format!("{nodes} {PREEMPTION_IS_NO_HELP}")
}

/// Whether the function's own process runs.
pub(crate) fn runs(status: &PodStatus) -> bool {
    let main = find(status.container_statuses.as_deref(), CONTAINER);
    main.and_then(state).is_some_and(|state| state.running.is_some())
}

fn at(container: &ContainerStatus) -> Option<String> {
    let state = state(container)?;
    if let Some(waiting) = &state.waiting {
        let reason = [waiting.reason.as_deref().unwrap_or_default(), waiting.message.as_deref().unwrap_or_default()];
        return Some(format!("waits: {}", join(": ", reason)));
    }
    match (&state.running, &state.terminated) {
        (Some(_), _) => Some("runs".to_owned()),
        (None, Some(end)) => Some(end_in_words(end)),
        (None, None) => None,
    }
}

fn verdict(pod: &Pod, status: Option<&PodStatus>) -> Verdict {
    let Some(status) = status else { return deletion(pod).unwrap_or(Verdict::Fine) };
    let init = find(status.init_container_statuses.as_deref(), INIT_CONTAINER);
    let main = find(status.container_statuses.as_deref(), CONTAINER);
    let failed_init = init.and_then(terminated).filter(|end| end.exit_code != 0);
    if let Some(end) = failed_init {
        let way_out = fetch_failure::explain(end.message.as_deref().unwrap_or_default());
        let way_out = way_out.map(|hint| format!(" ({hint})")).unwrap_or_default();
        return Verdict::CannotStart(format!("init container {INIT_CONTAINER} {}{way_out}", end_in_words(end)));
    }
    if let Some(end) = main.and_then(terminated) {
        if status.reason.is_some() {
            // The kubelet ended the container itself, and says what for.
            return Verdict::Ended(format!("{}: {}", exit(end), pod_end_in_words(status)));
        }
        let cause = format!("{}: container {CONTAINER} {}", exit(end), end_in_words(end));
        return if exited(end) { Verdict::Exited(cause) } else { Verdict::Ended(cause) };
    }
    if let Some(hopeless) = main.and_then(fatal_waiting).or_else(|| init.and_then(fatal_waiting)) {
        return hopeless;
    }
    if matches!(status.phase.as_deref(), Some("Failed" | "Succeeded")) {
        return Verdict::Ended(pod_end_in_words(status));
    }
    deletion(pod)
        .or_else(|| node_not_ready(pod, status))
        .or_else(|| unschedulable(pod, status))
        .unwrap_or(Verdict::Fine)
}

/// The node controller calls the Pods of a node that it does not hear of not ready, without a word about their containers,
/// which were ready when the kubelet last spoke. A readiness gate can do the same, and means something else.
fn node_not_ready(pod: &Pod, status: &PodStatus) -> Option<Verdict> {
    let spec = pod.spec.as_ref()?;
    let is = |type_: &str, value: &str| {
        status.conditions.iter().flatten().any(|one| one.type_ == type_ && one.status == value)
    };
    let is_gated = spec.readiness_gates.as_ref().is_some_and(|gates| !gates.is_empty());
    let node = spec.node_name.as_deref()?;
    let unheard = is("ContainersReady", "True") && is("Ready", "False") && !is_gated;
    unheard.then(|| Verdict::NodeNotReady(format!("its node {node} is not ready")))
}

fn deletion(pod: &Pod) -> Option<Verdict> {
    pod.metadata.deletion_timestamp.as_ref()?;
    let condition = pod.status.as_ref().and_then(|status| {
        status.conditions.iter().flatten().find(|one| one.type_ == "DisruptionTarget" && one.status == "True")
    });
    let cause = condition
        .map(|one| join(": ", [one.reason.as_deref().unwrap_or_default(), one.message.as_deref().unwrap_or_default()]));
    Some(Verdict::Ended(match cause {
        Some(cause) if !cause.is_empty() => format!("the Pod was deleted ({cause})"),
        Some(_) | None => "the Pod was deleted".to_owned(),
    }))
}

fn unschedulable(pod: &Pod, status: &PodStatus) -> Option<Verdict> {
    let conditions = status.conditions.iter().flatten();
    let scheduled = conditions.into_iter().find(|one| one.type_ == "PodScheduled")?;
    let waits = scheduled.status == "False" && scheduled.reason.as_deref() == Some("Unschedulable");
    waits.then(|| {
        let message = scheduled.message.as_deref().unwrap_or("no node fits");
        let way_out = missing_labels(pod, message).map(|hint| format!(" ({hint})")).unwrap_or_default();
        Verdict::Unschedulable(format!("Unschedulable: {message}{way_out}"))
    })
}

/// The labels that a Pod asks of its node, where no node has room because none has all of them: others may be full.
fn missing_labels(pod: &Pod, message: &str) -> Option<String> {
    let for_labels = ["node selector", "node affinity"].iter().any(|reason| message.contains(reason));
    let labels = pod.spec.as_ref()?.node_selector.as_ref().filter(|_| for_labels && !lacks_room(message))?;
    let named = labels.iter().map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join(", ");
    let architecture = labels.get(NODE_ARCHITECTURE).map(|architecture| {
        format!(
            "; {architecture} is the architecture of the function: where no node has it, change the function's \
             Architectures, or set FAKECLOUD_LAMBDA_IGNORE_ARCHITECTURE=true to run functions on what nodes there are"
        )
    });
    Some(format!("no node that would take it has all of the labels {named}{}", architecture.unwrap_or_default()))
}

fn find<'a>(statuses: Option<&'a [ContainerStatus]>, name: &str) -> Option<&'a ContainerStatus> {
    statuses?.iter().find(|status| status.name == name)
}

fn terminated(status: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    state(status)?.terminated.as_ref()
}

fn state(status: &ContainerStatus) -> Option<&ContainerState> {
    status.state.as_ref()
}

fn fatal_waiting(status: &ContainerStatus) -> Option<Verdict> {
    let waiting = state(status)?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref().filter(|reason| FATAL_WAITING.contains(reason))?;
    let message = waiting.message.as_deref().unwrap_or("the kubelet gives no reason");
    let cause = format!("image {} of container {}: {reason}: {message}", status.image, status.name);
    Some(match reason {
        "ErrImagePull" | "ImagePullBackOff" => Verdict::CannotPull { image: status.image.clone(), cause },
        _ => Verdict::CannotStart(cause),
    })
}

/// Whether a process ran and ended without a signal. Both kubelets and container runtimes give those that could not be
/// run a code of 128.
fn exited(end: &ContainerStateTerminated) -> bool {
    end.signal.unwrap_or_default() == 0 && (0..128).contains(&end.exit_code)
}

/// How a process ended, in the words of AWS. A shell and a container runtime add 128 to a signal's number.
fn exit(end: &ContainerStateTerminated) -> String {
    match end.signal.unwrap_or(end.exit_code - 128) {
        6 => "signal: aborted".to_owned(),
        9 => "signal: killed".to_owned(),
        11 => "signal: segmentation fault".to_owned(),
        15 => "signal: terminated".to_owned(),
        _ => format!("exit status {}", end.exit_code),
    }
}

fn end_in_words(end: &ContainerStateTerminated) -> String {
    let reason = end.reason.as_deref().unwrap_or("Terminated");
    let signal = end.signal.map(|signal| format!(" by signal {signal}")).unwrap_or_default();
    let message = end.message.as_deref().map(str::trim).filter(|message| !message.is_empty());
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    format!("ended with exit code {}{signal} ({reason}){message}", end.exit_code)
}

fn pod_end_in_words(status: &PodStatus) -> String {
    let parts = [status.phase.as_deref(), status.reason.as_deref(), status.message.as_deref()];
    format!("the Pod ended: {}", join(": ", parts.map(Option::unwrap_or_default)))
}

fn join<const N: usize>(separator: &str, parts: [&str; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests;
