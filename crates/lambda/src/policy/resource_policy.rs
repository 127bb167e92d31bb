//! Whole policies of functions, versions and aliases: PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy.

use crate::{
    Applied, Error, Lambda, Moment, Response, Scope,
    arn::FunctionRef,
    policy::{
        document::{Policy, no_policy},
        permission::no_resource,
    },
    shapes::{
        DeleteResourcePolicyRequest, GetResourcePolicyRequest, GetResourcePolicyResponse, PutResourcePolicyRequest,
        PutResourcePolicyResponse,
    },
};

impl Lambda {
    /// Replaces the policy, with all that AddPermission has put into it.
    pub(crate) fn put_resource_policy(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &PutResourcePolicyRequest,
    ) -> Result<Applied, Error> {
        let target = resource(scope, &input.resource_arn)?;
        self.policy_of(&target, input.revision_id.as_deref())?;
        let policy = Policy::parse(&input.policy)?;
        // What has the policy gets this revision.
        let (text, revision_id) = (Some(policy.text()), Some(moment.uuid()));
        let response = PutResourcePolicyResponse { policy: text, revision_id };
        self.set_policy(&target, moment, Some(policy), Response::json(200, &response))
    }

    pub(crate) fn get_resource_policy(
        &self,
        scope: &Scope,
        input: &GetResourcePolicyRequest,
    ) -> Result<Applied, Error> {
        let (policy, revision_id) = self.shown_policy(&resource(scope, &input.resource_arn)?)?;
        Ok(Applied::read(Response::json(200, &GetResourcePolicyResponse { policy, revision_id })))
    }

    pub(crate) fn delete_resource_policy(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &DeleteResourcePolicyRequest,
    ) -> Result<Applied, Error> {
        let target = resource(scope, &input.resource_arn)?;
        self.policy_of(&target, input.revision_id.as_deref())?.ok_or_else(no_policy)?;
        self.set_policy(&target, moment, None, Response::empty(204))
    }
}

/// A function, version or alias; the model also knows runtimes of the user's own, of which there are none here.
fn resource(scope: &Scope, arn: &str) -> Result<FunctionRef, Error> {
    match arn.split(':').nth(5) {
        Some("function") => FunctionRef::parse(scope, arn, None),
        _ => Err(no_resource()),
    }
}
