//! Reserved and provisioned concurrency, and the account's settings.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Recording, conflict, no_content, no_function, not_found, ok, one_violation, published};
use crate::harness::{Account, Answer, error, invalid};

const SETTINGS: &str = "/2016-08-19/account-settings";

fn reserve(account: &mut Account, function: &str, count: i64) -> Answer {
    let body = json!({ "ReservedConcurrentExecutions": count });
    account.put(&format!("/2017-10-31/functions/{function}/concurrency"), &body)
}

fn provision(account: &mut Account, function: &str, qualifier: &str, count: i64) -> Answer {
    account.put(&provisioned(function, qualifier), &json!({ "ProvisionedConcurrentExecutions": count }))
}

fn provisioned(function: &str, qualifier: &str) -> String {
    format!("/2019-09-30/functions/{function}/provisioned-concurrency?Qualifier={qualifier}")
}

/// A wrong number, in the form without `Type`.
fn untyped(message: &str) -> Answer {
    error(400, "InvalidParameterValueException", json!({ "message": message }))
}

fn no_alias(name: &str) -> Answer {
    not_found(&format!("Cannot find alias arn: {}{name}", super::FUNCTION_ARN))
}

fn none_provisioned() -> Answer {
    let message = "No Provisioned Concurrency Config found for this function";
    let body = json!({ "Type": "User", "message": message });
    error(404, "ProvisionedConcurrencyConfigNotFoundException", body)
}

#[test]
fn a_reservation_lives_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let get = "/2019-09-30/functions/f/concurrency";
    let reserved = |count: i64| ok(200, json!({ "ReservedConcurrentExecutions": count }));
    said.same("nothing", reserve(&mut account, "f", 0), reserved(0));
    said.same("one", reserve(&mut account, "f", 1), reserved(1));
    said.same("gotten", account.get(get), reserved(1));
    said.same("deleted", account.delete("/2017-10-31/functions/f/concurrency"), no_content());
    said.same("none", account.get(get), ok(200, json!({})));
    said.same("no function", reserve(&mut account, "none", 1), no_function("none:$LATEST"));
    said.same("no function, too much", reserve(&mut account, "none", 10_000), no_function("none:$LATEST"));
    let whole = invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. \
         Please specify either a function name or an unqualified function ARN.",
    );
    let version = "arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Af%3A1";
    said.same("a version", reserve(&mut account, version, 1), whole);
    let below = untyped(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below \
         its minimum value of [100].",
    );
    said.same("more than the account has", reserve(&mut account, "f", 1001), below.clone());
    said.same("more than may be reserved", reserve(&mut account, "f", 901), below);
    said.end();
}

#[test]
fn provisioned_concurrency_lives_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let started = |count: i64| {
        ok(
            202,
            json!({
                "AllocatedProvisionedConcurrentExecutions": 0,
                "AvailableProvisionedConcurrentExecutions": 0,
                "LastModified": "text",
                "RequestedProvisionedConcurrentExecutions": count,
                "Status": "IN_PROGRESS",
            }),
        )
    };
    said.same("of a version", provision(&mut account, "f", "1", 1), started(1));
    let taken = "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version";
    said.same("of its alias", provision(&mut account, "f", "live", 1), conflict(taken));
    said.same("deleted", account.delete(&provisioned("f", "1")), no_content());
    said.same("gone", account.get(&provisioned("f", "1")), none_provisioned());
    said.same("of an alias", provision(&mut account, "f", "live", 1), started(1));
    let pointed = conflict("Version is pointed by a Provisioned Concurrency alias");
    said.same("of its version", provision(&mut account, "f", "1", 1), pointed);
    said.same("alias deleted", account.delete("/2015-03-31/functions/f/aliases/live"), no_content());
    said.same("gone with the alias", account.get(&provisioned("f", "live")), no_alias("f:live"));
    let list = "/2019-09-30/functions/f/provisioned-concurrency?List=ALL";
    said.same("empty list", account.get(list), ok(200, json!({ "ProvisionedConcurrencyConfigs": [] })));
    said.end();
}

#[test]
fn provisioned_concurrency_is_refused_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    said.same("none", account.get(&provisioned("f", "1")), none_provisioned());
    let list = |name: &str| format!("/2019-09-30/functions/{name}/provisioned-concurrency?List=ALL");
    said.same("empty list", account.get(&list("f")), ok(200, json!({ "ProvisionedConcurrencyConfigs": [] })));
    said.same("list of no function", account.get(&list("none")), no_function("none"));
    said.same("delete none", account.delete(&provisioned("f", "1")), no_content());
    let published = invalid("The function resource provided must be an alias or a published version.");
    let unpublished = invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
    for (function, qualifier, missing) in [
        ("none", "alias", no_alias("none:alias")),
        ("none", "1", no_function("none:1")),
        ("f", "none", no_alias("f:none")),
        ("f", "10", no_function("f:10")),
        ("f", "%24LATEST", published),
    ] {
        let target = provisioned(function, qualifier);
        said.same(&format!("get {function}:{qualifier}"), account.get(&target), missing.clone());
        said.same(&format!("delete {function}:{qualifier}"), account.delete(&target), missing.clone());
        let refusal = if qualifier == "%24LATEST" { unpublished.clone() } else { missing };
        let put = provision(&mut account, function, qualifier, 1);
        said.same(&format!("put {function}:{qualifier}"), put, refusal);
    }
    let zero = one_violation("0", "provisionedConcurrentExecutions", "have value greater than or equal to 1");
    said.same("nothing", provision(&mut account, "f", "1", 0), zero);
    let above = "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000].";
    said.same("more than the account has", provision(&mut account, "f", "1", 1001), untyped(above));
    let below = "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below \
                 its minimum value of [100].";
    said.same("more than may be provisioned", provision(&mut account, "f", "1", 901), untyped(below));
    said.end();
}

#[test]
fn an_account_is_measured_as_on_aws() {
    let mut account = Account::new();
    let settings = account.read(SETTINGS);
    let members = |part: &str| -> Vec<String> { settings[part].as_object().unwrap().keys().cloned().collect() };
    assert_eq!(settings.as_object().unwrap().keys().collect::<Vec<_>>(), ["AccountLimit", "AccountUsage"]);
    assert_eq!(
        members("AccountLimit"),
        [
            "CodeSizeUnzipped",
            "CodeSizeZipped",
            "ConcurrentExecutions",
            "TotalCodeSize",
            "UnreservedConcurrentExecutions"
        ]
    );
    assert_eq!(members("AccountUsage"), ["FunctionCount", "TotalCodeSize"]);
    let stored = |account: &mut Account| account.read(SETTINGS)["AccountUsage"]["TotalCodeSize"].as_u64().unwrap();
    let mut grown = vec![stored(&mut account)];
    let function = "/2015-03-31/functions/f";
    account.create("f");
    grown.push(stored(&mut account));
    account.put(&format!("{function}/code"), &json!({ "ZipFile": STANDARD.encode("other!") }));
    grown.push(stored(&mut account));
    account.put(&format!("{function}/configuration"), &json!({ "Timeout": 9 }));
    grown.push(stored(&mut account));
    account.post(&format!("{function}/versions"), &Value::Object(serde_json::Map::new()));
    grown.push(stored(&mut account));
    for _ in 0..2 {
        account.publish_layer("l", "layer");
        grown.push(stored(&mut account));
    }
    // New code takes the place of old code, versions and layers add up.
    assert_eq!(grown, [0, 6, 6, 6, 12, 17, 22]);
}
