//! Answers that AWS recorded, in the form in which tests compare them: complete, with everything that differs from one
//! recording to the next replaced by what it is. Revisions are numbered in the order in which they were first seen.

use serde_json::{Value, json};

use crate::harness::{Account, Answer};

/// Plays requests and numbers the revisions in the answers.
pub(crate) struct Tape {
    pub(crate) account: Account,
    revisions: Vec<String>,
}

/// The state of a function version, as an answer shows it.
#[derive(Clone, Copy)]
pub(crate) enum Doing {
    Pending,
    Updating,
    Settled,
    /// As lists show it.
    Unsaid,
}

impl Tape {
    pub(crate) fn new() -> Self {
        Self { account: Account::new(), revisions: Vec::new() }
    }

    /// The status and the body of an answer; an error's code stands in the body.
    pub(crate) fn play(&mut self, send: impl FnOnce(&mut Account) -> Answer) -> (u16, Value) {
        let Answer { status, error, mut body } = send(&mut self.account);
        self.normalize(&mut body);
        if let Some(error) = error {
            body["Error"] = error.into();
        }
        (status, body)
    }

    fn normalize(&mut self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    match key.as_str() {
                        "RevisionId" => *member = self.number(member),
                        "LastModified" | "CreatedDate" => *member = date(member),
                        "RuntimeVersionArn" => *member = runtime_version(member),
                        "Location" => *member = "location".into(),
                        _ => self.normalize(member),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.normalize(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn number(&mut self, revision: &Value) -> Value {
        let revision = revision.as_str().unwrap();
        let seen = self.revisions.iter().position(|seen| seen == revision);
        let index = seen.unwrap_or_else(|| {
            self.revisions.push(revision.to_owned());
            self.revisions.len() - 1
        });
        (index + 1).into()
    }
}

/// `2026-01-31T12:00:00.000+0000`
fn date(value: &Value) -> Value {
    let text = value.as_str().unwrap();
    assert!(text.len() == 28 && text.ends_with("+0000") && text.as_bytes()[19] == b'.', "{text}");
    "date".into()
}

/// AWS's ARN of a runtime version ends in 64 hexadecimal digits.
fn runtime_version(value: &Value) -> Value {
    let digits = value.as_str().unwrap().strip_prefix("arn:aws:lambda:eu-west-1::runtime:").unwrap();
    assert!(digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits}");
    "runtime version".into()
}

/// The complete configuration of the harness's function `f` with these members; null takes a member away.
pub(crate) fn configuration(doing: Doing, revision: u32, members: Value) -> Value {
    let mut view = json!({
        "Architectures": ["x86_64"],
        "CodeSha256": "sha256 of code 1",
        "CodeSize": 6,
        "Description": "",
        "EphemeralStorage": { "Size": 512 },
        "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f",
        "FunctionName": "f",
        "Handler": "app.handler",
        "LastModified": "date",
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": "/aws/lambda/f" },
        "MemorySize": 128,
        "PackageType": "Zip",
        "RevisionId": revision,
        "Role": "arn:aws:iam::111122223333:role/r",
        "Runtime": "python3.12",
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "Timeout": 3,
        "TracingConfig": { "Mode": "PassThrough" },
        "Version": "$LATEST",
    });
    if !matches!(doing, Doing::Unsaid) {
        view["RuntimeVersionConfig"] = json!({ "RuntimeVersionArn": "runtime version" });
    }
    let reason = "The function is being created.";
    merge(
        &mut view,
        match doing {
            Doing::Pending => json!({ "State": "Pending", "StateReason": reason, "StateReasonCode": "Creating" }),
            Doing::Updating => json!({
                "State": "Active",
                "LastUpdateStatus": "InProgress",
                "LastUpdateStatusReason": reason,
                "LastUpdateStatusReasonCode": "Creating",
            }),
            Doing::Settled => json!({ "State": "Active", "LastUpdateStatus": "Successful" }),
            Doing::Unsaid => json!({}),
        },
    );
    merge(&mut view, members);
    view
}

/// The answer of GetFunction for a zip with this configuration.
pub(crate) fn function(configuration: Value) -> Value {
    json!({ "Code": { "Location": "location", "RepositoryType": "S3" }, "Configuration": configuration })
}

fn merge(view: &mut Value, members: Value) {
    let Value::Object(members) = members else { panic!("members are an object: {members}") };
    for (key, value) in members {
        if value.is_null() {
            view.as_object_mut().unwrap().remove(&key);
        } else {
            view[key] = value;
        }
    }
}

/// The body of an error whose text AWS calls `message`.
pub(crate) fn refused(error: &str, message: &str) -> Value {
    json!({ "Error": error, "Type": "User", "message": message })
}

/// The answer of a wrong parameter.
pub(crate) fn invalid(message: &str) -> (u16, Value) {
    (400, refused("InvalidParameterValueException", message))
}

/// The answer of violated constraints.
pub(crate) fn violated(message: &str) -> (u16, Value) {
    (400, refused("ValidationException", message))
}

/// The answer where there is nothing.
pub(crate) fn missing(message: &str) -> (u16, Value) {
    (404, json!({ "Error": "ResourceNotFoundException", "Type": "User", "Message": message }))
}

/// The answer to a revision that is not the newest one.
pub(crate) fn stale() -> (u16, Value) {
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
        retrieve the latest Revision Id";
    (412, refused("PreconditionFailedException", message))
}
