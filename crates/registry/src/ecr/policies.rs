//! Lifecycle policies, repository policies and the scanning of images: records of a repository, kept and answered.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Call, Target, read};
use super::error::{Error, ErrorCode};
use super::repositories::Scanning;
use super::{lifecycle_policy, repository_policy};
use crate::catalog::{RepositoryKey, Settings, UnixMillis};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutLifecyclePolicy {
    #[serde(flatten)]
    target: Target,
    lifecycle_policy_text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetRepositoryPolicy {
    #[serde(flatten)]
    target: Target,
    policy_text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutScanning {
    #[serde(flatten)]
    target: Target,
    image_scanning_configuration: Scanning,
}

/// PutLifecyclePolicy
pub(super) fn put_lifecycle_policy(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: PutLifecyclePolicy = read(request)?;
    let (key, repository) = call.repository(&request.target)?;
    lifecycle_policy::check(&request.lifecycle_policy_text)?;
    let body = lifecycle(&key, &request.lifecycle_policy_text);
    let settings = Settings { lifecycle_policy: Some(request.lifecycle_policy_text), ..repository.settings.clone() };
    Ok(Answer::new(body).with(key.put(settings)))
}

/// GetLifecyclePolicy
pub(super) fn get_lifecycle_policy(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let (key, repository) = call.repository(&read(request)?)?;
    let policy = repository.settings.lifecycle_policy.as_deref().ok_or_else(|| no_lifecycle_policy(&key))?;
    Ok(Answer::new(evaluated(lifecycle(&key, policy))))
}

/// DeleteLifecyclePolicy
pub(super) fn delete_lifecycle_policy(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let (key, repository) = call.repository(&read(request)?)?;
    let policy = repository.settings.lifecycle_policy.as_deref().ok_or_else(|| no_lifecycle_policy(&key))?;
    let body = evaluated(lifecycle(&key, policy));
    let settings = Settings { lifecycle_policy: None, ..repository.settings.clone() };
    Ok(Answer::new(body).with(key.put(settings)))
}

/// SetRepositoryPolicy. `force` is for policies that would lock their author out, which none does here.
pub(super) fn set_repository_policy(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: SetRepositoryPolicy = read(request)?;
    let (key, repository) = call.repository(&request.target)?;
    repository_policy::check(&request.policy_text)?;
    let body = policy(&key, &request.policy_text);
    let settings = Settings { policy: Some(request.policy_text), ..repository.settings.clone() };
    Ok(Answer::new(body).with(key.put(settings)))
}

/// GetRepositoryPolicy
pub(super) fn get_repository_policy(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let (key, repository) = call.repository(&read(request)?)?;
    let text = repository.settings.policy.as_deref().ok_or_else(|| no_repository_policy(&key))?;
    Ok(Answer::new(policy(&key, text)))
}

/// DeleteRepositoryPolicy
pub(super) fn delete_repository_policy(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let (key, repository) = call.repository(&read(request)?)?;
    let text = repository.settings.policy.as_deref().ok_or_else(|| no_repository_policy(&key))?;
    let body = policy(&key, text);
    let settings = Settings { policy: None, ..repository.settings.clone() };
    Ok(Answer::new(body).with(key.put(settings)))
}

/// PutImageScanningConfiguration
pub(super) fn put_scanning(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: PutScanning = read(request)?;
    let (key, repository) = call.repository(&request.target)?;
    let scan_on_push = request.image_scanning_configuration.scan_on_push.unwrap_or_default();
    let body = json!({
        "registryId": key.scope.account(),
        "repositoryName": key.name,
        "imageScanningConfiguration": { "scanOnPush": scan_on_push },
    });
    let settings = Settings { scan_on_push, ..repository.settings.clone() };
    Ok(Answer::new(body).with(key.put(settings)))
}

fn lifecycle(key: &RepositoryKey, text: &str) -> Value {
    json!({ "registryId": key.scope.account(), "repositoryName": key.name, "lifecyclePolicyText": text })
}

/// Says that the policy was never evaluated, as AWS does of one that is new.
fn evaluated(mut body: Value) -> Value {
    body["lastEvaluatedAt"] = json!(UnixMillis(0).seconds());
    body
}

fn policy(key: &RepositoryKey, text: &str) -> Value {
    json!({ "registryId": key.scope.account(), "repositoryName": key.name, "policyText": text })
}

fn no_lifecycle_policy(key: &RepositoryKey) -> Error {
    Error::new(ErrorCode::LifecyclePolicyNotFound, format!("Lifecycle policy {}", does_not_exist(key)))
}

fn no_repository_policy(key: &RepositoryKey) -> Error {
    Error::new(ErrorCode::RepositoryPolicyNotFound, format!("Repository policy {}", does_not_exist(key)))
}

fn does_not_exist(key: &RepositoryKey) -> String {
    let (name, account) = (&key.name, key.scope.account());
    format!("does not exist for the repository with name '{name}' in the registry with id '{account}'")
}
