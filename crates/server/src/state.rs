//! The control plane's state: calls that change it, and the disk it outlives the process on.

pub(crate) mod archive;
pub(crate) mod blobs;
pub(crate) mod bundle;
pub(crate) mod control;
pub(crate) mod image;
pub(crate) mod restore;
pub(crate) mod room;
pub(crate) mod s3_object;
pub(crate) mod store;
pub(crate) mod supplied_layers;
pub(crate) mod sweeper;
pub(crate) mod writer;
