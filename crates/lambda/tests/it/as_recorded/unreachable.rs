//! Settings of functions that are not there, or in another region.

use super::{FUNCTION_ARN, Recording, encoded, no_function, not_found, published};

#[test]
fn settings_of_no_function_are_missed_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let no_events =
        |name: &str| not_found(&format!("The function {FUNCTION_ARN}{name} doesn't have an EventInvokeConfig"));
    let elsewhere = not_found("Functions from 'us-east-2' are not reachable in this region ('eu-west-1')");
    let far = encoded("arn:aws:lambda:us-east-2:111122223333:function:f");
    for (operation, date, path, missing) in [
        ("GetFunctionUrlConfig", "2021-10-31", "url", not_found("The resource you requested does not exist.")),
        ("GetFunctionCodeSigningConfig", "2020-06-30", "code-signing-config", no_function("none")),
        ("GetFunctionEventInvokeConfig", "2019-09-25", "event-invoke-config", no_events("none:$LATEST")),
        ("GetFunctionConcurrency", "2019-09-30", "concurrency", no_function("none")),
    ] {
        let target = |function: &str| format!("/{date}/functions/{function}/{path}");
        said.same(operation, account.get(&target("none")), missing);
        said.same(operation, account.get(&target(&far)), elsewhere.clone());
    }
    let version = account.get("/2019-09-25/functions/f/event-invoke-config?Qualifier=1221");
    said.same("of no version", version, no_events("f:1221"));
    said.end();
}
