//! CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration, GetFunction, ListFunctions and DeleteFunction as AWS
//! recorded them.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::tape::{Doing, Tape, configuration, function, invalid, missing, refused, stale, violated};

const FUNCTION: &str = "/2015-03-31/functions/f";
const CODE: &str = "/2015-03-31/functions/f/code";
const CONFIGURATION: &str = "/2015-03-31/functions/f/configuration";
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function";

fn zip(text: &str) -> Value {
    json!({ "ZipFile": STANDARD.encode(text) })
}

#[test]
fn a_life_from_create_to_delete() {
    let mut tape = Tape::new();
    let given = json!({ "MemorySize": 256, "Timeout": 5, "Environment": { "Variables": {} } });
    assert_eq!(
        tape.play(|aws| aws.create_with("f", given.clone())),
        (201, configuration(Doing::Pending, 1, given.clone()))
    );
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, function(configuration(Doing::Settled, 2, given))));
    let update = json!({
        "Runtime": "python3.11",
        "Description": "Changed-Description",
        "MemorySize": 512,
        "Timeout": 10,
        "Environment": { "Variables": { "ENV_A": "a" } },
    });
    assert_eq!(
        tape.play(|aws| aws.put(CONFIGURATION, &update)),
        (200, configuration(Doing::Updating, 3, update.clone()))
    );
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, function(configuration(Doing::Settled, 4, update.clone()))));
    let mut recoded = update;
    recoded["CodeSha256"] = "sha256 of code 22".into();
    recoded["CodeSize"] = 7.into();
    assert_eq!(
        tape.play(|aws| aws.put(CODE, &zip("code 22"))),
        (200, configuration(Doing::Updating, 5, recoded.clone()))
    );
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, function(configuration(Doing::Settled, 6, recoded))));
    assert_eq!(tape.play(|aws| aws.delete(FUNCTION)), (204, Value::Null));
    assert_eq!(tape.play(|aws| aws.delete(FUNCTION)), missing(&format!("Function not found: {ARN}:f")));
}

#[test]
fn an_update_that_changes_nothing_is_an_update() {
    let mut tape = Tape::new();
    tape.play(|aws| aws.create("f"));
    let update = json!({ "Description": "1st update description" });
    for revision in [2, 4] {
        assert_eq!(
            tape.play(|aws| aws.put(CONFIGURATION, &update)),
            (200, configuration(Doing::Updating, revision, update.clone()))
        );
        let settled = configuration(Doing::Settled, revision + 1, update.clone());
        assert_eq!(tape.play(|aws| aws.get(CONFIGURATION)), (200, settled.clone()));
        assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, function(settled)));
    }
}

#[test]
fn updates_may_name_the_revision_that_they_change() {
    let mut tape = Tape::new();
    let created = tape.account.create("f").body["RevisionId"].clone();
    let active = tape.account.read(CONFIGURATION)["RevisionId"].clone();
    assert_ne!(created, active, "a function that becomes active is of another revision");
    let code = |revision: &Value| json!({ "ZipFile": STANDARD.encode("code 1"), "RevisionId": revision });
    assert_eq!(tape.play(|aws| aws.put(CODE, &code(&json!("wrong")))), stale());
    assert_eq!(tape.play(|aws| aws.put(CODE, &code(&created))), stale());
    assert_eq!(tape.play(|aws| aws.put(CODE, &code(&active))), (200, configuration(Doing::Updating, 1, json!({}))));
    let runtime = |revision: &Value| json!({ "Runtime": "python3.9", "RevisionId": revision });
    assert_eq!(tape.play(|aws| aws.put(CONFIGURATION, &runtime(&active))), stale());
    let updated = tape.account.read(CONFIGURATION)["RevisionId"].clone();
    assert_eq!(
        tape.play(|aws| aws.put(CONFIGURATION, &runtime(&updated))),
        (200, configuration(Doing::Updating, 2, json!({ "Runtime": "python3.9" })))
    );
}

#[test]
fn what_is_not_there() {
    let mut tape = Tape::new();
    tape.account.create("f");
    for (target, arn) in [
        (format!("{FUNCTION}?Qualifier=1221"), format!("{ARN}:f:1221")),
        (format!("{CONFIGURATION}?Qualifier=1221"), format!("{ARN}:f:1221")),
        ("/2015-03-31/functions/g".to_owned(), format!("{ARN}:g")),
        ("/2015-03-31/functions/g/configuration".to_owned(), format!("{ARN}:g")),
    ] {
        assert_eq!(tape.play(|aws| aws.get(&target)), missing(&format!("Function not found: {arn}")), "{target}");
    }
    for _ in 0..2 {
        assert_eq!(tape.play(|aws| aws.delete(&format!("{FUNCTION}?Qualifier=1233"))), (204, Value::Null));
    }
    tape.account.delete(FUNCTION);
    let gone = missing(&format!("Function not found: {ARN}:f"));
    assert_eq!(tape.play(|aws| aws.delete(FUNCTION)), gone);
    assert_eq!(tape.play(|aws| aws.delete(&format!("{FUNCTION}?Qualifier=1"))), gone);
    assert_eq!(tape.play(|aws| aws.delete(&format!("{FUNCTION}:1"))), gone);
}

#[test]
fn wrong_members_of_creates_and_updates() {
    let mut tape = Tape::new();
    tape.account.create("f");
    let role = "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
    for members in [json!({ "Role": "r1" }), json!({ "Runtime": "PYTHON3.9" })] {
        for answer in
            [tape.play(|aws| aws.create_with("g", members.clone())), tape.play(|aws| aws.put(CONFIGURATION, &members))]
        {
            let Some(runtime) = members.get("Runtime").and_then(Value::as_str) else {
                assert_eq!(answer, violated(role));
                continue;
            };
            let message = answer.1["message"].as_str().unwrap();
            let start = format!(
                "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["
            );
            assert!(message.starts_with(&start) && message.ends_with("] or be a valid ARN"), "{message}");
            assert_eq!(answer, invalid(message));
        }
    }
    let networks = [
        ("SubnetIds", "vpcConfig.subnetIds", "^subnet-[0-9a-z]*$"),
        ("SecurityGroupIds", "vpcConfig.securityGroupIds", "^sg-[0-9a-zA-Z]*$"),
    ];
    for (member, path, pattern) in networks {
        assert_eq!(
            tape.play(|aws| aws.create_with("g", json!({ "VpcConfig": { member: ["bad-format"] } }))),
            violated(&format!(
                "1 validation error detected: Value '[bad-format]' at '{path}' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: {pattern}]"
            ))
        );
    }
    let architectures = [
        (
            json!(["x86_64", "arm64"]),
            "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1",
        ),
        (
            json!(["X86_64"]),
            "Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
        ),
    ];
    for (given, violation) in architectures {
        assert_eq!(
            tape.play(|aws| aws.create_with("g", json!({ "Architectures": given }))),
            violated(&format!("1 validation error detected: {violation}"))
        );
    }
}

#[test]
fn lists_show_no_state() {
    let mut tape = Tape::new();
    let name = |name: &str| {
        json!({
            "FunctionArn": format!("{ARN}:{name}"),
            "FunctionName": name,
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}") },
        })
    };
    let with = |mut members: Value, key: &str, value: &str| {
        members[key] = value.into();
        members
    };
    assert_eq!(
        tape.play(|aws| aws.create_with("f", json!({ "Publish": true }))),
        (201, configuration(Doing::Pending, 1, json!({ "Version": "1" }))),
        "the ARN is the function's"
    );
    assert_eq!(tape.play(|aws| aws.create("g")), (201, configuration(Doing::Pending, 2, name("g"))));
    assert_eq!(
        tape.play(|aws| aws.get("/2015-03-31/functions?FunctionVersion=invalid")),
        violated(
            "1 validation error detected: Value 'invalid' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"
        )
    );
    let version = with(with(name("f"), "FunctionArn", &format!("{ARN}:f:1")), "Version", "1");
    let all = [
        configuration(Doing::Unsaid, 3, with(name("f"), "FunctionArn", &format!("{ARN}:f:$LATEST"))),
        configuration(Doing::Unsaid, 4, version),
        configuration(Doing::Unsaid, 5, with(name("g"), "FunctionArn", &format!("{ARN}:g:$LATEST"))),
    ];
    assert_eq!(
        tape.play(|aws| aws.get("/2015-03-31/functions?FunctionVersion=ALL")),
        (200, json!({ "Functions": all }))
    );
    let latest = [configuration(Doing::Unsaid, 3, name("f")), configuration(Doing::Unsaid, 5, name("g"))];
    assert_eq!(tape.play(|aws| aws.get("/2015-03-31/functions")), (200, json!({ "Functions": latest })));
}

#[test]
fn variables_are_measured_as_they_are_printed() {
    let mut tape = Tape::new();
    let value = "x".repeat(4064);
    let environment = json!({ "Variables": { "SMALL_VAR": "ok", "LARGE_VAR": value } });
    let start = "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ";
    assert_eq!(
        tape.play(|aws| aws.create_with("f", json!({ "Environment": environment }))),
        invalid(&format!(r#"{start}{{"SMALL_VAR":"ok","LARGE_VAR":"{value}"}}"#))
    );
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)).0, 404);
}

#[test]
fn a_network_is_left_again() {
    let mut tape = Tape::new();
    tape.account.create_with("f", json!({ "VpcConfig": { "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"] } }));
    let none = json!({ "SubnetIds": [], "SecurityGroupIds": [] });
    let left = json!({
        "VpcConfig": { "Ipv6AllowedForDualStack": false, "SecurityGroupIds": [], "SubnetIds": [], "VpcId": "" },
    });
    assert_eq!(
        tape.play(|aws| aws.put(CONFIGURATION, &json!({ "VpcConfig": none }))),
        (200, configuration(Doing::Updating, 1, left.clone()))
    );
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, function(configuration(Doing::Settled, 2, left))));
}

#[test]
fn tags_are_shown_with_the_function() {
    let mut tape = Tape::new();
    tape.account.create_with("f", json!({ "Tags": { "testtag": "value" } }));
    let mut tagged = function(configuration(Doing::Settled, 1, json!({})));
    tagged["Tags"] = json!({ "testtag": "value" });
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, tagged));
}

#[test]
fn a_name_that_is_taken() {
    let mut tape = Tape::new();
    tape.account.create("f");
    assert_eq!(
        tape.play(|aws| aws.create("f")),
        (409, refused("ResourceConflictException", "Function already exist: f"))
    );
}
