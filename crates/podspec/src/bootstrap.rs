//! The init container: fetches code and layers from fakecloud, and by asking tells it the Pod's address.
//!
//! It speaks HTTP by a shell script behind busybox's `nc -e`, because busybox's `wget` takes headers from its command
//! line only, where every process on the node could read the token. This way the token is never anywhere but in the
//! environment of this container and on the wire. What comes is a tar, code and layers alike, and is unpacked while it
//! comes, by busybox's `tar`: nothing but what it unpacks to takes room. It is complete when it has its `Content-Length`,
//! which the server therefore has to send; what goes wrong is said on standard error and in the termination message, with
//! the server's own words after an HTTP error.

use k8s_openapi::api::core::v1::{Container, EnvVar, EnvVarSource, ObjectFieldSelector};

use crate::env::{literal, no_proxy, variable};
use crate::resources::requirements;
use crate::security::container_context;
use crate::volumes::init_mounts;
use crate::{Cluster, Function, Launch, Package, PodName};

/// The name of the init container.
pub const INIT_CONTAINER: &str = "fetch";
/// Where an init container gets the code of its Pod, as a tar: this path, `/` and the Pod's name.
pub const CODE_PATH: &str = "/_fakecloud/lambda/_internal/code";
/// Where an init container gets the tar of all layers of its Pod: this path, `/` and the Pod's name.
pub const LAYERS_PATH: &str = "/_fakecloud/lambda/_internal/layers";
/// The request header in which an init container tells its Pod's IP.
pub const POD_IP_HEADER: &str = "x-fakecloud-pod-ip";

const FETCH: &str = include_str!("bootstrap/fetch.sh");
const RECEIVE: &str = include_str!("bootstrap/receive.sh");

/// The init container, if there is anything to fetch.
pub(crate) fn init_container(function: &Function, launch: &Launch, cluster: &Cluster) -> Option<Container> {
    let code = match function.package {
        Package::Zip { .. } => Some(("FAKECLOUD_CODE", CODE_PATH)),
        Package::Image { .. } => None,
    };
    let layers = (!function.layers.is_empty()).then_some(("FAKECLOUD_LAYERS", LAYERS_PATH));
    let paths: Vec<EnvVar> =
        code.into_iter().chain(layers).map(|(name, path)| path_of(name, path, &launch.name)).collect();
    if paths.is_empty() {
        return None;
    }
    Some(Container {
        name: INIT_CONTAINER.to_owned(),
        image: Some(cluster.images.init.to_string()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(["sh", "-c", &literal(FETCH), "fetch", &literal(RECEIVE)].map(str::to_owned).to_vec()),
        env: Some(variables(launch, cluster).into_iter().chain(paths).chain(no_proxy(&cluster.self_url)).collect()),
        resources: Some(requirements(function, cluster)),
        security_context: Some(container_context(cluster.run_as)),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(init_mounts(function)),
        ..Container::default()
    })
}

fn variables(launch: &Launch, cluster: &Cluster) -> [EnvVar; 5] {
    let pod_ip = ObjectFieldSelector { field_path: "status.podIP".to_owned(), ..ObjectFieldSelector::default() };
    let pod_ip = EnvVarSource { field_ref: Some(pod_ip), ..EnvVarSource::default() };
    [
        variable("FAKECLOUD_URL", &cluster.self_url.to_string()),
        variable("FAKECLOUD_HOST", cluster.self_url.host()),
        variable("FAKECLOUD_PORT", &cluster.self_url.port().to_string()),
        variable("FAKECLOUD_TOKEN", launch.token.reveal()),
        EnvVar { name: "POD_IP".to_owned(), value_from: Some(pod_ip), ..EnvVar::default() },
    ]
}

fn path_of(name: &str, path: &str, pod: &PodName) -> EnvVar {
    variable(name, &format!("{path}/{pod}"))
}
