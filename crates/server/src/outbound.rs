//! Calls of other services, of AWS or of an emulator that stands in for them.

pub(crate) mod aws_client;
pub(crate) mod endpoint_url;
pub(crate) mod http_client;
