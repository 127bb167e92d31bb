//! From the flags to the settings of the pool and of the cluster.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fakecloud_podspec::{Cluster, Images, Owner, Registry, Scheduling, SelfUrl};

use crate::args::{Args, AwsArgs, Ecr, K8sArgs};
use crate::outbound::endpoint_url::EndpointUrl;

/// After a start that failed, the next one of the same function waits this long, then twice as long, …
const BACKOFF_MIN: Duration = Duration::from_millis(500);

/// … but never longer than this, so that a repaired quota or image is found soon.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// A function without a Pod waits this long in a full house for what others leave; then the next Pod of theirs that is
/// free for a moment makes way. About what the way costs: a deletion and a cold start.
const HANDOVER_AFTER: Duration = Duration::from_secs(2);

/// A deletion the API server did not take is asked for again after this.
const STOP_RETRY: Duration = Duration::from_secs(5);

/// What all Pods of this instance have in common. `port` is the one the server really listens on.
pub(crate) fn from_args(args: &Args, port: u16) -> Result<Cluster> {
    let k8s = &args.k8s;
    let self_url = self_url(k8s, port)?;
    let defaults = Images::default();
    Ok(Cluster {
        namespace: k8s.namespace.clone(),
        ecr: registry(args, &self_url),
        pull_secret: k8s.pull_secret.clone(),
        images: Images {
            init: k8s.init_image.clone().unwrap_or(defaults.init),
            prefix: args.lambda_image_prefix.clone().unwrap_or(defaults.prefix),
            runtimes: args.runtime_images(),
        },
        tmp_medium: k8s.tmp_medium,
        cpu: k8s.cpu,
        disk: args.nodes.k8s_ephemeral_storage,
        nodes: args.nodes.nodes(),
        run_as: k8s.run_as_user.unwrap_or_default(),
        scheduling: scheduling(k8s),
        owner: owner(k8s),
        listen_port: port,
        self_url,
    })
}

fn self_url(k8s: &K8sArgs, port: u16) -> Result<SelfUrl> {
    match (&k8s.self_url, k8s.pod_ip) {
        (Some(url), _) => Ok(url.clone()),
        (None, Some(ip)) => SelfUrl::from_ip(ip, port).with_context(|| format!("POD_IP={ip} is not usable")),
        (None, None) => anyhow::bail!(
            "FAKECLOUD_K8S_SELF_URL is not set: set it to the URL by which Pods reach this server, such as \
             http://fakecloud.default.svc:{port}, or give the Pod POD_IP by the downward API"
        ),
    }
}

/// Where requests for other services go, which must not be here, where this server listens.
pub(crate) fn forward_url(args: &AwsArgs, listen: SocketAddr, self_url: &SelfUrl) -> Result<Option<EndpointUrl>> {
    let Some(url) = &args.forward_url else { return Ok(None) };
    ensure!(
        !url.leads_to(listen, self_url),
        "FAKECLOUD_FORWARD_URL={url} is fakecloud itself: set it to the server that has the other services of AWS, such \
         as http://moto:5000"
    );
    Ok(Some(url.clone()))
}

/// Where nodes pull images from that functions name by URIs of ECR; none where that is ECR itself.
fn registry(args: &Args, self_url: &SelfUrl) -> Option<Registry> {
    match args.registry.ecr {
        Ecr::Own => Some(args.k8s.ecr_url.clone().unwrap_or_else(|| own_registry(self_url))),
        Ecr::External => args.k8s.ecr_url.clone(),
    }
}

/// This server's own registry, as Pods reach it.
pub(crate) fn own_registry(self_url: &SelfUrl) -> Registry {
    self_url.to_string().parse().expect("the host and port of a URL are those of a registry")
}

/// The names and addresses by which clients, Pods and nodes may reach this server.
pub(crate) fn server_names(args: &Args, settings: &Cluster) -> Vec<String> {
    let k8s = &args.k8s;
    let mut names: BTreeSet<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    // By the Service of deploy/, whatever namespace it is in.
    let namespace = k8s.pod_namespace.as_ref().unwrap_or(&k8s.namespace);
    names.extend(
        ["", ".NS", ".NS.svc", ".NS.svc.cluster.local"]
            .map(|domain| format!("fakecloud{}", domain.replace("NS", namespace.as_str()))),
    );
    names.insert(settings.self_url.host().to_owned());
    names.extend(k8s.ecr_url.as_ref().map(|registry| host(registry.host()).to_owned()));
    names.extend(k8s.pod_ip.map(|ip| ip.to_string()));
    names.extend(Some(args.listen.ip()).filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()));
    names.into_iter().collect()
}

/// The host of `host[:port]`, IPv6 without its brackets.
fn host(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ipv6, _port)) => ipv6,
        None => authority.split_once(':').map_or(authority, |(host, _port)| host),
    }
}

/// The pool's limits and times.
pub(crate) fn pool(args: &Args) -> fakecloud_pool::Config {
    fakecloud_pool::Config {
        max_concurrency: args.lambda_max_concurrency,
        max_instances: args.lambda_max_pods,
        handover_after: HANDOVER_AFTER,
        idle_ttl: args.lambda_idle_ttl.0,
        start_timeout: args.lambda_start_timeout.0,
        queue_limit: args.lambda_queue_limit,
        starts_min: args.starts.min,
        starts_max: args.starts.max,
        start_wait: args.starts.wait.0,
        stop_timeout: STOP_RETRY,
        backoff_min: BACKOFF_MIN,
        backoff_max: BACKOFF_MAX,
    }
}

fn scheduling(k8s: &K8sArgs) -> Scheduling {
    Scheduling {
        node_selector: k8s.node_selector.clone().unwrap_or_default(),
        tolerations: k8s.tolerations.clone().unwrap_or_default(),
        annotations: k8s.annotations.clone().unwrap_or_default(),
        labels: k8s.labels.clone().unwrap_or_default(),
        priority_class: k8s.priority_class.clone(),
        runtime_class: k8s.runtime_class.clone(),
    }
}

/// This server's own Pod, where it may own function Pods: an owner must live in the namespace of what it owns.
fn owner(k8s: &K8sArgs) -> Option<Owner> {
    let same_namespace = k8s.pod_namespace.as_ref() == Some(&k8s.namespace);
    let (name, uid) = k8s.pod_name.clone().zip(k8s.pod_uid.clone()).filter(|_| same_namespace)?;
    Some(Owner { name, uid })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn settings(flags: &[&str]) -> (Args, Cluster) {
        let args = Args::parse_from([&["fakecloud", "--k8s-namespace=team"], flags].concat());
        let settings = from_args(&args, 4566).unwrap();
        (args, settings)
    }

    #[test]
    fn images_of_ecr_are_pulled_from_here_unless_they_are_elsewhere() {
        const SELF: &str = "--k8s-self-url=http://fakecloud:4566";
        let cases: [(&[&str], Option<&str>); 5] = [
            (&[SELF], Some("fakecloud:4566")),
            (&["--k8s-self-url=http://[fd00::7]:4566"], Some("[fd00::7]:4566")),
            (&[SELF, "--k8s-ecr-url=localhost:30566"], Some("localhost:30566")),
            (&[SELF, "--ecr=external", "--k8s-ecr-url=registry.test"], Some("registry.test")),
            (&[SELF, "--ecr=external"], None),
        ];
        for (flags, registry) in cases {
            let ecr = settings(flags).1.ecr;
            assert_eq!(ecr.as_ref().map(Registry::host), registry, "{flags:?}");
        }
    }

    #[test]
    fn certificate_is_for_every_name_the_server_may_be_reached_by() {
        let (args, settings) = settings(&[
            "--k8s-self-url=http://host.test:4566",
            "--k8s-ecr-url=[fd00::7]:30566/path",
            "--pod-ip=10.0.0.7",
            "--listen=192.0.2.1:4566",
        ]);
        let expected = [
            "10.0.0.7",
            "127.0.0.1",
            "192.0.2.1",
            "::1",
            "fakecloud",
            "fakecloud.team",
            "fakecloud.team.svc",
            "fakecloud.team.svc.cluster.local",
            "fd00::7",
            "host.test",
            "localhost",
        ];
        assert_eq!(server_names(&args, &settings), expected);
    }
}
