//! Puts the parts together: metadata, init container, main container, and what the Pod as a whole is allowed.

use k8s_openapi::api::core::v1::{Container, ContainerPort, LocalObjectReference, Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::bootstrap::init_container;
use crate::env::{literal, variables};
use crate::image::function_image;
use crate::resources::requirements;
use crate::security::{container_context, pod_context};
use crate::volumes::{mounts, volumes};
use crate::{Cluster, Function, Launch, Owner, Package, ResourceName, Scheduling, names};

/// The name of the main container, which runs the function.
pub const CONTAINER: &str = "function";
/// The TCP port on which the Runtime Interface Emulator takes invocations.
pub const INVOKE_PORT: u16 = 8080;

const INVOKE_PORT_NAME: &str = "invoke";
/// Where AWS's images have the Runtime Interface Emulator.
const EMULATOR: &str = "/usr/local/bin/aws-lambda-rie";
/// The longest that Lambda itself waits in its shutdown phase
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown>), in
/// seconds. Extensions may use it; without any, the emulator ends at once.
const TERMINATION_GRACE_SECS: i64 = 2;

/// The Pod that runs `function` on `cluster`, as this `launch` of it.
///
/// Cannot fail and does no IO; the same input gives the same Pod. There are no probes: the caller finds out by a TCP
/// connection to [`INVOKE_PORT`] whether the function can be invoked, long before a probe would.
pub fn pod(function: &Function, launch: &Launch, cluster: &Cluster) -> Pod {
    let scheduling = cluster.scheduling.before(&function.scheduling);
    Pod {
        metadata: metadata(function, launch, cluster, &scheduling),
        spec: Some(spec(function, launch, cluster, scheduling)),
        status: None,
    }
}

fn metadata(function: &Function, launch: &Launch, cluster: &Cluster, scheduling: &Scheduling) -> ObjectMeta {
    ObjectMeta {
        name: Some(launch.name.to_string()),
        namespace: Some(cluster.namespace.to_string()),
        labels: Some(names::labels(function, launch, scheduling.labels.0.clone())),
        annotations: Some(names::annotations(function, cluster, scheduling.annotations.0.clone())),
        owner_references: cluster.owner.as_ref().map(|owner| vec![owner_reference(owner)]),
        ..ObjectMeta::default()
    }
}

/// As a controller, so that `kubectl drain` counts the Pod among those that somebody replaces.
fn owner_reference(owner: &Owner) -> OwnerReference {
    OwnerReference {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        name: owner.name.to_string(),
        uid: owner.uid.to_string(),
        controller: Some(true),
        ..OwnerReference::default()
    }
}

fn spec(function: &Function, launch: &Launch, cluster: &Cluster, scheduling: Scheduling) -> PodSpec {
    let mut node_selector = scheduling.node_selector.0;
    node_selector.extend(function.architecture.node_selector(cluster.nodes));
    PodSpec {
        automount_service_account_token: Some(false),
        containers: vec![container(function, launch, cluster)],
        enable_service_links: Some(false),
        image_pull_secrets: cluster.pull_secret.as_ref().map(|secret| vec![reference(secret)]),
        init_containers: init_container(function, launch, cluster).map(|container| vec![container]),
        node_selector: Some(node_selector),
        priority_class_name: scheduling.priority_class.map(|class| class.to_string()),
        restart_policy: Some("Never".to_owned()),
        runtime_class_name: scheduling.runtime_class.map(|class| class.to_string()),
        security_context: Some(pod_context()),
        termination_grace_period_seconds: Some(TERMINATION_GRACE_SECS),
        tolerations: Some(scheduling.tolerations.0).filter(|tolerations| !tolerations.is_empty()),
        volumes: Some(volumes(function, cluster)),
        ..PodSpec::default()
    }
}

fn reference(secret: &ResourceName) -> LocalObjectReference {
    LocalObjectReference { name: secret.to_string() }
}

fn container(function: &Function, launch: &Launch, cluster: &Cluster) -> Container {
    let start = start(&function.package);
    Container {
        name: CONTAINER.to_owned(),
        image: Some(function_image(&function.package, &cluster.images, cluster.ecr.as_ref())),
        image_pull_policy: start.pull_policy.map(str::to_owned),
        command: literals(start.command),
        args: literals(start.args),
        working_dir: start.working_dir,
        env: Some(variables(function, launch, cluster)),
        ports: Some(vec![ContainerPort {
            name: Some(INVOKE_PORT_NAME.to_owned()),
            container_port: i32::from(INVOKE_PORT),
            ..ContainerPort::default()
        }]),
        resources: Some(requirements(function, cluster)),
        security_context: Some(container_context(cluster.run_as)),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(mounts(function)),
        ..Container::default()
    }
}

/// What the main container runs; what is absent or empty is left to the image.
struct Start {
    command: Vec<String>,
    args: Vec<String>,
    working_dir: Option<String>,
    /// Absent for users' images: there Kubernetes' own default stands, `Always` for `:latest`.
    pull_policy: Option<&'static str>,
}

fn start(package: &Package) -> Start {
    match package {
        // Their entry point would look for `bootstrap` in /var/runtime only; the emulator itself, which has the handler
        // from its environment, looks in /var/task and /opt as well.
        Package::Zip { runtime, .. } if runtime.is_os_only() => Start {
            command: vec![EMULATOR.to_owned()],
            args: Vec::new(),
            working_dir: None,
            pull_policy: Some("IfNotPresent"),
        },
        Package::Zip { handler, .. } => Start {
            command: Vec::new(),
            args: vec![handler.to_string()],
            working_dir: None,
            pull_policy: Some("IfNotPresent"),
        },
        Package::Image { config, .. } => Start {
            command: config.entry_point.clone(),
            args: config.command.clone(),
            working_dir: config.working_directory.clone().filter(|dir| !dir.is_empty()),
            pull_policy: None,
        },
    }
}

fn literals(words: Vec<String>) -> Option<Vec<String>> {
    if words.is_empty() {
        return None;
    }
    Some(words.iter().map(|word| literal(word)).collect())
}
