//! Permissions to use functions: AddPermission, RemovePermission and GetPolicy.

use crate::{
    Applied, Effect, Error, ErrorCode, Lambda, Moment, Response, Scope,
    alias::aliases::no_qualifier,
    arn::{FunctionRef, LATEST, account_root},
    function::revision::stale_revision,
    policy::document::{Condition, Keys, Policy, Principal, Statement, no_policy},
    request::scope::is_account,
    shapes::{
        AddPermissionRequest, AddPermissionResponse, GetPolicyRequest, GetPolicyResponse, RemovePermissionRequest,
    },
};

impl Lambda {
    pub(crate) fn add_permission(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &AddPermissionRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        let old = self.policy_of(&target, input.revision_id.as_deref())?;
        let (policy, statement) = Policy::with(old, &statement(&target, input)?)?;
        let response = Response::json(201, &AddPermissionResponse { statement: Some(statement) });
        self.set_policy(&target, moment, Some(policy), response)
    }

    pub(crate) fn remove_permission(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &RemovePermissionRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        if self.function(&target).is_err() {
            let message = format!("No policy found for: {}", target.arn());
            return Err(Error::new(ErrorCode::ResourceNotFound, message));
        }
        let old = self.policy_of(&target, input.revision_id.as_deref())?.ok_or_else(no_policy)?;
        let policy = old.without(&input.statement_id)?;
        self.set_policy(&target, moment, policy, Response::empty(204))
    }

    pub(crate) fn get_policy(&self, scope: &Scope, input: &GetPolicyRequest) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        let (policy, revision_id) = self.shown_policy(&target)?;
        Ok(Applied::read(Response::json(200, &GetPolicyResponse { policy, revision_id })))
    }

    /// The document of a function, a version or an alias as it is shown, with the revision of what it belongs to.
    pub(crate) fn shown_policy(&self, target: &FunctionRef) -> Result<(Option<String>, Option<String>), Error> {
        check_published(target)?;
        let qualifier = target.qualifier.as_deref();
        let function = self.function(target)?;
        let policy = function.attachments(qualifier).and_then(|attachments| attachments.policy.as_ref());
        let policy = policy.ok_or_else(no_resource)?;
        Ok((Some(policy.text()), function.revision(qualifier).map(str::to_owned)))
    }

    /// The policy of a function, a version or an alias that exists, if that has the revision which the caller knows.
    pub(crate) fn policy_of(&self, target: &FunctionRef, revision_id: Option<&str>) -> Result<Option<&Policy>, Error> {
        check_published(target)?;
        let qualifier = target.qualifier.as_deref();
        let function = self.function(target)?;
        let revision = function.revision(qualifier).ok_or_else(|| no_qualifier(target))?;
        match revision_id {
            Some(known) if known != revision => Err(stale_revision()),
            _ => Ok(function.attachments(qualifier).and_then(|attachments| attachments.policy.as_ref())),
        }
    }

    /// Replaces the policy of a function, a version or an alias, which gets a new revision by that.
    pub(crate) fn set_policy(
        &mut self,
        target: &FunctionRef,
        moment: &Moment,
        policy: Option<Policy>,
        response: Response,
    ) -> Result<Applied, Error> {
        let mut function = self.function(target)?.clone();
        let qualifier = target.qualifier.as_deref();
        function.attach(qualifier, |attachments| attachments.policy = policy);
        let effects = function.revise(qualifier, moment).map(Effect::Deployed).into_iter().collect();
        Ok(Applied { effects, ..Applied::changed(response, self.save_function(target, function)) })
    }
}

/// `$LATEST` has no policy of its own.
fn check_published(target: &FunctionRef) -> Result<(), Error> {
    match target.qualifier.as_deref() == Some(LATEST) {
        true => Err(Error::invalid_parameter("We currently do not support adding policies for $LATEST.")),
        false => Ok(()),
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
        service if is_service(service) => Ok(Principal::Service { service: service.to_owned() }),
        _ => Err(Error::invalid_parameter(
            "The provided principal was invalid. Please check the principal and try again.",
        )),
    }
}

/// Services go by a name in one of AWS's own domains.
fn is_service(text: &str) -> bool {
    [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"].iter().any(|domain| text.ends_with(domain))
}

fn condition(input: &AddPermissionRequest) -> Condition {
    Condition {
        string_equals: Keys::given([
            ("AWS:SourceAccount", input.source_account.clone()),
            ("lambda:EventSourceToken", input.event_source_token.clone()),
            ("lambda:FunctionUrlAuthType", input.function_url_auth_type.clone()),
            ("aws:PrincipalOrgID", input.principal_org_id.clone()),
        ]),
        bool: Keys::given([(
            "lambda:InvokedViaFunctionUrl",
            input.invoked_via_function_url.map(|via| via.to_string()),
        )]),
        arn_like: Keys::given([("AWS:SourceArn", input.source_arn.clone())]),
    }
}
