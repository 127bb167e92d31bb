//! What a registry is opened with.

use std::path::PathBuf;
use std::sync::Arc;

use fakecloud_budget::Budget;

use fakecloud_durable::Quota;

use crate::token::Token;
use crate::upstream::Upstream;

/// What a registry is opened with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it keeps everything. No other process may be using it.
    pub folder: PathBuf,
    /// Whether what it has acknowledged outlives a failure of power: all is flushed to the disk before. Without, it still
    /// outlives the process.
    pub durable: bool,
    /// What all that is received and recorded counts towards.
    pub quota: Quota,
    /// What pushes and deletions must show; without it any password does.
    pub token: Option<Token>,
    /// Whether a push to a repository that is not there makes it.
    pub auto_create: bool,
    /// Whose images are to be had below which prefixes; no two with the same prefix.
    pub upstreams: Vec<Upstream>,
    /// The memory of bodies that are read as a whole.
    pub bodies: Arc<Budget>,
}
