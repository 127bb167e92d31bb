//! The crate through its public API: parameters in, AWS's answers out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod documents;
mod harness;
mod persist;
mod policies;
mod protocol;
mod role_policies;
mod roles;
mod scale;
mod sessions;
mod tags;
