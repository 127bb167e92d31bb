//! What every request handler shares.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use fakecloud_budget::Budget;
use fakecloud_iam::Iam;
use fakecloud_lambda::Lambda;
use fakecloud_pool::InvocationId;
use fakecloud_registry::Registry;

use crate::backends::k8s::backend::K8s;
use crate::control::deployments::Deployments;
use crate::control::image::OwnImages;
use crate::control::provisioning::Provisioning;
use crate::disk::blobs::Blobs;
use crate::disk::writer::Writer;
use crate::environments::driver::Handle;
use crate::health::Health;
use crate::http::forward::Forward;
use crate::http::trust::Trust;
use crate::invocations::events;
use crate::invocations::invocation_log::InvocationLog;
use crate::invocations::waiting_bytes::Waiting;
use crate::outbound::aws_client::AwsClient;
use crate::tls::identity::Identity;

/// The parts of the server, shared by reference.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// The parts themselves.
pub(crate) struct Parts {
    pub(crate) lambda: Mutex<Lambda>,
    pub(crate) iam: Mutex<Iam>,
    /// The memory of bodies of requests.
    pub(crate) bodies: Arc<Budget>,
    /// The memory of payloads.
    pub(crate) payloads: Arc<Waiting>,
    /// None where nothing is to outlive the process.
    pub(crate) writer: Option<Writer>,
    pub(crate) blobs: Arc<Blobs>,
    /// The images of functions, and others.
    pub(crate) registry: Registry,
    /// None where URIs of ECR mean another registry.
    pub(crate) own_images: Option<OwnImages>,
    pub(crate) deployments: Deployments,
    pub(crate) provisioning: Provisioning,
    pub(crate) driver: Handle,
    pub(crate) events: events::Handle,
    /// The Pods of functions.
    pub(crate) k8s: Arc<K8s>,
    /// For fakecloud's own calls of other services.
    pub(crate) aws: AwsClient,
    /// None where other services are refused.
    pub(crate) forward: Option<Forward>,
    pub(crate) trust: Trust,
    pub(crate) health: Health,
    pub(crate) identity: Identity,
    pub(crate) invocations: AtomicU64,
    pub(crate) invocation_log: InvocationLog,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The same as long as others keep it.
    pub(crate) fn weak(&self) -> impl Fn() -> Option<Self> + Send + 'static {
        let weak = Arc::downgrade(&self.0);
        move || weak.upgrade().map(Self)
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    /// The control plane's state. Held for the time of one call without IO, never across an await.
    pub(crate) fn lambda(&self) -> MutexGuard<'_, Lambda> {
        self.lambda.lock().expect("no call of the control plane panics")
    }

    /// Roles and policies; what is said of `lambda` holds here too.
    pub(crate) fn iam(&self) -> MutexGuard<'_, Iam> {
        self.iam.lock().expect("no call of IAM panics")
    }

    /// The first of the locks that calls share which a panic has left in an unknown condition: all that takes it fails.
    pub(crate) fn poisoned(&self) -> Option<&'static str> {
        let locks = [
            ("functions", self.lambda.is_poisoned()),
            ("Pods", self.k8s.is_poisoned()),
            ("roles", self.iam.is_poisoned()),
            ("deployments", self.deployments.is_poisoned()),
            ("provisioned concurrency", self.provisioning.is_poisoned()),
            ("archives", self.blobs.is_poisoned()),
            ("the log of invocations", self.invocation_log.is_poisoned()),
        ];
        locks.into_iter().find_map(|(what, is_poisoned)| is_poisoned.then_some(what))
    }

    /// A number no invocation had before.
    pub(crate) fn next_invocation(&self) -> InvocationId {
        InvocationId(self.invocations.fetch_add(1, Ordering::Relaxed))
    }
}
