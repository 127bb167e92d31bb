//! Layers as AWS recorded them.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::tape::{Doing, Tape, configuration, function, invalid, missing, violated};

const CONFIGURATION: &str = "/2015-03-31/functions/f/configuration";
const VERSIONS: &str = "/2018-10-31/layers/l/versions";
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:layer";

fn content(members: Value) -> Value {
    let mut body = members;
    body["Content"] = json!({ "ZipFile": STANDARD.encode("layer") });
    body
}

/// The complete answer for a version of the layer `l` with these members.
fn version(number: u32, members: &Value) -> Value {
    let mut answer = item(number, members);
    answer["Content"] = json!({ "CodeSha256": "sha256 of layer", "CodeSize": 5, "Location": "location" });
    answer["LayerArn"] = format!("{ARN}:l").into();
    answer
}

/// The same in lists.
fn item(number: u32, members: &Value) -> Value {
    let mut item = members.clone();
    item["CreatedDate"] = "date".into();
    item["LayerVersionArn"] = format!("{ARN}:l:{number}").into();
    item["Version"] = number.into();
    item
}

#[test]
fn a_life_from_publishing_to_deleting() {
    let mut tape = Tape::new();
    let members = json!({
        "CompatibleArchitectures": ["x86_64"],
        "CompatibleRuntimes": ["python3.12"],
        "Description": "what it brings",
        "LicenseInfo": "MIT",
    });
    let publish = content(members.clone());
    assert_eq!(tape.play(|aws| aws.post(VERSIONS, &publish)), (201, version(1, &members)));
    assert_eq!(tape.play(|aws| aws.post(VERSIONS, &publish)), (201, version(2, &members)));
    tape.account.create("f");
    let used = json!({ "Layers": [{ "Arn": format!("{ARN}:l:1"), "CodeSize": 5 }] });
    let use_it = json!({ "Layers": [format!("{ARN}:l:1")] });
    assert_eq!(
        tape.play(|aws| aws.put(CONFIGURATION, &use_it)),
        (200, configuration(Doing::Updating, 1, used.clone()))
    );
    let settled = (200, configuration(Doing::Settled, 2, used));
    assert_eq!(tape.play(|aws| aws.get(CONFIGURATION)), settled);
    assert_eq!(tape.play(|aws| aws.get(&format!("{VERSIONS}/1"))), (200, version(1, &members)));
    let by_arn = format!("/2018-10-31/layers?find=LayerVersion&Arn={ARN}:l:1");
    assert_eq!(tape.play(|aws| aws.get(&by_arn)), (200, version(1, &members)));
    let list = |items: &[Value]| (200, json!({ "LayerVersions": items }));
    assert_eq!(tape.play(|aws| aws.get(VERSIONS)), list(&[item(2, &members), item(1, &members)]));
    assert_eq!(tape.play(|aws| aws.delete(&format!("{VERSIONS}/1"))), (204, Value::Null));
    assert_eq!(tape.play(|aws| aws.get(CONFIGURATION)), settled, "the function keeps what it uses");
    assert_eq!(tape.play(|aws| aws.delete(&format!("{VERSIONS}/2"))), (204, Value::Null));
    assert_eq!(tape.play(|aws| aws.get(VERSIONS)), list(&[]));
    assert_eq!(tape.play(|aws| aws.post(VERSIONS, &publish)), (201, version(3, &members)));
}

#[test]
fn what_is_given_is_shown_and_nothing_else() {
    let mut tape = Tape::new();
    let described = |members: Value| {
        let mut members = members;
        members["Description"] = "".into();
        members
    };
    let old = json!(["java8", "dotnetcore3.1", "go1.x", "ruby2.7", "provided", "nodejs12.x", "python3.7"]);
    for (number, members) in (1..).zip([
        json!({}),
        json!({ "CompatibleArchitectures": [], "CompatibleRuntimes": [] }),
        json!({ "CompatibleArchitectures": ["x86_64"], "CompatibleRuntimes": [] }),
        json!({ "CompatibleArchitectures": ["arm64", "x86_64"], "CompatibleRuntimes": old }),
    ]) {
        let answer = version(number, &described(members.clone()));
        assert_eq!(tape.play(|aws| aws.post(VERSIONS, &content(members))), (201, answer));
    }
}

#[test]
fn what_is_not_there() {
    let mut tape = Tape::new();
    tape.account.publish_layer("l", "layer");
    let nothing = missing("The resource you requested does not exist.");
    let absent = "/2018-10-31/layers/doesnotexist/versions";
    assert_eq!(tape.play(|aws| aws.get(absent)), (200, json!({ "LayerVersions": [] })));
    let by_arn = format!("/2018-10-31/layers?find=LayerVersion&Arn={ARN}:l:2");
    for target in [format!("{absent}/1"), format!("{VERSIONS}/2"), by_arn] {
        assert_eq!(tape.play(|aws| aws.get(&target)), nothing, "{target}");
    }
    let too_small = invalid("Layer Version Cannot be less than 1");
    for number in ["-1", "0"] {
        assert_eq!(tape.play(|aws| aws.get(&format!("{VERSIONS}/{number}"))), too_small);
    }
    assert_eq!(tape.play(|aws| aws.delete(&format!("{VERSIONS}/-1"))), too_small);
    for target in [format!("{absent}/1"), format!("{VERSIONS}/2"), format!("{VERSIONS}/1"), format!("{VERSIONS}/1")] {
        assert_eq!(tape.play(|aws| aws.delete(&target)), (204, Value::Null), "{target}");
    }
    let (status, body) = tape.play(|aws| aws.get(&format!("/2018-10-31/layers?find=LayerVersion&Arn={ARN}:l")));
    let message = body["message"].as_str().unwrap();
    let start = format!(
        "1 validation error detected: Value '{ARN}:l' at 'arn' failed to satisfy constraint: Member must satisfy regular expression pattern: ((arn:(aws[a-zA-Z-]*)?:lambda:"
    );
    assert!(status == 400 && message.starts_with(&start), "{message}");
}

#[test]
fn wrong_runtimes_and_architectures() {
    let mut tape = Tape::new();
    let listed = "[ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, dotnetcore2.0, python3.8, java21, dotnet6, dotnetcore2.1, python3.9, java11, nodejs6.10, provided, dotnetcore3.1, dotnet8, java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, dotnet10, nodejs20.x, go1.9, byol, nodejs10.x, provided.al2023, nodejs22.x, python3.10, java8, nodejs12.x, python3.11, nodejs24.x, nodejs8.x, python3.12, nodejs14.x, nodejs8.9, nodejs26.x, python3.13, python3.14, nodejs16.x, python3.15, provided.al2, nodejs4.3-edge, nodejs18.x, ruby3.2, python3.4, ruby3.3, ruby3.4, ruby2.5, python3.6, python2.7]";
    assert_eq!(
        tape.play(|aws| aws.get("/2018-10-31/layers?CompatibleRuntime=runtimedoesnotexist")),
        violated(&format!(
            "1 validation error detected: Value 'runtimedoesnotexist' at 'compatibleRuntime' failed to satisfy constraint: Member must satisfy enum value set: {listed}"
        ))
    );
    assert_eq!(
        tape.play(|aws| aws.get("/2018-10-31/layers?CompatibleArchitecture=archdoesnotexist")),
        violated(
            "1 validation error detected: Value 'archdoesnotexist' at 'compatibleArchitecture' failed to satisfy constraint: Member must satisfy enum value set: [x86_64, arm64]"
        )
    );
    for (runtimes, architectures) in [
        ("[invalidruntime]", "[invalidarch]"),
        ("[invalidruntime, invalidruntime2, nodejs20.x]", "[invalidarch, x86_64]"),
    ] {
        let list = |text: &str| -> Value { text.trim_matches(['[', ']']).split(", ").collect() };
        let body = content(json!({
            "CompatibleRuntimes": list(runtimes), "CompatibleArchitectures": list(architectures),
        }));
        let (status, refusal) = tape.play(|aws| aws.post(VERSIONS, &body));
        let message = refusal["message"].as_str().unwrap();
        let start = format!(
            "2 validation errors detected: Value '{runtimes}' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy enum value set: [nodejs20.x, "
        );
        let end = format!(
            "]; Value '{architectures}' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]"
        );
        assert!(status == 400 && message.starts_with(&start) && message.ends_with(&end), "{message}");
        assert_eq!(refusal["Error"], "ValidationException");
    }
}

#[test]
fn functions_refuse_layers() {
    let mut tape = Tape::new();
    for _ in 0..3 {
        tape.account.publish_layer("l", "layer");
    }
    tape.account.create("f");
    let used = |versions: &[&str]| json!({ "Layers": versions.iter().map(|version| format!("{ARN}:{version}")).collect::<Vec<_>>() });
    let twice = |first: u32, second: u32| {
        format!(
            "Two different versions of the same layer are not allowed to be referenced in the same function. {ARN}:l:{first} and {ARN}:l:{second} are versions of the same layer."
        )
    };
    let cases = [
        (used(&["l:1", "l:2"]), twice(1, 2)),
        (used(&["l:1", "l:2", "l:3"]), twice(1, 2)),
        (used(&["l:1", "l:1"]), twice(1, 1)),
        (used(&["doesnotexist:1"]), format!("Layer version {ARN}:doesnotexist:1 does not exist.")),
        (used(&["l:9"]), format!("Layer version {ARN}:l:9 does not exist.")),
        (
            json!({ "Layers": ["arn:aws:lambda:us-east-1:111122223333:layer:l:1"] }),
            "Layers are not in the same region as the function. Layers are expected to be in region eu-west-1."
                .to_owned(),
        ),
    ];
    for (members, message) in cases {
        assert_eq!(tape.play(|aws| aws.put(CONFIGURATION, &members)), invalid(&message));
        assert_eq!(tape.play(|aws| aws.create_with("g", members)), invalid(&message));
    }
    let elsewhere = json!({ "Layers": ["arn:aws:lambda:us-east-1:111122223333:layer:l:1"] });
    let region = "Layers are not in the same region as the function. Layers are expected to be in region eu-west-1.";
    assert_eq!(tape.play(|aws| aws.create_with("f", elsewhere)), invalid(region), "before the name is looked up");
    let (status, body) = tape.play(|aws| aws.put(CONFIGURATION, &used(&["l"])));
    let message = body["message"].as_str().unwrap();
    let start = format!(
        "1 validation error detected: Value '[{ARN}:l]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: "
    );
    assert!(
        status == 400 && message.starts_with(&start) && message.ends_with(", Member must not be null]"),
        "{message}"
    );
    let six: Vec<String> = (0..6).map(|number| format!("many{number}")).collect();
    for name in &six {
        tape.account.publish_layer(name, "layer");
    }
    let arns: Vec<String> = six.iter().map(|name| format!("{ARN}:{name}:1")).collect();
    assert_eq!(
        tape.play(|aws| aws.put(CONFIGURATION, &json!({ "Layers": arns }))),
        invalid("Cannot reference more than 5 layers.")
    );
    assert_eq!(
        tape.play(|aws| aws.get("/2015-03-31/functions/f")),
        (200, function(configuration(Doing::Settled, 1, json!({}))))
    );
}
