//! The cluster tests: a real API server, kubelet and container runtime, the real Runtime Interface Emulator, and real
//! AWS clients.
//!
//! `cargo xtask k8s-test` sets all of it up and runs them. Each test starts fakecloud itself, in a namespace of its own;
//! `FAKECLOUD_TEST_KEEP=1` keeps the namespace of a test that fails.

mod admit_network_policy;
mod admit_pods;
mod admit_rbac;
mod admit_refusals;
mod e2e_aliases;
mod e2e_burst;
mod e2e_clients;
mod e2e_clock;
mod e2e_code;
mod e2e_docker;
mod e2e_ecr;
mod e2e_errors;
mod e2e_events;
mod e2e_failed_starts;
mod e2e_flows;
mod e2e_for_tests;
mod e2e_https;
mod e2e_iam;
mod e2e_images;
mod e2e_in_cluster;
mod e2e_limits;
mod e2e_lost_pods;
mod e2e_node_pulls;
mod e2e_nodes;
mod e2e_one_endpoint;
mod e2e_operations;
mod e2e_provisioned;
mod e2e_quota;
mod e2e_registry;
mod e2e_restart;
mod e2e_runtimes;
mod e2e_sandbox;
mod e2e_secrets;
mod e2e_stacks;
mod e2e_streaming;
mod e2e_update;
mod e2e_urls;
mod e2e_warm;
mod harness;

/// Runs before all others, which go by the alphabet, and which would fail for the same reason.
#[test]
fn a_cluster_is_given_and_answers() {
    harness::require_cluster();
}
