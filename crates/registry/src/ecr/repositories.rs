//! Repositories: their creation, their deletion, and what is told of them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, Call, Target, no_repository, read};
use super::encryption::{self, EncryptionConfiguration};
use super::error::{Error, ErrorCode};
use super::mutability::{self, ExclusionFilter};
use super::page::Paging;
use super::tags::{self, ResourceTag};
use crate::catalog::{RepositoryKey, Settings, What};
use crate::name::RepositoryName;
use crate::scope::Scope;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateRequest {
    #[serde(flatten)]
    target: Target,
    tags: Option<Vec<ResourceTag>>,
    image_tag_mutability: Option<String>,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    image_scanning_configuration: Option<Scanning>,
    encryption_configuration: Option<EncryptionConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeRequest {
    registry_id: Option<String>,
    repository_names: Option<Vec<RepositoryName>>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Deserialize)]
struct DeleteRequest {
    #[serde(flatten)]
    target: Target,
    force: Option<bool>,
}

/// Whether images are to be searched for vulnerabilities, which nobody does here.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scanning {
    #[serde(default)]
    pub(super) scan_on_push: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryView {
    repository_arn: String,
    registry_id: String,
    repository_name: String,
    repository_uri: String,
    created_at: f64,
    image_tag_mutability: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    image_scanning_configuration: Scanning,
    encryption_configuration: EncryptionConfiguration,
}

/// CreateRepository
pub(super) fn create(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: CreateRequest = read(request)?;
    let key = call.caller.key(&request.target);
    if call.catalog.repository(&key).is_some() {
        return Err(taken(&key));
    }
    let mut settings = Settings::new(call.caller.now);
    if let Some(mutability) = request.image_tag_mutability.as_deref() {
        settings.mutability = mutability::parse(mutability, request.image_tag_mutability_exclusion_filters)?;
    } else if let Some(filters) = request.image_tag_mutability_exclusion_filters {
        settings.mutability = mutability::parse("MUTABLE", Some(filters))?;
    }
    settings.scan_on_push = request.image_scanning_configuration.and_then(|it| it.scan_on_push).unwrap_or_default();
    if let Some(configuration) = request.encryption_configuration {
        settings.encryption = encryption::parse(configuration, &key.scope)?;
    }
    tags::add(&mut settings.tags, &request.tags.unwrap_or_default())?;
    let repository = view(call, &key, &settings);
    Ok(Answer::new(json!({ "repository": repository })).with(key.put(settings)))
}

/// DescribeRepositories
pub(super) fn describe(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: DescribeRequest = read(request)?;
    let scope = call.caller.scope(request.registry_id.as_deref());
    if let Some(names) = request.repository_names {
        request.paging.refuse_beside("repositoryNames")?;
        let repositories = names.into_iter().map(|name| {
            let key = RepositoryKey { scope: scope.clone(), name };
            let found = call.catalog.repository(&key).ok_or_else(|| no_repository(&key))?;
            Ok(view(call, &key, &found.settings))
        });
        let repositories: Vec<RepositoryView> = repositories.collect::<Result<_, Error>>()?;
        return Ok(Answer::new(json!({ "repositories": repositories })));
    }
    let all = call.catalog.repositories_in(&scope).map(|(name, repository)| {
        let key = RepositoryKey { scope: scope.clone(), name: name.clone() };
        (name.to_string(), (key, &repository.settings))
    });
    let (page, next) = request.paging.take(all)?;
    let repositories: Vec<_> = page.iter().map(|(key, settings)| view(call, key, settings)).collect();
    Ok(Answer::paged("repositories", &repositories, next))
}

/// DeleteRepository
pub(super) fn delete(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: DeleteRequest = read(request)?;
    let (key, repository) = call.repository(&request.target)?;
    if !repository.manifests.is_empty() && request.force != Some(true) {
        let (name, account) = (&key.name, key.scope.account());
        let message = format!(
            "The repository with name '{name}' in registry with id '{account}' cannot be deleted because it still \
             contains images"
        );
        return Err(Error::new(ErrorCode::RepositoryNotEmpty, message));
    }
    let deleted = view(call, &key, &repository.settings);
    Ok(Answer::new(json!({ "repository": deleted })).with(key.change(What::Delete)))
}

/// DescribeRegistry: nothing is replicated.
pub(super) fn describe_registry(call: Call<'_>, _request: Value) -> Result<Answer, Error> {
    let registry_id = call.caller.scope.account();
    Ok(Answer::new(json!({ "registryId": registry_id, "replicationConfiguration": { "rules": [] } })))
}

fn view(call: Call<'_>, key: &RepositoryKey, settings: &Settings) -> RepositoryView {
    let RepositoryKey { scope, name } = key;
    let (mutability, filters) = mutability::view(&settings.mutability);
    RepositoryView {
        repository_arn: arn(scope, name),
        registry_id: scope.account().to_owned(),
        repository_name: name.to_string(),
        repository_uri: format!("{}/{key}", call.caller.host()),
        created_at: settings.created_at.seconds(),
        image_tag_mutability: mutability,
        image_tag_mutability_exclusion_filters: filters,
        image_scanning_configuration: Scanning { scan_on_push: Some(settings.scan_on_push) },
        encryption_configuration: encryption::view(&settings.encryption),
    }
}

fn arn(scope: &Scope, name: &RepositoryName) -> String {
    let (region, account) = (scope.region(), scope.account());
    format!("arn:{}:ecr:{region}:{account}:repository/{name}", partition(region))
}

/// The part of AWS that a region lies in.
pub(super) fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        Some(_) | None => "aws",
    }
}

fn taken(key: &RepositoryKey) -> Error {
    let (name, account) = (&key.name, key.scope.account());
    let message = format!("The repository with name '{name}' already exists in the registry with id '{account}'");
    Error::new(ErrorCode::RepositoryAlreadyExists, message)
}
