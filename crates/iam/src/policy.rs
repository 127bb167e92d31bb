//! Policies of the account, and AWS's own beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorCode,
    account::Uses,
    answer::{Answer, Members},
    document::{self, Kind},
    form::{ARN, DESCRIPTION, DOCUMENT, POLICY_NAME, POLICY_PATH},
    given::Given,
    managed,
    moment::date,
    state::At,
    tags::{self, Tag},
};

/// The account in the ARNs of AWS's own policies.
pub(crate) const AWS: &str = "aws";

/// AWS's default quota of customer managed policies for each account ("IAM and AWS STS quotas" in the IAM User Guide).
const POLICIES_MAX: usize = 1500;

/// A policy as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) description: Option<String>,
    pub(crate) created_s: u64,
    pub(crate) updated_s: u64,
    /// Never empty; the numbers are given once.
    pub(crate) versions: BTreeMap<u32, Version>,
    /// One of the versions.
    pub(crate) default: u32,
    pub(crate) last: u32,
    pub(crate) tags: Vec<Tag>,
}

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) document: String,
    pub(crate) created_s: u64,
}

/// What the ARN of a policy says.
pub(crate) struct Name {
    /// 12 digits, or `aws`.
    pub(crate) account: String,
    /// Begins and ends with a slash.
    pub(crate) path: String,
    pub(crate) name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyView {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: usize,
    permissions_boundary_usage_count: usize,
    is_attachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    create_date: String,
    update_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Members<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyResult {
    policy: PolicyView,
}

pub(crate) fn create(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let name = given.text("PolicyName", &POLICY_NAME);
    let document = given.text("PolicyDocument", &DOCUMENT);
    let path = given.optional("Path", &POLICY_PATH).unwrap_or_else(|| "/".to_owned());
    let description = given.optional("Description", &DESCRIPTION).filter(|text| !text.is_empty());
    let more_tags = tags::taken(given);
    given.check()?;
    document::check(&document, Kind::Managed)?;
    if at.account.policy(&name).is_some() {
        let message = format!("A policy called {name} already exists. Duplicate names are not allowed.");
        return Err(Error::new(ErrorCode::EntityAlreadyExists, message));
    }
    if at.account.policies_len() >= POLICIES_MAX {
        let message = format!("Cannot exceed quota for PoliciesPerAccount: {POLICIES_MAX}");
        return Err(Error::new(ErrorCode::LimitExceeded, message));
    }
    let mut tags = Vec::new();
    tags::merge(&mut tags, more_tags)?;
    let created_s = at.moment.epoch_s();
    let policy = Policy {
        name,
        path,
        id: at.moment.id("ANPA"),
        description,
        created_s,
        updated_s: created_s,
        versions: BTreeMap::from([(1, Version { document, created_s })]),
        default: 1,
        last: 1,
        tags,
    };
    let answer = at.answer(&PolicyResult { policy: view(at, at.account_id(), &policy) });
    at.put_policy(policy);
    Ok(answer)
}

pub(crate) fn get(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let arn = given.text("PolicyArn", &ARN);
    given.check()?;
    let (owner, policy) = find(at, &arn)?;
    Ok(at.answer(&PolicyResult { policy: view(at, &owner, &policy) }))
}

pub(crate) fn delete(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let arn = given.text("PolicyArn", &ARN);
    given.check()?;
    let policy = changeable(at, &arn)?.clone();
    let conflict = |message: &str| Err(Error::new(ErrorCode::DeleteConflict, message));
    if at.account.uses(&arn) != Uses::default() {
        return conflict("Cannot delete a policy attached to entities.");
    }
    if policy.versions.len() > 1 {
        return conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
             The default version is deleted with the policy.",
        );
    }
    at.remove_policy(&policy);
    Ok(Answer::empty())
}

/// A policy of the account or of AWS, and the account in its ARN.
///
/// # Errors
///
/// `InvalidInput` for what is no ARN of a policy, `NoSuchEntity`.
pub(crate) fn find(at: &At<'_>, arn: &str) -> Result<(String, Policy), Error> {
    let name = Name::of(arn).ok_or_else(|| no_arn(arn))?;
    let policy = if name.account == AWS { Some(managed::policy(&name)) } else { own(at, &name).cloned() };
    policy.map(|policy| (name.account, policy)).ok_or_else(|| not_found(arn))
}

/// Checks that a policy can be attached.
///
/// # Errors
///
/// As `find`, in AWS's words for this.
pub(crate) fn find_attachable(at: &At<'_>, arn: &str) -> Result<(), Error> {
    match find(at, arn) {
        Err(error) if error.code() == ErrorCode::NoSuchEntity => {
            Err(Error::missing(format!("Policy {arn} does not exist or is not attachable.")))
        }
        found => found.map(drop),
    }
}

/// A policy that the account may change.
///
/// # Errors
///
/// As `find`, and `AccessDenied` for AWS's policies.
pub(crate) fn changeable<'a>(at: &'a At<'_>, arn: &str) -> Result<&'a Policy, Error> {
    let name = Name::of(arn).ok_or_else(|| no_arn(arn))?;
    if name.account == AWS {
        let (user, action) = (&at.caller.principal().arn, at.action);
        let message = format!("User: {user} is not authorized to perform: iam:{action} on resource: policy {arn}");
        return Err(Error::new(ErrorCode::AccessDenied, message));
    }
    own(at, &name).ok_or_else(|| not_found(arn))
}

/// The error for a policy that is not there.
pub(crate) fn not_found(arn: &str) -> Error {
    Error::missing(format!("Policy {arn} was not found."))
}

fn no_arn(arn: &str) -> Error {
    Error::new(ErrorCode::InvalidInput, format!("ARN {arn} is not valid."))
}

fn own<'a>(at: &'a At<'_>, name: &Name) -> Option<&'a Policy> {
    let policy = at.account.policy(&name.name).filter(|_| name.account == at.account_id())?;
    (policy.name == name.name && policy.path == name.path).then_some(policy)
}

/// A policy as answers show it.
pub(crate) fn view(at: &At<'_>, owner: &str, policy: &Policy) -> PolicyView {
    let arn = arn(owner, &policy.path, &policy.name);
    let uses = at.account.uses(&arn);
    PolicyView {
        policy_name: policy.name.clone(),
        policy_id: policy.id.clone(),
        path: policy.path.clone(),
        default_version_id: format!("v{}", policy.default),
        attachment_count: uses.attached,
        permissions_boundary_usage_count: uses.bounded,
        is_attachable: true,
        description: policy.description.clone(),
        create_date: date(policy.created_s),
        update_date: date(policy.updated_s),
        tags: (!policy.tags.is_empty()).then(|| policy.tags.iter().cloned().collect()),
        arn,
    }
}

/// The ARN of a policy.
pub(crate) fn arn(owner: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{owner}:policy{path}{name}")
}

// === impl Name ===

impl Name {
    /// Reads `arn:aws:iam::ACCOUNT:policy/PATH/NAME`.
    pub(crate) fn of(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", "aws", "iam", "", account, resource] = parts[..] else { return None };
        let path = resource.strip_prefix("policy").filter(|path| path.starts_with('/'))?;
        let (path, name) = path.split_at(path.rfind('/')? + 1);
        let valid = !name.is_empty() && (account == AWS || account.bytes().all(|byte| byte.is_ascii_digit()));
        valid.then(|| Self { account: account.to_owned(), path: path.to_owned(), name: name.to_owned() })
    }
}
