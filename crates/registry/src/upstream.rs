//! Images of other registries: fetched from there when they are first asked for, and kept.

mod setting;

pub use self::setting::{InvalidUpstream, Upstream};
