//! Lists of policies, and of the roles that use one.

use serde::Serialize;

use crate::{
    Error,
    account::Uses,
    answer::{Answer, Members},
    form::{ARN, ENTITY, PATH_PREFIX, POLICY_SCOPE, POLICY_USAGE},
    given::Given,
    managed,
    page::{Page, Rest},
    policy::{AWS, Name, Policy, PolicyView, arn, find, view},
    role::Role,
    state::At,
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PoliciesResult {
    policies: Members<PolicyView>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyRoleView {
    role_name: String,
    role_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntitiesResult {
    policy_groups: Members<()>,
    policy_users: Members<()>,
    policy_roles: Members<PolicyRoleView>,
    #[serde(flatten)]
    rest: Rest,
}

/// A policy that a list may show, of which only those on the page are worth a view.
enum Listed<'a> {
    Own(&'a Policy),
    Aws(Name),
}

pub(crate) fn list(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let scope = given.optional("Scope", &POLICY_SCOPE).unwrap_or_else(|| "All".to_owned());
    let prefix = given.optional("PathPrefix", &PATH_PREFIX).unwrap_or_default();
    let only_attached = given.flag("OnlyAttached");
    let usage = given.optional("PolicyUsageFilter", &POLICY_USAGE);
    let page = Page::taken(given)?;
    let wanted = |uses: Uses, path: &str| {
        let used = match usage.as_deref() {
            Some("PermissionsBoundary") => uses.bounded > 0,
            Some(_) => uses.attached > 0,
            None => true,
        };
        used && path.starts_with(&prefix) && (!only_attached || uses.attached > 0)
    };
    let own = at.account.policies().map(Listed::Own).filter(|_| scope != "AWS");
    let for_functions = managed::for_functions().filter(|_| scope != "Local").map(Listed::Aws);
    // Of those that roles use, which may be as many as all their places, no more than a page is looked at closely.
    let used = at.account.used_after(page.after()).filter(|_| scope != "Local").filter_map(Name::of);
    let used = used.filter(|name| name.account == AWS && !managed::is_for_functions(name)).map(Listed::Aws);
    let wanted = |listed: &Listed<'_>| wanted(at.account.uses(&listed.arn(at)), listed.path());
    let used = used.filter(wanted).take(page.more_than_len());
    let all = own.chain(for_functions).filter(wanted).chain(used);
    let (policies, rest) = page.cut(all, |listed| listed.arn(at));
    let mut policies: Vec<PolicyView> = policies.into_iter().map(|listed| listed.view(at)).collect();
    // As on AWS, lists leave description and tags out.
    policies.iter_mut().for_each(|policy| (policy.description, policy.tags) = (None, None));
    Ok(at.answer(&PoliciesResult { policies: policies.into_iter().collect(), rest }))
}

pub(crate) fn list_entities(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let arn = given.text("PolicyArn", &ARN);
    let entity = given.optional("EntityFilter", &ENTITY);
    let prefix = given.optional("PathPrefix", &PATH_PREFIX).unwrap_or_default();
    let usage = given.optional("PolicyUsageFilter", &POLICY_USAGE);
    let page = Page::taken(given)?;
    find(at, &arn)?;
    let uses = |role: &&Role| {
        let (attached, bounded) = (role.attached.contains(&arn), role.boundary.as_deref() == Some(arn.as_str()));
        match usage.as_deref() {
            Some("PermissionsBoundary") => bounded,
            Some(_) => attached,
            None => attached || bounded,
        }
    };
    let wanted = entity.is_none_or(|entity| entity == "Role");
    let roles = at.account.roles().filter(|role| wanted && role.path().starts_with(&prefix)).filter(uses);
    let (roles, rest) = page.cut(roles, |role| role.name.clone());
    let view = |role: &Role| PolicyRoleView { role_name: role.name.clone(), role_id: role.id.clone() };
    let none = || Members::from_iter([]);
    let policy_roles = roles.into_iter().map(view).collect();
    Ok(at.answer(&EntitiesResult { policy_groups: none(), policy_users: none(), policy_roles, rest }))
}

// === impl Listed ===

impl Listed<'_> {
    fn path(&self) -> &str {
        match self {
            Self::Own(policy) => &policy.path,
            Self::Aws(name) => &name.path,
        }
    }

    fn arn(&self, at: &At<'_>) -> String {
        match self {
            Self::Own(policy) => arn(at.account_id(), &policy.path, &policy.name),
            Self::Aws(name) => arn(AWS, &name.path, &name.name),
        }
    }

    fn view(&self, at: &At<'_>) -> PolicyView {
        match self {
            Self::Own(policy) => view(at, at.account_id(), policy),
            Self::Aws(name) => view(at, AWS, &managed::policy(name)),
        }
    }
}
