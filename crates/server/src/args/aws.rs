//! The settings that lead to other services of AWS.

use crate::endpoint_url::EndpointUrl;

/// Where other services are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Other services of AWS")]
pub(crate) struct AwsArgs {
    /// Server that gets every request for a service that is not served here, such as http://moto:5000
    #[arg(long, env = "FAKECLOUD_FORWARD_URL", value_name = "FAKECLOUD_FORWARD_URL")]
    pub(crate) forward_url: Option<EndpointUrl>,
}
