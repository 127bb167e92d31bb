//! The registry through its public API: requests to its routes, restarts and collections.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod conformance;
mod garbage;
mod harness;
mod images;
mod keeping;
mod mutability;
mod scopes;
mod uploads;
mod upstream;
