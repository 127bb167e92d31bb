//! A function's LoggingConfig: what an update keeps, and the defaults that AWS shows.

use crate::{Error, shapes::LoggingConfig};

const JSON: &str = "JSON";
const TEXT: &str = "Text";

/// The levels of functions that log JSON and say nothing of levels.
const DEFAULT_LEVEL: &str = "INFO";

/// Applies what a request gives; members that it leaves out stay. Text has no levels.
///
/// # Errors
///
/// A level without JSON.
pub(crate) fn changed(old: Option<LoggingConfig>, new: LoggingConfig) -> Result<LoggingConfig, Error> {
    let old = old.unwrap_or_default();
    let log_format = new.log_format.or(old.log_format);
    let log_group = new.log_group.or(old.log_group);
    if log_format.as_deref() == Some(JSON) {
        return Ok(LoggingConfig {
            log_format,
            log_group,
            application_log_level: new.application_log_level.or(old.application_log_level),
            system_log_level: new.system_log_level.or(old.system_log_level),
        });
    }
    if new.application_log_level.is_some() || new.system_log_level.is_some() {
        return Err(Error::invalid_parameter(
            "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change \
             the LogFormat to \"Json\" and try again.",
        ));
    }
    Ok(LoggingConfig { log_format, log_group, ..LoggingConfig::default() })
}

/// The configuration of this function with what is not configured.
pub(crate) fn shown(config: LoggingConfig, function: &str) -> LoggingConfig {
    let level = |level: Option<String>| level.or_else(|| Some(DEFAULT_LEVEL.to_owned()));
    let log_group = config.log_group.or_else(|| Some(format!("/aws/lambda/{function}")));
    match config.log_format.as_deref() {
        Some(JSON) => LoggingConfig {
            log_format: config.log_format,
            log_group,
            application_log_level: level(config.application_log_level),
            system_log_level: level(config.system_log_level),
        },
        _ => LoggingConfig { log_format: Some(TEXT.to_owned()), log_group, ..LoggingConfig::default() },
    }
}
