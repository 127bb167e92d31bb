//! UpdateFunctionCode and UpdateFunctionConfiguration.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use fakecloud_lambda::{Effect, Package};
use serde_json::{Value, json};

use crate::harness::{Account, error, invalid};

const CODE: &str = "/2015-03-31/functions/f/code";
const CONFIGURATION: &str = "/2015-03-31/functions/f/configuration";

fn zip(text: &str) -> Value {
    json!({ "ZipFile": STANDARD.encode(text) })
}

#[test]
fn new_code_is_a_new_revision_in_progress() {
    let mut account = Account::new();
    let created = account.create("f");
    account.effects.clear();
    let updated = account.put(CODE, &zip("code 2"));
    assert_eq!(updated.status, 200);
    let shown = |key: &str| updated.body[key].clone();
    assert_eq!(shown("CodeSha256"), "sha256 of code 2");
    assert_eq!(shown("State"), "Active");
    assert_eq!(shown("LastUpdateStatus"), "InProgress");
    assert_eq!(shown("LastUpdateStatusReason"), "The function is being created.");
    assert_eq!(shown("LastUpdateStatusReasonCode"), "Creating");
    assert_eq!(shown("LastModified"), "2026-01-31T12:00:02.000+0000");
    assert_ne!(shown("RevisionId"), created.body["RevisionId"]);
    assert_eq!(account.read(CONFIGURATION)["LastUpdateStatus"], "Successful");
    let [Effect::Deployed(record)] = &account.effects[..] else { panic!("{:?}", account.effects) };
    let Package::Zip { code, .. } = &record.package else { panic!("{record:?}") };
    assert_eq!(code.sha256_base64, "sha256 of code 2");
}

#[test]
fn each_update_is_a_new_revision_of_the_same_code() {
    let mut account = Account::new();
    account.create("f");
    let mut before = account.read(CONFIGURATION);
    for (target, body) in [(CODE, zip("code 1")), (CONFIGURATION, json!({ "Timeout": 3 })), (CONFIGURATION, json!({}))]
    {
        account.effects.clear();
        let updated = account.put(target, &body).body;
        let mut after = account.read(CONFIGURATION);
        let revisions = [&before, &updated, &after].map(|answer| answer["RevisionId"].as_str().unwrap());
        assert_eq!(BTreeSet::from(revisions).len(), 3, "{body}: accepted and carried out are two revisions");
        let [Effect::Deployed(record)] = &account.effects[..] else { panic!("{:?}", account.effects) };
        assert_eq!(record.revision_id, after["RevisionId"].as_str().unwrap());
        for key in ["RevisionId", "LastModified"] {
            before[key] = after[key].take();
        }
        after["RevisionId"] = before["RevisionId"].clone();
        after["LastModified"] = before["LastModified"].clone();
        assert_eq!(after, before, "{body}");
    }
}

#[test]
fn an_image_is_deployed_anew_by_the_same_uri() {
    let mut account = Account::new();
    let image = json!({
        "FunctionName": "i", "Role": "arn:aws:iam::111122223333:role/r", "PackageType": "Image", "Code": { "ImageUri": "a:latest" },
    });
    let created = account.post("/2015-03-31/functions", &image);
    let same = json!({ "ImageUri": "a:latest" });
    let updated = account.put("/2015-03-31/functions/i/code", &same);
    assert_eq!(updated.status, 200);
    assert_ne!(updated.body["RevisionId"], created.body["RevisionId"]);
    let unchanged = account.put("/2015-03-31/functions/i/configuration", &json!({ "Timeout": 3 }));
    assert_eq!(unchanged.status, 200);
    let [Effect::Deployed(first), Effect::Deployed(second), Effect::Deployed(third)] = &account.effects[..] else {
        panic!("{:?}", account.effects)
    };
    assert!(first.pushed().is_some());
    assert_ne!(first.pushed(), second.pushed());
    assert_eq!(second.pushed(), third.pushed(), "the code was not named again");
    let mut dry = same;
    dry["DryRun"] = true.into();
    account.put("/2015-03-31/functions/i/code", &dry);
    assert_eq!(account.effects.len(), 3);
}

#[test]
fn a_dry_run_answers_and_changes_nothing() {
    let mut account = Account::new();
    account.create("f");
    let files = account.files.clone();
    let mut body = zip("code 2");
    body["DryRun"] = true.into();
    assert_eq!(account.put(CODE, &body).body["CodeSha256"], "sha256 of code 2");
    assert_eq!(account.files, files);
    assert_eq!(account.read(CONFIGURATION)["CodeSha256"], "sha256 of code 1");
}

#[test]
fn an_update_publishes_what_is_new() {
    let mut account = Account::new();
    account.create("f");
    let publish = |text: &str| {
        let mut body = zip(text);
        body["Publish"] = true.into();
        body
    };
    let versions = ["code 2", "code 2", "code 3"].map(|text| account.put(CODE, &publish(text)).body["Version"].clone());
    assert_eq!(versions, ["1", "1", "2"], "what is published already is not published again");
    assert_eq!(account.read("/2015-03-31/functions/f:1")["Configuration"]["CodeSha256"], "sha256 of code 2");
    account.delete("/2015-03-31/functions/f:2");
    assert_eq!(account.put(CODE, &publish("code 4")).body["Version"], "3", "no number is given twice");
}

#[test]
fn only_the_members_that_are_given_change() {
    let mut account = Account::new();
    account.create_with(
        "f",
        json!({ "Description": "d", "Environment": { "Variables": { "KEY": "1" } }, "Tags": { "team": "a" } }),
    );
    let before = account.read(CONFIGURATION);
    account.put(CONFIGURATION, &json!({ "MemorySize": 256, "Environment": { "Variables": { "OTHER": "2" } } }));
    let mut after = account.read(CONFIGURATION);
    assert_eq!((&after["MemorySize"], &after["Environment"]), (&json!(256), &json!({ "Variables": { "OTHER": "2" } })));
    for key in ["MemorySize", "Environment", "RevisionId", "LastModified"] {
        after[key] = before[key].clone();
    }
    assert_eq!(after, before);
    account.put(CONFIGURATION, &json!({ "Environment": { "Variables": {} } }));
    assert_eq!(account.read(CONFIGURATION)["Environment"], json!({ "Variables": {} }), "shown as it was given");
    assert_eq!(account.read("/2015-03-31/functions/f")["Tags"], json!({ "team": "a" }));
}

#[test]
fn a_stale_revision_changes_nothing() {
    let mut account = Account::new();
    account.create("f");
    let first = account.read(CONFIGURATION)["RevisionId"].clone();
    let update = |account: &mut Account, timeout: u32, revision: &Value| {
        account.put(CONFIGURATION, &json!({ "Timeout": timeout, "RevisionId": revision }))
    };
    assert_eq!(update(&mut account, 10, &first).status, 200);
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    let stale = error(412, "PreconditionFailedException", json!({ "Type": "User", "message": message }));
    assert_eq!(update(&mut account, 20, &first), stale);
    assert_eq!(account.read(CONFIGURATION)["Timeout"], 10);
}

#[test]
fn wrong_updates_are_refused_in_the_words_of_aws() {
    let mut account = Account::new();
    account.create("f");
    let image = json!({
        "FunctionName": "i", "Role": "arn:aws:iam::111122223333:role/r", "PackageType": "Image", "Code": { "ImageUri": "a" },
    });
    account.post("/2015-03-31/functions", &image);
    let cases = [
        (CODE, json!({}), "Please provide a source for function code."),
        (
            CODE,
            json!({ "ImageUri": "b" }),
            "Please don't provide ImageUri when updating a function with packageType Zip.",
        ),
        (
            "/2015-03-31/functions/i/code",
            zip("code"),
            "Please provide ImageUri when updating a function with packageType Image.",
        ),
        (
            "/2015-03-31/functions/i/configuration",
            json!({ "Layers": ["arn:aws:lambda:eu-west-1:111122223333:layer:l:1"] }),
            "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
        ),
        (
            "/2015-03-31/functions/f:1/configuration",
            json!({}),
            "only $LATEST can be updated: leave out ':1' of the function's name",
        ),
        (
            CONFIGURATION,
            json!({ "Environment": { "Variables": { "AWS_REGION": "x" } } }),
            "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION",
        ),
    ];
    let files = account.files.clone();
    for (target, body, message) in cases {
        assert_eq!(account.put(target, &body), invalid(message), "{target} {body}");
    }
    assert_eq!(account.files, files, "a refusal changes nothing");
    assert_eq!(account.put("/2015-03-31/functions/i/code", &json!({ "ImageUri": "b" })).status, 200);
    assert_eq!(account.read("/2015-03-31/functions/i")["Code"]["ImageUri"], "b");
}
