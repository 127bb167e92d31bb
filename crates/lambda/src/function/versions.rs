//! Versions of functions: PublishVersion and ListVersionsByFunction.

use std::sync::Arc;

use crate::{
    Applied, Effect, Error, Lambda, Moment, Response, Scope,
    arn::FunctionRef,
    function::{
        latest_published::PublishTo,
        record::FunctionRecord,
        view::{self, Progress},
    },
    page::Page,
    shapes::{
        FunctionConfiguration, ListVersionsByFunctionRequest, ListVersionsByFunctionResponse, PublishVersionRequest,
    },
};

impl Lambda {
    pub(crate) fn publish_version(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: PublishVersionRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, None)?;
        let mut function = self.updatable(&target, input.revision_id.as_deref())?.clone();
        check_code(function.latest(), input.code_sha256.as_deref())?;
        let answer = |version: &FunctionRecord| Response::json(201, &view::configuration(version, Progress::Settled));
        let to = PublishTo::of(input.publish_to.as_deref(), function.latest())?;
        if let Some(newest) = function.unchanged_version().filter(|_| to == PublishTo::NextNumber) {
            return Ok(Applied::read(answer(newest)));
        }
        let version = function.publish_to(to, moment, input.description);
        function.set_latest(FunctionRecord {
            revision_id: moment.settled_uuid(),
            ..FunctionRecord::clone(function.latest())
        });
        self.check_storage(&target.scope, version.code().map_or(0, |code| code.size))?;
        let response = answer(&version);
        let effects = vec![Effect::Deployed(Arc::clone(function.latest())), Effect::Deployed(version)];
        Ok(Applied { response, changes: self.save_function(&target, function), effects })
    }

    pub(crate) fn list_versions_by_function(
        &self,
        scope: &Scope,
        input: &ListVersionsByFunctionRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let target = FunctionRef::parse(scope, &input.function_name, None)?;
        let function = self.function(&target)?;
        let after: Option<u64> = page.after().map(|after| after.parse().unwrap_or(u64::MAX));
        let latest = std::iter::once((0, function.latest()));
        let rest = latest.chain(function.versions()).filter(|(number, _)| after.is_none_or(|after| *number > after));
        let (versions, next_marker) = page.take(rest.map(|(number, record)| (number.to_string(), qualified(record))));
        Ok(Applied::read(Response::json(
            200,
            &ListVersionsByFunctionResponse { versions: Some(versions), next_marker },
        )))
    }
}

/// A version as lists of versions show it: `$LATEST` has its qualifier too.
pub(crate) fn qualified(record: &FunctionRecord) -> FunctionConfiguration {
    let function_arn = Some(format!("{}:{}", record.unqualified_arn(), record.version));
    FunctionConfiguration { function_arn, ..view::listed(record) }
}

/// Checks that `$LATEST` has the code that the caller has seen. An image that is named by a tag has no digest to
/// compare.
fn check_code(latest: &FunctionRecord, seen: Option<&str>) -> Result<(), Error> {
    match (latest.code_sha256(), seen) {
        (Some(current), Some(seen)) if current != seen => Err(Error::invalid_parameter(format!(
            "CodeSHA256 ({seen}) is different from current CodeSHA256 in $LATEST ({current}). Please try again with \
                 the CodeSHA256 in $LATEST."
        ))),
        _ => Ok(()),
    }
}
