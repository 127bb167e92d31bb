//! Waits for the API server and the node, and fails early with the log of what does not run.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::layout::NODE;
use super::pki;
use super::process::{self, Process};
use crate::shell;

const API_SERVER_DEADLINE: Duration = Duration::from_secs(180);
const NODE_DEADLINE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(200);

/// kubectl as administrator; a server that does not answer is given up on.
pub(super) fn kubectl() -> Command {
    let mut kubectl = Command::new("kubectl");
    kubectl.arg("--kubeconfig").arg(pki::kubeconfig("admin")).arg("--request-timeout=5s");
    kubectl
}

/// Whether the node is ready at this moment, as far as the API server knows.
pub(super) fn now() -> bool {
    node("{.status.conditions[?(@.type==\"Ready\")].status}").as_deref() == Some("True")
}

/// When the node's kubelet last spoke.
pub(super) fn last_heartbeat() -> Option<String> {
    node("{.status.conditions[?(@.type==\"Ready\")].lastHeartbeatTime}")
}

pub(super) fn await_api_server(running: &[Process]) -> Result<()> {
    until(API_SERVER_DEADLINE, "the API server does not get ready", running, "kube-apiserver", || {
        shell::output(kubectl().args(["get", "--raw", "/readyz"])).is_ok()
    })
}

/// Waits until Pods can be created and will be scheduled. The object of a recovered node still says "ready" from
/// before, so its heartbeat must be newer than the one given.
pub(super) fn await_node(running: &[Process], old_heartbeat: Option<&str>) -> Result<()> {
    until(NODE_DEADLINE, &format!("node {NODE} does not get ready"), running, "kubelet", || {
        now() && last_heartbeat().as_deref() != old_heartbeat && node("{.spec.taints}").as_deref() == Some("")
    })?;
    let account = ["get", "serviceaccount", "default", "--namespace", "default"];
    let what = "the default service account is not created";
    until(NODE_DEADLINE, what, running, "kube-controller-manager", || shell::output(kubectl().args(account)).is_ok())
}

fn node(field: &str) -> Option<String> {
    shell::output(kubectl().args(["get", "node", NODE, "--output", &format!("jsonpath={field}")])).ok()
}

/// Waits for a condition; fails at the deadline, or when a process ends, with the end of the right log.
fn until(
    limit: Duration,
    failure: &str,
    running: &[Process],
    suspect: &str,
    condition: impl Fn() -> bool,
) -> Result<()> {
    let deadline = Instant::now() + limit;
    while !condition() {
        process::check(running)?;
        if Instant::now() > deadline {
            bail!("{failure} within {} s; {}", limit.as_secs(), process::log_tail(suspect));
        }
        sleep(POLL);
    }
    Ok(())
}
