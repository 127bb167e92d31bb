//! Runtime management and recursive loop detection as records.

use serde_json::json;

use crate::harness::{Account, invalid};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";
const RUNTIME: &str = "/2021-07-20/functions/f/runtime-management-config";
const VERSION: &str = "arn:aws:lambda:eu-west-1::runtime:0123456789abcdef";

#[test]
fn every_version_has_its_own_runtime_management() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    let auto = json!({ "UpdateRuntimeOn": "Auto", "FunctionArn": format!("{ARN}:$LATEST") });
    assert_eq!(account.read(RUNTIME), auto);
    let manual = json!({ "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": VERSION });
    let put = account.put(&format!("{RUNTIME}?Qualifier=1"), &manual);
    let shown = json!({ "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": VERSION, "FunctionArn": format!("{ARN}:1") });
    assert_eq!((put.status, &put.body), (200, &shown));
    account.restart();
    assert_eq!(account.read(&format!("{RUNTIME}?Qualifier=1")), shown);
    assert_eq!(account.read(RUNTIME), auto);
    account.put(RUNTIME, &json!({ "UpdateRuntimeOn": "FunctionUpdate" }));
    assert_eq!(account.read(RUNTIME)["UpdateRuntimeOn"], "FunctionUpdate");
    account.put(RUNTIME, &json!({ "UpdateRuntimeOn": "Auto" }));
    assert_eq!(account.read(RUNTIME), auto);
}

#[test]
fn wrong_runtime_management_is_refused() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "1" }));
    let bare = "RuntimeVersionArn is required when UpdateRuntimeOn is Manual: give it";
    assert_eq!(account.put(RUNTIME, &json!({ "UpdateRuntimeOn": "Manual" })), invalid(bare));
    let auto = json!({ "UpdateRuntimeOn": "Auto", "RuntimeVersionArn": VERSION });
    let needless = format!(
        "RuntimeVersionArn is only for UpdateRuntimeOn Manual: leave {VERSION} out, or give Manual instead of Auto"
    );
    assert_eq!(account.put(RUNTIME, &auto), invalid(&needless));
    for qualifier in ["2", "live"] {
        assert_eq!(account.get(&format!("{RUNTIME}?Qualifier={qualifier}")).status, 404, "{qualifier} is no version");
    }
}

#[test]
fn loops_are_terminated_until_they_are_allowed() {
    let mut account = Account::new();
    account.create("f");
    let target = "/2024-08-31/functions/f/recursion-config";
    assert_eq!(account.read(target), json!({ "RecursiveLoop": "Terminate" }));
    let put = account.put(target, &json!({ "RecursiveLoop": "Allow" }));
    assert_eq!((put.status, put.body), (200, json!({ "RecursiveLoop": "Allow" })));
    account.restart();
    assert_eq!(account.read(target), json!({ "RecursiveLoop": "Allow" }));
    account.put(target, &json!({ "RecursiveLoop": "Terminate" }));
    assert_eq!(account.read(target), json!({ "RecursiveLoop": "Terminate" }));
    assert_eq!(account.get("/2024-08-31/functions/g/recursion-config").status, 404);
}
