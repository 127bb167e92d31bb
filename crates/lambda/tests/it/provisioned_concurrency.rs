//! Provisioned concurrency as a record.

use serde_json::{Value, json};

use crate::harness::{Account, Answer, error, invalid};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";
const CONFIG: &str = "/2019-09-30/functions/f/provisioned-concurrency";

/// A function with versions 1 and 2 and an alias of version 2.
fn account() -> Account {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    account.put("/2015-03-31/functions/f/configuration", &json!({ "Timeout": 9 }));
    account.post("/2015-03-31/functions/f/versions", &json!({}));
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "2" }));
    account
}

fn provision(account: &mut Account, qualifier: &str, count: i64) -> Answer {
    account.put(&format!("{CONFIG}?Qualifier={qualifier}"), &json!({ "ProvisionedConcurrentExecutions": count }))
}

fn conflict(message: &str) -> Answer {
    error(409, "ResourceConflictException", json!({ "Type": "User", "message": message }))
}

#[test]
fn a_configuration_is_in_progress_then_ready() {
    let mut account = account();
    let put = provision(&mut account, "1", 5);
    let shown = |ready: i64, status: &str| {
        json!({
            "RequestedProvisionedConcurrentExecutions": 5,
            "AllocatedProvisionedConcurrentExecutions": ready,
            "AvailableProvisionedConcurrentExecutions": ready,
            "Status": status,
            "LastModified": "2026-01-31T12:00:05.000+0000",
        })
    };
    assert_eq!((put.status, put.body), (202, shown(0, "IN_PROGRESS")));
    account.restart();
    assert_eq!(account.read(&format!("{CONFIG}?Qualifier=1")), shown(5, "READY"));
    assert_eq!(provision(&mut account, "live", 1).status, 202);
    let list = account.read(&format!("{CONFIG}?List=ALL"));
    let arns: Vec<&Value> =
        list["ProvisionedConcurrencyConfigs"].as_array().unwrap().iter().map(|config| &config["FunctionArn"]).collect();
    assert_eq!(arns, [&format!("{ARN}:1"), &format!("{ARN}:live")]);
    assert_eq!(account.delete(&format!("{CONFIG}?Qualifier=1")).status, 204);
    assert_eq!(account.delete(&format!("{CONFIG}?Qualifier=1")).status, 204, "deleting is idempotent");
    let none = json!({ "Type": "User", "message": "No Provisioned Concurrency Config found for this function" });
    let gone = error(404, "ProvisionedConcurrencyConfigNotFoundException", none);
    assert_eq!(account.get(&format!("{CONFIG}?Qualifier=1")), gone);
}

#[test]
fn what_is_provisioned_comes_out_of_what_is_reserved() {
    let mut account = account();
    let message = "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].";
    let below = error(400, "InvalidParameterValueException", json!({ "message": message }));
    assert_eq!(provision(&mut account, "1", 901), below);
    assert_eq!(provision(&mut account, "1", 600).status, 202);
    assert_eq!(provision(&mut account, "live", 301), below);
    assert_eq!(provision(&mut account, "1", 900).status, 202, "what the version had is given back first");
    provision(&mut account, "1", 10);
    let unreserved = |account: &mut Account| {
        account.read("/2016-08-19/account-settings")["AccountLimit"]["UnreservedConcurrentExecutions"].clone()
    };
    assert_eq!(unreserved(&mut account), 990);
    let reserve = |account: &mut Account, count: i64| {
        let body = json!({ "ReservedConcurrentExecutions": count });
        account.put("/2017-10-31/functions/f/concurrency", &body)
    };
    let lower = invalid(
        " ReservedConcurrentExecutions  9 should not be lower than function's total provisioned concurrency [10].",
    );
    assert_eq!(reserve(&mut account, 9), lower);
    assert_eq!(reserve(&mut account, 20).status, 200);
    assert_eq!(unreserved(&mut account), 980);
    assert_eq!(provision(&mut account, "live", 10).status, 202);
    let greater =
        invalid("Specified ConcurrentExecutions for function is greater than function's reserved concurrency");
    assert_eq!(provision(&mut account, "live", 11), greater);
}

#[test]
fn wrong_qualifiers_are_refused_in_the_words_of_aws() {
    let mut account = account();
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "head", "FunctionVersion": "$LATEST" }));
    let unpublished = invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
    assert_eq!(provision(&mut account, "%24LATEST", 1), unpublished);
    assert_eq!(provision(&mut account, "head", 1), unpublished);
    let not_found =
        |message: String| error(404, "ResourceNotFoundException", json!({ "Type": "User", "Message": message }));
    assert_eq!(provision(&mut account, "3", 1), not_found(format!("Function not found: {ARN}:3")));
    assert_eq!(provision(&mut account, "old", 1), not_found(format!("Cannot find alias arn: {ARN}:old")));
    let published = invalid("The function resource provided must be an alias or a published version.");
    assert_eq!(account.get(&format!("{CONFIG}?Qualifier=%24LATEST")), published);
    assert_eq!(account.delete(&format!("{CONFIG}?Qualifier=%24LATEST")), published);
    provision(&mut account, "2", 1);
    let provisioned =
        conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
    assert_eq!(provision(&mut account, "live", 1), provisioned);
    account.delete(&format!("{CONFIG}?Qualifier=2"));
    provision(&mut account, "live", 1);
    let pointed = conflict("Version is pointed by a Provisioned Concurrency alias");
    assert_eq!(provision(&mut account, "2", 1), pointed);
}
