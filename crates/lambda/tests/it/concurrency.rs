//! Reserved concurrency and the account's settings.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::harness::{Account, error, invalid};

const PUT: &str = "/2017-10-31/functions/f/concurrency";
const GET: &str = "/2019-09-30/functions/f/concurrency";
const INVOKE: &str = "/2015-03-31/functions/f/invocations";

fn reserve(count: i64) -> Value {
    json!({ "ReservedConcurrentExecutions": count })
}

#[test]
fn a_reservation_is_shown_until_it_is_deleted() {
    let mut account = Account::new();
    account.create("f");
    assert_eq!(account.read(GET), json!({}));
    assert_eq!(account.read("/2015-03-31/functions/f").get("Concurrency"), None);
    let put = account.put(PUT, &reserve(5));
    assert_eq!((put.status, put.body), (200, reserve(5)));
    account.restart();
    assert_eq!(account.read(GET), reserve(5));
    assert_eq!(account.read("/2015-03-31/functions/f")["Concurrency"], reserve(5));
    assert_eq!(account.resolve(INVOKE, &[], b"").unwrap().reserved_concurrency, Some(5));
    assert_eq!(account.delete(PUT).status, 204);
    assert_eq!(account.delete(PUT).status, 204, "deleting is idempotent");
    assert_eq!(account.read(GET), json!({}));
    assert_eq!(account.resolve(INVOKE, &[], b"").unwrap().reserved_concurrency, None);
}

#[test]
fn a_hundred_executions_stay_unreserved() {
    let mut account = Account::new();
    for name in ["f", "g"] {
        account.create(name);
    }
    let other = "/2017-10-31/functions/g/concurrency";
    let message = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].";
    let refused = error(400, "InvalidParameterValueException", json!({ "message": message }));
    assert_eq!(account.put(PUT, &reserve(901)), refused);
    assert_eq!(account.put(PUT, &reserve(i64::from(u32::MAX) + 1)), refused);
    assert_eq!(account.put(PUT, &reserve(800)).status, 200);
    assert_eq!(account.put(other, &reserve(101)), refused);
    assert_eq!(account.put(other, &reserve(100)).status, 200, "exactly the limit fits");
    assert_eq!(account.put(PUT, &reserve(801)), refused);
    assert_eq!(account.put(PUT, &reserve(700)).status, 200, "what the function had is given back first");
    assert_eq!(account.put(other, &reserve(200)).status, 200);
    account.delete("/2015-03-31/functions/f");
    assert_eq!(account.put(other, &reserve(900)).status, 200, "a deleted function reserves nothing");
}

#[test]
fn reservations_are_for_whole_functions() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    let refused = invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
    );
    assert_eq!(account.put("/2017-10-31/functions/f:1/concurrency", &reserve(5)), refused);
    assert_eq!(account.get("/2019-09-30/functions/f:1/concurrency"), refused);
    assert_eq!(account.delete("/2017-10-31/functions/f:1/concurrency"), refused);
    assert_eq!(account.put("/2017-10-31/functions/g/concurrency", &reserve(5)).status, 404);
}

#[test]
fn a_function_with_nothing_reserved_does_not_run() {
    let mut account = Account::new();
    account.create("f");
    account.put(PUT, &reserve(0));
    let throttled = error(
        429,
        "TooManyRequestsException",
        json!({ "Type": "User", "message": "Rate Exceeded.", "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded" }),
    );
    let refused = account.resolve(INVOKE, &[("X-Amz-Invocation-Type", "RequestResponse")], b"").map(|_| ());
    assert_eq!(refused.as_ref(), Err(&throttled));
    assert!(account.resolve(INVOKE, &[("X-Amz-Invocation-Type", "DryRun")], b"").is_ok());
}

#[test]
fn the_account_shows_its_limits_and_usage() {
    let mut account = Account::new();
    let shown = |unreserved: i64, bytes: i64, functions: i64| {
        json!({
            "AccountLimit": {
                "TotalCodeSize": 80_530_636_800_i64,
                "CodeSizeUnzipped": 262_144_000,
                "CodeSizeZipped": 52_428_800,
                "ConcurrentExecutions": 1000,
                "UnreservedConcurrentExecutions": unreserved,
            },
            "AccountUsage": { "TotalCodeSize": bytes, "FunctionCount": functions },
        })
    };
    let settings = "/2016-08-19/account-settings";
    assert_eq!(account.read(settings), shown(1000, 0, 0));
    account.create_with("f", json!({ "Publish": true, "Code": { "ZipFile": STANDARD.encode("ten bytes!") } }));
    account.publish_layer("l", "layer");
    account.put(PUT, &reserve(30));
    assert_eq!(account.read(settings), shown(970, 25, 1));
    account.restart();
    assert_eq!(account.read(settings), shown(970, 25, 1));
    account.delete("/2015-03-31/functions/f");
    assert_eq!(account.read(settings), shown(1000, 5, 0));
}
