//! Functions whose environments serve one tenant each: `TenancyConfig`, and the tenant that an invocation names.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html>

use crate::{
    Error,
    function::{function::Function, record::FunctionRecord},
};

/// The one mode that there is.
const PER_TENANT: &str = "PER_TENANT";

/// Takes an invocation that names a tenant exactly if the function has tenants.
///
/// # Errors
///
/// `InvalidParameterValueException`, in AWS's words where the tenant is missing.
pub(crate) fn check(record: &FunctionRecord, tenant: Option<&str>) -> Result<(), Error> {
    match (record.is_per_tenant(), tenant) {
        (true, None) => Err(Error::invalid_parameter(
            "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try \
             again.",
        )),
        (false, Some(tenant)) => Err(Error::invalid_parameter(format!(
            "The invoked function is not enabled with tenancy configuration. Remove the tenant ID {tenant} from your \
             request and try again."
        ))),
        (true, Some(_)) | (false, None) => Ok(()),
    }
}

/// Refuses a feature that AWS lists as not supported for functions with tenants. AWS's own words for it are not known.
pub(crate) fn refuse_for(function: &Function, feature: &str) -> Result<(), Error> {
    refuse_for_record(function.latest(), feature)
}

/// The same of a version.
pub(crate) fn refuse_for_record(record: &FunctionRecord, feature: &str) -> Result<(), Error> {
    match record.is_per_tenant() {
        true => Err(Error::invalid_parameter(format!(
            "{feature} is not supported for functions with tenant isolation: leave it out, or create the function \
             {} without TenancyConfig",
            record.name
        ))),
        false => Ok(()),
    }
}

// === impl FunctionRecord ===

impl FunctionRecord {
    /// Tells whether an environment of the function serves invocations of one tenant alone.
    pub fn is_per_tenant(&self) -> bool {
        self.shown.tenancy_config.as_ref().is_some_and(|config| config.tenant_isolation_mode == PER_TENANT)
    }
}
