//! The rules for a function's environment variables.

use std::collections::BTreeMap;

use crate::{Error, hash_order::in_hash_order};

/// The most bytes that the variables may have as compact JSON.
const MAX_JSON_BYTES: usize = 4096;

/// The keys that AWS sets itself (AWS Lambda developer guide, "Defined runtime environment variables").
const RESERVED: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// The words with which AWS refuses variables, up to the reason.
const REFUSAL: &str = "Lambda was unable to configure your environment variables because the environment variables you \
    have provided";

/// Takes variables without reserved keys, of at most 4 KB.
///
/// # Errors
///
/// AWS's texts, which list the reserved keys or show what was measured.
pub(crate) fn check(variables: &BTreeMap<String, String>) -> Result<(), Error> {
    let reserved: Vec<&str> = RESERVED.into_iter().filter(|key| variables.contains_key(*key)).collect();
    if !reserved.is_empty() {
        return Err(Error::invalid_parameter(format!(
            "{REFUSAL} contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            reserved.join(", ")
        )));
    }
    let json = compact_json(variables);
    if json.len() > MAX_JSON_BYTES {
        return Err(Error::invalid_parameter(format!("{REFUSAL} exceeded the 4KB limit. String measured: {json}")));
    }
    Ok(())
}

fn compact_json(variables: &BTreeMap<String, String>) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let keys = in_hash_order(variables.keys()).into_iter();
    let pairs = keys.filter_map(|key| Some(format!("{}:{}", text(key), text(variables.get(key)?))));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(key: &str, value: &str) -> Result<(), String> {
        let variables = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        check(&variables).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn four_kilobytes_of_compact_json_are_the_limit() {
        let around = r#"{"KEY":""}"#.len();
        assert_eq!(check_one("KEY", &"x".repeat(4096 - around)), Ok(()));
        let value = "x".repeat(4097 - around);
        assert_eq!(
            check_one("KEY", &value),
            Err(format!(
                "Lambda was unable to configure your environment variables because the environment variables you have \
                 provided exceeded the 4KB limit. String measured: {{\"KEY\":\"{value}\"}}"
            ))
        );
    }

    #[test]
    fn reserved_keys_are_listed() {
        let variables = ["AWS_REGION", "LAMBDA_TASK_ROOT", "MINE"].map(|key| (key.to_owned(), String::new()));
        assert_eq!(
            check(&BTreeMap::from(variables)).unwrap_err().message(),
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: AWS_REGION, LAMBDA_TASK_ROOT"
        );
    }

    #[test]
    fn keys_that_only_resemble_reserved_ones_are_free() {
        assert_eq!(check_one("AWS_REGION_NAME", "x"), Ok(()));
    }
}
