//! Durable functions, as records: no durable execution is run.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html>

use crate::{Error, ErrorCode, function::record::FunctionRecord, shapes::DurableConfig};

/// AWS's default for how long the history of an execution is kept.
const RETENTION_DAYS: i64 = 14;

/// The configuration with what a request gives instead of what was, and AWS's defaults.
pub(crate) fn changed(before: Option<DurableConfig>, new: DurableConfig) -> DurableConfig {
    let before = before.unwrap_or_default();
    DurableConfig {
        execution_timeout: new.execution_timeout.or(before.execution_timeout),
        kms_key_arn: new.kms_key_arn.or(before.kms_key_arn),
        retention_period_in_days: new
            .retention_period_in_days
            .or(before.retention_period_in_days)
            .or(Some(RETENTION_DAYS)),
    }
}

/// Refuses to make a function durable that was created without: as on AWS, that is for CreateFunction to say.
pub(crate) fn check_update(record: &FunctionRecord, config: Option<&DurableConfig>) -> Result<(), Error> {
    match config.is_some() && record.shown.durable_config.is_none() {
        true => Err(Error::invalid_parameter(format!(
            "the function {} was created without DurableConfig, which cannot be added later: create another one",
            record.name
        ))),
        false => Ok(()),
    }
}

/// Refuses the invocation of a durable function.
///
/// # Errors
///
/// AWS's error where no version or alias is named; otherwise `NotImplementedException`, since an invocation would have to
/// begin a durable execution.
pub(crate) fn refuse(record: &FunctionRecord, qualifier: Option<&str>) -> Result<(), Error> {
    if record.shown.durable_config.is_none() {
        return Ok(());
    }
    match qualifier {
        None => Err(Error::invalid_parameter("You cannot invoke a durable function using an unqualified ARN.")),
        Some(_) => Err(Error::new(
            ErrorCode::NotImplemented,
            format!(
                "fakecloud keeps the durable function {} as a record and runs no durable executions yet: create it \
                 without DurableConfig to run its handler",
                record.name
            ),
        )),
    }
}
