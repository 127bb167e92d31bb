//! What a lifecycle policy may say. The policy is kept and answered; no image expires by it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::Error;

const MEMBER: &str = "LifecyclePolicyText";

/// What the schema of policies knows of an object.
struct Schema {
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const RULE: Schema = Schema { required: &["action", "rulePriority", "selection"], optional: &["description"] };
const ACTION: Schema = Schema { required: &["type"], optional: &["targetStorageClass"] };
const SELECTION: Schema = Schema {
    required: &["countNumber", "countType", "tagStatus"],
    optional: &["countUnit", "storageClass", "tagPatternList", "tagPrefixList"],
};

const ACTIONS: &[&str] = &["expire", "transition"];
const TAG_STATUSES: &[&str] = &["any", "tagged", "untagged"];
/// How images are counted; all but the first count days.
const COUNT_TYPES: &[&str] = &["imageCountMoreThan", "sinceImagePulled", "sinceImagePushed", "sinceImageTransitioned"];
const COUNT_UNITS: &[&str] = &["days"];
const STORAGE_CLASSES: &[&str] = &["archive", "standard"];

/// Checks the text of a policy by the rules that
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html> has.
///
/// # Errors
///
/// `InvalidParameterException` for the first thing that is wrong.
pub(super) fn check(text: &str) -> Result<(), Error> {
    let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
        return Err(Error::invalid(MEMBER, failure("Could not map policyString into LifecyclePolicy.")));
    };
    let Some(Value::Array(rules)) = policy.get("rules") else {
        return refuse("object has missing required properties ([\"rules\"])");
    };
    let mut priorities = BTreeSet::new();
    let mut any = None;
    for rule in rules {
        let rule = object(rule, &RULE)?;
        let priority = at_least_one(&rule["rulePriority"])?;
        if !priorities.insert(priority) {
            return refuse(format!("rulePriority {priority} is there twice; each rule needs one of its own"));
        }
        if description_is_wrong(rule) {
            return refuse("description must be a text of at most 256 characters");
        }
        action(&rule["action"])?;
        let selection = object(&rule["selection"], &SELECTION)?;
        select(selection)?;
        if selection["tagStatus"] == "any" && any.replace(priority).is_some() {
            return refuse("only one rule may have the tagStatus any");
        }
    }
    match any.filter(|any| priorities.last() != Some(any)) {
        Some(any) => refuse(format!("the rule with the tagStatus any must have the highest rulePriority, not {any}")),
        None => Ok(()),
    }
}

fn action(action: &Value) -> Result<(), Error> {
    let action = object(action, &ACTION)?;
    one_of(&action["type"], ACTIONS)?;
    match action.get("targetStorageClass") {
        Some(class) => one_of(class, &["archive"]),
        None if action["type"] == "transition" => missing(&["targetStorageClass"]),
        None => Ok(()),
    }
}

fn select(selection: &Map<String, Value>) -> Result<(), Error> {
    one_of(&selection["tagStatus"], TAG_STATUSES)?;
    one_of(&selection["countType"], COUNT_TYPES)?;
    selection.get("countUnit").map_or(Ok(()), |unit| one_of(unit, COUNT_UNITS))?;
    selection.get("storageClass").map_or(Ok(()), |class| one_of(class, STORAGE_CLASSES))?;
    at_least_one(&selection["countNumber"])?;
    let counts_days = selection["countType"] != "imageCountMoreThan";
    match selection.contains_key("countUnit") {
        false if counts_days => return missing(&["countUnit"]),
        true if !counts_days => return not_allowed("countUnit"),
        true | false => {}
    }
    let lists: Vec<&str> =
        ["tagPatternList", "tagPrefixList"].into_iter().filter(|list| selection.contains_key(*list)).collect();
    match (selection["tagStatus"] == "tagged", lists.as_slice()) {
        (true, [list]) | (false, [list]) if !is_list_of_tags(&selection[*list]) => {
            refuse(format!("{list} must be a list of one to ten texts"))
        }
        (true, [_]) | (false, []) => Ok(()),
        (true, []) => refuse("a rule with the tagStatus tagged needs a tagPatternList or a tagPrefixList"),
        (true, _) => refuse("a rule may have a tagPatternList or a tagPrefixList, not both"),
        (false, [list, ..]) => not_allowed(list),
    }
}

/// The members of an object that has what its schema requires, and nothing that it does not know.
fn object<'v>(value: &'v Value, schema: &Schema) -> Result<&'v Map<String, Value>, Error> {
    let Value::Object(object) = value else {
        let message = format!(
            "instance type ({}) does not match any allowed primitive type (allowed: [\"object\"])",
            type_name(value)
        );
        return Err(Error::invalid(MEMBER, failure(message)));
    };
    let absent: Vec<&str> = schema.required.iter().copied().filter(|name| !object.contains_key(*name)).collect();
    if !absent.is_empty() {
        missing(&absent)?;
    }
    let known = |name: &str| schema.required.contains(&name) || schema.optional.contains(&name);
    match object.keys().find(|name| !known(name)) {
        Some(unknown) => not_allowed(unknown).map(|()| object),
        None => Ok(object),
    }
}

fn one_of(value: &Value, allowed: &[&str]) -> Result<(), Error> {
    if value.as_str().is_some_and(|value| allowed.contains(&value)) {
        return Ok(());
    }
    let allowed = Value::from(allowed);
    refuse(format!("instance value ({value}) not found in enum (possible values: {allowed})"))
}

fn at_least_one(value: &Value) -> Result<i64, Error> {
    match value.as_i64() {
        Some(number @ 1..) => Ok(number),
        Some(number) => {
            let message = format!("numeric instance is lower than the required minimum (minimum: 1, found: {number})");
            Err(Error::invalid(MEMBER, failure(message)))
        }
        None => {
            let message = format!(
                "instance type ({}) does not match any allowed primitive type (allowed: [\"integer\"])",
                type_name(value)
            );
            Err(Error::invalid(MEMBER, failure(message)))
        }
    }
}

fn description_is_wrong(rule: &Map<String, Value>) -> bool {
    rule.get("description").is_some_and(|text| text.as_str().is_none_or(|text| text.chars().count() > 256))
}

fn is_list_of_tags(value: &Value) -> bool {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    value.as_array().is_some_and(|values| (1..=10).contains(&values.len()) && values.iter().all(is_text))
}

fn missing(names: &[&str]) -> Result<(), Error> {
    refuse(format!("object has missing required properties ({})", Value::from(names)))
}

fn not_allowed(name: &str) -> Result<(), Error> {
    refuse(format!("object instance has properties which are not allowed by the schema: ([\"{name}\"])"))
}

fn refuse(cause: impl AsRef<str>) -> Result<(), Error> {
    Err(Error::invalid(MEMBER, failure(cause)))
}

fn failure(cause: impl AsRef<str>) -> String {
    format!("Lifecycle policy validation failure: {}", cause.as_ref())
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests;
