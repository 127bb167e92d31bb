//! Filter patterns of event source mappings: what is one. Nothing matches events against them yet.
//!
//! The rules are those of Amazon EventBridge that Lambda knows as well; see "Filter rule syntax" in Lambda's developer
//! guide.

use serde_json::{Map, Value};

use crate::{Error, shapes::FilterCriteria};

/// Takes criteria all of whose patterns are patterns.
///
/// # Errors
///
/// AWS's one text for all that is wrong with a pattern.
pub(crate) fn check(criteria: &FilterCriteria) -> Result<(), Error> {
    let mut patterns = criteria.filters.iter().flatten().map(|filter| filter.pattern.as_deref().unwrap_or_default());
    let valid = |text: &str| serde_json::from_str(text).is_ok_and(|fields: Map<String, Value>| is_pattern(&fields));
    match patterns.all(valid) {
        true => Ok(()),
        false => Err(Error::invalid_parameter("Invalid filter pattern definition.")),
    }
}

/// Each field has patterns of its own fields, or a list of what it may be.
fn is_pattern(fields: &Map<String, Value>) -> bool {
    fields.iter().all(|(name, value)| match value {
        Value::Array(alternatives) if name == "$or" => {
            alternatives.len() > 1 && alternatives.iter().all(|one| one.as_object().is_some_and(is_pattern))
        }
        Value::Object(fields) => !fields.is_empty() && is_pattern(fields),
        Value::Array(rules) => !rules.is_empty() && rules.iter().all(is_rule),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    })
}

/// A value that is compared, or one comparison of another kind.
fn is_rule(rule: &Value) -> bool {
    match rule {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(_) => false,
        Value::Object(comparison) => {
            let mut entries = comparison.iter();
            match (entries.next(), entries.next()) {
                (Some((name, operand)), None) => is_comparison(name, operand),
                _ => false,
            }
        }
    }
}

fn is_comparison(name: &str, operand: &Value) -> bool {
    match name {
        "exists" => operand.is_boolean(),
        "prefix" | "suffix" => operand.is_string() || is_ignoring_case(operand),
        "equals-ignore-case" | "wildcard" | "cidr" => operand.is_string(),
        "anything-but" => is_excluded(operand),
        "numeric" => operand.as_array().is_some_and(|bounds| is_numeric(bounds)),
        _ => false,
    }
}

fn is_ignoring_case(operand: &Value) -> bool {
    let fields = operand.as_object();
    fields.is_some_and(|fields| fields.len() == 1 && fields.get("equals-ignore-case").is_some_and(Value::is_string))
}

/// One value, several, or a comparison that is not to hold.
fn is_excluded(operand: &Value) -> bool {
    match operand {
        Value::String(_) | Value::Number(_) => true,
        Value::Array(values) => !values.is_empty() && values.iter().all(|value| value.is_string() || value.is_number()),
        Value::Object(_) => is_rule(operand),
        Value::Null | Value::Bool(_) => false,
    }
}

/// One or two comparisons, each an operator and a number.
fn is_numeric(bounds: &[Value]) -> bool {
    let pair = |pair: &[Value]| match pair {
        [Value::String(operator), Value::Number(_)] => ["=", "<", "<=", ">", ">="].contains(&operator.as_str()),
        _ => false,
    };
    matches!(bounds.len(), 2 | 4) && bounds.chunks(2).all(pair)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::Filter;

    fn checked(pattern: &str) -> bool {
        let filter = Filter { pattern: Some(pattern.to_owned()) };
        check(&FilterCriteria { filters: Some(vec![filter]) }).is_ok()
    }

    #[test]
    fn what_the_developer_guide_shows_is_a_pattern() {
        for pattern in [
            "{}",
            r#"{"body":{"a":[1,null,"",true]}}"#,
            r#"{"body":{"a":[{"numeric":[">",0,"<=",5.5]}]}}"#,
            r#"{"body":{"a":[{"exists":false}],"b":[{"prefix":"us-"},{"suffix":".png"}]}}"#,
            r#"{"body":{"a":[{"anything-but":["x",1]}],"b":[{"anything-but":{"prefix":"x"}}]}}"#,
            r#"{"body":{"a":[{"equals-ignore-case":"x"},{"prefix":{"equals-ignore-case":"x"}}]}}"#,
            r#"{"$or":[{"a":["x"]},{"b":[1]}]}"#,
        ] {
            assert!(checked(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in [
            "",
            "null",
            r#""simple string""#,
            "[1]",
            r#"{"eventSource":"aws:sqs"}"#,
            r#"{"eventSource":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":[[1]]}"#,
            r#"{"a":[{"exists":"yes"}]}"#,
            r#"{"a":[{"numeric":[">"]}]}"#,
            r#"{"a":[{"numeric":["!",1]}]}"#,
            r#"{"a":[{"prefix":"x","suffix":"y"}]}"#,
            r#"{"a":[{"like":"x"}]}"#,
            r#"{"$or":[{"a":["x"]}]}"#,
        ] {
            assert!(!checked(pattern), "{pattern}");
        }
    }
}
