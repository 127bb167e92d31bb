//! Capacity providers and the scaling of functions on them, as records.

use serde_json::{Value, json};

use crate::harness::{Account, error, invalid, violated};

const PROVIDERS: &str = "/2025-11-30/capacity-providers";
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:capacity-provider:cp";

fn provider(name: &str) -> Value {
    json!({
        "CapacityProviderName": name,
        "VpcConfig": { "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"] },
        "PermissionsConfig": { "CapacityProviderOperatorRoleArn": "arn:aws:iam::111122223333:role/r" },
        "CapacityProviderScalingConfig": { "MaxVCpuCount": 30 },
        "Tags": { "team": "a" },
    })
}

#[test]
fn a_provider_is_made_changed_and_deleted() {
    let mut account = Account::new();
    let created = account.post(PROVIDERS, &provider("cp"));
    let mut shown = json!({
        "CapacityProviderArn": ARN,
        "State": "Pending",
        "VpcConfig": { "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"] },
        "PermissionsConfig": { "CapacityProviderOperatorRoleArn": "arn:aws:iam::111122223333:role/r" },
        "CapacityProviderScalingConfig": { "MaxVCpuCount": 30 },
        "LastModified": "2026-01-31T12:00:01.000+0000",
    });
    assert_eq!((created.status, &created.body["CapacityProvider"]), (202, &shown));
    account.restart();
    shown["State"] = "Active".into();
    let target = format!("{PROVIDERS}/cp");
    assert_eq!(account.read(&target)["CapacityProvider"], shown);
    assert_eq!(account.read(&format!("{PROVIDERS}/{}", ARN.replace(':', "%3A")))["CapacityProvider"], shown);
    let conflict = json!({ "Type": "User", "message": format!("Capacity provider already exists: {ARN}") });
    assert_eq!(account.post(PROVIDERS, &provider("cp")), error(409, "ResourceConflictException", conflict));
    let updated = account.put(&target, &json!({ "CapacityProviderScalingConfig": { "MaxVCpuCount": 40 } }));
    assert_eq!(updated.status, 202);
    assert_eq!(account.read(&target)["CapacityProvider"]["CapacityProviderScalingConfig"]["MaxVCpuCount"], 40);
    let deleted = account.delete(&target);
    assert_eq!((deleted.status, &deleted.body["CapacityProvider"]["State"]), (202, &json!("Deleting")));
    let missing = json!({ "Type": "User", "Message": format!("Capacity provider not found: {ARN}") });
    let gone = error(404, "ResourceNotFoundException", missing);
    assert_eq!(
        [account.get(&target), account.delete(&target), account.put(&target, &json!({}))],
        [gone.clone(), gone.clone(), gone]
    );
    assert_eq!(account.files.len(), 0);
}

#[test]
fn function_on_a_provider_may_take_an_hour_and_a_half() {
    let mut account = Account::new();
    account.post(PROVIDERS, &provider("cp"));
    let placed = |timeout: u32| {
        let config = json!({ "LambdaManagedInstancesCapacityProviderConfig": { "CapacityProviderArn": ARN } });
        json!({ "CapacityProviderConfig": config, "Timeout": timeout })
    };
    assert_eq!(account.create_with("f", placed(5400)).status, 201);
    let message = "1 validation error detected: Value '5401' at 'timeout' failed to satisfy constraint: Member must have \
                   value less than or equal to 5400";
    assert_eq!(account.create_with("g", placed(5401)), violated(message));
}

#[test]
fn lists_are_paged_and_filtered_by_state() {
    let mut account = Account::new();
    for name in ["a", "b", "c"] {
        account.post(PROVIDERS, &provider(name));
    }
    let mut names = |query: &str| -> (Vec<String>, Option<String>) {
        let page = account.read(&format!("{PROVIDERS}{query}"));
        let arns = page["CapacityProviders"].as_array().unwrap().iter();
        let name =
            |provider: &Value| provider["CapacityProviderArn"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
        (arns.map(name).collect(), page["NextMarker"].as_str().map(str::to_owned))
    };
    let (first, marker) = names("?MaxItems=2");
    assert_eq!(first, ["a", "b"]);
    assert_eq!(names(&format!("?Marker={}", marker.unwrap())), (vec!["c".to_owned()], None));
    assert_eq!(names("?State=Active").0.len(), 3);
    assert_eq!(names("?State=Failed").0.len(), 0);
}

#[test]
fn providers_have_tags() {
    let mut account = Account::new();
    account.post(PROVIDERS, &provider("cp"));
    let tags = format!("/2017-03-31/tags/{}", ARN.replace(':', "%3A"));
    assert_eq!(account.read(&tags), json!({ "Tags": { "team": "a" } }));
    account.delete(&format!("{tags}?tagKeys=team"));
    account.restart();
    assert_eq!(account.read(&tags), json!({ "Tags": {} }));
}

fn on_provider(arn: &str) -> Value {
    json!({ "LambdaManagedInstancesCapacityProviderConfig": { "CapacityProviderArn": arn } })
}

#[test]
fn functions_are_placed_on_a_provider() {
    let mut account = Account::new();
    let missing = invalid(&format!("Capacity provider not found: {ARN}"));
    let members = json!({ "Publish": true, "CapacityProviderConfig": on_provider(ARN) });
    assert_eq!(account.create_with("f", members.clone()), missing);
    account.post(PROVIDERS, &provider("cp"));
    let created = account.create_with("f", members);
    let placed = json!({ "LambdaManagedInstancesCapacityProviderConfig": {
        "CapacityProviderArn": ARN,
        "ExecutionEnvironmentMemoryGiBPerVCpu": 2.0,
        "PerExecutionEnvironmentMaxConcurrency": 16,
    } });
    assert_eq!((&created.body["CapacityProviderConfig"], &created.body["MemorySize"]), (&placed, &json!(2048)));
    account.restart();
    let configuration = "/2015-03-31/functions/f/configuration";
    assert_eq!(account.read(configuration)["CapacityProviderConfig"], placed);
    let updated =
        account.put(configuration, &json!({ "MemorySize": 4096, "CapacityProviderConfig": on_provider(ARN) }));
    assert_eq!((updated.status, &updated.body["MemorySize"]), (200, &json!(4096)));
    account.post("/2015-03-31/functions/f/versions", &json!({}));
    let versions = format!("{PROVIDERS}/cp/function-versions");
    let item = |version: u8| json!({ "FunctionArn": format!("arn:aws:lambda:eu-west-1:111122223333:function:f:{version}"), "State": "Active" });
    let list = json!({ "CapacityProviderArn": ARN, "FunctionVersions": [item(1), item(2)] });
    assert_eq!(account.read(&versions), list);
    let first = account.read(&format!("{versions}?MaxItems=1"));
    assert_eq!(first["FunctionVersions"], json!([item(1)]));
    let next = format!("{versions}?Marker={}", first["NextMarker"].as_str().unwrap());
    assert_eq!(account.read(&next)["FunctionVersions"], json!([item(2)]));
    let used = account.delete(&format!("{PROVIDERS}/cp"));
    assert_eq!((used.status, used.error.as_deref()), (409, Some("ResourceConflictException")));
    account.create("plain");
    let refused = account
        .put("/2015-03-31/functions/plain/configuration", &json!({ "CapacityProviderConfig": on_provider(ARN) }));
    assert_eq!(refused, invalid("CapacityProviderConfig isn't supported for Lambda Default functions."));
    account.delete("/2015-03-31/functions/f");
    assert_eq!(account.read(&versions)["FunctionVersions"], json!([]));
    assert_eq!(account.delete(&format!("{PROVIDERS}/cp")).status, 202);
    assert_eq!(account.get(&versions).status, 404);
}

#[test]
fn a_list_goes_on_after_a_version_that_was_deleted_meanwhile() {
    let mut account = Account::new();
    account.post(PROVIDERS, &provider("cp"));
    account.create_with("f", json!({ "Publish": true, "CapacityProviderConfig": on_provider(ARN) }));
    for memory_size in [4096, 8192] {
        account.put("/2015-03-31/functions/f/configuration", &json!({ "MemorySize": memory_size }));
        account.post("/2015-03-31/functions/f/versions", &json!({}));
    }
    let versions = format!("{PROVIDERS}/cp/function-versions");
    let first = account.read(&format!("{versions}?MaxItems=2"));
    account.delete("/2015-03-31/functions/f?Qualifier=2");
    let rest = account.read(&format!("{versions}?Marker={}", first["NextMarker"].as_str().unwrap()));
    let third = json!([{ "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f:3", "State": "Active" }]);
    assert_eq!((&rest["FunctionVersions"], &rest["NextMarker"]), (&third, &Value::Null));
}

#[test]
fn functions_on_no_provider_have_no_scaling_as_on_aws() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    let target = "/2025-11-30/functions/f/function-scaling-config?Qualifier=1";
    let message = "The function provided by the arn does not contain a capacity provider configuration";
    let refused = error(403, "AccessDeniedException", json!({ "Type": "User", "Message": message }));
    assert_eq!(account.put(target, &json!({ "FunctionScalingConfig": { "MinExecutionEnvironments": 1 } })), refused);
    assert_eq!(account.get(target), refused);
}

#[test]
fn published_versions_have_a_scaling() {
    let mut account = Account::new();
    account.post(PROVIDERS, &provider("cp"));
    account.create_with("f", json!({ "Publish": true, "CapacityProviderConfig": on_provider(ARN) }));
    let target = "/2025-11-30/functions/f/function-scaling-config?Qualifier=1";
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f:1";
    assert_eq!(account.read(target), json!({ "FunctionArn": arn }));
    let scaling = json!({ "MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 3 });
    let put = account.put(target, &json!({ "FunctionScalingConfig": scaling }));
    assert_eq!((put.status, put.body), (202, json!({ "FunctionState": "Active" })));
    account.restart();
    let shown = json!({
        "FunctionArn": arn, "AppliedFunctionScalingConfig": scaling, "RequestedFunctionScalingConfig": scaling,
    });
    assert_eq!(account.read(target), shown);
    let wrong = json!({ "FunctionScalingConfig": { "MinExecutionEnvironments": 4, "MaxExecutionEnvironments": 3 } });
    let message = "MinExecutionEnvironments 4 is greater than MaxExecutionEnvironments 3: give at most 3";
    assert_eq!(account.put(target, &wrong), invalid(message));
    assert_eq!(account.put(target, &json!({})).status, 202);
    assert_eq!(account.read(target), json!({ "FunctionArn": arn }));
    assert_eq!(account.put("/2025-11-30/functions/f/function-scaling-config?Qualifier=2", &json!({})).status, 404);
}

#[test]
fn latest_published_is_published_again_and_runs_for_who_names_no_version() {
    const FUNCTION: &str = "/2015-03-31/functions/f";
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST.PUBLISHED";
    let mut account = Account::new();
    account.post(PROVIDERS, &provider("cp"));
    let config = json!({ "LambdaManagedInstancesCapacityProviderConfig": { "CapacityProviderArn": ARN } });
    account.create_with("f", json!({ "CapacityProviderConfig": config, "Description": "first" }));
    let runs = |account: &Account, query: &str| {
        let invocation = account.resolve(&format!("{FUNCTION}/invocations{query}"), &[], b"{}").unwrap();
        (invocation.function.version.clone(), invocation.function.description.clone())
    };
    assert_eq!(runs(&account, "").0, "$LATEST", "as long as nothing is published");
    let published = account.post(&format!("{FUNCTION}/versions"), &json!({ "PublishTo": "LATEST_PUBLISHED" }));
    assert_eq!((published.status, &published.body["FunctionArn"]), (201, &json!(arn)));
    assert_eq!(published.body["Version"], "$LATEST.PUBLISHED");
    account.put(&format!("{FUNCTION}/configuration"), &json!({ "Description": "second" }));
    account.post(&format!("/2017-03-31/tags/{}", &arn[..arn.len() - 18]), &json!({ "Tags": { "team": "b" } }));
    account.restart();
    assert_eq!(runs(&account, ""), ("$LATEST.PUBLISHED".to_owned(), "first".to_owned()));
    assert_eq!(runs(&account, "?Qualifier=%24LATEST").1, "second");
    let update = json!({ "ZipFile": "Y29kZSAy", "Publish": true, "PublishTo": "LATEST_PUBLISHED" });
    let updated = account.put(&format!("{FUNCTION}/code"), &update);
    assert_eq!((updated.status, &updated.body["FunctionArn"]), (200, &json!(arn)));
    assert_eq!(runs(&account, ""), ("$LATEST.PUBLISHED".to_owned(), "second".to_owned()));
    assert_eq!(
        account.read(&format!("{FUNCTION}/versions"))["Versions"].as_array().unwrap().len(),
        1,
        "it has no number"
    );
    assert_eq!(account.delete(&format!("{FUNCTION}?Qualifier=%24LATEST.PUBLISHED")).status, 204);
    assert_eq!(account.get(&format!("{FUNCTION}?Qualifier=%24LATEST.PUBLISHED")).status, 404);
    account.restart();
    assert_eq!(runs(&account, "").0, "$LATEST");
    let numbered = account.post(&format!("{FUNCTION}/versions"), &json!({}));
    assert_eq!(numbered.body["Version"], "1");
}
