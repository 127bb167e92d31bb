//! Function URLs.

use serde_json::{Value, json};

use super::{
    FUNCTION_ARN, Recording, conflict, no_content, not_found, ok, one_violation, published, qualifiers_differ,
};
use crate::harness::{Account, Answer};

fn target(function: &str, qualifier: &str) -> String {
    let query = if qualifier.is_empty() { String::new() } else { format!("?Qualifier={qualifier}") };
    format!("/2021-10-31/functions/{}/url{query}", super::encoded(function))
}

fn created(qualifier: &str) -> Value {
    json!({
        "AuthType": "NONE",
        "CreationTime": "text",
        "FunctionArn": format!("{FUNCTION_ARN}f{qualifier}"),
        "FunctionUrl": "text",
    })
}

fn shown(qualifier: &str) -> Value {
    let mut url = created(qualifier);
    url["InvokeMode"] = "BUFFERED".into();
    url["LastModifiedTime"] = "text".into();
    url
}

fn open() -> Value {
    json!({ "AuthType": "NONE" })
}

fn no_url() -> Answer {
    not_found("The resource you requested does not exist.")
}

fn nothing_there() -> Answer {
    not_found("Function does not exist")
}

#[test]
fn a_url_lives_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let url = target("f", "");
    said.same("created", account.post(&url, &open()), ok(201, created("")));
    let exists = format!(
        "Failed to create function url config for [functionArn = {FUNCTION_ARN}f]. Error message:  FunctionUrlConfig \
         exists for this Lambda function"
    );
    said.same("created twice", account.post(&url, &open()), conflict(&exists));
    said.same("gotten", account.get(&url), ok(200, shown("")));
    let mut updated = shown("");
    updated["AuthType"] = "AWS_IAM".into();
    said.same("updated", account.put(&url, &json!({ "AuthType": "AWS_IAM" })), ok(200, updated.clone()));
    updated["InvokeMode"] = "RESPONSE_STREAM".into();
    said.same("streamed", account.put(&url, &json!({ "InvokeMode": "RESPONSE_STREAM" })), ok(200, updated.clone()));
    said.same("still streamed", account.put(&url, &json!({ "AuthType": "AWS_IAM" })), ok(200, updated.clone()));
    said.same("gotten again", account.get(&url), ok(200, updated));
    let modes = "satisfy enum value set: [RESPONSE_STREAM, BUFFERED]";
    let wrong = account.put(&url, &json!({ "InvokeMode": "UNKNOWN" }));
    said.same("no mode", wrong, one_violation("UNKNOWN", "invokeMode", modes));
    said.same("deleted", account.delete(&url), no_content());
    said.same("gone", account.get(&url), no_url());
    said.end();
}

#[test]
fn urls_are_listed_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let list = |name: &str| format!("/2021-10-31/functions/{name}/urls");
    said.same("of no function", account.get(&list("none")), nothing_there());
    said.same("none", account.get(&list("f")), ok(200, json!({ "FunctionUrlConfigs": [] })));
    said.same("of the function", account.post(&target("f", ""), &open()), ok(201, created("")));
    said.same("of the alias", account.post(&target("f", "live"), &open()), ok(201, created(":live")));
    let both = json!({ "FunctionUrlConfigs": [shown(""), shown(":live")] });
    said.same("both", account.get(&list("f")), ok(200, both));
    said.end();
}

#[test]
fn urls_are_refused_as_on_aws() {
    type Call = fn(&mut Account, &str) -> Answer;
    let calls: [(&str, Call, Answer); 4] = [
        ("create", |account, target| account.post(target, &open()), nothing_there()),
        ("get", |account, target| account.get(target), no_url()),
        ("delete", |account, target| account.delete(target), no_url()),
        ("update", |account, target| account.put(target, &open()), nothing_there()),
    ];
    let mut said = Recording::default();
    let number = |qualifier: &str| {
        one_violation(qualifier, "qualifier", r"satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)")
    };
    for (what, call, missing) in calls {
        let mut account = published();
        let arn = |name: &str| format!("{FUNCTION_ARN}{name}");
        let cases = [
            ("none", "", missing.clone()),
            (&arn("none"), "", missing.clone()),
            ("none", "1", number("1")),
            ("f", "1", number("1")),
            ("f", "2", number("2")),
            ("f", "old", missing),
            ("f", "$LATEST", number("$LATEST")),
        ];
        for (name, qualifier, refusal) in cases {
            let answer = call(&mut account, &target(name, qualifier));
            said.same(&format!("{what} {name} {qualifier}"), answer, refusal);
        }
        // AWS fails internally when the qualifiers of a deletion contradict each other.
        if what != "delete" {
            let answer = call(&mut account, &target(&arn("f:live"), "old"));
            said.same(&format!("{what}, qualifiers differ"), answer, qualifiers_differ());
        }
        if what != "create" {
            said.same(&format!("{what} what is not there"), call(&mut account, &target("f", "")), no_url());
        }
    }
    said.end();
}
