//! The policies of roles: those of their own, and those that are attached.

use serde::Serialize;

use crate::{
    Error, ErrorCode,
    answer::{Answer, Members, encoded},
    document::{self, Kind},
    form::{ARN, DOCUMENT, PATH_PREFIX, POLICY_NAME, ROLE_NAME},
    given::Given,
    page::{Page, Rest},
    policy,
    state::At,
};

/// AWS's default quota of managed policies for each role.
const ATTACHED_MAX: usize = 10;

/// How many characters other than white space the policies of a role's own may have together.
const INLINE_CHARS_MAX: usize = 10_240;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RolePolicyResult<'a> {
    role_name: &'a str,
    policy_name: &'a str,
    policy_document: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyNamesResult {
    policy_names: Members<String>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicyView {
    policy_name: String,
    policy_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPoliciesResult {
    attached_policies: Members<AttachedPolicyView>,
    #[serde(flatten)]
    rest: Rest,
}

pub(crate) fn put(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (role, name) = (given.text("RoleName", &ROLE_NAME), given.text("PolicyName", &POLICY_NAME));
    let document = given.text("PolicyDocument", &DOCUMENT);
    given.check()?;
    let mut role = at.account.role(&role)?.clone();
    let exceeded = || {
        let message = format!("Maximum policy size of {INLINE_CHARS_MAX} bytes exceeded for role {}", role.name);
        Error::new(ErrorCode::LimitExceeded, message)
    };
    // One that alone is too long need not be looked into.
    if document::chars(&document) > INLINE_CHARS_MAX {
        return Err(exceeded());
    }
    document::check(&document, Kind::Permissions)?;
    let others = role.inline.iter().filter(|(other, _)| **other != name).map(|(_, document)| document::chars(document));
    if others.sum::<usize>() + document::chars(&document) > INLINE_CHARS_MAX {
        return Err(exceeded());
    }
    role.inline.insert(name, document);
    at.put_role(role);
    Ok(Answer::empty())
}

pub(crate) fn get(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (role, name) = (given.text("RoleName", &ROLE_NAME), given.text("PolicyName", &POLICY_NAME));
    given.check()?;
    let document = at.account.role(&role)?.inline.get(&name).ok_or_else(|| no_inline(&name))?;
    Ok(at.answer(&RolePolicyResult { role_name: &role, policy_name: &name, policy_document: encoded(document) }))
}

pub(crate) fn delete(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (role, name) = (given.text("RoleName", &ROLE_NAME), given.text("PolicyName", &POLICY_NAME));
    given.check()?;
    let mut role = at.account.role(&role)?.clone();
    role.inline.remove(&name).ok_or_else(|| no_inline(&name))?;
    at.put_role(role);
    Ok(Answer::empty())
}

pub(crate) fn list(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (role, page) = (given.text("RoleName", &ROLE_NAME), Page::taken(given)?);
    let (names, rest) = page.cut(at.account.role(&role)?.inline.keys().cloned(), String::clone);
    Ok(at.answer(&PolicyNamesResult { policy_names: names.into_iter().collect(), rest }))
}

pub(crate) fn attach(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (role, arn) = (given.text("RoleName", &ROLE_NAME), given.text("PolicyArn", &ARN));
    given.check()?;
    let mut role = at.account.role(&role)?.clone();
    policy::find_attachable(at, &arn)?;
    role.attached.insert(arn);
    if role.attached.len() > ATTACHED_MAX {
        let message = format!("Cannot exceed quota for PoliciesPerRole: {ATTACHED_MAX}");
        return Err(Error::new(ErrorCode::LimitExceeded, message));
    }
    at.put_role(role);
    Ok(Answer::empty())
}

pub(crate) fn detach(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (role, arn) = (given.text("RoleName", &ROLE_NAME), given.text("PolicyArn", &ARN));
    given.check()?;
    let mut role = at.account.role(&role)?.clone();
    if !role.attached.remove(&arn) {
        return Err(policy::not_found(&arn));
    }
    at.put_role(role);
    Ok(Answer::empty())
}

pub(crate) fn list_attached(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let role = given.text("RoleName", &ROLE_NAME);
    let prefix = given.optional("PathPrefix", &PATH_PREFIX).unwrap_or_default();
    let page = Page::taken(given)?;
    let attached = at.account.role(&role)?.attached.iter();
    let named = attached.filter_map(|arn| Some((arn, policy::Name::of(arn)?)));
    let named = named.filter(|(_, name)| name.path.starts_with(&prefix));
    let views = named.map(|(arn, name)| AttachedPolicyView { policy_name: name.name, policy_arn: arn.clone() });
    let (views, rest) = page.cut(views, |view| view.policy_arn.clone());
    Ok(at.answer(&AttachedPoliciesResult { attached_policies: views.into_iter().collect(), rest }))
}

fn no_inline(name: &str) -> Error {
    Error::missing(format!("The role policy with name {name} cannot be found."))
}
