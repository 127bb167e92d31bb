//! The settings that lead to other services of AWS.

use std::ffi::OsStr;
use std::fmt;

use clap::builder::{TypedValueParser, ValueParserFactory};
use clap::error::ErrorKind;
use clap::{Arg, Command};

use crate::outbound::endpoint_url::EndpointUrl;

/// Where other services are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Other services of AWS")]
pub(crate) struct AwsArgs {
    /// Server that gets every request for a service that is not served here, such as http://moto:5000
    #[arg(long, env = "FAKECLOUD_FORWARD_URL", value_name = "FAKECLOUD_FORWARD_URL")]
    pub(crate) forward_url: Option<EndpointUrl>,

    /// Where fakecloud itself calls other services [default: the forward URL; for code in S3 else AWS with the credentials below]
    #[arg(long, env = "AWS_ENDPOINT_URL", value_name = "AWS_ENDPOINT_URL")]
    pub(crate) aws_endpoint_url: Option<EndpointUrl>,

    /// Where fakecloud calls S3
    #[arg(long, env = "AWS_ENDPOINT_URL_S3", value_name = "AWS_ENDPOINT_URL_S3")]
    pub(crate) aws_endpoint_url_s3: Option<EndpointUrl>,

    /// Where fakecloud calls SQS
    #[arg(long, env = "AWS_ENDPOINT_URL_SQS", value_name = "AWS_ENDPOINT_URL_SQS")]
    pub(crate) aws_endpoint_url_sqs: Option<EndpointUrl>,

    /// Where fakecloud calls SNS
    #[arg(long, env = "AWS_ENDPOINT_URL_SNS", value_name = "AWS_ENDPOINT_URL_SNS")]
    pub(crate) aws_endpoint_url_sns: Option<EndpointUrl>,

    /// Where fakecloud calls EventBridge
    #[arg(long, env = "AWS_ENDPOINT_URL_EVENTBRIDGE", value_name = "AWS_ENDPOINT_URL_EVENTBRIDGE")]
    pub(crate) aws_endpoint_url_eventbridge: Option<EndpointUrl>,

    /// Access key for calls to AWS, and to the endpoints above [default there: the account]
    #[arg(long, env = "AWS_ACCESS_KEY_ID", value_name = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    pub(crate) aws_access_key_id: Option<Hidden>,

    /// Its secret
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", value_name = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    pub(crate) aws_secret_access_key: Option<Hidden>,

    /// Its session token, where it has one
    #[arg(long, env = "AWS_SESSION_TOKEN", value_name = "AWS_SESSION_TOKEN", hide_env_values = true)]
    pub(crate) aws_session_token: Option<Hidden>,
}

/// A text that no log shows: visible ASCII only, as the header of a request can carry it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hidden(pub(crate) String);

/// Reads what is hidden. Other than clap's own parsers it does not show what it refuses.
#[derive(Clone)]
pub(crate) struct HiddenParser;

impl ValueParserFactory for Hidden {
    type Parser = HiddenParser;

    fn value_parser() -> HiddenParser {
        HiddenParser
    }
}

impl TypedValueParser for HiddenParser {
    type Value = Hidden;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Hidden, clap::Error> {
        let visible = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let text = value.to_str().filter(visible).ok_or_else(|| {
            let name = arg.map_or_else(String::new, |arg| format!(" for '{arg}'"));
            let message = format!(
                "the value{name} has a character that is not visible ASCII, such as a space or a line break at its \
                 end, and is not shown here; set it without\n"
            );
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })?;
        Ok(Hidden(text.to_owned()))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
