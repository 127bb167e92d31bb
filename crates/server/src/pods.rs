//! Pods from their rendering to their end, and the one task that decides about them, the driver.

mod answer_reader;
pub(crate) mod cluster;
pub(crate) mod connection;
pub(crate) mod convert;
pub(crate) mod deployment;
pub(crate) mod deployments;
pub(crate) mod dialler;
pub(crate) mod driver;
pub(crate) mod emulator;
mod fetch_failure;
pub(crate) mod hand_over;
pub(crate) mod launcher;
pub(crate) mod lease;
pub(crate) mod pod_entry;
pub(crate) mod pod_status;
pub(crate) mod provisioning;
pub(crate) mod pull_failure;
pub(crate) mod quota;
pub(crate) mod reaper;
mod refusal_hint;
pub(crate) mod timeline;
pub(crate) mod token;
