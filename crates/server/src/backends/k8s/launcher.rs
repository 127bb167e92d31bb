//! Starts and ends Pods for the driver: each request to the API server and each dialling runs in a task of its own and
//! reports back.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fakecloud_podspec::{Cluster as Settings, INVOKE_PORT, InstanceLabel, Launch, PodName, Registry, pod};
use fakecloud_pool::{Initialization, InstanceId};
use tracing::warn;

use crate::backends::k8s::api::Cluster;
use crate::backends::k8s::token::Secret;
use crate::common::request_id;
use crate::environments::deployment::SharedDeployment;
use crate::environments::dialler::Dialler;
use crate::environments::driver::{Handle, Input};
use crate::environments::pod_entry::{DialTask, PodEntry};

/// A scheduler that found no node looks again when a Pod has gone, but for its back-off after the last look: from 1 s, which
/// doubles with each look, to 10 s (`podInitialBackoffSeconds` and `podMaxBackoffSeconds` of
/// <https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/>).
const RESCHEDULED_WITHIN: RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(10);

/// What every Pod of this process has in common.
pub(crate) struct Launcher {
    pub(crate) cluster: Cluster,
    pub(crate) settings: Arc<Settings>,
    /// Where nodes find this server's own registry, if it is that which image URIs of ECR name.
    pub(crate) registry: Option<Registry>,
    pub(crate) instance: InstanceLabel,
    pub(crate) secret: Arc<Secret>,
    pub(crate) dialler: Dialler,
    /// How long a Pod may stay unschedulable before its callers hear of it.
    pub(crate) unschedulable_grace: Duration,
}

impl Launcher {
    /// Creates one Pod; the answer comes as [`Input::Created`].
    pub(crate) fn launch(
        &self,
        handle: &Handle,
        instance: InstanceId,
        deployment: SharedDeployment,
        initialization: Initialization,
    ) -> PodEntry {
        let name = PodName::new(&deployment.function.name, request_id::random_u64());
        let entry = PodEntry::new(instance, name, deployment);
        self.create(handle, &entry, initialization);
        entry
    }

    /// Creates the Pod of an entry, which does not exist, and reports as [`launch`](Self::launch) does.
    pub(crate) fn create(&self, handle: &Handle, entry: &PodEntry, initialization: Initialization) {
        let token = self.secret.token(entry.name.as_str());
        let launch = Launch {
            name: entry.name.clone(),
            instance: self.instance.clone(),
            deploy_id: entry.deployment.label.clone(),
            initialization: match initialization {
                Initialization::OnDemand => fakecloud_podspec::Initialization::OnDemand,
                Initialization::Provisioned => fakecloud_podspec::Initialization::ProvisionedConcurrency,
            },
            token: token.parse().expect("a token in hex is a bearer token"),
        };
        let pod = pod(&entry.deployment.function, &launch, &self.settings);
        let (cluster, handle, instance) = (self.cluster.clone(), handle.clone(), entry.instance);
        tokio::spawn(async move {
            let result = cluster.create(&pod).await;
            handle.send(Input::Created { instance, result });
        });
    }

    /// Deletes one Pod; the answer comes as [`Input::Deleted`].
    pub(crate) fn delete(&self, handle: &Handle, instance: InstanceId, name: PodName) {
        let (cluster, handle) = (self.cluster.clone(), handle.clone());
        tokio::spawn(async move {
            let result = cluster.delete(name.as_str()).await;
            handle.send(Input::Deleted { instance, result });
        });
    }

    /// Deletes a Pod of this instance that the driver knows nothing of.
    pub(crate) fn delete_stray(&self, name: String) {
        let cluster = self.cluster.clone();
        tokio::spawn(async move {
            if let Err(error) = cluster.delete(&name).await {
                warn!(pod = %name, %error, "a stray Pod could not be deleted");
            }
        });
    }

    /// Dials until the Pod listens, then reports [`Input::Connected`], and later [`Input::Stirred`].
    pub(crate) fn dial(&self, handle: &Handle, instance: InstanceId, ip: IpAddr) -> DialTask {
        let (dialler, handle, watching) = (self.dialler.clone(), handle.clone(), handle.clone());
        let task = tokio::spawn(async move {
            let stirred = move || watching.send(Input::Stirred { instance });
            let connection = dialler.dial(SocketAddr::new(ip, INVOKE_PORT), stirred).await;
            handle.send(Input::Connected { instance, connection });
        });
        DialTask(task.abort_handle())
    }

    /// Reports [`Input::UnschedulableForLong`] once an autoscaler has had its chance.
    pub(crate) fn await_autoscaler(&self, handle: &Handle, instance: InstanceId, since: Instant) {
        report_unschedulable(handle, instance, since, self.unschedulable_grace);
    }

    /// The same once the scheduler has had its chance with the place of a Pod that has gone.
    pub(crate) fn await_scheduler(&self, handle: &Handle, instance: InstanceId, since: Instant) {
        let after = self.unschedulable_grace.clamp(*RESCHEDULED_WITHIN.start(), *RESCHEDULED_WITHIN.end());
        report_unschedulable(handle, instance, since, after);
    }
}

fn report_unschedulable(handle: &Handle, instance: InstanceId, since: Instant, after: Duration) {
    let handle = handle.clone();
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        handle.send(Input::UnschedulableForLong { instance, since });
    });
}
