//! From the flags to podspec's settings of a cluster.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use fakecloud_podspec::{Cluster, Images, Owner, Scheduling, SelfUrl};

use crate::args::{Args, AwsArgs, K8sArgs};
use crate::outbound::endpoint_url::EndpointUrl;

/// What all Pods of this instance have in common. `port` is the one the server really listens on.
pub(crate) fn from_args(args: &Args, port: u16) -> Result<Cluster> {
    let k8s = &args.k8s;
    let self_url = self_url(k8s, port)?;
    let defaults = Images::default();
    Ok(Cluster {
        namespace: k8s.namespace.clone(),
        ecr: k8s.ecr_url.clone(),
        pull_secret: k8s.pull_secret.clone(),
        images: Images {
            init: k8s.init_image.clone().unwrap_or(defaults.init),
            prefix: args.lambda_image_prefix.clone().unwrap_or(defaults.prefix),
            runtimes: args.runtime_images(),
        },
        tmp_medium: k8s.tmp_medium,
        cpu: k8s.cpu,
        run_as: k8s.run_as_user.unwrap_or_default(),
        scheduling: scheduling(k8s),
        owner: owner(k8s),
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
