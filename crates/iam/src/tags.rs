//! Tags of roles and policies.

use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorCode,
    account::key,
    answer::{Answer, Members},
    form::{ARN, ROLE_NAME, TAG_KEY, TAG_VALUE},
    given::Given,
    page::{Page, Rest},
    policy,
    state::At,
};

/// The most tags that a role or policy may have.
const TAGS_MAX: usize = 50;

/// A tag, as it is kept and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagsResult {
    tags: Members<Tag>,
    #[serde(flatten)]
    rest: Rest,
}

pub(crate) fn tag_role(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (name, more) = (given.text("RoleName", &ROLE_NAME), taken(given));
    given.check()?;
    let mut role = at.account.role(&name)?.clone();
    merge(&mut role.tags, more)?;
    at.put_role(role);
    Ok(Answer::empty())
}

pub(crate) fn untag_role(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (name, keys) = (given.text("RoleName", &ROLE_NAME), given.list("TagKeys", &TAG_KEY));
    given.check()?;
    let mut role = at.account.role(&name)?.clone();
    role.tags.retain(|tag| !keys.contains(&tag.key));
    at.put_role(role);
    Ok(Answer::empty())
}

pub(crate) fn list_of_role(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (name, page) = (given.text("RoleName", &ROLE_NAME), Page::taken(given)?);
    Ok(list(at, &page, &at.account.role(&name)?.tags))
}

pub(crate) fn tag_policy(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (arn, more) = (given.text("PolicyArn", &ARN), taken(given));
    given.check()?;
    let mut policy = policy::changeable(at, &arn)?.clone();
    merge(&mut policy.tags, more)?;
    at.put_policy(policy);
    Ok(Answer::empty())
}

pub(crate) fn untag_policy(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (arn, keys) = (given.text("PolicyArn", &ARN), given.list("TagKeys", &TAG_KEY));
    given.check()?;
    let mut policy = policy::changeable(at, &arn)?.clone();
    policy.tags.retain(|tag| !keys.contains(&tag.key));
    at.put_policy(policy);
    Ok(Answer::empty())
}

pub(crate) fn list_of_policy(at: &mut At<'_>, given: &mut Given<'_>) -> Result<Answer, Error> {
    let (arn, page) = (given.text("PolicyArn", &ARN), Page::taken(given)?);
    Ok(list(at, &page, &policy::changeable(at, &arn)?.tags))
}

/// Takes the `Tags` of a call.
pub(crate) fn taken(given: &mut Given<'_>) -> Vec<Tag> {
    let pairs = given.pairs("Tags", ("Key", &TAG_KEY), ("Value", &TAG_VALUE));
    pairs.into_iter().map(|(key, value)| Tag { key, value }).collect()
}

/// Adds tags to others, over those with the same keys.
///
/// # Errors
///
/// `InvalidInput` for a key given twice, whatever its case, `LimitExceeded` for more than 50.
pub(crate) fn merge(tags: &mut Vec<Tag>, more: Vec<Tag>) -> Result<(), Error> {
    let mut keys: Vec<String> = more.iter().map(|tag| key(&tag.key)).collect();
    keys.sort();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
        return Err(Error::new(ErrorCode::InvalidInput, message));
    }
    tags.retain(|tag| keys.binary_search(&key(&tag.key)).is_err());
    tags.extend(more);
    if tags.len() > TAGS_MAX {
        let message = format!("The number of tags has reached the maximum limit: {TAGS_MAX}");
        return Err(Error::new(ErrorCode::LimitExceeded, message));
    }
    Ok(())
}

fn list(at: &At<'_>, page: &Page, tags: &[Tag]) -> Answer {
    let (tags, rest) = page.cut(tags.iter().cloned(), |tag| tag.key.clone());
    at.answer(&TagsResult { tags: tags.into_iter().collect(), rest })
}
