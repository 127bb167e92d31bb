//! Code signing configurations as records.

use serde_json::{Value, json};

use crate::harness::{Account, error, invalid};

const CONFIGS: &str = "/2020-04-22/code-signing-configs";
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-00000000000000001";
const PROFILE: &str = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/p/0123456789";
const FUNCTION: &str = "/2020-06-30/functions/f/code-signing-config";

fn config_target(arn: &str) -> String {
    format!("{CONFIGS}/{}", arn.replace(':', "%3A"))
}

fn publishers() -> Value {
    json!({ "AllowedPublishers": { "SigningProfileVersionArns": [PROFILE] }, "Tags": { "team": "a" } })
}

fn missing(arn: &str) -> Value {
    json!({ "Message": format!("The Lambda code signing configuration {arn} can not be found.") })
}

#[test]
fn a_configuration_is_made_changed_and_deleted() {
    let mut account = Account::new();
    let created = account.post(CONFIGS, &publishers());
    let mut shown = json!({
        "CodeSigningConfigId": "csc-00000000000000001",
        "CodeSigningConfigArn": ARN,
        "Description": "",
        "AllowedPublishers": { "SigningProfileVersionArns": [PROFILE] },
        "CodeSigningPolicies": { "UntrustedArtifactOnDeployment": "Warn" },
        "LastModified": "2026-01-31T12:00:01.000+0000",
    });
    assert_eq!((created.status, &created.body["CodeSigningConfig"]), (201, &shown));
    account.restart();
    let target = config_target(ARN);
    assert_eq!(account.read(&target)["CodeSigningConfig"], shown);
    let policies = json!({ "UntrustedArtifactOnDeployment": "Enforce" });
    let updated = account.put(&target, &json!({ "CodeSigningPolicies": policies, "Description": "d" }));
    shown["CodeSigningPolicies"] = policies;
    shown["Description"] = "d".into();
    shown["LastModified"] = updated.body["CodeSigningConfig"]["LastModified"].clone();
    assert_eq!((updated.status, &updated.body["CodeSigningConfig"]), (200, &shown));
    assert_eq!(account.read(CONFIGS)["CodeSigningConfigs"], json!([shown]));
    assert_eq!(account.delete(&target).status, 204);
    let gone = error(404, "ResourceNotFoundException", missing(ARN));
    assert_eq!([account.get(&target), account.delete(&target)], [gone.clone(), gone]);
    assert_eq!(account.files.len(), 0);
}

#[test]
fn a_configuration_stays_while_functions_have_it() {
    let mut account = Account::new();
    account.post(CONFIGS, &publishers());
    assert_eq!(account.create_with("g", json!({ "CodeSigningConfigArn": ARN })).status, 201);
    account.create("f");
    assert_eq!(account.read(FUNCTION), json!({}));
    let put = account.put(FUNCTION, &json!({ "CodeSigningConfigArn": ARN }));
    let shown = json!({ "CodeSigningConfigArn": ARN, "FunctionName": "f" });
    assert_eq!((put.status, put.body), (200, shown.clone()));
    account.restart();
    assert_eq!(account.read(FUNCTION), shown);
    let target = config_target(ARN);
    let arns = ["f", "g"].map(|name| format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}"));
    assert_eq!(account.read(&format!("{target}/functions"))["FunctionArns"], json!(arns));
    let page = account.read(&format!("{target}/functions?MaxItems=1"));
    let next = format!("{target}/functions?Marker={}", page["NextMarker"].as_str().unwrap());
    assert_eq!(account.read(&next)["FunctionArns"], json!([arns[1]]));
    let message = format!("The code signing configuration {ARN} is used by functions and can not be deleted.");
    let conflict = json!({ "Type": "User", "message": message });
    assert_eq!(account.delete(&target), error(409, "ResourceConflictException", conflict));
    assert_eq!(account.delete(FUNCTION).status, 204);
    assert_eq!(account.delete(FUNCTION).status, 204, "deleting is idempotent");
    account.delete("/2015-03-31/functions/g");
    assert_eq!(account.delete(&target).status, 204);
}

#[test]
fn a_function_gets_no_configuration_that_is_missing() {
    let mut account = Account::new();
    account.create("f");
    let message = format!(
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted: {ARN}."
    );
    let missing = error(404, "CodeSigningConfigNotFoundException", json!({ "Type": "User", "Message": message }));
    assert_eq!(account.put(FUNCTION, &json!({ "CodeSigningConfigArn": ARN })), missing);
    assert_eq!(account.create_with("g", json!({ "CodeSigningConfigArn": ARN })), missing);
    assert_eq!(account.get("/2020-06-30/functions/g/code-signing-config").status, 404);
}

#[test]
fn images_are_not_signed() {
    let mut account = Account::new();
    account.post(CONFIGS, &publishers());
    let image = json!({
        "FunctionName": "f",
        "Role": "arn:aws:iam::111122223333:role/r",
        "PackageType": "Image",
        "Code": { "ImageUri": "i" },
    });
    account.post("/2015-03-31/functions", &image);
    let refusal = invalid("Code signing is not supported for functions created with container images.");
    assert_eq!(account.get(FUNCTION), refusal);
    assert_eq!(account.put(FUNCTION, &json!({ "CodeSigningConfigArn": ARN })), refusal);
    assert_eq!(account.delete(FUNCTION), refusal);
    let mut signed = image;
    signed["FunctionName"] = "g".into();
    signed["CodeSigningConfigArn"] = ARN.into();
    assert_eq!(account.post("/2015-03-31/functions", &signed), refusal);
}

#[test]
fn configurations_have_tags() {
    let mut account = Account::new();
    account.post(CONFIGS, &publishers());
    let tags = format!("/2017-03-31/tags/{}", ARN.replace(':', "%3A"));
    assert_eq!(account.read(&tags), json!({ "Tags": { "team": "a" } }));
    assert_eq!(account.post(&tags, &json!({ "Tags": { "stage": "b" } })).status, 204);
    assert_eq!(account.delete(&format!("{tags}?tagKeys=team")).status, 204);
    account.restart();
    assert_eq!(account.read(&tags), json!({ "Tags": { "stage": "b" } }));
    account.delete(&config_target(ARN));
    assert_eq!(account.get(&tags), error(404, "ResourceNotFoundException", missing(ARN)));
}
