//! The service model as botocore stores it, reduced to what the generator uses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

/// An API in botocore's format (`service-2.json`).
#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) http: Http,
    pub(super) input: Reference,
    pub(super) output: Option<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Http {
    pub(super) method: String,
    pub(super) request_uri: String,
}

#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) shape: String,
}

/// A shape of any type; which fields are set depends on `kind`.
#[derive(Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) members: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    pub(super) required: Vec<String>,
    pub(super) payload: Option<String>,
    pub(super) member: Option<Reference>,
    pub(super) key: Option<Reference>,
    pub(super) value: Option<Reference>,
    #[serde(rename = "enum", default)]
    pub(super) one_of: Vec<String>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) pattern: Option<String>,
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(default)]
    pub(super) exception: bool,
    #[serde(default)]
    pub(super) fault: bool,
    pub(super) error: Option<HttpError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpError {
    pub(super) http_status_code: u16,
}

/// A member of a structure.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    pub(super) shape: String,
    pub(super) location: Option<String>,
    pub(super) location_name: Option<String>,
}

impl Model {
    pub(super) fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).context("the service model has a form that the generator does not know")
    }

    pub(super) fn shape(&self, name: &str) -> Result<&Shape> {
        self.shapes.get(name).with_context(|| format!("the model uses a shape it does not define: {name}"))
    }

    /// Every shape that the inputs of the operations are made of.
    pub(super) fn inputs(&self) -> Result<BTreeSet<&str>> {
        self.closure(self.operations.values().map(|operation| operation.input.shape.as_str()))
    }

    /// Every shape that the outputs of the operations are made of.
    pub(super) fn outputs(&self) -> Result<BTreeSet<&str>> {
        self.closure(self.operations.values().filter_map(|operation| Some(operation.output.as_ref()?.shape.as_str())))
    }

    fn closure<'a>(&'a self, roots: impl Iterator<Item = &'a str>) -> Result<BTreeSet<&'a str>> {
        let mut open: Vec<&str> = roots.collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name) {
                continue;
            }
            let shape = self.shape(name)?;
            for reference in shape.members.values() {
                open.push(reference["shape"].as_str().context("a member without a shape")?);
            }
            open.extend([&shape.member, &shape.key, &shape.value].into_iter().flatten().map(|r| r.shape.as_str()));
        }
        Ok(seen)
    }
}

impl Shape {
    /// The members, sorted by name.
    pub(super) fn members(&self) -> Result<Vec<(&str, Member)>> {
        self.members
            .iter()
            .map(|(name, member)| {
                let member = serde_json::from_value(member.clone()).with_context(|| format!("member {name}"))?;
                Ok((name.as_str(), member))
            })
            .collect()
    }
}

/// `KMSKeyArn` -> `kms_key_arn`.
pub(super) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, char) in chars.iter().enumerate() {
        let after_word = at > 0 && !chars[at - 1].is_uppercase();
        let before_word = at > 0 && chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        if char.is_uppercase() && (after_word || before_word) {
            snake.push('_');
        }
        snake.extend(char.to_lowercase());
    }
    snake
}

/// The name of the static that describes a shape.
pub(super) fn constant(name: &str) -> String {
    snake(name).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        let names = ["FunctionName", "KMSKeyArn", "S3Bucket", "CodeSha256", "UUID", "Ipv6AllowedForDualStack"];
        let words = ["function_name", "kms_key_arn", "s3_bucket", "code_sha256", "uuid", "ipv6_allowed_for_dual_stack"];
        assert_eq!(names.map(snake), words);
        assert_eq!(constant("LayerVersionArn"), "LAYER_VERSION_ARN");
    }
}
