//! Permissions to use layer versions: AddLayerVersionPermission, RemoveLayerVersionPermission and
//! GetLayerVersionPolicy.

use std::collections::BTreeMap;

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Response, Scope,
    arn::{self, LayerVersionRef, account_root},
    layer::{Layer, layer_version_ref},
    persist,
    policy::{Condition, Policy, Principal, Statement, check_revision, no_policy},
    scope::is_account,
    shapes::{
        AddLayerVersionPermissionRequest, AddLayerVersionPermissionResponse, GetLayerVersionPolicyRequest,
        GetLayerVersionPolicyResponse, RemoveLayerVersionPermissionRequest,
    },
};

const READER: &str = "GetLayerPolicy";

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
        check_revision(old, input.revision_id.as_deref(), READER)?;
        let (policy, statement) = Policy::with(old, &statement(&target, input), moment)?;
        let response = AddLayerVersionPermissionResponse {
            statement: Some(statement),
            revision_id: Some(policy.revision_id().to_owned()),
        };
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
        check_revision(Some(&old), input.revision_id.as_deref(), READER)?;
        let policy = old.without(&input.statement_id, moment)?;
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
        let (policy, revision_id) = (Some(policy.text()), Some(policy.revision_id().to_owned()));
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
        let change = persist::put_layer(&target.scope, &target.name, &layer);
        self.space_mut(&target.scope).put_layer(target.name.clone(), layer);
        Applied::changed(response, change)
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
        string_equals: BTreeMap::from([("aws:PrincipalOrgID", organization)]),
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
