//! The settings that bound memory.

use super::Size;

/// How much memory the server may take.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Memory")]
pub(crate) struct MemoryArgs {
    /// Memory of this process, of which request bodies, payloads and events have their parts (such as 512Mi, 2Gi) [default: the memory limit of the container, but no more than 1Gi]
    #[arg(id = "memory-limit", long, env = "FAKECLOUD_MEMORY_LIMIT", value_name = "FAKECLOUD_MEMORY_LIMIT")]
    pub(crate) limit: Option<Size>,
}
