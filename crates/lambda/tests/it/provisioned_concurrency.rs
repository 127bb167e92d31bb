//! Provisioned concurrency: what is to be ready, and how what there is of it is shown.

use std::collections::BTreeMap;

use fakecloud_lambda::Readiness;
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

/// The environments that the caller says there are of version 1, or 2.
fn observe(account: &mut Account, version: u32, allocated: u32, available: u32, failure: Option<&str>) {
    let readiness = Readiness { allocated, available, failure: failure.map(str::to_owned) };
    account.lambda.observe(BTreeMap::from([(format!("{ARN}:{version}"), readiness)]));
}

fn figures(account: &mut Account, qualifier: &str) -> (i64, i64, String) {
    let config = account.read(&format!("{CONFIG}?Qualifier={qualifier}"));
    let figure = |name: &str| config[name].as_i64().unwrap();
    (
        figure("AllocatedProvisionedConcurrentExecutions"),
        figure("AvailableProvisionedConcurrentExecutions"),
        config["Status"].as_str().unwrap().to_owned(),
    )
}

/// The versions that are to be ready, and how many environments of each.
fn wanted(account: &Account) -> Vec<(String, u32)> {
    account.lambda.provisioned().into_iter().map(|version| (version.record.arn(), version.count)).collect()
}

#[test]
fn a_configuration_is_ready_when_its_environments_are() {
    let mut account = account();
    let put = provision(&mut account, "1", 5);
    let shown = |allocated: i64, available: i64, status: &str| {
        json!({
            "RequestedProvisionedConcurrentExecutions": 5,
            "AllocatedProvisionedConcurrentExecutions": allocated,
            "AvailableProvisionedConcurrentExecutions": available,
            "Status": status,
            "LastModified": "2026-01-31T12:00:05.000+0000",
        })
    };
    assert_eq!((put.status, put.body), (202, shown(0, 0, "IN_PROGRESS")));
    account.restart();
    assert_eq!(account.read(&format!("{CONFIG}?Qualifier=1")), shown(0, 0, "IN_PROGRESS"));
    observe(&mut account, 1, 5, 3, None);
    assert_eq!(account.read(&format!("{CONFIG}?Qualifier=1")), shown(5, 3, "IN_PROGRESS"));
    observe(&mut account, 1, 5, 3, Some("no such image"));
    let mut failed = shown(5, 3, "FAILED");
    failed["StatusReason"] = "no such image".into();
    assert_eq!(account.read(&format!("{CONFIG}?Qualifier=1")), failed);
    observe(&mut account, 1, 5, 5, Some("an old failure"));
    assert_eq!(account.read(&format!("{CONFIG}?Qualifier=1")), shown(5, 5, "READY"));
}

#[test]
fn configurations_are_listed_and_deleted() {
    let mut account = account();
    provision(&mut account, "1", 5);
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
fn what_is_to_be_ready_follows_every_change() {
    let mut account = account();
    assert_eq!(wanted(&account), []);
    provision(&mut account, "1", 2);
    provision(&mut account, "live", 3);
    let of = |version: u32, count: u32| (format!("{ARN}:{version}"), count);
    assert_eq!(wanted(&account), [of(1, 2), of(2, 3)]);
    account.restart();
    assert_eq!(wanted(&account), [of(1, 2), of(2, 3)]);
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "blue", "FunctionVersion": "2" }));
    provision(&mut account, "blue", 4);
    assert_eq!(wanted(&account), [of(1, 2), of(2, 7)], "aliases of one version add up");
    account.delete(&format!("{CONFIG}?Qualifier=1"));
    account.put("/2015-03-31/functions/f/aliases/live", &json!({ "FunctionVersion": "1" }));
    assert_eq!(wanted(&account), [of(1, 3), of(2, 7)], "the alias is served by version 2 until version 1 is ready");
    account.put("/2015-03-31/functions/f/aliases/live", &json!({ "FunctionVersion": "1", "RoutingConfig": {} }));
    assert_eq!(wanted(&account), [of(1, 3), of(2, 4)], "an alias takes along what it asks for");
    account.delete("/2015-03-31/functions/f/aliases/blue");
    assert_eq!(wanted(&account), [of(1, 3)]);
    account.delete("/2015-03-31/functions/f");
    assert_eq!(wanted(&account), []);
}

#[test]
fn aliases_of_one_version_share_its_environments() {
    let mut account = account();
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "blue", "FunctionVersion": "2" }));
    provision(&mut account, "blue", 2);
    provision(&mut account, "live", 3);
    observe(&mut account, 2, 5, 4, None);
    assert_eq!(figures(&mut account, "blue"), (2, 2, "READY".to_owned()));
    assert_eq!(figures(&mut account, "live"), (3, 2, "IN_PROGRESS".to_owned()));
}

#[test]
fn alias_that_moves_is_in_progress_again() {
    let mut account = account();
    provision(&mut account, "live", 1);
    observe(&mut account, 2, 1, 1, None);
    assert_eq!(figures(&mut account, "live"), (1, 1, "READY".to_owned()));
    account.put("/2015-03-31/functions/f/aliases/live", &json!({ "FunctionVersion": "1" }));
    assert_eq!(figures(&mut account, "live"), (0, 0, "IN_PROGRESS".to_owned()));
}

#[test]
fn weighted_aliases_are_refused() {
    let mut account = account();
    let weights = json!({ "RoutingConfig": { "AdditionalVersionWeights": { "1": 0.5 } } });
    let alias = "/2015-03-31/functions/f/aliases/live";
    assert_eq!(account.put(alias, &weights).status, 200);
    let refused = invalid("Alias with weights can not be used with Provisioned Concurrency");
    assert_eq!(provision(&mut account, "live", 1), refused);
    account.put(alias, &json!({ "RoutingConfig": {} }));
    assert_eq!(provision(&mut account, "live", 1).status, 202);
    let refused = invalid("Invalid alias configuration for Provisioned Concurrency");
    assert_eq!(account.put(alias, &weights), refused);
    assert_eq!(account.put(alias, &json!({ "FunctionVersion": "$LATEST" })), refused);
    assert_eq!(account.put(alias, &json!({ "FunctionVersion": "1" })).status, 200);
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
