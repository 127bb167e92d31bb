//! Permissions to use layer versions: AddLayerVersionPermission, RemoveLayerVersionPermission and
//! GetLayerVersionPolicy.

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Response, Scope,
    arn::{self, LayerVersionRef, account_root},
    layer::layers::{Layer, layer_version_ref},
    policy::document::{Condition, Keys, Policy, Principal, Statement, no_policy},
    request::scope::is_account,
    shapes::{
        AddLayerVersionPermissionRequest, AddLayerVersionPermissionResponse, GetLayerVersionPolicyRequest,
        GetLayerVersionPolicyResponse, RemoveLayerVersionPermissionRequest,
    },
};

/// The policy that says who may use a layer version, besides its own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerPolicy {
    /// Of the policy alone: a layer version never changes.
    revision_id: String,
    #[serde(flatten)]
    policy: Policy,
}

impl Lambda {
    pub(crate) fn add_layer_version_permission(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &AddLayerVersionPermissionRequest,
    ) -> Result<Applied, Error> {
        let target = layer_version_ref(scope, &input.layer_name, input.version_number)?;
        let layer = self.layer_of(&target)?;
        let old = layer.policies.get(&target.version);
        check_revision(old, input.revision_id.as_deref())?;
        let (policy, statement) = Policy::with(old.map(|old| &old.policy), &statement(&target, input))?;
        let policy = LayerPolicy { revision_id: moment.uuid(), policy };
        let (statement, revision_id) = (Some(statement), Some(policy.revision_id.clone()));
        let response = AddLayerVersionPermissionResponse { statement, revision_id };
        let mut layer = layer.clone();
        layer.policies.insert(target.version, policy);
        Ok(self.save_layer(&target, layer, Response::json(201, &response)))
    }

    pub(crate) fn remove_layer_version_permission(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &RemoveLayerVersionPermissionRequest,
    ) -> Result<Applied, Error> {
        let target = layer_version_ref(scope, &input.layer_name, input.version_number)?;
        let mut layer = self.layer_of(&target)?.clone();
        let old = layer.policies.remove(&target.version).ok_or_else(no_policy)?;
        check_revision(Some(&old), input.revision_id.as_deref())?;
        let policy = old.policy.without(&input.statement_id)?;
        let policy = policy.map(|policy| LayerPolicy { revision_id: moment.uuid(), policy });
        layer.policies.extend(policy.map(|policy| (target.version, policy)));
        Ok(self.save_layer(&target, layer, Response::empty(204)))
    }

    pub(crate) fn get_layer_version_policy(
        &self,
        scope: &Scope,
        input: &GetLayerVersionPolicyRequest,
    ) -> Result<Applied, Error> {
        let target = layer_version_ref(scope, &input.layer_name, input.version_number)?;
        let policy = self.layer_of(&target)?.policies.get(&target.version).ok_or_else(no_policy)?;
        let (policy, revision_id) = (Some(policy.policy.text()), Some(policy.revision_id.clone()));
        Ok(Applied::read(Response::json(200, &GetLayerVersionPolicyResponse { policy, revision_id })))
    }

    /// The layer that has this version.
    fn layer_of(&self, target: &LayerVersionRef) -> Result<&Layer, Error> {
        let layer = self.space(&target.scope).and_then(|space| space.layers().get(&target.name));
        layer.filter(|layer| layer.version(target.version).is_some()).ok_or_else(|| {
            let message = format!("Layer version {} does not exist.", target.arn());
            Error::new(ErrorCode::ResourceNotFound, message)
        })
    }

    fn save_layer(&mut self, target: &LayerVersionRef, layer: Layer, response: Response) -> Applied {
        let change = layer.save(&target.scope, &target.name, target.version);
        self.space_mut(&target.scope).put_layer(target.name.clone(), layer);
        Applied::changed(response, [change])
    }
}

/// Takes the revision that the caller has seen, if any. AWS's text names an operation that goes by another name.
fn check_revision(policy: Option<&LayerPolicy>, seen: Option<&str>) -> Result<(), Error> {
    match seen {
        Some(seen) if policy.is_none_or(|policy| policy.revision_id != seen) => Err(Error::new(
            ErrorCode::PreconditionFailed,
            "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve \
             the latest Revision Id",
        )),
        _ => Ok(()),
    }
}

/// The model allows one action and three forms of principals.
fn statement<'a>(target: &LayerVersionRef, input: &'a AddLayerVersionPermissionRequest) -> Statement<'a> {
    let principal = match input.principal.as_str() {
        "*" => Principal::Everyone("*"),
        account if is_account(account) => Principal::Aws { arn: account_root(target.scope.region(), account) },
        arn => Principal::Aws { arn: arn.to_owned() },
    };
    let condition = input.organization_id.clone().map(|organization| Condition {
        string_equals: Keys::given([("aws:PrincipalOrgID", Some(organization))]),
        ..Condition::default()
    });
    let (sid, action) = (&input.statement_id, &input.action);
    Statement { sid, effect: "Allow", principal, action, resource: target.arn(), condition }
}

impl LayerVersionRef {
    fn arn(&self) -> String {
        format!("{}:{}", arn::layer(&self.scope, &self.name), self.version)
    }
}
