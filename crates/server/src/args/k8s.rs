//! The settings of the Kubernetes backend.

use std::net::IpAddr;

use fakecloud_podspec::{
    Annotations, CpuPolicy, ImageRef, Labels, Namespace, NodeSelector, OwnerUid, PriorityClass, Registry, ResourceName,
    RunAs, SelfUrl, TmpMedium, Tolerations,
};

use super::Period;

/// Settings of the Kubernetes backend.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Kubernetes backend")]
pub(crate) struct K8sArgs {
    /// URL by which Pods reach this server [default: from POD_IP and the port, when it runs as a Pod]
    #[arg(long = "k8s-self-url", env = "FAKECLOUD_K8S_SELF_URL", value_name = "FAKECLOUD_K8S_SELF_URL")]
    pub(crate) self_url: Option<SelfUrl>,

    /// Namespace of the function Pods
    #[arg(
        long = "k8s-namespace",
        env = "FAKECLOUD_K8S_NAMESPACE",
        value_name = "FAKECLOUD_K8S_NAMESPACE",
        default_value = "default"
    )]
    pub(crate) namespace: Namespace,

    /// Where nodes find the registry of ECR's images, with its port if it has one [default: the self URL; with `FAKECLOUD_ECR=external` ECR itself]
    #[arg(long = "k8s-ecr-url", env = "FAKECLOUD_K8S_ECR_URL", value_name = "FAKECLOUD_K8S_ECR_URL")]
    pub(crate) ecr_url: Option<Registry>,

    /// Secret with the credentials for pulling images
    #[arg(long = "k8s-pull-secret", env = "FAKECLOUD_K8S_PULL_SECRET", value_name = "FAKECLOUD_K8S_PULL_SECRET")]
    pub(crate) pull_secret: Option<ResourceName>,

    /// Image of the init container, which needs what busybox has: sh, nc, head, tee, wc, tar [default: docker.io/library/busybox:1.36]
    #[arg(long = "k8s-init-image", env = "FAKECLOUD_K8S_INIT_IMAGE", value_name = "FAKECLOUD_K8S_INIT_IMAGE")]
    pub(crate) init_image: Option<ImageRef>,

    /// Medium of /tmp: Memory, which counts against the Pod's memory limit, or Disk
    #[arg(
        long = "k8s-tmp-medium",
        env = "FAKECLOUD_K8S_TMP_MEDIUM",
        value_name = "FAKECLOUD_K8S_TMP_MEDIUM",
        default_value = "Memory"
    )]
    pub(crate) tmp_medium: TmpMedium,

    /// CPU of a Pod: none, proportional (1 vCPU per 1,769 MB of memory), or millicores
    #[arg(long = "k8s-cpu", env = "FAKECLOUD_K8S_CPU", value_name = "FAKECLOUD_K8S_CPU", default_value = "none")]
    pub(crate) cpu: CpuPolicy,

    /// User of all containers: uid, uid:gid or image (what the image says, or the cluster chooses) [default: 993:990, as on AWS]
    #[arg(long = "k8s-run-as-user", env = "FAKECLOUD_K8S_RUN_AS_USER", value_name = "FAKECLOUD_K8S_RUN_AS_USER")]
    pub(crate) run_as_user: Option<RunAs>,

    /// Node labels every Pod asks for, as key=value,key=value; a backslash takes the next character literally
    #[arg(long = "k8s-node-selector", env = "FAKECLOUD_K8S_NODE_SELECTOR", value_name = "FAKECLOUD_K8S_NODE_SELECTOR")]
    pub(crate) node_selector: Option<NodeSelector>,

    /// Taints every Pod tolerates, as `key[=value][:effect[:seconds]]`, separated by commas; the key * is every taint
    #[arg(long = "k8s-tolerations", env = "FAKECLOUD_K8S_TOLERATIONS", value_name = "FAKECLOUD_K8S_TOLERATIONS")]
    pub(crate) tolerations: Option<Tolerations>,

    /// Annotations of every Pod, as key=value,key=value; a backslash takes the next character literally
    #[arg(long = "k8s-annotations", env = "FAKECLOUD_K8S_ANNOTATIONS", value_name = "FAKECLOUD_K8S_ANNOTATIONS")]
    pub(crate) annotations: Option<Annotations>,

    /// Labels of every Pod beyond fakecloud's own, as key=value,key=value; a backslash takes the next character literally
    #[arg(long = "k8s-labels", env = "FAKECLOUD_K8S_LABELS", value_name = "FAKECLOUD_K8S_LABELS")]
    pub(crate) labels: Option<Labels>,

    /// PriorityClass of every Pod; none of the cluster's own, `system-…`
    #[arg(
        long = "k8s-priority-class",
        env = "FAKECLOUD_K8S_PRIORITY_CLASS",
        value_name = "FAKECLOUD_K8S_PRIORITY_CLASS"
    )]
    pub(crate) priority_class: Option<PriorityClass>,

    /// RuntimeClass of every Pod
    #[arg(long = "k8s-runtime-class", env = "FAKECLOUD_K8S_RUNTIME_CLASS", value_name = "FAKECLOUD_K8S_RUNTIME_CLASS")]
    pub(crate) runtime_class: Option<ResourceName>,

    /// A Pod that no node takes is given this long for an autoscaler to bring one, before an idle Pod of another function
    /// makes way where that helps, or callers hear why
    #[arg(
        long = "k8s-unschedulable-grace",
        env = "FAKECLOUD_K8S_UNSCHEDULABLE_GRACE",
        value_name = "FAKECLOUD_K8S_UNSCHEDULABLE_GRACE",
        default_value = "20s"
    )]
    pub(crate) unschedulable_grace: Period,

    /// Address of this server's own Pod, from the downward API (status.podIP)
    #[arg(long = "pod-ip", env = "POD_IP", value_name = "POD_IP")]
    pub(crate) pod_ip: Option<IpAddr>,

    /// Name of this server's own Pod, which owns function Pods in its namespace (metadata.name)
    #[arg(long = "pod-name", env = "POD_NAME", value_name = "POD_NAME")]
    pub(crate) pod_name: Option<ResourceName>,

    /// UID of this server's own Pod (metadata.uid)
    #[arg(long = "pod-uid", env = "POD_UID", value_name = "POD_UID")]
    pub(crate) pod_uid: Option<OwnerUid>,

    /// Namespace of this server's own Pod (metadata.namespace)
    #[arg(long = "pod-namespace", env = "POD_NAMESPACE", value_name = "POD_NAMESPACE")]
    pub(crate) pod_namespace: Option<Namespace>,
}
