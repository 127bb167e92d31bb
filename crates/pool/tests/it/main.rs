//! Each rule of the pool, one claim per test.

mod admission;
mod draining;
mod failed_starts;
mod full_house;
mod harness;
mod losing;
mod no_room;
mod provisioned;
mod queueing;
mod reuse;
mod stopping;
