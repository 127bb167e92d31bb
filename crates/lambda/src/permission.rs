//! Permissions to use functions: AddPermission, RemovePermission and GetPolicy.

use std::collections::BTreeMap;

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Response, Scope,
    alias::no_qualifier,
    arn::{FunctionRef, account_root},
    policy::{Condition, Policy, Principal, Statement, check_revision, no_policy},
    scope::is_account,
    shapes::{
        AddPermissionRequest, AddPermissionResponse, GetPolicyRequest, GetPolicyResponse, RemovePermissionRequest,
    },
    version::LATEST,
};

impl Lambda {
    pub(crate) fn add_permission(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &AddPermissionRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        let old = self.policy(&target)?;
        check_revision(old, input.revision_id.as_deref(), "GetPolicy")?;
        let statement = statement(&target, input)?;
        let (policy, statement) = Policy::with(old, &statement, moment)?;
        let response = Response::json(201, &AddPermissionResponse { statement: Some(statement) });
        self.set_policy(&target, Some(policy), response)
    }

    pub(crate) fn remove_permission(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &RemovePermissionRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        let old = self.policy(&target)?.ok_or_else(no_policy)?;
        check_revision(Some(old), input.revision_id.as_deref(), "GetPolicy")?;
        let policy = old.without(&input.statement_id, moment)?;
        self.set_policy(&target, policy, Response::empty(204))
    }

    pub(crate) fn get_policy(&self, scope: &Scope, input: &GetPolicyRequest) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        let policy = self.policy(&target)?.ok_or_else(no_resource)?;
        let (policy, revision_id) = (Some(policy.text()), Some(policy.revision_id().to_owned()));
        Ok(Applied::read(Response::json(200, &GetPolicyResponse { policy, revision_id })))
    }

    /// The policy of a function, a version or an alias.
    pub(crate) fn policy(&self, target: &FunctionRef) -> Result<Option<&Policy>, Error> {
        let qualifier = target.qualifier.as_deref();
        if qualifier == Some(LATEST) {
            return Err(Error::invalid_parameter("We currently do not support adding policies for $LATEST."));
        }
        let function = self.function(target)?;
        if function.version(qualifier).is_none() {
            return Err(no_qualifier(target));
        }
        Ok(function.attachments(qualifier).and_then(|attachments| attachments.policy.as_ref()))
    }

    /// Replaces the policy of a function, a version or an alias.
    pub(crate) fn set_policy(
        &mut self,
        target: &FunctionRef,
        policy: Option<Policy>,
        response: Response,
    ) -> Result<Applied, Error> {
        self.attach(target, response, |attachments| attachments.policy = policy)
    }
}

/// The error of those who read the policy of a resource without one.
pub(crate) fn no_resource() -> Error {
    Error::new(ErrorCode::ResourceNotFound, "The resource you requested does not exist.")
}

fn statement<'a>(target: &FunctionRef, input: &'a AddPermissionRequest) -> Result<Statement<'a>, Error> {
    if input.function_url_auth_type.is_some() && input.action != "lambda:InvokeFunctionUrl" {
        let message = "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action";
        return Err(Error::invalid_parameter(message));
    }
    Ok(Statement {
        sid: &input.statement_id,
        effect: "Allow",
        principal: principal(&input.principal, target.scope.region())?,
        action: &input.action,
        resource: target.arn(),
        condition: Some(condition(input)).filter(|condition| *condition != Condition::default()),
    })
}

/// Everyone, an account, an ARN, or a service by its domain name.
fn principal(text: &str, region: &str) -> Result<Principal, Error> {
    match text {
        "*" => Ok(Principal::Everyone("*")),
        account if is_account(account) => Ok(Principal::Aws { arn: account_root(region, account) }),
        arn if arn.starts_with("arn:") => Ok(Principal::Aws { arn: arn.to_owned() }),
        service if service.contains('.') => Ok(Principal::Service { service: service.to_owned() }),
        _ => Err(Error::invalid_parameter(
            "The provided principal was invalid. Please check the principal and try again.",
        )),
    }
}

fn condition(input: &AddPermissionRequest) -> Condition {
    let of = |pairs: &[(&'static str, Option<String>)]| -> BTreeMap<&'static str, String> {
        pairs.iter().filter_map(|(key, value)| Some((*key, value.clone()?))).collect()
    };
    Condition {
        string_equals: of(&[
            ("AWS:SourceAccount", input.source_account.clone()),
            ("aws:PrincipalOrgID", input.principal_org_id.clone()),
            ("lambda:EventSourceToken", input.event_source_token.clone()),
            ("lambda:FunctionUrlAuthType", input.function_url_auth_type.clone()),
        ]),
        bool: of(&[("lambda:InvokedViaFunctionUrl", input.invoked_via_function_url.map(|via| via.to_string()))]),
        arn_like: of(&[("AWS:SourceArn", input.source_arn.clone())]),
    }
}
