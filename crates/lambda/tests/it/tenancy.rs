//! Functions whose environments serve one tenant each.

use fakecloud_lambda::{EventTarget, Moment};
use serde_json::{Value, json};

use crate::harness::{Account, Answer, invalid, violated};

const INVOKE: &str = "/2015-03-31/functions/t/invocations";
const TENANT: [(&str, &str); 1] = [("X-Amz-Tenant-Id", "blue")];
const NOW: Moment = Moment { epoch_ms: 1_769_860_800_005, random: 7 };

/// A function `t` with tenants and version 1, and a function `f` without.
fn account() -> Account {
    let mut account = Account::new();
    assert_eq!(account.create_with("t", per_tenant(json!({ "Publish": true }))).status, 201);
    account.create("f");
    account
}

fn per_tenant(mut members: Value) -> Value {
    members["TenancyConfig"] = json!({ "TenantIsolationMode": "PER_TENANT" });
    members
}

fn refused(account: &Account, target: &str, headers: &[(&'static str, &str)]) -> Answer {
    account.resolve(target, headers, b"{}").unwrap_err()
}

fn not_for_tenants(feature: &str) -> Answer {
    invalid(&format!(
        "{feature} is not supported for functions with tenant isolation: leave it out, or create the function t without \
         TenancyConfig"
    ))
}

#[test]
fn isolation_is_shown_and_outlives_a_restart_and_updates() {
    let mut account = account();
    account.put("/2015-03-31/functions/t/configuration", &json!({ "Timeout": 7 }));
    account.restart();
    let mode = json!({ "TenantIsolationMode": "PER_TENANT" });
    assert_eq!(account.read("/2015-03-31/functions/t/configuration")["TenancyConfig"], mode);
    assert_eq!(account.read("/2015-03-31/functions/t/configuration?Qualifier=1")["TenancyConfig"], mode);
    assert_eq!(account.read("/2015-03-31/functions/f/configuration").get("TenancyConfig"), None);
}

#[test]
fn invocation_names_a_tenant_exactly_where_the_function_has_some() {
    let account = account();
    let missing = invalid(
        "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try \
         again.",
    );
    let too_many = invalid(
        "The invoked function is not enabled with tenancy configuration. Remove the tenant ID blue from your request and \
         try again.",
    );
    for kind in ["RequestResponse", "Event", "DryRun"] {
        let kind = ("X-Amz-Invocation-Type", kind);
        assert_eq!(refused(&account, INVOKE, &[kind]), missing, "{kind:?}");
        assert_eq!(refused(&account, "/2015-03-31/functions/f/invocations", &[kind, TENANT[0]]), too_many, "{kind:?}");
        let invocation = account.resolve(&format!("{INVOKE}?Qualifier=1"), &[kind, TENANT[0]], b"{}").unwrap();
        assert_eq!(invocation.target.tenant(), Some("blue"));
        assert!(invocation.function.is_per_tenant());
    }
    let streamed = "/2021-11-15/functions/t/response-streaming-invocations";
    assert_eq!(refused(&account, streamed, &[]), missing);
    assert_eq!(account.resolve(streamed, &TENANT, b"{}").unwrap().target.tenant(), Some("blue"));
    assert_eq!(refused(&account, "/2014-11-13/functions/t/invoke-async", &[]), missing);
}

#[test]
fn tenant_ids_are_those_of_the_model() {
    let account = account();
    let pattern = r"Member must satisfy regular expression pattern: [a-zA-Z0-9\._:\/=+\-@ ]+";
    let long = "x".repeat(257);
    let cases = [("a,b", pattern), (&long, "Member must have length less than or equal to 256")];
    for (tenant, rule) in cases {
        let wrong =
            format!("1 validation error detected: Value '{tenant}' at 'tenantId' failed to satisfy constraint: {rule}");
        assert_eq!(refused(&account, INVOKE, &[("X-Amz-Tenant-Id", tenant)]), violated(&wrong));
    }
}

#[test]
fn event_keeps_its_tenant_in_its_record() {
    let mut account = account();
    let headers = [("X-Amz-Invocation-Type", "Event"), TENANT[0]];
    let target = account.resolve(INVOKE, &headers, b"{}").unwrap().target;
    let kept: EventTarget = serde_json::from_str(&serde_json::to_string(&target).unwrap()).unwrap();
    assert_eq!((kept.tenant(), &kept), (Some("blue"), &target));
    assert!(account.lambda.plan_event(&kept, &NOW).is_ok());
    account.delete("/2015-03-31/functions/t");
    account.create("t");
    let error = account.lambda.plan_event(&kept, &NOW).unwrap_err();
    assert!(error.message().starts_with("The invoked function is not enabled with tenancy"), "{error}");
    let before = r#"{"account":"111122223333","region":"eu-west-1","name":"f","qualifier":null}"#;
    assert_eq!(serde_json::from_str::<EventTarget>(before).unwrap().tenant(), None);
}

#[test]
fn what_cannot_name_a_tenant_is_refused() {
    let mut account = account();
    let url = account.post("/2021-10-31/functions/t/url", &json!({ "AuthType": "NONE" }));
    assert_eq!(url, not_for_tenants("A function URL"));
    let provisioned = "/2019-09-30/functions/t/provisioned-concurrency?Qualifier=1";
    let answer = account.put(provisioned, &json!({ "ProvisionedConcurrentExecutions": 1 }));
    assert_eq!(answer, not_for_tenants("Provisioned concurrency"));
    let snapped = json!({ "SnapStart": { "ApplyOn": "PublishedVersions" } });
    assert_eq!(account.put("/2015-03-31/functions/t/configuration", &snapped), not_for_tenants("SnapStart"));
    let mapping = json!({ "FunctionName": "t", "EventSourceArn": "arn:aws:sqs:eu-west-1:111122223333:q" });
    let answer = account.post("/2015-03-31/event-source-mappings/", &mapping);
    assert_eq!(answer, not_for_tenants("An event source mapping"));
}
