//! Images, SnapStart, logging and runtimes of functions as AWS recorded them.

use serde_json::{Value, json};

use super::tape::{Doing, Tape, configuration, function, invalid, violated};
use crate::harness::python;

const FUNCTIONS: &str = "/2015-03-31/functions";
const FUNCTION: &str = "/2015-03-31/functions/f";
const CODE: &str = "/2015-03-31/functions/f/code";
const CONFIGURATION: &str = "/2015-03-31/functions/f/configuration";
const VERSIONS: &str = "/2015-03-31/functions/f/versions";
const REPOSITORY: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/repo";

/// The hexadecimal digits of an image's digest.
fn digest(digit: &str) -> String {
    digit.repeat(64)
}

fn image(digit: &str) -> String {
    format!("{REPOSITORY}@sha256:{}", digest(digit))
}

/// The members that an image function shows instead of those of a zip function.
fn imaged(digit: &str, members: Value) -> Value {
    let mut all = json!({
        "CodeSha256": digest(digit),
        "CodeSize": 0,
        "Environment": { "Variables": { "CUSTOM_ENV": "test" } },
        "Handler": null,
        "PackageType": "Image",
        "Runtime": null,
        "RuntimeVersionConfig": null,
    });
    for (key, value) in members.as_object().unwrap() {
        all[key] = value.clone();
    }
    all
}

fn image_function(digit: &str, configuration: Value) -> Value {
    let uri = image(digit);
    json!({
        "Code": { "ImageUri": uri, "RepositoryType": "ECR", "ResolvedImageUri": uri },
        "Configuration": configuration,
    })
}

fn create_image(members: Value) -> Value {
    let mut body = json!({
        "FunctionName": "f",
        "Role": "arn:aws:iam::111122223333:role/r",
        "Code": { "ImageUri": image("1") },
        "PackageType": "Image",
        "Environment": { "Variables": { "CUSTOM_ENV": "test" } },
    });
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

#[test]
fn images_are_exchanged_for_images_only() {
    let mut tape = Tape::new();
    assert_eq!(
        tape.play(|aws| aws.post(FUNCTIONS, &create_image(json!({})))),
        (201, configuration(Doing::Pending, 1, imaged("1", json!({}))))
    );
    let settled = configuration(Doing::Settled, 2, imaged("1", json!({})));
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, image_function("1", settled.clone())));
    assert_eq!(tape.play(|aws| aws.get(CONFIGURATION)), (200, settled));
    assert_eq!(
        tape.play(|aws| aws.put(CODE, &json!({ "ZipFile": "AA==" }))),
        invalid("Please provide ImageUri when updating a function with packageType Image.")
    );
    assert_eq!(
        tape.play(|aws| aws.put(CODE, &json!({ "ImageUri": image("2") }))),
        (200, configuration(Doing::Updating, 3, imaged("2", json!({}))))
    );
    let settled = configuration(Doing::Settled, 4, imaged("2", json!({})));
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, image_function("2", settled)));
    tape.account.delete(FUNCTION);
    tape.account.create("f");
    assert_eq!(
        tape.play(|aws| aws.put(CODE, &json!({ "ImageUri": image("2") }))),
        invalid("Please don't provide ImageUri when updating a function with packageType Zip.")
    );
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, function(configuration(Doing::Settled, 5, json!({})))));
}

#[test]
fn image_configurations_are_replaced_as_a_whole() {
    let mut tape = Tape::new();
    let first = json!({ "EntryPoint": ["sh"], "Command": ["-c", "echo test"], "WorkingDirectory": "/app1" });
    let second = json!({ "Command": ["-c", "echo test1"], "WorkingDirectory": "/app1" });
    let shown = |config: &Value| imaged("1", json!({ "ImageConfigResponse": { "ImageConfig": config } }));
    assert_eq!(
        tape.play(|aws| aws.post(FUNCTIONS, &create_image(json!({ "ImageConfig": first })))),
        (201, configuration(Doing::Pending, 1, shown(&first)))
    );
    let settled = configuration(Doing::Settled, 2, shown(&first));
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, image_function("1", settled)));
    assert_eq!(
        tape.play(|aws| aws.put(CONFIGURATION, &json!({ "ImageConfig": second }))),
        (200, configuration(Doing::Updating, 3, shown(&second)))
    );
    assert_eq!(tape.play(|aws| aws.get(CONFIGURATION)), (200, configuration(Doing::Settled, 4, shown(&second))));
    let none = imaged("1", json!({}));
    assert_eq!(
        tape.play(|aws| aws.put(CONFIGURATION, &json!({ "ImageConfig": {} }))),
        (200, configuration(Doing::Updating, 5, none.clone()))
    );
    assert_eq!(tape.play(|aws| aws.get(CONFIGURATION)), (200, configuration(Doing::Settled, 6, none)));
}

#[test]
fn images_have_versions() {
    let mut tape = Tape::new();
    let arn = |qualifier: &str| format!("arn:aws:lambda:eu-west-1:111122223333:function:f:{qualifier}");
    let version = |number: &str, description: &str| {
        imaged("1", json!({ "FunctionArn": arn(number), "Version": number, "Description": description }))
    };
    assert_eq!(
        tape.play(|aws| aws.post(FUNCTIONS, &create_image(json!({ "Publish": true })))),
        (201, configuration(Doing::Pending, 1, imaged("1", json!({ "Version": "1" }))))
    );
    let list = json!({ "Versions": [
        configuration(Doing::Unsaid, 2, version("$LATEST", "")),
        configuration(Doing::Unsaid, 3, version("1", "")),
    ]});
    assert_eq!(tape.play(|aws| aws.get(VERSIONS)), (200, list));
    tape.account.put(CONFIGURATION, &json!({ "Description": "Second version :)" }));
    let (wrong, right) = ("a".repeat(64), digest("1"));
    let publish = |digest: &str| json!({ "Description": "Second version description :)", "CodeSha256": digest });
    assert_eq!(
        tape.play(|aws| aws.post(VERSIONS, &publish(&wrong))),
        invalid(&format!(
            "CodeSHA256 ({wrong}) is different from current CodeSHA256 in $LATEST ({right}). Please try again with the CodeSHA256 in $LATEST."
        ))
    );
    assert_eq!(
        tape.play(|aws| aws.post(VERSIONS, &publish(&right))),
        (201, configuration(Doing::Settled, 4, version("2", "Second version description :)")))
    );
}

#[test]
fn snapshots_are_of_versions_of_some_runtimes() {
    for runtime in ["java11", "java17", "java21", "java25", "python3.12", "python3.13", "dotnet8"] {
        let mut tape = Tape::new();
        let snapped = |status: &str| {
            json!({
                "Runtime": runtime,
                "SnapStart": { "ApplyOn": "PublishedVersions", "OptimizationStatus": status },
            })
        };
        let create = json!({ "Runtime": runtime, "SnapStart": { "ApplyOn": "PublishedVersions" } });
        assert_eq!(
            tape.play(|aws| aws.create_with("f", create)),
            (201, configuration(Doing::Pending, 1, snapped("Off")))
        );
        assert_eq!(
            tape.play(|aws| aws.get(FUNCTION)),
            (200, function(configuration(Doing::Settled, 2, snapped("Off"))))
        );
        tape.account.post(VERSIONS, &json!({ "Description": "version1" }));
        let mut version = snapped("On");
        version["Description"] = "version1".into();
        version["FunctionArn"] = "arn:aws:lambda:eu-west-1:111122223333:function:f:1".into();
        version["Version"] = "1".into();
        assert_eq!(
            tape.play(|aws| aws.get(&format!("{FUNCTION}?Qualifier=1"))),
            (200, function(configuration(Doing::Settled, 3, version)))
        );
    }
    let mut tape = Tape::new();
    tape.account.create_with("f", json!({ "Runtime": "nodejs22.x" }));
    let snap = |apply_on: &str| json!({ "Runtime": "python3.9", "SnapStart": { "ApplyOn": apply_on } });
    let refused = invalid("python3.9 is not supported for SnapStart enabled functions.");
    assert_eq!(tape.play(|aws| aws.create_with("g", snap("PublishedVersions"))), refused);
    assert_eq!(tape.play(|aws| aws.put(CONFIGURATION, &snap("PublishedVersions"))), refused);
    assert_eq!(
        tape.play(|aws| aws.create_with("g", snap("invalidOption"))),
        violated(
            "1 validation error detected: Value 'invalidOption' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]"
        )
    );
    let snapped = json!({ "ApplyOn": "PublishedVersions" });
    assert_eq!(
        tape.play(|aws| aws.post(FUNCTIONS, &create_image(json!({ "FunctionName": "g", "SnapStart": snapped })))),
        invalid("ContainerImage is not supported for SnapStart enabled functions.")
    );
}

#[test]
fn logs_of_json_have_levels() {
    let mut tape = Tape::new();
    let logging = |config: Value| json!({ "LoggingConfig": config });
    let shown = |application: &str, system: &str, group: &str| {
        logging(json!({
            "ApplicationLogLevel": application, "LogFormat": "JSON", "LogGroup": group, "SystemLogLevel": system,
        }))
    };
    let group = "/aws/lambda/f";
    assert_eq!(
        tape.play(|aws| aws.create_with("f", logging(json!({ "LogFormat": "JSON" })))),
        (201, configuration(Doing::Pending, 1, shown("INFO", "INFO", group)))
    );
    let settled = configuration(Doing::Settled, 2, shown("INFO", "INFO", group));
    assert_eq!(tape.play(|aws| aws.get(FUNCTION)), (200, function(settled)));
    for (revision, update, answer) in [
        (3, json!({ "LogGroup": "cool_lambda" }), shown("INFO", "INFO", "cool_lambda")),
        (5, json!({ "LogFormat": "Text", "LogGroup": group }), json!({})),
        (7, json!({ "LogFormat": "JSON" }), shown("INFO", "INFO", group)),
        (9, json!({ "LogFormat": "JSON", "ApplicationLogLevel": "DEBUG" }), shown("DEBUG", "INFO", group)),
        (11, json!({ "LogFormat": "JSON", "SystemLogLevel": "DEBUG" }), shown("DEBUG", "DEBUG", group)),
        (13, json!({ "LogFormat": "Text" }), json!({})),
        (15, json!({ "LogGroup": "cool_lambda" }), logging(json!({ "LogFormat": "Text", "LogGroup": "cool_lambda" }))),
    ] {
        assert_eq!(
            tape.play(|aws| aws.put(CONFIGURATION, &logging(update))),
            (200, configuration(Doing::Updating, revision, answer.clone()))
        );
        assert_eq!(tape.play(|aws| aws.get(CONFIGURATION)), (200, configuration(Doing::Settled, revision + 1, answer)));
    }
    assert_eq!(
        tape.play(|aws| aws.put(CONFIGURATION, &logging(json!({ "SystemLogLevel": "DEBUG" })))),
        invalid(
            "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change the LogFormat to \"Json\" and try again."
        )
    );
}

#[test]
fn runtimes_retire() {
    let mut tape = Tape::new();
    for runtime in ["java8", "go1.x", "provided", "ruby2.7", "nodejs14.x", "python3.7", "dotnetcore3.1", "nodejs12.x"] {
        assert_eq!(
            tape.play(|aws| aws.post(FUNCTIONS, &python("f", json!({ "Runtime": runtime })))),
            invalid(&format!(
                "The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."
            ))
        );
    }
}
