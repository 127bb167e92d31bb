//! Recursive loop detection.

use serde_json::json;

use super::{Recording, ok, one_violation, published};

#[test]
fn loops_are_allowed_and_terminated_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let target = "/2024-08-31/functions/f/recursion-config";
    let says = |what: &str| ok(200, json!({ "RecursiveLoop": what }));
    said.same("by default", account.get(target), says("Terminate"));
    said.same("allowed", account.put(target, &json!({ "RecursiveLoop": "Allow" })), says("Allow"));
    said.same("gotten", account.get(target), says("Allow"));
    let odd = account.put(target, &json!({ "RecursiveLoop": "InvalidValue" }));
    let known = "satisfy enum value set: [Terminate, Allow]";
    said.same("odd", odd, one_violation("InvalidValue", "recursiveLoop", known));
    said.end();
}
