//! TagResource, UntagResource and ListTags.

use std::collections::BTreeMap;

use crate::{
    Applied, Effect, Error, Lambda, Moment, Response, Scope,
    arn::FunctionRef,
    shapes::{ListTagsRequest, ListTagsResponse, TagResourceRequest, UntagResourceRequest},
};

/// The most tags that a resource may have.
const MAX_TAGS: usize = 50;

impl Lambda {
    pub(crate) fn tag_resource(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: TagResourceRequest,
    ) -> Result<Applied, Error> {
        if input.tags.is_empty() {
            return Err(Error::invalid_parameter("An error occurred and the request cannot be processed."));
        }
        let target = tagged(scope, &input.resource)?;
        let mut tags = self.function(&target)?.latest().tags.clone();
        tags.extend(input.tags);
        check(&tags)?;
        self.retag(&target, moment, tags)
    }

    pub(crate) fn untag_resource(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &UntagResourceRequest,
    ) -> Result<Applied, Error> {
        let target = tagged(scope, &input.resource)?;
        let mut tags = self.function(&target)?.latest().tags.clone();
        tags.retain(|key, _| !input.tag_keys.contains(key));
        self.retag(&target, moment, tags)
    }

    pub(crate) fn list_tags(&self, scope: &Scope, input: &ListTagsRequest) -> Result<Applied, Error> {
        let target = tagged(scope, &input.resource)?;
        let tags = self.function(&target)?.latest().tags.clone();
        Ok(Applied::read(Response::json(200, &ListTagsResponse { tags: Some(tags) })))
    }

    /// Gives a function these tags. Pods may depend on them, so that every version is deployed anew.
    fn retag(
        &mut self,
        target: &FunctionRef,
        moment: &Moment,
        tags: BTreeMap<String, String>,
    ) -> Result<Applied, Error> {
        let mut function = self.function(target)?.clone();
        let response = Response::empty(204);
        if function.latest().tags == tags {
            return Ok(Applied::read(response));
        }
        function.retag(moment, &tags);
        let effects = function.records().cloned().map(Effect::Deployed).collect();
        Ok(Applied { effects, ..Applied::changed(response, self.save_function(target, function)) })
    }
}

/// Takes at most 50 tags.
///
/// # Errors
///
/// AWS's text for more.
pub(crate) fn check(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    match tags.len() > MAX_TAGS {
        true => Err(Error::invalid_parameter("Number of tags exceeds resource tag limit.")),
        false => Ok(()),
    }
}

/// What of an account has tags: functions.
fn tagged(scope: &Scope, arn: &str) -> Result<FunctionRef, Error> {
    if arn.split(':').nth(5) != Some("function") {
        return Err(Error::invalid_parameter(format!(
            "only functions have tags in fakecloud yet, and '{arn}' is none"
        )));
    }
    let target = FunctionRef::parse(scope, arn, None)?;
    match &target.qualifier {
        Some(_) => Err(Error::invalid_parameter(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        )),
        None => Ok(target),
    }
}
