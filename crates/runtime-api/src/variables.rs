//! The environment variables of runtimes and extensions, from the configuration alone.
//!
//! The names are AWS's: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.

use std::collections::BTreeMap;

use crate::time::day;
use crate::{Configuration, LogFormat};

/// The variables that only the platform sets. A user's value for one of them has no effect.
pub const RESERVED_VARIABLES: &[&str] = &[
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_LEVEL",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_LAMBDA_TELEMETRY_LOG_FD",
    "_X_AMZN_TRACE_ID",
];

/// The variables that runtimes have and extensions do not
/// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-lifecycle-extensions-environment>).
const RUNTIME_ONLY: &[&str] = &[
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_PORT",
    "_HANDLER",
    "_LAMBDA_TELEMETRY_LOG_FD",
];

/// The variables that AWS sets unless the image or the user does.
const DEFAULTS: &[(&str, &str)] = &[
    ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
    ("AWS_XRAY_DAEMON_ADDRESS", "169.254.79.129:2000"),
    ("LANG", "en_US.UTF-8"),
    ("LD_LIBRARY_PATH", "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"),
    ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
    ("TZ", ":UTC"),
    ("_AWS_XRAY_DAEMON_ADDRESS", "169.254.79.129"),
    ("_AWS_XRAY_DAEMON_PORT", "2000"),
];

/// The variables of the runtime's process.
pub fn runtime_variables(configuration: &Configuration) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut all: BTreeMap<String, String> = DEFAULTS.iter().map(owned).collect();
    let given = configuration.container_variables.iter().chain(&configuration.user_variables);
    let free = given.filter(|(name, _)| RESERVED_VARIABLES.binary_search(&name.as_str()).is_err());
    all.extend(free.map(|(name, value)| (name.clone(), value.clone())));
    all.extend(reserved(configuration).into_iter().map(|(name, value)| (name.to_owned(), value)));
    all
}

/// The variables of an external extension's process.
pub fn extension_variables(configuration: &Configuration) -> BTreeMap<String, String> {
    let mut all = runtime_variables(configuration);
    all.retain(|name, _| RUNTIME_ONLY.binary_search(&name.as_str()).is_err());
    all
}

/// The name of an environment's log stream: `YYYY/MM/DD/[VERSION]` of the day it starts on and 32 hexadecimal digits.
pub fn log_stream(epoch_ms: u64, version: &str, seed: u128) -> String {
    format!("{}/[{version}]{seed:032x}", day(epoch_ms))
}

fn reserved(configuration: &Configuration) -> Vec<(&'static str, String)> {
    let Configuration { credentials, logging, .. } = configuration;
    let mut all = vec![
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id.clone()),
        ("AWS_DEFAULT_REGION", configuration.region.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", configuration.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", configuration.function_name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", configuration.version.clone()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", configuration.initialization.name().to_owned()),
        ("AWS_LAMBDA_LOG_FORMAT", logging.format.name().to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", logging.group.clone()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", logging.stream.clone()),
        ("AWS_LAMBDA_RUNTIME_API", configuration.runtime_api.clone()),
        ("AWS_REGION", configuration.region.clone()),
        ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.clone()),
        ("AWS_SESSION_TOKEN", credentials.session_token.clone()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
    ];
    let execution_env = configuration.execution_env.clone();
    all.extend(execution_env.map(|value| ("AWS_EXECUTION_ENV", value)));
    all.extend(configuration.handler.clone().map(|value| ("_HANDLER", value)));
    all.extend(configuration.telemetry_fd.map(|fd| ("_LAMBDA_TELEMETRY_LOG_FD", fd.to_string())));
    if logging.format == LogFormat::Json {
        all.push(("AWS_LAMBDA_LOG_LEVEL", logging.application_level.name().to_owned()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_for_the_search() {
        assert!(RESERVED_VARIABLES.is_sorted() && RUNTIME_ONLY.is_sorted());
    }

    #[test]
    fn log_stream_has_the_day_the_version_and_32_digits() {
        let stream = log_stream(1_665_532_815_064, "$LATEST", 0xab);
        assert_eq!(stream, "2022/10/12/[$LATEST]000000000000000000000000000000ab");
    }
}
