//! The settings of what nodes there are, and what they count.

use fakecloud_podspec::{DiskPolicy, Nodes};

/// What nodes there are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Nodes")]
pub(crate) struct NodeArgs {
    /// Run functions on what nodes there are, whatever their Architectures say [default: false]
    #[arg(
        long,
        env = "FAKECLOUD_LAMBDA_IGNORE_ARCHITECTURE",
        value_name = "FAKECLOUD_LAMBDA_IGNORE_ARCHITECTURE",
        default_value = "false",
        hide_default_value = true,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub(crate) lambda_ignore_architecture: bool,

    /// Ephemeral storage of each container, the init container included, as request and limit: none, function (what its
    /// code, layers, logs and /tmp may take) or an amount such as 1Gi
    #[arg(
        long,
        env = "FAKECLOUD_K8S_EPHEMERAL_STORAGE",
        value_name = "FAKECLOUD_K8S_EPHEMERAL_STORAGE",
        default_value = "none"
    )]
    pub(crate) k8s_ephemeral_storage: DiskPolicy,
}

impl NodeArgs {
    /// The nodes that functions may run on.
    pub(crate) fn nodes(&self) -> Nodes {
        if self.lambda_ignore_architecture { Nodes::OfAny } else { Nodes::OfArchitecture }
    }
}
