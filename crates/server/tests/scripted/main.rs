//! The whole server against a scripted API server: for faults that no real cluster can be made to have on demand.

#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

mod api;
mod archive;
mod bodies;
mod bursts;
mod claims;
mod client;
mod code_from_s3;
mod connections;
mod control_plane;
mod destinations;
mod disk;
mod events;
mod fetching;
mod for_tests;
mod forwarding;
mod https;
mod iam;
mod image;
mod images;
mod inits;
mod inspect;
mod instance;
mod killed;
mod killed_pushes;
mod last_words;
mod limits;
mod nodes;
mod pod;
mod provisioned;
mod registry;
mod room;
mod s3;
mod sandbox;
mod server;
mod services;
mod siege;
mod streaming;
mod tenants;
mod trust;
mod upstreams;
mod urls;
mod wire;
