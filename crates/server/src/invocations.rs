//! Invocations, whether somebody waits for them, streams them or neither: from what is asked for to the answer.

pub(crate) mod admission;
pub(crate) mod destinations;
pub(crate) mod events;
mod hints;
pub(crate) mod invocation_log;
pub(crate) mod invoke;
pub(crate) mod relay;
mod sent;
pub(crate) mod streaming;
pub(crate) mod trace_id;
pub(crate) mod waiting_bytes;
