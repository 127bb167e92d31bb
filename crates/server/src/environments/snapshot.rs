//! All that the driver holds at one moment, as people and tests see it.

use fakecloud_pool::InstanceState;
use serde::{Serialize, Serializer};

/// All that the driver holds at one moment. Times are in milliseconds before that moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    pub(crate) limits: Limits,
    /// Invocations that wait for an environment.
    pub(crate) waiting: usize,
    pub(crate) starts: StartsShown,
    pub(crate) deploys: Vec<DeployShown>,
    pub(crate) instances: Vec<InstanceShown>,
}

/// The settings that bound it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    #[serde(rename = "maxPods")]
    pub(crate) max_environments: u32,
    pub(crate) max_concurrency: u32,
    pub(crate) queue_limit: usize,
    pub(crate) idle_ttl_ms: u64,
    pub(crate) start_timeout_ms: u64,
    pub(crate) starts_min: u32,
    pub(crate) starts_max: u32,
    pub(crate) start_wait_ms: u64,
}

/// Environments that start, and those that wait for their turn to.
#[derive(Debug, Serialize)]
pub(crate) struct StartsShown {
    /// Environments that start and count among a limit.
    pub(crate) starting: usize,
    /// Environments that are wanted and not begun.
    pub(crate) waiting: usize,
    /// Environments that no node has room for.
    pub(crate) unschedulable: usize,
    pub(crate) nodes: Vec<NodeShown>,
}

/// The starts of one node.
#[derive(Debug, Serialize)]
pub(crate) struct NodeShown {
    /// None stands for environments whose node is not known yet.
    pub(crate) node: Option<String>,
    /// Starts at once at most, as far as is learned now.
    pub(crate) limit: usize,
    pub(crate) starting: usize,
}

/// What all environments of one function version in one configuration have in common.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeployShown {
    pub(crate) deploy_id: String,
    pub(crate) function_arn: String,
    pub(crate) waiting: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provisioned: Option<Provisioned>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_start_failure: Option<String>,
}

/// Environments that are there before anybody calls.
#[derive(Debug, Serialize)]
pub(crate) struct Provisioned {
    pub(crate) requested: usize,
    pub(crate) allocated: usize,
    pub(crate) available: usize,
}

/// One environment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceShown {
    #[serde(rename = "podName")]
    pub(crate) name: String,
    pub(crate) function_name: String,
    pub(crate) function_arn: String,
    pub(crate) runtime: String,
    pub(crate) deploy_id: String,
    #[serde(serialize_with = "by_name")]
    pub(crate) state: InstanceState,
    pub(crate) initialization_type: &'static str,
    pub(crate) age_ms: u64,
    pub(crate) in_state_ms: u64,
    pub(crate) last_used_ms: u64,
    pub(crate) invocations: u64,
    pub(crate) timeline: TimelineShown,
}

/// The steps of a cold start, in milliseconds since the start was decided on, which is when the invocation was accepted
/// unless it had to wait for a place; none where a step was not seen.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimelineShown {
    pub(crate) accepted: u64,
    /// The backend has it.
    pub(crate) created: Option<u64>,
    /// A node was chosen.
    pub(crate) scheduled: Option<u64>,
    /// It asked for its files.
    pub(crate) init_called: Option<u64>,
    /// The address was known.
    pub(crate) located: Option<u64>,
    pub(crate) port_open: Option<u64>,
    /// The first invocation's answer began.
    pub(crate) first_byte: Option<u64>,
}

fn by_name<S: Serializer>(state: &InstanceState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.name())
}
