//! Whether tags of images may move, as requests and answers put it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, Call, Target, read};
use super::error::Error;
use crate::catalog::Mutability;

const FILTERS: &str = "imageTagMutabilityExclusionFilters";

/// As many as the user guide of ECR lets a filter have.
const WILDCARDS_MAX: usize = 2;

/// Tags that are excepted from the rule.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExclusionFilter {
    filter_type: String,
    filter: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(flatten)]
    target: Target,
    image_tag_mutability: String,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
}

/// PutImageTagMutability
pub(super) fn put(call: Call<'_>, request: Value) -> Result<Answer, Error> {
    let request: Request = read(request)?;
    let (key, repository) = call.repository(&request.target)?;
    let mut settings = repository.settings.clone();
    settings.mutability = parse(&request.image_tag_mutability, request.image_tag_mutability_exclusion_filters)?;
    let (mutability, filters) = view(&settings.mutability);
    let mut body = json!({
        "registryId": key.scope.account(),
        "repositoryName": key.name,
        "imageTagMutability": mutability,
    });
    if let Some(filters) = filters {
        body[FILTERS] = json!(filters);
    }
    Ok(Answer::new(body).with(key.put(settings)))
}

/// The rule of a request, whose texts are those of the model.
///
/// # Errors
///
/// `InvalidParameterException` where the rule has exceptions and there are no filters, or the other way round.
pub(super) fn parse(text: &str, filters: Option<Vec<ExclusionFilter>>) -> Result<Mutability, Error> {
    let has_exceptions = text.ends_with("_WITH_EXCLUSION");
    let filters = match (filters, has_exceptions) {
        (Some(filters), true) => filters.into_iter().map(pattern).collect::<Result<Vec<String>, Error>>()?,
        (None, false) => Vec::new(),
        (filters, _) => {
            let must = if filters.is_none() { "can't" } else { "must" };
            let constraint =
                format!("ImageTagMutabilityExclusionFilters {must} be null when imageTagMutability is set as {text}");
            return Err(Error::invalid(FILTERS, constraint));
        }
    };
    Ok(match text {
        "IMMUTABLE" => Mutability::Immutable,
        "MUTABLE_WITH_EXCLUSION" => Mutability::MutableExcept(filters),
        "IMMUTABLE_WITH_EXCLUSION" => Mutability::ImmutableExcept(filters),
        _ => Mutability::Mutable,
    })
}

/// The rule and its exceptions for an answer.
pub(super) fn view(mutability: &Mutability) -> (&'static str, Option<Vec<ExclusionFilter>>) {
    match mutability {
        Mutability::Mutable => ("MUTABLE", None),
        Mutability::Immutable => ("IMMUTABLE", None),
        Mutability::MutableExcept(patterns) => ("MUTABLE_WITH_EXCLUSION", Some(filters(patterns))),
        Mutability::ImmutableExcept(patterns) => ("IMMUTABLE_WITH_EXCLUSION", Some(filters(patterns))),
    }
}

fn pattern(filter: ExclusionFilter) -> Result<String, Error> {
    let ExclusionFilter { filter, filter_type: _ } = filter;
    match filter.bytes().filter(|byte| *byte == b'*').count() {
        ..=WILDCARDS_MAX => Ok(filter),
        _ => Err(Error::invalid(FILTERS, format_args!("'{filter}' must have at most {WILDCARDS_MAX} wildcards"))),
    }
}

fn filters(patterns: &[String]) -> Vec<ExclusionFilter> {
    let filter = |filter: &String| ExclusionFilter { filter_type: "WILDCARD".to_owned(), filter: filter.clone() };
    patterns.iter().map(filter).collect()
}
