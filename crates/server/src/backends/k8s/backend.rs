//! Pods as execution environments: carries out what the table of Pods wants done. Each request to the API server runs in a
//! task of its own, whose answer goes back into the table.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use fakecloud_podspec::{Cluster as Settings, InstanceLabel, Launch, PodName, Registry, instance_selector, pod};
use fakecloud_pool::{Initialization, InstanceId};
use futures_util::StreamExt;
use tracing::warn;

use crate::backends::k8s::api::Cluster;
use crate::backends::k8s::pods::{Output, Pods};
use crate::backends::k8s::token::Secret;
use crate::common::request_id;
use crate::environments::backend::{Backend, EnvironmentName, Nouns, Progress, Start};
use crate::environments::deployment::SharedDeployment;
use crate::environments::driver::{Handle, Input};

const NOUNS: Nouns = Nouns { one: "Pod", many: "Pods" };

/// All that the Pods of this process have in common.
pub(crate) struct Parts {
    pub(crate) cluster: Cluster,
    pub(crate) settings: Arc<Settings>,
    /// Where nodes find this server's own registry, if it is that which image URIs of ECR name.
    pub(crate) registry: Option<Registry>,
    pub(crate) instance: InstanceLabel,
    pub(crate) secret: Secret,
    /// How long a Pod may stay unschedulable before its callers hear of it.
    pub(crate) unschedulable_grace: Duration,
    pub(crate) driver: Handle,
}

/// The backend `k8s`.
pub(crate) struct K8s {
    parts: Parts,
    pods: Mutex<Pods>,
    /// For the tasks that answer to it.
    itself: Weak<Self>,
}

// === impl K8s ===

impl K8s {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let pods = Mutex::new(Pods::new(parts.registry.clone(), parts.unschedulable_grace));
        Arc::new_cyclic(|itself| Self { parts, pods, itself: itself.clone() })
    }

    /// Returns `true` if `presented` is the token of this Pod.
    pub(crate) fn admits(&self, name: &str, presented: &str) -> bool {
        self.parts.secret.admits(name, presented)
    }

    /// Notes that a Pod's init container asks for its files, and perhaps where its Pod listens. Returns what the Pod is made
    /// of, if it is one that is starting.
    pub(crate) fn called(&self, name: &str, ip: Option<IpAddr>) -> Option<SharedDeployment> {
        self.change(|pods| pods.called(name, ip))
    }

    /// Notes why a Pod's files cannot be read.
    pub(crate) fn fetch_failed(&self, name: &str, cause: &str) {
        self.change(|pods| pods.fetch_failed(name, cause));
    }

    /// Feeds the table what the shared watch sees, for ever.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut changes = pin!(self.parts.cluster.watch(&instance_selector(&self.parts.instance)));
        while let Some(change) = changes.next().await {
            self.change(|pods| pods.changed(Instant::now(), change));
        }
    }

    /// Returns `true` if a panic has left the table in an unknown condition.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.pods.is_poisoned()
    }

    /// Changes the table, then does what it wants. The lock is held meanwhile, so that the driver hears all of it in order.
    fn change<T>(&self, step: impl FnOnce(&mut Pods) -> T) -> T {
        let mut pods = self.lock();
        let result = step(&mut pods);
        while let Some(output) = pods.poll() {
            self.carry_out(output);
        }
        result
    }

    fn carry_out(&self, output: Output) {
        match output {
            Output::Create { instance, name, deployment, initialization } => {
                self.create(instance, name, &deployment, initialization);
            }
            Output::Delete { instance, name } => self.delete(instance, name),
            Output::DeleteStray { name } => self.delete_stray(name),
            Output::Wait { instance, since, time } => self.wait(instance, since, time),
            Output::Report { instance, report } => self.parts.driver.send(Input::Report { instance, report }),
        }
    }

    fn create(
        &self,
        instance: InstanceId,
        name: PodName,
        deployment: &SharedDeployment,
        initialization: Initialization,
    ) {
        let launch = Launch {
            instance: self.parts.instance.clone(),
            deploy_id: deployment.label.clone(),
            initialization: match initialization {
                Initialization::OnDemand => fakecloud_podspec::Initialization::OnDemand,
                Initialization::Provisioned => fakecloud_podspec::Initialization::ProvisionedConcurrency,
            },
            token: self.parts.secret.token(name.as_str()).parse().expect("a token in hex is a bearer token"),
            name: name.clone(),
        };
        let pod = pod(&deployment.function, &launch, &self.parts.settings);
        let (cluster, itself) = (self.parts.cluster.clone(), self.itself.clone());
        tokio::spawn(async move {
            let result = cluster.create(&pod).await;
            if let Err(error) = &result {
                warn!(pod = %name, %error, "the API server did not create the Pod");
            }
            if let Some(itself) = itself.upgrade() {
                itself.change(|pods| pods.created(instance, result));
            }
        });
    }

    fn delete(&self, instance: InstanceId, name: PodName) {
        let (cluster, itself) = (self.parts.cluster.clone(), self.itself.clone());
        tokio::spawn(async move {
            let result = cluster.delete(name.as_str()).await;
            if let Err(error) = &result {
                warn!(pod = %name, %error, "the API server did not delete the Pod; trying again later");
            }
            if let Some(itself) = itself.upgrade() {
                itself.change(|pods| pods.deleted(instance, result));
            }
        });
    }

    fn delete_stray(&self, name: String) {
        let cluster = self.parts.cluster.clone();
        tokio::spawn(async move {
            if let Err(error) = cluster.delete(&name).await {
                warn!(pod = name, %error, "a stray Pod could not be deleted");
            }
        });
    }

    fn wait(&self, instance: InstanceId, since: Instant, time: Duration) {
        let itself = self.itself.clone();
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            if let Some(itself) = itself.upgrade() {
                itself.change(|pods| pods.waited(instance, since));
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Pods> {
        self.pods.lock().expect("no holder of this lock panics")
    }
}

impl Backend for K8s {
    fn nouns(&self) -> Nouns {
        NOUNS
    }

    fn start(&self, start: Start) -> EnvironmentName {
        let name = PodName::new(&start.deployment.function.name, request_id::random_u64());
        self.change(|pods| pods.start(start, name.clone()));
        EnvironmentName { noun: NOUNS.one, name: name.to_string() }
    }

    fn start_again(&self, start: Start) {
        self.change(|pods| pods.start_again(start));
    }

    fn stop(&self, instance: InstanceId) {
        self.change(|pods| pods.stop(instance));
    }

    fn progress(&self, instance: InstanceId) -> Progress {
        self.lock().progress(instance)
    }
}
