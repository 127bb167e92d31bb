//! Code signing configurations, and which functions have one.

use serde_json::{Value, json};

use super::{FUNCTION_ARN, Recording, no_content, no_function, ok};
use crate::harness::{Account, Answer, error};

const CONFIGS: &str = "/2020-04-22/code-signing-configs";
const PUBLISHER: &str = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/test";

/// Makes the configuration that both tests begin with, and checks the answer; gives its ARN.
fn create(account: &mut Account, said: &mut Recording) -> String {
    let body = json!({
        "Description": "Testing",
        "AllowedPublishers": { "SigningProfileVersionArns": [PUBLISHER] },
        "CodeSigningPolicies": { "UntrustedArtifactOnDeployment": "Enforce" },
    });
    let created = account.post(CONFIGS, &body);
    let arn = created.body["CodeSigningConfig"]["CodeSigningConfigArn"].as_str().unwrap().to_owned();
    said.same("created", created, ok(201, json!({ "CodeSigningConfig": config(&arn, "Enforce") })));
    arn
}

fn config(arn: &str, policy: &str) -> Value {
    json!({
        "AllowedPublishers": { "SigningProfileVersionArns": [PUBLISHER] },
        "CodeSigningConfigArn": arn,
        "CodeSigningConfigId": arn.rsplit(':').next().unwrap(),
        "CodeSigningPolicies": { "UntrustedArtifactOnDeployment": policy },
        "Description": "Testing",
        "LastModified": "text",
    })
}

fn target(arn: &str) -> String {
    format!("{CONFIGS}/{}", arn.replace(':', "%3A"))
}

fn of_function(name: &str) -> String {
    format!("/2020-06-30/functions/{name}/code-signing-config")
}

/// This one comes without `Type`.
fn no_config(arn: &str) -> Answer {
    let message = format!("The Lambda code signing configuration {arn} can not be found.");
    error(404, "ResourceNotFoundException", json!({ "Message": message }))
}

#[test]
fn a_configuration_lives_as_on_aws() {
    let (mut account, mut said) = (Account::new(), Recording::default());
    account.create("f");
    let arn = create(&mut account, &mut said);
    let warn = json!({ "CodeSigningPolicies": { "UntrustedArtifactOnDeployment": "Warn" } });
    let shown = ok(200, json!({ "CodeSigningConfig": config(&arn, "Warn") }));
    said.same("updated", account.put(&target(&arn), &warn), shown.clone());
    said.same("gotten", account.get(&target(&arn)), shown);
    let attached = ok(200, json!({ "CodeSigningConfigArn": arn, "FunctionName": "f" }));
    said.same("attached", account.put(&of_function("f"), &json!({ "CodeSigningConfigArn": arn })), attached.clone());
    said.same("attachment", account.get(&of_function("f")), attached);
    let list = json!({ "CodeSigningConfigs": [config(&arn, "Warn")] });
    said.same("list", account.get(CONFIGS), ok(200, list));
    let functions = json!({ "FunctionArns": [format!("{FUNCTION_ARN}f")] });
    said.same("functions", account.get(&format!("{}/functions", target(&arn))), ok(200, functions));
    said.same("detached", account.delete(&of_function("f")), no_content());
    said.same("deleted", account.delete(&target(&arn)), no_content());
    said.end();
}

#[test]
fn what_is_not_there_is_missed_as_on_aws() {
    let (mut account, mut said) = (Account::new(), Recording::default());
    account.create("f");
    let arn = create(&mut account, &mut said);
    let mut wrong = arn.clone();
    wrong.replace_range(arn.len() - 3.., "xyz");
    said.same("delete without configuration", account.delete(&target(&wrong)), no_config(&wrong));
    said.same("nothing to detach", account.delete(&of_function("f")), no_content());
    said.same("detach from no function", account.delete(&of_function("none")), no_function("none"));
    let attach = |arn: &str| json!({ "CodeSigningConfigArn": arn });
    said.same("attach to no function", account.put(&of_function("none"), &attach(&arn)), no_function("none"));
    let message = format!(
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted: \
         {wrong}."
    );
    let unattachable = error(404, "CodeSigningConfigNotFoundException", json!({ "Type": "User", "Message": message }));
    said.same("attach no configuration", account.put(&of_function("f"), &attach(&wrong)), unattachable.clone());
    said.same("attach nothing to nothing", account.put(&of_function("none"), &attach(&wrong)), unattachable);
    let described = json!({ "Description": "new" });
    said.same("update without configuration", account.put(&target(&wrong), &described), no_config(&wrong));
    said.same("update nothing without configuration", account.put(&target(&wrong), &json!({})), no_config(&wrong));
    let unchanged = ok(200, json!({ "CodeSigningConfig": config(&arn, "Enforce") }));
    said.same("update nothing", account.put(&target(&arn), &json!({})), unchanged);
    said.same("get without configuration", account.get(&target(&wrong)), no_config(&wrong));
    said.same("a function without one", account.get(&of_function("f")), ok(200, json!({})));
    said.same("no function", account.get(&of_function("none")), no_function("none"));
    let functions = |arn: &str| format!("{}/functions", target(arn));
    said.same("no functions", account.get(&functions(&arn)), ok(200, json!({ "FunctionArns": [] })));
    said.same("functions of no configuration", account.get(&functions(&wrong)), no_config(&wrong));
    said.end();
}
