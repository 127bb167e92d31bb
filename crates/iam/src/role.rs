//! Roles.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorCode,
    answer::{Answer, Members, encoded},
    document::{self, Kind},
    form::{ARN, DESCRIPTION, DOCUMENT, PATH_PREFIX, ROLE_NAME, ROLE_PATH},
    given::Given,
    moment::date,
    page::{Page, Rest},
    policy,
    state::At,
    tags::{self, Tag},
};

/// How long a session of a role may last, in seconds: the least and the default, and the most.
const SESSION_S_MIN: u32 = 3600;
const SESSION_S_MAX: u32 = 43_200;

/// AWS's default quota of roles for each account ("IAM and AWS STS quotas" in the IAM User Guide).
const ROLES_MAX: usize = 1000;

/// A role as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Role {
    pub(crate) name: String,
    path: String,
    pub(crate) id: String,
    created_s: u64,
    /// Who may assume it, as the caller wrote it.
    trust: String,
    description: Option<String>,
    pub(crate) session_s_max: u32,
    /// The ARN of the policy that bounds it.
    pub(crate) boundary: Option<String>,
    pub(crate) tags: Vec<Tag>,
    /// Documents by the names of the policies that are the role's alone.
    pub(crate) inline: BTreeMap<String, String>,
    /// The ARNs of the policies that are attached.
    pub(crate) attached: BTreeSet<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleView {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: String,
    assume_role_policy_document: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    max_session_duration: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<BoundaryView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Members<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryView {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleResult {
    role: RoleView,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RolesResult {
    roles: Members<RoleView>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceProfilesResult {
    instance_profiles: Members<()>,
    is_truncated: bool,
}

pub(crate) fn create(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = given.text("RoleName", &ROLE_NAME);
    let trust = given.text("AssumeRolePolicyDocument", &DOCUMENT);
    let path = given.optional("Path", &ROLE_PATH).unwrap_or_else(|| "/".to_owned());
    let description = given.optional("Description", &DESCRIPTION).filter(|text| !text.is_empty());
    let session_s_max = taken_session_s_max(given).unwrap_or(SESSION_S_MIN);
    let boundary = given.optional("PermissionsBoundary", &ARN);
    let more_tags = tags::taken(given);
    given.check()?;
    document::check(&trust, Kind::Trust)?;
    if let Some(arn) = &boundary {
        policy::find_attachable(at, arn)?;
    }
    if at.account.has_role(&name) {
        return Err(Error::new(ErrorCode::EntityAlreadyExists, format!("Role with name {name} already exists.")));
    }
    if at.account.roles_len() >= ROLES_MAX {
        let message = format!("Cannot exceed quota for RolesPerAccount: {ROLES_MAX}");
        return Err(Error::new(ErrorCode::LimitExceeded, message));
    }
    let mut tags = Vec::new();
    tags::merge(&mut tags, more_tags)?;
    let (id, created_s) = (at.moment.id("AROA"), at.moment.epoch_s());
    let (inline, attached) = (BTreeMap::new(), BTreeSet::new());
    let role = Role { name, path, id, created_s, trust, description, session_s_max, boundary, tags, inline, attached };
    let answer = at.answer(&RoleResult { role: view(at, &role) });
    at.put_role(role);
    Ok(answer)
}

pub(crate) fn get(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = taken_name(given)?;
    Ok(at.answer(&RoleResult { role: view(at, at.account.role(&name)?) }))
}

pub(crate) fn list(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let prefix = given.optional("PathPrefix", &PATH_PREFIX).unwrap_or_default();
    let page = Page::taken(given)?;
    let roles = at.account.roles().filter(|role| role.path.starts_with(&prefix));
    let (roles, rest) = page.cut(roles, |role| role.name.clone());
    // As on AWS, lists leave the tags and the boundary out.
    let view = |role: &Role| RoleView { tags: None, permissions_boundary: None, ..view(at, role) };
    Ok(at.answer(&RolesResult { roles: roles.into_iter().map(view).collect(), rest }))
}

pub(crate) fn delete(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = taken_name(given)?;
    let role = at.account.role(&name)?.clone();
    let conflict = |message: &str| Err(Error::new(ErrorCode::DeleteConflict, message));
    if !role.attached.is_empty() {
        return conflict("Cannot delete entity, must detach all policies first.");
    }
    if !role.inline.is_empty() {
        return conflict("Cannot delete entity, must delete policies first.");
    }
    at.remove_role(&role);
    Ok(Answer::empty())
}

pub(crate) fn update(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = given.text("RoleName", &ROLE_NAME);
    let description = given.optional("Description", &DESCRIPTION);
    let session_s_max = taken_session_s_max(given);
    given.check()?;
    let mut role = at.account.role(&name)?.clone();
    if let Some(description) = description {
        role.description = Some(description).filter(|text| !text.is_empty());
    }
    role.session_s_max = session_s_max.unwrap_or(role.session_s_max);
    at.put_role(role);
    Ok(at.answer(&()))
}

pub(crate) fn update_description(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = given.text("RoleName", &ROLE_NAME);
    let description = given.text("Description", &DESCRIPTION);
    given.check()?;
    let mut role = at.account.role(&name)?.clone();
    role.description = Some(description).filter(|text| !text.is_empty());
    let answer = at.answer(&RoleResult { role: view(at, &role) });
    at.put_role(role);
    Ok(answer)
}

pub(crate) fn update_trust(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = given.text("RoleName", &ROLE_NAME);
    let trust = given.text("PolicyDocument", &DOCUMENT);
    given.check()?;
    let role = at.account.role(&name)?.clone();
    document::check(&trust, Kind::Trust)?;
    at.put_role(Role { trust, ..role });
    Ok(Answer::empty())
}

pub(crate) fn put_boundary(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = given.text("RoleName", &ROLE_NAME);
    let arn = given.text("PermissionsBoundary", &ARN);
    given.check()?;
    let role = at.account.role(&name)?.clone();
    policy::find_attachable(at, &arn)?;
    at.put_role(Role { boundary: Some(arn), ..role });
    Ok(Answer::empty())
}

pub(crate) fn delete_boundary(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = taken_name(given)?;
    let role = at.account.role(&name)?.clone();
    at.put_role(Role { boundary: None, ..role });
    Ok(Answer::empty())
}

/// There are no instance profiles here; Terraform asks for them before it deletes a role.
pub(crate) fn list_instance_profiles(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = given.text("RoleName", &ROLE_NAME);
    Page::taken(given)?;
    at.account.role(&name)?;
    Ok(at.answer(&InstanceProfilesResult { instance_profiles: Members::from_iter([]), is_truncated: false }))
}

/// Takes a RoleName that is the only parameter.
fn taken_name(given: &mut Given<'_>) -> Result<String, Error> {
    let name = given.text("RoleName", &ROLE_NAME);
    given.check()?;
    Ok(name)
}

fn taken_session_s_max(given: &mut Given<'_>) -> Option<u32> {
    given.number("MaxSessionDuration", SESSION_S_MIN..=SESSION_S_MAX)
}

fn view(at: &At<'_>, role: &Role) -> RoleView {
    let account = at.account_id();
    let boundary = role
        .boundary
        .clone()
        .map(|permissions_boundary_arn| BoundaryView { permissions_boundary_type: "Policy", permissions_boundary_arn });
    RoleView {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.id.clone(),
        arn: format!("arn:aws:iam::{account}:role{}{}", role.path, role.name),
        create_date: date(role.created_s),
        assume_role_policy_document: encoded(&role.trust),
        description: role.description.clone(),
        max_session_duration: role.session_s_max,
        permissions_boundary: boundary,
        tags: (!role.tags.is_empty()).then(|| role.tags.iter().cloned().collect()),
    }
}

// === impl Role ===

impl Role {
    /// Begins and ends with a slash.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}
