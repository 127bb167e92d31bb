//! Values that the service model forbids, refused in AWS's words.

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
fn many_violations_are_counted_and_a_few_of_them_told() {
    let body = json!({ "FunctionName": "f", "Role": null, "FileSystemConfigs": vec![json!({}); 500] });
    let refused = Account::new().post("/2015-03-31/functions", &body);
    let message = refused.body["message"].as_str().unwrap();
    assert!(message.starts_with("1003 validation errors detected: Value null at 'code' failed"), "{message}");
    assert_eq!(message.split("; ").count(), 20, "{message}");
}

#[test]
fn long_values_are_shown_in_part() {
    let shown = format!("Value '{}…' at 'description'", "x".repeat(2048));
    let refused = create(json!({ "Description": "x".repeat(100_000) }));
    let message = refused.body["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("1 validation error detected: {shown}")), "{message}");
    let environment = json!({ "Environment": { "Variables": { "KEY": "x".repeat(100_000) } } });
    assert_eq!(create(environment).body["message"].as_str().unwrap().len(), (64 << 10) + "…".len());
}

#[test]
fn collections_are_bounded_where_the_model_bounds_none() {
    let at = |path: &str, max: usize| {
        let rule = format!("failed to satisfy constraint: Member must have length less than or equal to {max}");
        violated(&format!("1 validation error detected: Value at '{path}' {rule}"))
    };
    let layers = |count: usize| create(json!({ "Layers": vec!["x"; count] }));
    let many: serde_json::Map<String, Value> = (0..1001).map(|key| (format!("k{key}"), json!("v"))).collect();
    assert_ne!(layers(1000), at("layers", 1000), "their names are wrong");
    assert_eq!(layers(1001), at("layers", 1000));
    assert_eq!(create(json!({ "Tags": many })), at("tags", 1000));
    assert_eq!(create(json!({ "FileSystemConfigs": vec![json!({}); 1001] })), at("fileSystemConfigs", 1));
    let subnets = json!({ "VpcConfig": { "SubnetIds": vec!["subnet-1"; 1001] } });
    assert_eq!(create(subnets), at("vpcConfig.subnetIds", 16));
}

#[test]
fn body_has_a_bounded_number_of_values() {
    let update = json!({ "Id": "1", "Type": "STEP", "Action": "START", "Name": "n", "Payload": "p", "Error": {}, "StepOptions": {}, "WaitOptions": {}, "CallbackOptions": {}, "ContextOptions": {} });
    let checkpoint = |updates: usize| {
        let body = json!({ "CheckpointToken": "t", "Updates": vec![&update; updates] });
        Account::new().post("/2025-12-01/durable-executions/a/checkpoint", &body)
    };
    let message = "Could not parse request body into json: it has more than 10000 values";
    let refused = error(400, "InvalidRequestContentException", json!({ "Type": "User", "message": message }));
    assert_eq!(checkpoint(950), refused);
    assert_ne!(checkpoint(900), refused);
}

#[test]
fn requests_are_bounded() {
    for (bytes, operation, target) in [
        (70_167_211, "CreateFunction", "/2015-03-31/functions"),
        (6_291_456, "CreateAlias", "/2015-03-31/functions/f/aliases"),
    ] {
        let message = format!("Request must be smaller than {bytes} bytes for the {operation} operation");
        let refused = Account::new().send(request(Method::POST, target, vec![b' '; bytes + 1]));
        let body = json!({ "Type": "User", "message": message });
        assert_eq!(refused, error(413, "RequestEntityTooLargeException", body));
    }
}
