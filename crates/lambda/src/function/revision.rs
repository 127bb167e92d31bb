//! Revisions of what callers may hold on to: `$LATEST`, versions and aliases.

use std::sync::Arc;

use crate::{
    Error, ErrorCode, Moment,
    function::{function::Function, record::FunctionRecord},
};

/// The error of a request that knows an older revision than the current one.
pub(crate) fn stale_revision() -> Error {
    Error::new(
        ErrorCode::PreconditionFailed,
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve \
         the latest Revision Id",
    )
}

impl Function {
    /// The revision of a version or an alias, of `$LATEST` where none is named.
    pub(crate) fn revision(&self, qualifier: Option<&str>) -> Option<&str> {
        match qualifier.and_then(|name| self.aliases().get(name)) {
            Some(alias) => Some(alias.revision_id()),
            None => self.version(qualifier).map(|record| record.revision_id.as_str()),
        }
    }

    /// Gives a version or an alias, which exists, the revision of the moment. A version with it is to be deployed.
    pub(crate) fn revise(&mut self, qualifier: Option<&str>, moment: &Moment) -> Option<Arc<FunctionRecord>> {
        if let Some((name, alias)) = qualifier.and_then(|name| self.aliases().get_key_value(name)) {
            let (name, alias) = (name.clone(), alias.revised(moment));
            self.set_alias(name, alias);
            return None;
        }
        let record = FunctionRecord::clone(self.version(qualifier)?);
        let revised = Arc::new(FunctionRecord { revision_id: moment.uuid(), ..record });
        self.replace(&revised);
        Some(revised)
    }
}
