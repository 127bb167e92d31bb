//! Whole policies of functions, versions and aliases: PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy.

use crate::{
    Applied, Error, Lambda, Moment, Response, Scope,
    arn::FunctionRef,
    permission::no_resource,
    policy::{Policy, check_revision, no_policy},
    shapes::{
        DeleteResourcePolicyRequest, GetResourcePolicyRequest, GetResourcePolicyResponse, PutResourcePolicyRequest,
        PutResourcePolicyResponse,
    },
};

const READER: &str = "GetResourcePolicy";

impl Lambda {
    /// Replaces the policy, with all that AddPermission has put into it.
    pub(crate) fn put_resource_policy(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &PutResourcePolicyRequest,
    ) -> Result<Applied, Error> {
        let target = resource(scope, &input.resource_arn)?;
        check_revision(self.policy(&target)?, input.revision_id.as_deref(), READER)?;
        let policy = Policy::parse(&input.policy, moment)?;
        let response = PutResourcePolicyResponse {
            policy: Some(policy.text()),
            revision_id: Some(policy.revision_id().to_owned()),
        };
        self.set_policy(&target, Some(policy), Response::json(200, &response))
    }

    pub(crate) fn get_resource_policy(
        &self,
        scope: &Scope,
        input: &GetResourcePolicyRequest,
    ) -> Result<Applied, Error> {
        let policy = self.policy(&resource(scope, &input.resource_arn)?)?.ok_or_else(no_resource)?;
        let (policy, revision_id) = (Some(policy.text()), Some(policy.revision_id().to_owned()));
        Ok(Applied::read(Response::json(200, &GetResourcePolicyResponse { policy, revision_id })))
    }

    pub(crate) fn delete_resource_policy(
        &mut self,
        scope: &Scope,
        input: &DeleteResourcePolicyRequest,
    ) -> Result<Applied, Error> {
        let target = resource(scope, &input.resource_arn)?;
        let policy = self.policy(&target)?.ok_or_else(no_policy)?;
        check_revision(Some(policy), input.revision_id.as_deref(), READER)?;
        self.set_policy(&target, None, Response::empty(204))
    }
}

/// A function, version or alias; the model also knows runtimes of the user's own, of which there are none here.
fn resource(scope: &Scope, arn: &str) -> Result<FunctionRef, Error> {
    match arn.split(':').nth(5) {
        Some("function") => FunctionRef::parse(scope, arn, None),
        _ => Err(no_resource()),
    }
}
