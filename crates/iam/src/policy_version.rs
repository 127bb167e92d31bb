//! Versions of policies.

use serde::Serialize;

use crate::{
    Error, ErrorCode,
    answer::{Answer, Members, encoded},
    document::{self, Kind},
    form::{ARN, DOCUMENT, VERSION_ID},
    given::Given,
    moment::date,
    page::{Page, Rest},
    policy::{self, Policy, Version},
    state::At,
};

/// The most versions that a policy may have.
const VERSIONS_MAX: usize = 5;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionView {
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    version_id: String,
    is_default_version: bool,
    create_date: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionResult {
    policy_version: VersionView,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionsResult {
    versions: Members<VersionView>,
    #[serde(flatten)]
    rest: Rest,
}

pub(crate) fn create(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (arn, document) = (given.text("PolicyArn", &ARN), given.text("PolicyDocument", &DOCUMENT));
    let set_as_default = given.flag("SetAsDefault");
    given.check()?;
    let mut policy = policy::changeable(at, &arn)?.clone();
    document::check(&document, Kind::Managed)?;
    if policy.versions.len() >= VERSIONS_MAX {
        let message = format!(
            "A managed policy can have up to {VERSIONS_MAX} versions. Before you create a new version, you must delete \
             an existing version."
        );
        return Err(Error::new(ErrorCode::LimitExceeded, message));
    }
    policy.last += 1;
    policy.versions.insert(policy.last, Version { document, created_s: at.moment.epoch_s() });
    if set_as_default {
        policy.default = policy.last;
    }
    policy.updated_s = at.moment.epoch_s();
    let (number, version) = policy.versions.last_key_value().expect("it has just been inserted");
    let policy_version = VersionView { document: None, ..view(&policy, *number, version) };
    let answer = at.answer(&VersionResult { policy_version });
    at.put_policy(policy);
    Ok(answer)
}

pub(crate) fn get(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (arn, id) = taken(given)?;
    let (_, policy) = policy::find(at, &arn)?;
    let (number, version) = find(&arn, &policy, &id)?;
    Ok(at.answer(&VersionResult { policy_version: view(&policy, number, version) }))
}

pub(crate) fn list(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (arn, page) = (given.text("PolicyArn", &ARN), Page::taken(given)?);
    let (_, policy) = policy::find(at, &arn)?;
    // Newest first: the keys are those of the numbers that are left.
    let (versions, rest) = page.cut(policy.versions.iter(), |(number, _)| format!("{:010}", u32::MAX - **number));
    let view = |(number, version): (&u32, &Version)| VersionView { document: None, ..view(&policy, *number, version) };
    Ok(at.answer(&VersionsResult { versions: versions.into_iter().map(view).collect(), rest }))
}

pub(crate) fn set_default(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (arn, id) = taken(given)?;
    let mut policy = policy::changeable(at, &arn)?.clone();
    (policy.default, _) = find(&arn, &policy, &id)?;
    policy.updated_s = at.moment.epoch_s();
    at.put_policy(policy);
    Ok(Answer::empty())
}

pub(crate) fn delete(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (arn, id) = taken(given)?;
    let mut policy = policy::changeable(at, &arn)?.clone();
    let (number, _) = find(&arn, &policy, &id)?;
    if number == policy.default {
        let message = "Cannot delete the default version of a policy.";
        return Err(Error::new(ErrorCode::DeleteConflict, message));
    }
    policy.versions.remove(&number);
    at.put_policy(policy);
    Ok(Answer::empty())
}

/// Takes the two parameters that name a version.
fn taken(given: &mut Given<'_>) -> Result<(String, String), Error> {
    let names = (given.text("PolicyArn", &ARN), given.text("VersionId", &VERSION_ID));
    given.check()?;
    Ok(names)
}

fn find<'p>(arn: &str, policy: &'p Policy, id: &str) -> Result<(u32, &'p Version), Error> {
    let number = id.strip_prefix('v').and_then(|number| number.parse().ok());
    let found = number.and_then(|number| Some((number, policy.versions.get(&number)?)));
    found.ok_or_else(|| Error::missing(format!("Policy {arn} version {id} does not exist or is not attachable.")))
}

fn view(policy: &Policy, number: u32, version: &Version) -> VersionView {
    VersionView {
        document: Some(encoded(&version.document)),
        version_id: format!("v{number}"),
        is_default_version: number == policy.default,
        create_date: date(version.created_s),
    }
}
