//! Connections of clients: how many there may be, how long one may do nothing, and who is let in when they are too many.

mod activity;
pub(crate) mod descriptors;
mod door;
mod parting;
mod peer;
mod reserve;
mod slots;
mod watch;

pub(crate) use activity::{Activity, Busy, Held};
pub(crate) use door::{Admission, Door};
pub(crate) use peer::Peer;
pub(crate) use slots::{Full, Terms};
pub(crate) use watch::Limits;
