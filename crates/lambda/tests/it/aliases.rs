//! CreateAlias, GetAlias, UpdateAlias, DeleteAlias and ListAliases, and what runs through an alias.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::harness::{Account, Answer, error, invalid, violated};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";
const ALIASES: &str = "/2015-03-31/functions/f/aliases";
const LIVE: &str = "/2015-03-31/functions/f/aliases/live";

/// A function with versions 1 to 3.
fn account() -> Account {
    let mut account = Account::new();
    account.create("f");
    for number in 1..=3 {
        let body = json!({ "ZipFile": STANDARD.encode(format!("code {number}")), "Publish": true });
        account.put("/2015-03-31/functions/f/code", &body);
    }
    account
}

fn live(version: &str) -> Value {
    json!({ "Name": "live", "FunctionVersion": version })
}

fn routed(version: &str, weights: &Value) -> Value {
    let routing = json!({ "AdditionalVersionWeights": weights });
    json!({ "Name": "live", "FunctionVersion": version, "RoutingConfig": routing })
}

fn not_found(message: &str) -> Answer {
    error(404, "ResourceNotFoundException", json!({ "Type": "User", "Message": message }))
}

#[test]
fn an_alias_is_read_as_it_was_made() {
    let mut account = account();
    let mut body = routed("1", &json!({ "2": 0.25 }));
    body["Description"] = "d".into();
    let created = account.post(ALIASES, &body);
    let expected = json!({
        "AliasArn": format!("{ARN}:live"),
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "d",
        "RoutingConfig": { "AdditionalVersionWeights": { "2": 0.25 } },
        "RevisionId": "00000000-0000-4000-8000-000000000005",
    });
    assert_eq!((created.status, &created.body), (201, &expected));
    assert_eq!(account.read(LIVE), expected);
    account.restart();
    assert_eq!(account.read(LIVE), expected);
    let function = account.read("/2015-03-31/functions/f?Qualifier=live")["Configuration"].clone();
    assert_eq!([&function["FunctionArn"], &function["Version"]], [&json!(format!("{ARN}:live")), &json!("1")]);
}

#[test]
fn an_update_changes_what_is_given() {
    let mut account = account();
    let mut created = account.post(ALIASES, &routed("1", &json!({ "2": 0.25 }))).body;
    let mut same = account.put(LIVE, &json!({ "FunctionVersion": "1" })).body;
    let stale = std::mem::replace(&mut created["RevisionId"], same["RevisionId"].take());
    same["RevisionId"] = created["RevisionId"].clone();
    assert_ne!(stale, same["RevisionId"], "each update is a new revision");
    assert_eq!(same, created);
    let updated = account.put(LIVE, &json!({ "Description": "new", "RevisionId": created["RevisionId"] })).body;
    assert_eq!([&updated["Description"], &updated["RoutingConfig"]], [&json!("new"), &created["RoutingConfig"]]);
    assert_ne!(updated["RevisionId"], created["RevisionId"]);
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    assert_eq!(
        account.put(LIVE, &json!({ "Description": "newer", "RevisionId": created["RevisionId"] })),
        error(412, "PreconditionFailedException", json!({ "Type": "User", "message": message }))
    );
    assert_eq!(account.read(LIVE), updated);
    let unrouted = account.put(LIVE, &json!({ "RoutingConfig": {} })).body;
    assert_eq!((unrouted.get("RoutingConfig"), &unrouted["FunctionVersion"]), (None, &json!("1")));
    assert_eq!(account.put(LIVE, &json!({ "FunctionVersion": "$LATEST" })).body["FunctionVersion"], "$LATEST");
}

#[test]
fn wrong_aliases_are_refused_in_the_words_of_aws() {
    let mut account = account();
    let included = "Invalid function version 1. Function version 1 is already included in routing configuration.";
    let weights = "failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]";
    let keys = "failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]";
    let at = "at 'routingConfig.additionalVersionWeights'";
    let cases = [
        (live("4"), not_found(&format!("Function not found: {ARN}:4"))),
        (routed("1", &json!({ "4": 0.5 })), not_found(&format!("Function not found: {ARN}:4"))),
        (routed("1", &json!({ "1": 0.5 })), invalid(included)),
        (
            routed("1", &json!({ "2": 0.5, "3": 0.5 })),
            invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"),
        ),
        (
            routed("$LATEST", &json!({ "2": 0.5 })),
            error(
                400,
                "InvalidParameterValueException",
                json!({ "message": "$LATEST is not supported for an alias pointing to more than 1 version" }),
            ),
        ),
        (
            routed("1", &json!({ "2": 1.5 })),
            violated(&format!("1 validation error detected: Value '{{2=1.5}}' {at} {weights}")),
        ),
        (
            routed("1", &json!({ "$LATEST": 0.5 })),
            violated(&format!("1 validation error detected: Value '{{$LATEST=0.5}}' {at} {keys}")),
        ),
    ];
    let files = account.files.clone();
    for (body, refusal) in cases {
        assert_eq!(account.post(ALIASES, &body), refusal, "{body}");
    }
    let missing = "arn:aws:lambda:eu-west-1:111122223333:function:g";
    assert_eq!(
        account.post("/2015-03-31/functions/g/aliases", &live("1")),
        not_found(&format!("Function not found: {missing}:1"))
    );
    assert_eq!(account.get(LIVE), not_found(&format!("Cannot find alias arn: {ARN}:live")));
    assert_eq!(account.put(LIVE, &json!({})), not_found(&format!("Alias not found: {ARN}:live")));
    assert_eq!(account.files, files, "a refusal changes nothing");
    account.post(ALIASES, &live("1"));
    let conflict = json!({ "Type": "User", "message": format!("Alias already exists: {ARN}:live") });
    assert_eq!(account.post(ALIASES, &live("2")), error(409, "ResourceConflictException", conflict));
    assert_eq!(
        account.put(LIVE, &json!({ "FunctionVersion": "4" })),
        not_found(&format!("Function not found: {ARN}:4"))
    );
}

#[test]
fn versions_stay_while_an_alias_runs_them() {
    let mut account = account();
    account.post(ALIASES, &routed("1", &json!({ "2": 0.5 })));
    account.post(ALIASES, &json!({ "Name": "old", "FunctionVersion": "1" }));
    let kept = |aliases: &str| {
        let message = format!("Unable to delete version because the following aliases reference it: [{aliases}]");
        error(409, "ResourceConflictException", json!({ "Type": "User", "message": message }))
    };
    assert_eq!(account.delete("/2015-03-31/functions/f:1"), kept("live, old"));
    assert_eq!(account.delete("/2015-03-31/functions/f:2"), kept("live"));
    assert_eq!(account.delete("/2015-03-31/functions/f:3").status, 204);
    let refusal = invalid("Deletion of aliases is not currently supported.");
    for alias in ["live", "missing"] {
        assert_eq!(account.delete(&format!("/2015-03-31/functions/f:{alias}")), refusal);
    }
    assert_eq!(account.delete(LIVE).status, 204);
    assert_eq!(account.delete(LIVE).status, 204, "deleting is idempotent");
    assert_eq!(account.delete("/2015-03-31/functions/f:2").status, 204);
    assert_eq!(account.get("/2015-03-31/functions/f:live").status, 404);
}

#[test]
fn lists_are_paged_and_filtered_by_version() {
    let mut account = account();
    for (name, version) in [("a", "1"), ("b", "2"), ("c", "1")] {
        account.post(ALIASES, &json!({ "Name": name, "FunctionVersion": version }));
    }
    account.put(&format!("{ALIASES}/c"), &json!({ "RoutingConfig": { "AdditionalVersionWeights": { "3": 0.1 } } }));
    let names = |list: &Value| -> Vec<String> {
        list["Aliases"].as_array().unwrap().iter().map(|alias| alias["Name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&account.read(&format!("{ALIASES}?FunctionVersion=1"))), ["a", "c"]);
    assert_eq!(names(&account.read(&format!("{ALIASES}?FunctionVersion=3"))), ["c"], "the second version counts too");
    let first = account.read(&format!("{ALIASES}?MaxItems=2"));
    assert_eq!(names(&first), ["a", "b"]);
    let second = account.read(&format!("{ALIASES}?Marker={}", first["NextMarker"].as_str().unwrap()));
    assert_eq!((names(&second), second.get("NextMarker")), (vec!["c".to_owned()], None));
}

#[test]
fn an_alias_shares_its_invocations_by_weight() {
    let mut account = account();
    account.post(ALIASES, &routed("1", &json!({ "2": 0.25 })));
    let target = "/2015-03-31/functions/f:live/invocations";
    let run = |random: u128| account.resolve_by(random, target, &[], b"").unwrap().function.version.clone();
    // Every 256th of the range of random bits.
    let versions: Vec<String> = (0..256_u128).map(|step| run(step << 120)).collect();
    assert!(versions[..64].iter().all(|version| version == "2"), "{versions:?}");
    assert!(versions[64..].iter().all(|version| version == "1"), "{versions:?}");
    assert_eq!(run(u128::MAX), "1");
}
