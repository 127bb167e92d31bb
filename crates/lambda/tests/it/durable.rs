//! Durable functions, as records.

use serde_json::json;

use crate::harness::{Account, error, invalid};

const CONFIGURATION: &str = "/2015-03-31/functions/d/configuration";

fn account() -> Account {
    let mut account = Account::new();
    let durable = json!({ "DurableConfig": { "ExecutionTimeout": 3600 }, "Publish": true });
    assert_eq!(account.create_with("d", durable).status, 201);
    account
}

#[test]
fn configuration_is_kept_with_the_default_of_aws() {
    let mut account = account();
    let durable = json!({ "ExecutionTimeout": 3600, "RetentionPeriodInDays": 14 });
    assert_eq!(account.read(CONFIGURATION)["DurableConfig"], durable);
    account.put(CONFIGURATION, &json!({ "DurableConfig": { "RetentionPeriodInDays": 90 } }));
    account.restart();
    let durable = json!({ "ExecutionTimeout": 3600, "RetentionPeriodInDays": 90 });
    assert_eq!(account.read(CONFIGURATION)["DurableConfig"], durable);
    let first = account.read(&format!("{CONFIGURATION}?Qualifier=1"));
    assert_eq!(first["DurableConfig"]["RetentionPeriodInDays"], 14);
}

#[test]
fn function_is_made_durable_when_it_is_created_or_never() {
    let mut account = account();
    account.create("f");
    let later = account.put("/2015-03-31/functions/f/configuration", &json!({ "DurableConfig": {} }));
    let never = "the function f was created without DurableConfig, which cannot be added later: create another one";
    assert_eq!(later, invalid(never));
}

#[test]
fn invocations_of_a_durable_function_are_refused() {
    let account = account();
    let invoke = "/2015-03-31/functions/d/invocations";
    let unqualified = invalid("You cannot invoke a durable function using an unqualified ARN.");
    assert_eq!(account.resolve(invoke, &[], b"{}").unwrap_err(), unqualified);
    for qualifier in ["1", "%24LATEST"] {
        let refusal = account.resolve(&format!("{invoke}?Qualifier={qualifier}"), &[], b"{}").unwrap_err();
        let message = "fakecloud keeps the durable function d as a record and runs no durable executions yet: create it \
                       without DurableConfig to run its handler";
        let body = json!({ "Type": "Service", "Message": message });
        assert_eq!(refusal, error(501, "NotImplementedException", body));
    }
}
