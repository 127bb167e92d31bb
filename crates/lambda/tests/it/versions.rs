//! PublishVersion and ListVersionsByFunction.

use base64::{Engine, engine::general_purpose::STANDARD};
use fakecloud_lambda::Effect;
use serde_json::{Value, json};

use crate::harness::{Account, error, invalid};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";
const VERSIONS: &str = "/2015-03-31/functions/f/versions";
const CONFIGURATION: &str = "/2015-03-31/functions/f/configuration";

#[test]
fn a_published_version_is_a_snapshot() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Description": "latest" }));
    account.effects.clear();
    let published = account.post(VERSIONS, &json!({}));
    assert_eq!(published.status, 201);
    let shown = |key: &str| published.body[key].clone();
    assert_eq!([shown("Version"), shown("FunctionArn")], [json!("1"), json!(format!("{ARN}:1"))]);
    assert_eq!([shown("State"), shown("LastUpdateStatus")], [json!("Active"), json!("Successful")]);
    assert_eq!(shown("Description"), "latest");
    let [Effect::Deployed(latest), Effect::Deployed(version)] = &account.effects[..] else {
        panic!("{:?}", account.effects)
    };
    assert_eq!([latest.arn(), version.arn()], [ARN.to_owned(), format!("{ARN}:1")]);

    account.put(CONFIGURATION, &json!({ "Timeout": 9 }));
    let version = account.read(&format!("{CONFIGURATION}?Qualifier=1"));
    assert_eq!([&version["Timeout"], &version["State"]], [&json!(3), &json!("Active")]);
    account.restart();
    assert_eq!(account.read(&format!("{CONFIGURATION}?Qualifier=1")), version);
}

#[test]
fn snapshots_are_of_published_versions() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true, "SnapStart": { "ApplyOn": "PublishedVersions" } }));
    let status = |account: &mut Account, qualifier: &str| {
        let configuration = account.read(&format!("{CONFIGURATION}?Qualifier={qualifier}"));
        configuration["SnapStart"]["OptimizationStatus"].clone()
    };
    assert_eq!([status(&mut account, "%24LATEST"), status(&mut account, "1")], ["Off", "On"]);
    account.put(CONFIGURATION, &json!({ "SnapStart": { "ApplyOn": "None" } }));
    account.post(VERSIONS, &json!({}));
    assert_eq!([status(&mut account, "1"), status(&mut account, "2")], ["On", "Off"], "a version keeps its own");
}

#[test]
fn what_did_not_change_is_not_published_again() {
    let mut account = Account::new();
    account.create("f");
    let publish = |account: &mut Account, body: Value| {
        let answer = account.post(VERSIONS, &body);
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        (answer.body["Version"].clone(), answer.body["Description"].clone())
    };
    let first = (json!("1"), json!("first"));
    assert_eq!(publish(&mut account, json!({ "Description": "first" })), first);
    let files = account.files.clone();
    assert_eq!(publish(&mut account, json!({})), first);
    assert_eq!(publish(&mut account, json!({ "Description": "another" })), first, "a description alone is no change");
    assert_eq!(account.files, files);
    account.restart();
    assert_eq!(publish(&mut account, json!({})), first);
    account.put(CONFIGURATION, &json!({ "Timeout": 9 }));
    assert_eq!(publish(&mut account, json!({})), (json!("2"), json!("")));
    account.delete("/2015-03-31/functions/f:2");
    assert_eq!(publish(&mut account, json!({})).0, "3", "no number is given twice");
}

#[test]
fn preconditions_compare_with_latest() {
    let mut account = Account::new();
    let created = account.create("f").body;
    account.put(CONFIGURATION, &json!({ "Timeout": 9 }));
    let files = account.files.clone();
    assert_eq!(
        account.post(VERSIONS, &json!({ "CodeSha256": "other" })),
        invalid(
            "CodeSHA256 (other) is different from current CodeSHA256 in $LATEST (sha256 of code 1). Please try again with the CodeSHA256 in $LATEST."
        )
    );
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    assert_eq!(
        account.post(VERSIONS, &json!({ "RevisionId": created["RevisionId"] })),
        error(412, "PreconditionFailedException", json!({ "Type": "User", "message": message }))
    );
    assert_eq!(account.files, files, "a refusal changes nothing");
    let revision = account.read(CONFIGURATION)["RevisionId"].clone();
    let body = json!({ "RevisionId": revision, "CodeSha256": "sha256 of code 1" });
    assert_eq!(account.post(VERSIONS, &body).status, 201);
    let missing =
        json!({ "Type": "User", "Message": "Function not found: arn:aws:lambda:eu-west-1:111122223333:function:g" });
    assert_eq!(
        account.post("/2015-03-31/functions/g/versions", &json!({})),
        error(404, "ResourceNotFoundException", missing)
    );
    let on_none = "PublishTo=LATEST_PUBLISHED is for functions on capacity providers, and f is on none: leave it out, or \
                   create the function with CapacityProviderConfig";
    assert_eq!(account.post(VERSIONS, &json!({ "PublishTo": "LATEST_PUBLISHED" })), invalid(on_none));
}

#[test]
fn versions_are_listed_page_by_page() {
    let mut account = Account::new();
    account.create("f");
    for number in 1..=4 {
        let body = json!({ "ZipFile": STANDARD.encode(format!("code {number}")), "Publish": true });
        account.put("/2015-03-31/functions/f/code", &body);
    }
    account.delete("/2015-03-31/functions/f:2");
    let mut pages = Vec::new();
    let mut target = format!("{VERSIONS}?MaxItems=2");
    loop {
        let page = account.read(&target);
        let arns = page["Versions"].as_array().unwrap().iter().map(|version| version["FunctionArn"].clone());
        pages.push(arns.collect::<Vec<_>>());
        let Some(marker) = page.get("NextMarker") else { break };
        target = format!("{VERSIONS}?MaxItems=2&Marker={}", marker.as_str().unwrap());
    }
    let arn = |qualifier: &str| json!(format!("{ARN}:{qualifier}"));
    assert_eq!(pages, [vec![arn("$LATEST"), arn("1")], vec![arn("3"), arn("4")]]);
    assert_eq!(account.get("/2015-03-31/functions/g/versions").status, 404);
}
