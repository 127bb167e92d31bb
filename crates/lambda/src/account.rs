//! GetAccountSettings.

use crate::{
    Applied, Lambda, Response, Scope,
    code::source::MAX_INLINE_ZIP_BYTES,
    function::configuration::MAX_UNZIPPED_BYTES,
    shapes::{AccountLimit, AccountUsage, GetAccountSettingsResponse},
    space::{MAX_STORED_BYTES, Space},
};

/// The most invocations that an account may run at once in a region.
pub(crate) const MAX_CONCURRENCY: u32 = 1000;

impl Lambda {
    pub(crate) fn get_account_settings(&self, scope: &Scope) -> Applied {
        let empty = Space::default();
        let space = self.space(scope).unwrap_or(&empty);
        let unreserved = MAX_CONCURRENCY.saturating_sub(space.reserved_concurrency());
        let settings = GetAccountSettingsResponse {
            account_limit: Some(AccountLimit {
                total_code_size: Some(MAX_STORED_BYTES as i64),
                code_size_unzipped: Some(MAX_UNZIPPED_BYTES as i64),
                code_size_zipped: Some(MAX_INLINE_ZIP_BYTES as i64),
                concurrent_executions: Some(MAX_CONCURRENCY.into()),
                unreserved_concurrent_executions: Some(unreserved.into()),
            }),
            account_usage: Some(AccountUsage {
                total_code_size: Some(space.stored_bytes() as i64),
                function_count: Some(space.functions().len() as i64),
            }),
        };
        Applied::read(Response::json(200, &settings))
    }
}
