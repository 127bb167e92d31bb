//! The settings of layers that other accounts publish on AWS.

use std::path::PathBuf;

use clap::ValueEnum;
use fakecloud_lambda::MissingLayers;

/// Where layers of other accounts come from.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Layers of other accounts")]
pub(crate) struct LayerArgs {
    /// Directory with their zips, as `<account>/<name>/<version>.zip`, or `<account>/<name>.zip` for every version
    #[arg(long, env = "FAKECLOUD_LAMBDA_LAYERS_DIR", value_name = "FAKECLOUD_LAMBDA_LAYERS_DIR")]
    pub(crate) lambda_layers_dir: Option<PathBuf>,

    /// What becomes of a function with a layer of another account that is not to be had
    #[arg(
        long,
        env = "FAKECLOUD_LAMBDA_FOREIGN_LAYERS",
        value_name = "FAKECLOUD_LAMBDA_FOREIGN_LAYERS",
        default_value = "refuse"
    )]
    pub(crate) lambda_foreign_layers: ForeignLayers,
}

/// What becomes of a function with a layer that is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ForeignLayers {
    /// It is refused
    Refuse,
    /// It runs without the layer, and the log says so
    LeaveOut,
}

impl From<ForeignLayers> for MissingLayers {
    fn from(setting: ForeignLayers) -> Self {
        match setting {
            ForeignLayers::Refuse => Self::Refuse,
            ForeignLayers::LeaveOut => Self::LeaveOut,
        }
    }
}
