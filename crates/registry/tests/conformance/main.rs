//! The cases of the OCI Distribution Specification's conformance categories, each a test against the registry's routes.
//! `docs/REGISTRY.md` lists them.

mod discovery;
mod harness;
mod management;
mod pull;
mod push;
