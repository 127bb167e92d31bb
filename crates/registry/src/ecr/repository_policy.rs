//! What a repository policy may say. The policy is kept and answered; nobody is refused by it.

use serde_json::{Map, Value};

use super::error::Error;

/// The versions of the policy language.
const VERSIONS: [&str; 2] = ["2008-10-17", "2012-10-17"];

/// What a statement may have.
const MEMBERS: [&str; 7] = ["Action", "Condition", "Effect", "NotAction", "NotPrincipal", "Principal", "Sid"];

/// Checks the text of a policy: a document of the policy language that says of each statement whom it concerns, and
/// names no resource, since that is the repository.
///
/// # Errors
///
/// `InvalidParameterException`; AWS says no more than that the policy is invalid, this says why as well.
pub(super) fn check(text: &str) -> Result<(), Error> {
    cause(text).map_or(Ok(()), |cause| {
        Err(Error::invalid("PolicyText", format_args!("Invalid repository policy provided: {cause}")))
    })
}

/// What is wrong, if anything is.
fn cause(text: &str) -> Option<String> {
    let policy = match serde_json::from_str(text) {
        Ok(Value::Object(policy)) => policy,
        Ok(_) => return Some("it is no JSON object".to_owned()),
        Err(error) => return Some(format!("it is no JSON: {error}")),
    };
    if let Some(unknown) = policy.keys().find(|name| !matches!(name.as_str(), "Version" | "Id" | "Statement")) {
        return Some(format!("a policy has no {unknown}"));
    }
    if let Some(version) = policy.get("Version")
        && !version.as_str().is_some_and(|version| VERSIONS.contains(&version))
    {
        return Some(format!("Version is {version}, not one of {}", VERSIONS.join(" and ")));
    }
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
        Some(statement @ Value::Object(_)) => vec![statement],
        Some(_) | None => return Some("Statement must be a statement or a list of statements".to_owned()),
    };
    statements.into_iter().enumerate().find_map(|(index, statement)| {
        let Value::Object(statement) = statement else { return Some(format!("statement {} is no object", index + 1)) };
        cause_of_statement(statement).map(|cause| format!("statement {}: {cause}", index + 1))
    })
}

fn cause_of_statement(statement: &Map<String, Value>) -> Option<String> {
    if statement.contains_key("Resource") || statement.contains_key("NotResource") {
        return Some("a repository policy names no Resource, which is the repository".to_owned());
    }
    if let Some(unknown) = statement.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Some(format!("a statement has no {unknown}"));
    }
    match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow" | "Deny") => {}
        Some(_) | None => return Some("Effect must be Allow or Deny".to_owned()),
    }
    let one_of = |name: &str, other: &str| statement.contains_key(name) != statement.contains_key(other);
    if !one_of("Action", "NotAction") {
        return Some("it needs Action or NotAction, and only one of them".to_owned());
    }
    if !one_of("Principal", "NotPrincipal") {
        return Some("it needs Principal or NotPrincipal, and only one of them".to_owned());
    }
    let actions = statement.get("Action").or_else(|| statement.get("NotAction"));
    if !actions.is_some_and(is_list_of_actions) {
        return Some("actions are texts such as ecr:BatchGetImage or *".to_owned());
    }
    let principal = statement.get("Principal").or_else(|| statement.get("NotPrincipal"));
    if !principal.is_some_and(|principal| principal == "*" || principal.is_object()) {
        return Some("a principal is * or an object such as {\"AWS\": \"123456789012\"}".to_owned());
    }
    match statement.get("Condition") {
        Some(condition) if !condition.is_object() => Some("Condition must be an object".to_owned()),
        Some(_) | None => None,
    }
}

fn is_list_of_actions(value: &Value) -> bool {
    let is_action = |value: &Value| value.as_str().is_some_and(|action| action == "*" || action.contains(':'));
    is_action(value) || value.as_array().is_some_and(|values| !values.is_empty() && values.iter().all(is_action))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(changes: Value) -> Value {
        let mut statement = json!({"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"});
        for (name, value) in changes.as_object().unwrap() {
            statement[name] = value.clone();
            if value.is_null() {
                statement.as_object_mut().unwrap().remove(name);
            }
        }
        json!({"Version": "2012-10-17", "Statement": [statement]})
    }

    #[test]
    fn documents_of_the_policy_language_are_taken() {
        for taken in [
            with(json!({})),
            with(json!({"Sid": "x", "Action": ["ecr:*", "*"], "Condition": {"StringEquals": {"a": "b"}}})),
            with(json!({"Principal": {"AWS": ["123456789012"], "Service": "lambda.amazonaws.com"}})),
            json!({"Version": "2008-10-17", "Id": "i", "Statement": with(json!({}))["Statement"][0]}),
        ] {
            assert_eq!(check(&taken.to_string()), Ok(()), "{taken}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_cause() {
        for (refused, words) in [
            ("", "it is no JSON: EOF"),
            ("[]", "no JSON object"),
            ("{}", "Statement must be"),
            (&json!({"Statement": []}).to_string(), "Statement must be"),
            (&json!({"Statement": [1]}).to_string(), "statement 1 is no object"),
            (&json!({"Rules": []}).to_string(), "a policy has no Rules"),
            (&json!({"Version": "2020-01-01", "Statement": []}).to_string(), "Version is \"2020-01-01\""),
            (&with(json!({"Effect": "Maybe"})).to_string(), "statement 1: Effect must be Allow or Deny"),
            (&with(json!({"Resource": "*"})).to_string(), "names no Resource"),
            (&with(json!({"Actions": "*"})).to_string(), "a statement has no Actions"),
            (&with(json!({"Action": null})).to_string(), "Action or NotAction"),
            (&with(json!({"NotAction": "*"})).to_string(), "Action or NotAction"),
            (&with(json!({"Action": "pull"})).to_string(), "ecr:BatchGetImage"),
            (&with(json!({"Principal": null})).to_string(), "Principal or NotPrincipal"),
            (&with(json!({"Principal": "123456789012"})).to_string(), "a principal is"),
            (&with(json!({"Condition": []})).to_string(), "Condition must be an object"),
        ] {
            let error = check(refused).unwrap_err();
            let begin = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy \
                         provided";
            assert!(error.message().starts_with(begin) && error.message().contains(words), "{refused}: {error}");
        }
    }
}
