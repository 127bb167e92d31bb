//! Policies that are taken, and those that are not with the words that say why.

use serde_json::json;

use super::*;

/// A policy of one rule, with these members of it replaced or, where null, removed.
fn policy(rule: Value, selection: Value) -> Value {
    let mut whole = json!({
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1},
        "action": {"type": "expire"},
    });
    merge(&mut whole, rule);
    merge(&mut whole["selection"], selection);
    json!({"rules": [whole]})
}

fn merge(into: &mut Value, from: Value) {
    for (name, value) in from.as_object().unwrap() {
        into[name] = value.clone();
        if value.is_null() {
            into.as_object_mut().unwrap().remove(name);
        }
    }
}

fn rules(statuses: &[&str]) -> Value {
    let rule = |(index, status): (usize, &&str)| {
        policy(json!({"rulePriority": index + 1}), json!({"tagStatus": status}))["rules"][0].clone()
    };
    json!({"rules": statuses.iter().enumerate().map(rule).collect::<Vec<_>>()})
}

#[test]
fn policies_of_the_documentation_are_taken() {
    for taken in [
        json!({"rules": []}),
        policy(json!({}), json!({})),
        policy(json!({"description": "only one"}), json!({"tagStatus": "any"})),
        policy(json!({}), json!({"countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14})),
        policy(json!({}), json!({"tagStatus": "tagged", "tagPrefixList": ["v"]})),
        policy(json!({}), json!({"tagStatus": "tagged", "tagPatternList": ["*prod*", "v*"]})),
        policy(
            json!({"action": {"type": "transition", "targetStorageClass": "archive"}}),
            json!({"countType": "sinceImagePulled", "countUnit": "days", "storageClass": "standard"}),
        ),
        rules(&["untagged", "any"]),
    ] {
        assert_eq!(check(&taken.to_string()), Ok(()), "{taken}");
    }
}

#[test]
fn anything_else_is_refused_with_the_cause() {
    let missing = "object has missing required properties";
    for (refused, words) in [
        (json!([]), "Could not map policyString into LifecyclePolicy."),
        (json!({}), &format!("{missing} ([\"rules\"])")),
        (json!({"rules": {}}), &format!("{missing} ([\"rules\"])")),
        (json!({"rules": [1]}), "instance type (integer) does not match any allowed primitive type"),
        (policy(json!({"action": null}), json!({})), &format!("{missing} ([\"action\"])")),
        (policy(json!({"extra": 1}), json!({})), "not allowed by the schema: ([\"extra\"])"),
        (policy(json!({"rulePriority": 0}), json!({})), "(minimum: 1, found: 0)"),
        (policy(json!({"rulePriority": "1"}), json!({})), "instance type (string)"),
        (policy(json!({"description": 1}), json!({})), "description must be a text"),
        (policy(json!({"action": {"type": "keep"}}), json!({})), "instance value (\"keep\") not found in enum"),
        (
            policy(json!({"action": {"type": "transition"}}), json!({})),
            &format!("{missing} ([\"targetStorageClass\"])"),
        ),
        (policy(json!({}), json!({"tagStatus": "all"})), "possible values: [\"any\",\"tagged\",\"untagged\"]"),
        (policy(json!({}), json!({"countType": "sinceImagePushed"})), &format!("{missing} ([\"countUnit\"])")),
        (policy(json!({}), json!({"countUnit": "days"})), "not allowed by the schema: ([\"countUnit\"])"),
        (policy(json!({}), json!({"countNumber": null})), &format!("{missing} ([\"countNumber\"])")),
        (policy(json!({}), json!({"tagPrefixList": ["v"]})), "not allowed by the schema: ([\"tagPrefixList\"])"),
        (policy(json!({}), json!({"tagStatus": "tagged"})), "needs a tagPatternList or a tagPrefixList"),
        (
            policy(json!({}), json!({"tagStatus": "tagged", "tagPrefixList": ["v"], "tagPatternList": ["v*"]})),
            "not both",
        ),
        (policy(json!({}), json!({"tagStatus": "tagged", "tagPrefixList": []})), "one to ten texts"),
        (rules(&["any", "untagged"]), "must have the highest rulePriority, not 1"),
        (rules(&["any", "any"]), "only one rule"),
        (json!({"rules": [rules(&["untagged"])["rules"][0], rules(&["untagged"])["rules"][0]]}), "is there twice"),
    ] {
        let error = check(&refused.to_string()).unwrap_err();
        let begin = "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy \
                     validation failure: ";
        assert!(error.message().starts_with(begin) && error.message().contains(words), "{refused}: {error}");
    }
}
