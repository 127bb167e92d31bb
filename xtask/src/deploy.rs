//! `cargo xtask deploy`: fakecloud in the cluster, from `deploy/` and the image of this working copy.

use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::cluster::{self, Cluster, Provider};
use crate::program::Profile;
use crate::{image, images, paths, shell};

/// The namespace of `deploy/`.
pub(crate) const NAMESPACE: &str = "fakecloud";
/// The Deployment and the Service of `deploy/`.
pub(crate) const NAME: &str = "fakecloud";
/// The port of the Service, and of the server behind it.
pub(crate) const PORT: u16 = 4566;

#[cfg(test)]
mod components;

const ROLLOUT_TIMEOUT: &str = "--timeout=120s";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The kind of cluster to deploy to [default: what this machine has]
    #[arg(long, value_enum)]
    provider: Option<Provider>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let Args { provider } = args;
    let cluster = cluster::ensure_up(provider)?;
    images::ensure_loaded(&cluster)?;
    deploy(&cluster)?;
    explain(&cluster)
}

/// Builds and loads the image, applies `deploy/`, and waits until fakecloud is ready under the Service's DNS name.
/// Rolls out only what changed.
///
/// # Errors
/// What cannot be built, loaded or applied; a server that does not become ready, after its Pods' states and logs were
/// printed.
pub(crate) fn deploy(cluster: &Cluster) -> Result<()> {
    let image = image::build(Profile::Release)?;
    shell::step(&format!("loading {} into the cluster", image.unique_name));
    cluster.load_image(&image.archive)?;

    shell::step("applying deploy/");
    let manifests = shell::output(cluster.kubectl().arg("kustomize").arg(paths::repo().join("deploy")))?;
    // A tag of its own for every content, so that the Deployment sees a new image, and only then.
    apply(cluster, &manifests.replace(image::NAME, &image.unique_name))?;

    shell::step("waiting for the rollout");
    let deployment = format!("deployment/{NAME}");
    let rollout = ["--namespace", NAMESPACE, "rollout", "status", &deployment, ROLLOUT_TIMEOUT];
    if let Err(error) = shell::output(cluster.kubectl().args(rollout)) {
        describe_failure(cluster);
        return Err(error.context("fakecloud did not become ready; what its Pods say is above"));
    }
    cluster::publish_service(cluster, NAMESPACE, NAME)
}

fn apply(cluster: &Cluster, manifests: &str) -> Result<()> {
    let mut kubectl = cluster.kubectl();
    let mut kubectl = kubectl.args(["apply", "--filename", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let mut stdin = kubectl.stdin.take().expect("standard input is piped");
    stdin.write_all(manifests.as_bytes()).context("kubectl apply does not read its input")?;
    drop(stdin);
    let status = kubectl.wait()?;
    if !status.success() {
        bail!("kubectl apply of deploy/ failed: {status}");
    }
    Ok(())
}

/// Prints all that tells why the server does not run: Pods that were refused, that do not start, that crashed.
fn describe_failure(cluster: &Cluster) {
    let selector = format!("--selector=app.kubernetes.io/name={NAME}");
    let sources: [&[&str]; 3] = [
        &["get", "pods", "--output=wide"],
        &["describe", "replicasets,pods"],
        &["logs", "--all-containers", "--prefix", "--tail=50"],
    ];
    for source in sources {
        let mut kubectl = cluster.kubectl();
        // To standard error, where the rest of the progress goes.
        kubectl.args(["--namespace", NAMESPACE]).args(source).arg(&selector).stdout(std::io::stderr());
        if let Err(error) = shell::run(&mut kubectl) {
            shell::step(&format!("{error:#}"));
        }
    }
}

/// Says how to reach the server.
fn explain(cluster: &Cluster) -> Result<()> {
    let from_here = match cluster.provider {
        Provider::Native => format!("http://{}:{PORT}", cluster_ip(cluster)?),
        Provider::Kind => format!(
            "http://127.0.0.1:{PORT} after: KUBECONFIG={} kubectl --namespace {NAMESPACE} port-forward service/{NAME} {PORT}",
            cluster.kubeconfig.display()
        ),
    };
    shell::step(&format!("fakecloud is ready\n    in the cluster: {}\n    from here:      {from_here}", url()));
    Ok(())
}

/// The AWS endpoint inside the cluster.
pub(crate) fn url() -> String {
    format!("http://{NAME}.{NAMESPACE}.svc.cluster.local:{PORT}")
}

/// The address of the Service, which a native node's own programs reach too.
pub(crate) fn cluster_ip(cluster: &Cluster) -> Result<String> {
    let ip = "--output=jsonpath={.spec.clusterIP}";
    shell::output(cluster.kubectl().args(["--namespace", NAMESPACE, "get", "service", NAME, ip]))
}
