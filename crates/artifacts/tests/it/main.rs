//! The crate's tests, from a user's side.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case has to fail")]

mod accept;
mod layers;
mod memory;
mod model;
mod packers;
mod props;
mod refuse;
mod sample;
