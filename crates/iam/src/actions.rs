//! The actions that are served, by name.

use crate::{
    Error, Service, answer::Answer, given::Given, identity, policy, policy_list, policy_version, role, role_policy,
    session, state::At, tags,
};

/// Carries out an action.
pub(crate) type Run = fn(&mut At<'_>, &mut Given<'_>) -> Result<Answer, Error>;

/// The actions of a service, in alphabetical order.
pub(crate) fn actions(service: Service) -> &'static [(&'static str, Run)] {
    match service {
        Service::Iam => IAM,
        Service::Sts => STS,
    }
}

const IAM: &[(&str, Run)] = &[
    ("AttachRolePolicy", role_policy::attach),
    ("CreatePolicy", policy::create),
    ("CreatePolicyVersion", policy_version::create),
    ("CreateRole", role::create),
    ("DeletePolicy", policy::delete),
    ("DeletePolicyVersion", policy_version::delete),
    ("DeleteRole", role::delete),
    ("DeleteRolePermissionsBoundary", role::delete_boundary),
    ("DeleteRolePolicy", role_policy::delete),
    ("DetachRolePolicy", role_policy::detach),
    ("GetPolicy", policy::get),
    ("GetPolicyVersion", policy_version::get),
    ("GetRole", role::get),
    ("GetRolePolicy", role_policy::get),
    ("GetUser", identity::get_user),
    ("ListAttachedRolePolicies", role_policy::list_attached),
    ("ListEntitiesForPolicy", policy_list::list_entities),
    ("ListInstanceProfilesForRole", role::list_instance_profiles),
    ("ListPolicies", policy_list::list),
    ("ListPolicyTags", tags::list_of_policy),
    ("ListPolicyVersions", policy_version::list),
    ("ListRolePolicies", role_policy::list),
    ("ListRoleTags", tags::list_of_role),
    ("ListRoles", role::list),
    ("PutRolePermissionsBoundary", role::put_boundary),
    ("PutRolePolicy", role_policy::put),
    ("SetDefaultPolicyVersion", policy_version::set_default),
    ("TagPolicy", tags::tag_policy),
    ("TagRole", tags::tag_role),
    ("UntagPolicy", tags::untag_policy),
    ("UntagRole", tags::untag_role),
    ("UpdateAssumeRolePolicy", role::update_trust),
    ("UpdateRole", role::update),
    ("UpdateRoleDescription", role::update_description),
];

const STS: &[(&str, Run)] = &[
    ("AssumeRole", session::assume_role),
    ("AssumeRoleWithWebIdentity", session::assume_role_with_web_identity),
    ("GetAccessKeyInfo", identity::get_access_key_info),
    ("GetCallerIdentity", identity::get_caller_identity),
    ("GetSessionToken", session::get_session_token),
];
