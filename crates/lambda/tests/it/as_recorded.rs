//! Answers that AWS has given to the same calls, compared whole: status, error, message, and every member that is there
//! or not. Many of them are kept in the public snapshots of other projects' tests against AWS.

mod code_signing;
mod concurrency;
mod event_invoke;
mod event_source_mappings;
mod function_urls;
mod functions;
mod layers;
mod names;
mod policies;
mod recursion;
mod settings;
mod tags;
mod tape;
mod unreachable;
mod versions;

use serde_json::{Value, json};

use crate::harness::{Account, Answer, error, invalid, violated};

/// The beginning of functions' ARNs, before their names.
pub(crate) const FUNCTION_ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:";

/// The answers of one test that differ from the recorded ones; all of them are shown at its end.
#[derive(Default)]
pub(crate) struct Recording {
    answers: usize,
    differences: Vec<String>,
}

impl Recording {
    /// Compares an answer; what no two calls have in common is taken out of it first.
    pub(crate) fn same(&mut self, what: &str, mut answer: Answer, recorded: Answer) {
        normalize(&mut answer.body);
        self.answers += 1;
        if answer != recorded {
            self.differences.push(format!("{what}\n  answered {answer:?}\n  recorded {recorded:?}"));
        }
    }

    /// Fails when any answer differed.
    pub(crate) fn end(self) {
        let (differing, answers) = (self.differences.len(), self.answers);
        assert!(differing == 0, "{differing} of {answers} answers differ:\n{}", self.differences.join("\n"));
    }
}

/// A successful answer.
pub(crate) fn ok(status: u16, body: Value) -> Answer {
    Answer { status, error: None, body }
}

/// A successful answer without a body.
pub(crate) fn no_content() -> Answer {
    ok(204, Value::Null)
}

/// AWS's usual error for what does not exist.
pub(crate) fn not_found(message: &str) -> Answer {
    error(404, "ResourceNotFoundException", json!({ "Type": "User", "Message": message }))
}

/// The function, version or alias that does not exist.
pub(crate) fn no_function(name: &str) -> Answer {
    not_found(&format!("Function not found: {FUNCTION_ARN}{name}"))
}

/// AWS's usual error for what is in the way.
pub(crate) fn conflict(message: &str) -> Answer {
    error(409, "ResourceConflictException", json!({ "Type": "User", "message": message }))
}

/// The error of two qualifiers that contradict each other.
pub(crate) fn qualifiers_differ() -> Answer {
    invalid("The derived qualifier from the function name does not match the specified qualifier.")
}

/// One member that breaks a constraint of the service model.
pub(crate) fn one_violation(value: &str, path: &str, constraint: &str) -> Answer {
    let value = if value == "null" { value.to_owned() } else { format!("'{value}'") };
    violated(&format!(
        "1 validation error detected: Value {value} at '{path}' failed to satisfy constraint: Member must {constraint}"
    ))
}

/// A text in a path.
pub(crate) fn encoded(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F").replace('$', "%24").replace('!', "%21").replace('?', "%3F")
}

/// A function `f` with version 1, and an alias `live` of it.
pub(crate) fn published() -> Account {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "1" }));
    account
}

/// Replaces times and ids by what kind of value they are.
fn normalize(body: &mut Value) {
    const CHANGING: [&str; 8] = [
        "CreatedDate",
        "CreationTime",
        "EventSourceMappingArn",
        "FunctionUrl",
        "LastModified",
        "LastModifiedTime",
        "RevisionId",
        "UUID",
    ];
    match body {
        Value::Object(members) => {
            for (key, value) in members {
                let changing = CHANGING.contains(&key.as_str());
                if changing && value.is_string() {
                    *value = "text".into();
                } else if changing && value.is_number() {
                    *value = "number".into();
                } else {
                    normalize(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(normalize),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
