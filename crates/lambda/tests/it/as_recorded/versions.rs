//! Versions and aliases as AWS recorded them.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::tape::{Doing, Tape, configuration, function, invalid, missing, refused, stale, violated};

const FUNCTION: &str = "/2015-03-31/functions/f";
const CODE: &str = "/2015-03-31/functions/f/code";
const CONFIGURATION: &str = "/2015-03-31/functions/f/configuration";
const VERSIONS: &str = "/2015-03-31/functions/f/versions";
const ALIASES: &str = "/2015-03-31/functions/f/aliases";
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";

/// The members that the answers for a version have besides those of the function.
fn numbered(number: &str, members: Value) -> Value {
    let mut version = members;
    version["FunctionArn"] = format!("{ARN}:{number}").into();
    version["Version"] = number.into();
    version
}

fn described(description: &str) -> Value {
    json!({ "Description": description })
}

#[test]
fn a_version_that_is_published_with_the_function() {
    let mut tape = Tape::new();
    let created = tape.play(|aws| aws.create_with("f", json!({ "Publish": true })));
    assert_eq!(created, (201, configuration(Doing::Pending, 1, json!({ "Version": "1" }))));
    let latest = function(configuration(Doing::Settled, 2, json!({})));
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, latest));
    let version = configuration(Doing::Settled, 3, numbered("1", json!({})));
    assert_eq!(tape.play(|aws| aws.get(&format!("{FUNCTION}?Qualifier=1"))), (200, function(version.clone())));
    let named = configuration(Doing::Settled, 2, numbered("$LATEST", json!({})));
    assert_eq!(tape.play(|aws| aws.get(&format!("{FUNCTION}?Qualifier=$LATEST"))), (200, function(named)));
    let list = json!({ "Versions": [
        configuration(Doing::Unsaid, 2, numbered("$LATEST", json!({}))),
        configuration(Doing::Unsaid, 3, numbered("1", json!({}))),
    ]});
    assert_eq!(tape.play(|aws| aws.get(VERSIONS)), (200, list.clone()));
    let again = tape.play(|aws| aws.post(VERSIONS, &described("Repeated version description :)")));
    assert_eq!(again, (201, version), "nothing changed since");
    assert_eq!(tape.play(|aws| aws.get(VERSIONS)), (200, list));
}

#[test]
fn each_change_may_be_published_once() {
    let mut tape = Tape::new();
    tape.account.create_with("f", described("No version :("));
    let first = described("First version :)");
    tape.account.put(CONFIGURATION, &first);
    let published = configuration(Doing::Settled, 1, numbered("1", described("First version description :)")));
    assert_eq!(
        tape.play(|aws| aws.post(VERSIONS, &described("First version description :)"))),
        (201, published.clone())
    );
    assert_eq!(tape.play(|aws| aws.get(&format!("{FUNCTION}?Qualifier=1"))), (200, function(published.clone())));
    assert_eq!(tape.play(|aws| aws.get(&format!("{CONFIGURATION}?Qualifier=1"))), (200, published.clone()));
    let second = described("Second version :))");
    assert_eq!(
        tape.play(|aws| aws.put(CONFIGURATION, &second)),
        (200, configuration(Doing::Updating, 2, second.clone()))
    );
    assert_eq!(tape.play(|aws| aws.get(&format!("{FUNCTION}?Qualifier=1"))), (200, function(published)));
    let newest = configuration(Doing::Settled, 3, numbered("2", second.clone()));
    assert_eq!(tape.play(|aws| aws.post(VERSIONS, &json!({}))), (201, newest.clone()));
    assert_eq!(tape.play(|aws| aws.post(VERSIONS, &described("Third version description :)))"))), (201, newest));
    let list = json!({ "Versions": [
        configuration(Doing::Unsaid, 4, numbered("$LATEST", second.clone())),
        configuration(Doing::Unsaid, 1, numbered("1", described("First version description :)"))),
        configuration(Doing::Unsaid, 3, numbered("2", second)),
    ]});
    assert_eq!(tape.play(|aws| aws.get(VERSIONS)), (200, list));
}

#[test]
fn publishing_may_name_the_code_and_the_revision() {
    let mut tape = Tape::new();
    tape.account.create("f");
    let wrong = "CodeSHA256 (somenonexistentsha256) is different from current CodeSHA256 in $LATEST (sha256 of code 1). Please try again with the CodeSHA256 in $LATEST.";
    assert_eq!(tape.play(|aws| aws.post(VERSIONS, &json!({ "CodeSha256": "somenonexistentsha256" }))), invalid(wrong));
    assert_eq!(tape.play(|aws| aws.post(VERSIONS, &json!({ "RevisionId": "wrong" }))), stale());
    let active = tape.account.read(CONFIGURATION)["RevisionId"].clone();
    let right = json!({ "CodeSha256": "sha256 of code 1", "RevisionId": active });
    let version = configuration(Doing::Settled, 1, numbered("1", json!({})));
    assert_eq!(tape.play(|aws| aws.post(VERSIONS, &right)), (201, version.clone()));
    assert_eq!(tape.play(|aws| aws.get(&format!("{FUNCTION}?Qualifier=1"))), (200, function(version)));
    let latest = tape.account.read(CONFIGURATION)["RevisionId"].clone();
    assert_ne!(latest, active, "publishing is a new revision of what was published");
}

#[test]
fn code_may_be_published_when_it_is_updated() {
    let mut tape = Tape::new();
    tape.account.create("f");
    let update = json!({ "ZipFile": STANDARD.encode("code 2"), "Publish": true });
    let code = json!({ "CodeSha256": "sha256 of code 2" });
    let version = configuration(Doing::Pending, 1, numbered("1", code.clone()));
    assert_eq!(tape.play(|aws| aws.put(CODE, &update)), (200, version));
    let settled = configuration(Doing::Settled, 1, numbered("1", code.clone()));
    assert_eq!(tape.play(|aws| aws.get(&format!("{FUNCTION}?Qualifier=1"))), (200, function(settled)));
    let latest = configuration(Doing::Settled, 2, numbered("$LATEST", code));
    assert_eq!(tape.play(|aws| aws.get(&format!("{FUNCTION}?Qualifier=$LATEST"))), (200, function(latest)));
}

/// A function with version 1, and version 2 with another variable.
fn two_versions() -> Tape {
    let mut tape = Tape::new();
    let environment = |value: &str| json!({ "Environment": { "Variables": { "testenv": value } } });
    tape.account.create_with("f", environment("staging"));
    for value in ["staging", "prod"] {
        tape.account.put(CONFIGURATION, &environment(value));
        assert_eq!(tape.account.post(VERSIONS, &json!({})).status, 201);
    }
    tape
}

fn alias(name: &str, version: &str, description: &str, revision: u32) -> Value {
    json!({
        "AliasArn": format!("{ARN}:{name}"),
        "Description": description,
        "FunctionVersion": version,
        "Name": name,
        "RevisionId": revision,
    })
}

fn routed(mut alias: Value, version: &str, weight: f64) -> Value {
    alias["RoutingConfig"] = json!({ "AdditionalVersionWeights": { version: weight } });
    alias
}

#[test]
fn aliases_from_create_to_delete() {
    let mut tape = two_versions();
    let given = |name: &str, version: &str| json!({ "Name": name, "FunctionVersion": version });
    let with = |mut body: Value, member: &str, value: Value| {
        body[member] = value;
        body
    };
    let weights = json!({ "AdditionalVersionWeights": { "2": 0.2 } });
    let described = |name: &str, version: &str| with(given(name, version), "Description", "custom-alias".into());
    let a = routed(alias("a", "1", "custom-alias", 1), "2", 0.2);
    let (b, c, d) = (alias("b", "1", "custom-alias", 2), alias("c", "1", "", 3), alias("d", "2", "custom-alias", 4));
    for (request, answer) in [
        (with(described("a", "1"), "RoutingConfig", weights), &a),
        (described("b", "1"), &b),
        (given("c", "1"), &c),
        (described("d", "2"), &d),
    ] {
        assert_eq!(tape.play(|aws| aws.post(ALIASES, &request)), (201, answer.clone()));
        let target = format!("{ALIASES}/{}", answer["Name"].as_str().unwrap());
        assert_eq!(tape.play(|aws| aws.get(&target)), (200, answer.clone()));
    }
    let variables = json!({ "Environment": { "Variables": { "testenv": "staging" } } });
    let mut run = configuration(Doing::Settled, 5, numbered("1", variables));
    run["FunctionArn"] = format!("{ARN}:a").into();
    let arn = format!("{ARN}:a").replace(':', "%3A");
    for target in [format!("{FUNCTION}?Qualifier=a"), format!("/2015-03-31/functions/{arn}")] {
        assert_eq!(tape.play(|aws| aws.get(&target)), (200, function(run.clone())));
    }
    for target in [format!("{FUNCTION}?Qualifier=x"), "/2015-03-31/functions/f%3Ax".to_owned()] {
        assert_eq!(tape.play(|aws| aws.get(&target)), missing(&format!("Function not found: {ARN}:x")));
    }
    let list = |aliases: &[&Value]| (200, json!({ "Aliases": aliases }));
    assert_eq!(tape.play(|aws| aws.get(ALIASES)), list(&[&a, &b, &c, &d]));
    let unrouted = json!({ "RoutingConfig": { "AdditionalVersionWeights": {} } });
    let a = alias("a", "1", "custom-alias", 6);
    assert_eq!(tape.play(|aws| aws.put(&format!("{ALIASES}/a"), &unrouted)), (200, a.clone()));
    assert_eq!(tape.play(|aws| aws.get(&format!("{ALIASES}/a"))), (200, a.clone()));
    let b = alias("b", "1", "custom-alias", 7);
    assert_eq!(tape.play(|aws| aws.put(&format!("{ALIASES}/b"), &json!({}))), (200, b.clone()), "a new revision");
    assert_eq!(tape.play(|aws| aws.get(ALIASES)), list(&[&a, &b, &c, &d]));
    assert_eq!(tape.play(|aws| aws.get(&format!("{ALIASES}?FunctionVersion=1"))), list(&[&a, &b, &c]));
    assert_eq!(tape.play(|aws| aws.delete(&format!("{ALIASES}/a"))), (204, Value::Null));
    assert_eq!(tape.play(|aws| aws.get(ALIASES)), list(&[&b, &c, &d]));
}

#[test]
fn wrong_weights() {
    let mut tape = two_versions();
    let request = |version: &str, weights: Value| {
        json!({
            "Name": "custom", "FunctionVersion": version, "RoutingConfig": { "AdditionalVersionWeights": weights },
        })
    };
    let at = "at 'routingConfig.additionalVersionWeights' failed to satisfy constraint:";
    let range = "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]";
    let keys = "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]";
    let wrong =
        |value: &str, rule: &str| violated(&format!("1 validation error detected: Value '{value}' {at} {rule}"));
    let untyped = json!({
        "Error": "InvalidParameterValueException",
        "message": "$LATEST is not supported for an alias pointing to more than 1 version",
    });
    for (version, weights, refusal) in [
        (
            "1",
            json!({ "1": 0.8, "2": 0.2 }),
            invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"),
        ),
        ("1", json!({ "2": 2 }), wrong("{2=2.0}", range)),
        ("1", json!({ "2": -1 }), wrong("{2=-1.0}", range)),
        (
            "1",
            json!({ "1": 0.5 }),
            invalid("Invalid function version 1. Function version 1 is already included in routing configuration."),
        ),
        ("10", json!({ "2": 0.5 }), missing(&format!("Function not found: {ARN}:10"))),
        ("1", json!({ "10": 0.5 }), missing(&format!("Function not found: {ARN}:10"))),
        ("$LATEST", json!({ "1": 0.5 }), (400, untyped)),
        ("1", json!({ "$LATEST": 0.5 }), wrong("{$LATEST=0.5}", keys)),
    ] {
        assert_eq!(tape.play(|aws| aws.post(ALIASES, &request(version, weights.clone()))), refusal, "{weights}");
    }
    let unknown = "/2015-03-31/functions/f-unknown/aliases";
    assert_eq!(
        tape.play(|aws| aws.post(unknown, &request("1", json!({ "2": 0.5 })))),
        missing(&format!("Function not found: {ARN}-unknown:1"))
    );
    let latest = json!({ "Name": "custom-latest", "FunctionVersion": "$LATEST" });
    assert_eq!(tape.play(|aws| aws.post(ALIASES, &latest)), (201, alias("custom-latest", "$LATEST", "", 1)));
    let mut empty = request("1", json!({}));
    empty["Name"] = "custom-empty".into();
    assert_eq!(tape.play(|aws| aws.post(ALIASES, &empty)), (201, alias("custom-empty", "1", "", 2)));
    let custom = request("1", json!({ "2": 0.5 }));
    let answer = routed(alias("custom", "1", "", 3), "2", 0.5);
    assert_eq!(tape.play(|aws| aws.post(ALIASES, &custom)), (201, answer));
    assert_eq!(
        tape.play(|aws| aws.post(ALIASES, &custom)),
        (409, refused("ResourceConflictException", &format!("Alias already exists: {ARN}:custom")))
    );
    assert_eq!(
        tape.play(|aws| aws.get(&format!("{ALIASES}/non-existent"))),
        missing(&format!("Cannot find alias arn: {ARN}:non-existent"))
    );
}

#[test]
fn names_and_revisions_of_aliases() {
    let mut tape = two_versions();
    let request = |name: &str| json!({ "Name": name, "FunctionVersion": "1" });
    let date = alias("2024-01-02", "1", "", 1);
    assert_eq!(tape.play(|aws| aws.post(ALIASES, &request("2024-01-02"))), (201, date.clone()));
    assert_eq!(tape.play(|aws| aws.get(&format!("{ALIASES}/2024-01-02"))), (200, date));
    let number = "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)";
    assert_eq!(tape.play(|aws| aws.post(ALIASES, &request("2024"))), violated(number));
    let before = tape.account.read(CONFIGURATION)["RevisionId"].clone();
    let made = tape.account.post(ALIASES, &request("a")).body["RevisionId"].clone();
    assert_eq!(tape.account.read(CONFIGURATION)["RevisionId"], before, "an alias changes no version");
    let target = format!("{ALIASES}/a");
    assert_eq!(tape.play(|aws| aws.put(&target, &json!({ "RevisionId": "wrong" }))), stale());
    let change = json!({ "Description": "something changed", "RevisionId": made });
    let (status, changed) = tape.play(|aws| aws.put(&target, &change));
    assert_eq!((status, &changed), (200, &alias("a", "1", "something changed", 2)));
}
