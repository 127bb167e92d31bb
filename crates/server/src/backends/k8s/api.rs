//! The Kubernetes API, in the five verbs fakecloud has: the only file that imports `kube`.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{WatchStreamExt, watcher::DefaultBackoff};
use kube::{Client, Config};

use crate::backends::k8s::quota;
use crate::common::words::chain;

/// All that fakecloud may do, and all it asks for.
const VERBS: [&str; 5] = ["create", "get", "list", "watch", "delete"];

/// An API server that does not answer a request at all is given up after this.
const API_TIMEOUT: Duration = Duration::from_secs(20);

/// What passes between the tries to create a Pod whose create conflicts with others, milliseconds.
const CONFLICT_PAUSES_MS: [u64; 5] = [50, 100, 200, 400, 800];

/// The API server ends a watch after this, seconds, and it is resumed where it ended.
const WATCH_SECONDS: u32 = 60;

/// A connection on which the answer to a request does not go on for this long is dead, although nothing closed it. It
/// bounds the list of a resync, which has no other limit; a silent watch is given up sooner, by the watcher itself, a
/// few seconds after `WATCH_SECONDS`.
const SILENCE_MAX: Duration = Duration::from_secs(90);

/// One namespace of a cluster.
#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
    pods: Api<Pod>,
    namespace: String,
}

/// Why the cluster cannot be used, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(
        "found neither a kubeconfig nor a ServiceAccount: run fakecloud as a Pod with a ServiceAccount, \
         or point KUBECONFIG at a cluster"
    )]
    Config(#[source] kube::config::InferConfigError),
    #[error("cannot set up a client for the API server at {url}")]
    Client { url: String, source: kube::Error },
    #[error(
        "the API server at {url} does not answer: {cause}; check the address, the network policy and the certificates"
    )]
    Unreachable { url: String, cause: String },
    #[error(
        "the API server at {url} does not say what this identity may do: {cause}; \
         check the credentials of the kubeconfig or the ServiceAccount, they may have expired"
    )]
    Refused { url: String, cause: String },
    #[error(
        "not allowed to {verbs} pods in namespace {namespace}: give fakecloud's ServiceAccount a Role with \
         the verbs create, get, list, watch and delete on pods (see deploy/role.yaml)"
    )]
    Forbidden { verbs: String, namespace: String },
}

/// Why a request to the API server came to nothing, in the server's own words where it had some.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// The API server said no: nothing has happened.
    #[error("{0}")]
    Refused(String),
    /// The same, because a quota is used up: it may say yes once another Pod has gone.
    #[error("{0}")]
    QuotaUsedUp(String),
    /// No answer, or none that settles it: the request may have been carried out.
    #[error("{0}")]
    Unanswered(String),
}

/// What came of a request to delete a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// It will go, once its containers have ended; the watch says when.
    Accepted,
    NothingThere,
}

/// What the shared watch saw.
#[derive(Debug)]
pub(crate) enum PodChange {
    Seen(Box<Pod>),
    Gone {
        name: String,
    },
    /// The watch begins anew with a list.
    ResyncBegan,
    /// The list is complete: a Pod that was there when it began and is not in it has gone meanwhile.
    Resynced {
        names: BTreeSet<String>,
    },
}

impl Cluster {
    /// Connects with the kubeconfig or the ServiceAccount, and proves that every verb is allowed.
    pub(crate) async fn connect(namespace: &str) -> Result<Self, ConnectError> {
        let mut config = Config::infer().await.map_err(ConnectError::Config)?;
        config.connect_timeout = Some(Duration::from_secs(5));
        config.read_timeout = Some(SILENCE_MAX);
        // Or else the time a pooled connection idled would count, and a create on it would fail for no reason.
        config.reset_reader_on_write = true;
        let url = config.cluster_url.to_string();
        let client = Client::try_from(config).map_err(|source| ConnectError::Client { url: url.clone(), source })?;
        let pods = Api::namespaced(client.clone(), namespace);
        let cluster = Self { client, pods, namespace: namespace.to_owned() };
        let missing = cluster.missing_verbs().await.map_err(|error| match error {
            ApiError::Refused(cause) | ApiError::QuotaUsedUp(cause) => ConnectError::Refused { url, cause },
            ApiError::Unanswered(cause) => ConnectError::Unreachable { url, cause },
        })?;
        if missing.is_empty() {
            return Ok(cluster);
        }
        Err(ConnectError::Forbidden { verbs: missing.join(", "), namespace: namespace.to_owned() })
    }

    /// The verbs on pods that the API server says this identity lacks.
    async fn missing_verbs(&self) -> Result<Vec<&'static str>, ApiError> {
        let reviews: Api<SelfSubjectAccessReview> = Api::all(self.client.clone());
        let asked = VERBS.map(|verb| {
            let review = self.review(verb);
            let reviews = &reviews;
            async move { (verb, within(reviews.create(&PostParams::default(), &review)).await) }
        });
        let mut missing = Vec::new();
        for (verb, answer) in futures_util::future::join_all(asked).await {
            if !answer?.status.is_some_and(|status| status.allowed) {
                missing.push(verb);
            }
        }
        Ok(missing)
    }

    fn review(&self, verb: &str) -> SelfSubjectAccessReview {
        let attributes = ResourceAttributes {
            namespace: Some(self.namespace.clone()),
            resource: Some("pods".to_owned()),
            verb: Some(verb.to_owned()),
            ..Default::default()
        };
        let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
        SelfSubjectAccessReview { spec, ..Default::default() }
    }

    /// Creates `pod`. Its name is used once, so a Pod of that name that is already there is the one asked for: an
    /// earlier try was committed although its answer got lost.
    pub(crate) async fn create(&self, pod: &Pod) -> Result<(), ApiError> {
        let mut pauses = CONFLICT_PAUSES_MS.into_iter().map(Duration::from_millis);
        loop {
            let error = match within_raw(self.pods.create(&PostParams::default(), pod)).await? {
                Ok(_) => return Ok(()),
                Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => return Ok(()),
                Err(error) => error,
            };
            let Some(pause) = pauses.next().filter(|_| is_conflict(&error)) else { return Err(in_words(&error)) };
            let error = in_words(&error);
            tracing::warn!(pod = pod.metadata.name, %error, ?pause, "the create conflicts with others; trying again");
            tokio::time::sleep(pause).await;
        }
    }

    /// Deletes the Pod; one that is gone already is as good.
    pub(crate) async fn delete(&self, name: &str) -> Result<Deletion, ApiError> {
        match within_raw(self.pods.delete(name, &DeleteParams::default())).await? {
            Ok(_) => Ok(Deletion::Accepted),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Deletion::NothingThere),
            Err(error) => Err(in_words(&error)),
        }
    }

    /// The Pods that match a label selector.
    pub(crate) async fn list(&self, selector: &str) -> Result<Vec<Pod>, ApiError> {
        within(self.pods.list(&ListParams::default().labels(selector))).await.map(|list| list.items)
    }

    /// One watch for all Pods that match; it reconnects by itself, with a growing delay, for ever.
    pub(crate) fn watch(&self, selector: &str) -> impl Stream<Item = PodChange> + Send + use<> {
        let config = watcher::Config::default().labels(selector).timeout(WATCH_SECONDS);
        let mut listed = BTreeSet::new();
        watcher(self.pods.clone(), config).backoff(DefaultBackoff::default()).filter_map(move |event| {
            std::future::ready(match event {
                Ok(event) => change(event, &mut listed),
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the watch on Pods broke; trying again");
                    None
                }
            })
        })
    }
}

fn change(event: Event<Pod>, listed: &mut BTreeSet<String>) -> Option<PodChange> {
    match event {
        Event::Init => {
            listed.clear();
            Some(PodChange::ResyncBegan)
        }
        Event::InitApply(pod) => {
            listed.extend(pod.metadata.name.clone());
            Some(PodChange::Seen(Box::new(pod)))
        }
        Event::InitDone => Some(PodChange::Resynced { names: std::mem::take(listed) }),
        Event::Apply(pod) => Some(PodChange::Seen(Box::new(pod))),
        Event::Delete(pod) => pod.metadata.name.map(|name| PodChange::Gone { name }),
    }
}

async fn within<T>(request: impl Future<Output = Result<T, kube::Error>>) -> Result<T, ApiError> {
    within_raw(request).await?.map_err(|error| in_words(&error))
}

async fn within_raw<T>(request: impl Future<Output = T>) -> Result<T, ApiError> {
    tokio::time::timeout(API_TIMEOUT, request).await.map_err(|_elapsed| {
        ApiError::Unanswered(format!("no answer from the API server in {} s", API_TIMEOUT.as_secs()))
    })
}

/// Whether a create came to nothing because others changed what a quota counts at the same moment: nothing is wrong with
/// it, but the API server leaves it to its clients to try again (<https://github.com/kubernetes/kubernetes/issues/67761>).
fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409 && status.reason == "Conflict")
}

fn in_words(error: &kube::Error) -> ApiError {
    if let kube::Error::Api(status) = error
        && (400..500).contains(&status.code)
    {
        let message = status.message.clone();
        return match status.code == 403 && quota::is_used_up(&message) {
            true => ApiError::QuotaUsedUp(message),
            false => ApiError::Refused(message),
        };
    }
    ApiError::Unanswered(chain(error))
}
