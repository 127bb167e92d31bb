//! The crate through its public API: requests in, AWS's answers out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod aliases;
mod as_recorded;
mod capacity_providers;
mod code_signing;
mod concurrency;
mod constraints;
mod durable;
mod event_invoke;
mod event_source_mappings;
mod events;
mod function_urls;
mod functions;
mod hand_over;
mod harness;
mod images;
mod invoke;
mod layers;
mod operations;
mod persist;
mod policies;
mod props;
mod props_settings;
mod provisioned_concurrency;
mod records;
mod running;
mod runtime_management;
mod scope;
mod tags;
mod tenancy;
mod updates;
mod versions;
