//! Ends the Pods of dead instances at startup.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fakecloud_podspec::{ANNOTATION_SELF_URL, InstanceLabel, LABEL_INSTANCE, SELECTOR};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use tracing::{debug, info, warn};

use crate::backends::k8s::api::{ApiError, Cluster};
use crate::common::words::chain;
use crate::health::Health;

/// An instance that lives answers its health endpoint in milliseconds.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Behind one address there may be several instances, each answering in turn, and one that lives may not be reachable
/// yet or answer late: only so many misses in a row mean that it is gone. Every probe is a connection of its own.
const PROBES: u32 = 8;

/// Between two probes: the network of a Pod that just started takes seconds to be there, and nothing waits for the end.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Delete requests under way at once.
const DELETES_AT_ONCE: usize = 16;

/// Between two tries to list Pods.
const LIST_RETRY: Duration = Duration::from_secs(5);

/// Reaps once, however often it takes to learn which Pods there are.
pub(crate) async fn run(cluster: Cluster, own: InstanceLabel) {
    loop {
        match reap(&cluster, &own).await {
            Ok(0) => return,
            Ok(reaped) => return info!(reaped, "deleted orphaned Pods"),
            Err(error) => warn!(%error, "orphaned Pods could not be looked for; trying again"),
        }
        tokio::time::sleep(LIST_RETRY).await;
    }
}

/// Deletes every Pod fakecloud manages that belongs to another instance, unless that instance provably lives: one that
/// answers, under the URL its Pods carry, with its id. Returns how many Pods it deleted.
async fn reap(cluster: &Cluster, own: &InstanceLabel) -> Result<usize, ApiError> {
    let pods = cluster.list(SELECTOR).await?;
    let staying = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
    let foreign = staying.filter(|pod| instance(pod) != Some(own.as_str())).filter_map(owner);
    let mut orphans: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (owner, name) in foreign {
        orphans.entry(owner).or_default().insert(name);
    }
    let ends = orphans.into_iter().map(|((instance, self_url), names)| end(cluster, instance, self_url, names));
    Ok(join_all(ends).await.into_iter().sum())
}

/// Deletes the Pods of one instance if it is gone. Returns how many those are.
async fn end(cluster: &Cluster, instance: &str, self_url: &str, names: BTreeSet<&str>) -> usize {
    let pods = names.len();
    if lives(instance, self_url).await {
        info!(instance, self_url, pods, "another instance lives and keeps its Pods");
        return 0;
    }
    info!(instance, self_url, pods, "deleting the Pods of an instance that is gone");
    delete_all(cluster, names).await;
    pods
}

/// The instance and the URL a Pod belongs to, and the Pod's name.
fn owner(pod: &Pod) -> Option<((&str, &str), &str)> {
    let annotations = pod.metadata.annotations.as_ref();
    let self_url = annotations.and_then(|all| all.get(ANNOTATION_SELF_URL)).map_or("", String::as_str);
    Some(((instance(pod).unwrap_or_default(), self_url), pod.metadata.name.as_deref()?))
}

fn instance(pod: &Pod) -> Option<&str> {
    pod.metadata.labels.as_ref()?.get(LABEL_INSTANCE).map(String::as_str)
}

async fn lives(instance: &str, self_url: &str) -> bool {
    for left in (0..PROBES).rev() {
        match probe(self_url).await {
            Ok(health) if health.instance == instance => return true,
            Ok(health) => debug!(instance, self_url, left, answered = health.instance, "another instance answered"),
            Err(error) => debug!(instance, self_url, left, error = %chain(&error), "the instance did not answer"),
        }
        if left > 0 {
            tokio::time::sleep(PROBE_INTERVAL).await;
        }
    }
    false
}

async fn probe(self_url: &str) -> reqwest::Result<Health> {
    let client = reqwest::Client::builder().timeout(PROBE_TIMEOUT).pool_max_idle_per_host(0).no_proxy().build()?;
    client.get(format!("{self_url}/_fakecloud/health")).send().await?.error_for_status()?.json().await
}

async fn delete_all(cluster: &Cluster, names: BTreeSet<&str>) {
    let deletes: Vec<_> = names.into_iter().map(|name| delete(cluster.clone(), name.to_owned())).collect();
    stream::iter(deletes).buffer_unordered(DELETES_AT_ONCE).collect::<()>().await;
}

async fn delete(cluster: Cluster, pod: String) {
    if let Err(error) = cluster.delete(&pod).await {
        warn!(pod, %error, "an orphaned Pod could not be deleted");
    }
}
