//! What the service model forbids, in AWS's words.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Account, error, invalid, python, request, violated};

fn create(members: Value) -> crate::harness::Answer {
    Account::new().create_with("f", members)
}

#[test]
fn each_kind_of_constraint_has_its_text() {
    let not_null = "Member must not be null";
    let cases = [
        (json!({ "Role": null }), "Value null at 'role' failed to satisfy constraint: Member must not be null".to_owned()),
        (json!({ "Timeout": 0 }), "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1".to_owned()),
        (json!({ "Description": "x".repeat(257) }), format!("Value '{}' at 'description' failed to satisfy constraint: Member must have length less than or equal to 256", "x".repeat(257))),
        (json!({ "Handler": "a b" }), "Value 'a b' at 'handler' failed to satisfy constraint: Member must satisfy regular expression pattern: [^\\s]+".to_owned()),
        (json!({ "PackageType": "Tar" }), "Value 'Tar' at 'packageType' failed to satisfy constraint: Member must satisfy enum value set: [Zip, Image]".to_owned()),
        (json!({ "Architectures": ["mips"] }), format!("Value '[mips]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], {not_null}]")),
        (json!({ "Architectures": ["arm64", "x86_64"] }), "Value '[arm64, x86_64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1".to_owned()),
        (json!({ "Environment": { "Variables": { "1A": "secret" } } }), format!("Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, {not_null}]")),
        (json!({ "VpcConfig": { "SubnetIds": ["net"] } }), "Value '[net]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: ^subnet-[0-9a-z]*$]".to_owned()),
        (json!({ "FileSystemConfigs": [{ "LocalMountPath": "/mnt/a" }] }), "Value null at 'fileSystemConfigs.1.member.arn' failed to satisfy constraint: Member must not be null".to_owned()),
        (json!({ "EphemeralStorage": {} }), "Value null at 'ephemeralStorage.size' failed to satisfy constraint: Member must not be null".to_owned()),
        (json!({ "Code": { "S3Bucket": "ends.with.dot." } }), "Value 'ends.with.dot.' at 'code.s3Bucket' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9A-Za-z\\.\\-_]*(?<!\\.)".to_owned()),
    ];
    for (members, violation) in cases {
        let message = format!("1 validation error detected: {violation}");
        assert_eq!(create(members.clone()), violated(&message), "{members}");
    }
}

#[test]
fn all_violations_are_counted_and_joined() {
    let body = json!({ "Timeout": 0, "FunctionName": "f" });
    let message = "3 validation errors detected: \
        Value null at 'code' failed to satisfy constraint: Member must not be null; \
        Value null at 'role' failed to satisfy constraint: Member must not be null; \
        Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1";
    assert_eq!(Account::new().post("/2015-03-31/functions", &body), violated(message));
}

#[test]
fn names_are_bounded_by_name_and_by_arn() {
    let name = |len: usize| "f".repeat(len);
    let (long, longer) = (name(65), name(141));
    let at = |value: &str, limit: u32| {
        format!(
            "1 validation error detected: Value '{value}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to {limit}"
        )
    };
    let mut account = Account::new();
    assert_eq!(account.create(&name(64)).status, 201);
    assert_eq!(account.create(&long), invalid(&at(&long, 64)));
    assert_eq!(account.create(&longer), violated(&at(&longer, 140)));
}

#[test]
fn members_outside_the_body_are_checked_as_well() {
    let mut account = Account::new();
    let cases = [
        (
            "/2015-03-31/functions?MaxItems=0",
            "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            "/2015-03-31/functions?FunctionVersion=SOME",
            "Value 'SOME' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]",
        ),
        (
            "/2018-10-31/layers/a%20b/versions",
            "Value 'a b' at 'layerName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:[a-zA-Z0-9-_]{1,140}|[a-zA-Z0-9-_]{1,140})",
        ),
    ];
    for (target, violation) in cases {
        assert_eq!(account.get(target), violated(&format!("1 validation error detected: {violation}")), "{target}");
    }
}

#[test]
fn other_types_than_the_models_are_not_converted() {
    let cases = [
        (json!({ "Description": 1 }), "NUMBER_VALUE can not be converted to a String"),
        (json!({ "Timeout": "3" }), "STRING_VALUE can not be converted to an Integer"),
        (json!({ "Timeout": 1.5 }), "NUMBER_VALUE can not be converted to an Integer"),
        (json!({ "Publish": "yes" }), "STRING_VALUE can not be converted to a Boolean"),
        (json!({ "Layers": {} }), "START_OBJECT can not be converted to an Array"),
        (json!({ "Layers": { "a": 1 } }), "START_OBJECT can not be converted to an Array"),
        (json!({ "Code": [] }), "START_ARRAY can not be converted to an Object"),
        (
            json!({ "Code": { "ZipFile": "*" } }),
            "STRING_VALUE can not be converted to a Blob: invalid base64, Invalid symbol 42, offset 0.",
        ),
    ];
    for (members, message) in cases {
        let body = json!({ "Type": "User", "message": message });
        assert_eq!(create(members.clone()), error(400, "SerializationException", body), "{members}");
    }
    let body =
        json!({ "Type": "User", "message": "STRING_VALUE 'many' of 'MaxItems' can not be converted to an Integer" });
    assert_eq!(Account::new().get("/2015-03-31/functions?MaxItems=many"), error(400, "SerializationException", body));
}

#[test]
fn bodies_that_are_no_json_say_where() {
    let broken = Account::new().send(request(Method::POST, "/2015-03-31/functions", r#"{"FunctionName": "f","#));
    let message = "Could not parse request body into json: EOF while parsing a value at line 1 column 21";
    assert_eq!(broken, error(400, "InvalidRequestContentException", json!({ "Type": "User", "message": message })));
    let trailing = Account::new().send(request(Method::POST, "/2015-03-31/functions", "{} {}"));
    assert_eq!(trailing.error.as_deref(), Some("InvalidRequestContentException"));
}

#[test]
fn unknown_and_null_members_are_ignored() {
    let mut account = Account::new();
    let body = python("f", json!({ "Future": { "a": [1] }, "Timeout": null, "Environment": null }));
    assert_eq!(account.post("/2015-03-31/functions", &body).status, 201);
    assert_eq!(account.read("/2015-03-31/functions/f")["Configuration"]["Timeout"], 3);
}

#[test]
fn requests_are_bounded() {
    let body = vec![b' '; 70_167_212];
    let message = "Request must be smaller than 70167211 bytes for the CreateFunction operation";
    let refused = Account::new().send(request(Method::POST, "/2015-03-31/functions", body));
    let body = json!({ "Type": "User", "message": message });
    assert_eq!(refused, error(413, "RequestEntityTooLargeException", body));
}
