//! Tests of the public API: whole Pods as snapshots, and what holds for every Pod.

#![expect(clippy::unwrap_used, reason = "a fixture that does not hold is a failed test")]

mod fixtures;
mod pods;
mod properties;
