//! What the node's container runtime is told of one registry.

use super::node::run;
use super::settings::node_registries;

/// The registry's folder in containerd's `certs.d` on the node, until this is dropped.
pub(crate) struct NodeRegistry {
    folder: String,
}

impl NodeRegistry {
    /// Of the registry at `host:port`.
    pub(crate) fn new(registry: &str) -> Self {
        Self { folder: format!("{}/{registry}", node_registries()) }
    }

    /// Writes a file there, which counts from the next pull on.
    pub(crate) fn write(&self, name: &str, text: &str) {
        run(&["sh", "-c", r#"mkdir -p "$0" && printf %s "$2" > "$0/$1""#, &self.folder, name, text]);
    }
}

impl Drop for NodeRegistry {
    fn drop(&mut self) {
        run(&["rm", "-rf", &self.folder]);
    }
}
