//! Images of an upstream, which is scripted, through a registry that caches them.

mod faults;
mod ours;
mod pulls;
mod scripted;
mod streams;
