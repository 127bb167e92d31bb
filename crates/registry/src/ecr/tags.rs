//! Tags of repositories, which are words about them; not to be confused with the tags of images.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, Call, no_repository, read};
use super::error::{Error, ErrorCode};
use crate::catalog::{RepositoryKey, Settings};
use crate::scope::Scope;

/// As many as AWS lets a resource have.
const TAGS_MAX: usize = 50;
const KEY_LENGTH_MAX: usize = 128;
const VALUE_LENGTH_MAX: usize = 256;

/// A word and what is said by it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ResourceTag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    resource_arn: String,
    #[serde(default)]
    tags: Vec<ResourceTag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// TagResource
pub(super) fn tag(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: Request = read(request)?;
    change(call, &request, |settings| add(&mut settings.tags, &request.tags))
}

/// UntagResource
pub(super) fn untag(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: Request = read(request)?;
    change(call, &request, |settings| {
        settings.tags.retain(|key, _| !request.tag_keys.contains(key));
        Ok(())
    })
}

/// ListTagsForResource
pub(super) fn list(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: Request = read(request)?;
    let key = repository(&request.resource_arn)?;
    let found = call.catalog.repository(&key).ok_or_else(|| no_repository(&key))?;
    let tags = found.settings.tags.iter();
    let tags: Vec<_> = tags.map(|(key, value)| ResourceTag { key: key.clone(), value: value.clone() }).collect();
    Ok(Answer::new(json!({ "tags": tags })))
}

/// Adds tags, or puts others in their place.
///
/// # Errors
///
/// `InvalidTagParameterException` for a key or value that AWS takes from nobody, `TooManyTagsException`.
pub(super) fn add(tags: &mut BTreeMap<String, String>, added: &[ResourceTag]) -> Result<(), Error> {
    for ResourceTag { key, value } in added {
        let problem = if key.is_empty() || key.chars().count() > KEY_LENGTH_MAX {
            Some(format!("the key '{key}' must have 1 to {KEY_LENGTH_MAX} characters"))
        } else if value.chars().count() > VALUE_LENGTH_MAX {
            Some(format!("the value of '{key}' must have at most {VALUE_LENGTH_MAX} characters"))
        } else if key.to_ascii_lowercase().starts_with("aws:") {
            Some(format!("the key '{key}' begins with 'aws:', which is reserved for AWS"))
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(Error::new(ErrorCode::InvalidTagParameter, format!("Invalid tag: {problem}")));
        }
        tags.insert(key.clone(), value.clone());
    }
    match tags.len() {
        ..=TAGS_MAX => Ok(()),
        count => {
            let message = format!("The repository would have {count} tags; it may have {TAGS_MAX}");
            Err(Error::new(ErrorCode::TooManyTags, message))
        }
    }
}

fn change(
    call: Call<'_>,
    request: &Request,
    change: impl FnOnce(&mut Settings) -> Result<(), Error>,
) -> Result<Answer, Error> {
    let key = repository(&request.resource_arn)?;
    let found = call.catalog.repository(&key).ok_or_else(|| no_repository(&key))?;
    let mut settings = found.settings.clone();
    change(&mut settings)?;
    Ok(Answer::new(json!({})).with(key.put(settings)))
}

/// The repository in `arn:aws:ecr:REGION:ACCOUNT:repository/NAME`.
fn repository(arn: &str) -> Result<RepositoryKey, Error> {
    let mut parts = arn.splitn(6, ':');
    let parts: [Option<&str>; 6] = std::array::from_fn(|_| parts.next());
    if let [Some("arn"), Some(_partition), Some("ecr"), Some(region), Some(account), Some(resource)] = parts
        && let Some(name) = resource.strip_prefix("repository/")
        && let (Some(scope), Ok(name)) = (Scope::new(account, region), name.parse())
    {
        return Ok(RepositoryKey { scope, name });
    }
    let form = "arn:aws:ecr:<region>:<account>:repository/<name>";
    Err(Error::invalid("resourceArn", format_args!("Invalid ARN: '{arn}' is not of the form {form}")))
}
