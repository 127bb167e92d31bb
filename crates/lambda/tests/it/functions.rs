//! CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions and DeleteFunction.

use fakecloud_lambda::{Archive, Effect, Error, ObjectFault, S3Object, parse};
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Account, UNZIPPED, error, invalid, request, violated};

/// A fresh function as those who read it see it.
fn settled() -> Value {
    json!({
        "FunctionName": "f",
        "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f",
        "Runtime": "python3.12",
        "Role": "arn:aws:iam::111122223333:role/r",
        "Handler": "app.handler",
        "CodeSize": 6,
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "LastModified": "2026-01-31T12:00:01.000+0000",
        "CodeSha256": "sha256 of code 1",
        "Version": "$LATEST",
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": "00000001-0000-4000-8000-000000000001",
        "RuntimeVersionConfig": {
            "RuntimeVersionArn": "arn:aws:lambda:eu-west-1::runtime:42f2b28d8258c41a63374ac4365007738900f66a9b62a7eb1a2041a2e091d41b",
        },
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": "/aws/lambda/f" },
    })
}

fn with(mut view: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members are an object: {members}") };
    for (key, value) in members {
        view[key] = value;
    }
    view
}

#[test]
fn a_created_function_is_pending_then_active() {
    let mut account = Account::new();
    let created = account.create("f");
    let mut pending = with(
        settled(),
        json!({
            "State": "Pending",
            "StateReason": "The function is being created.",
            "StateReasonCode": "Creating",
            "RevisionId": "00000000-0000-4000-8000-000000000001",
        }),
    );
    pending.as_object_mut().unwrap().remove("LastUpdateStatus");
    assert_eq!((created.status, created.error, created.body), (201, None, pending));
    assert_eq!(account.read("/2015-03-31/functions/f/configuration"), settled());
    assert_eq!(
        account.read("/2015-03-31/functions/f"),
        json!({
            "Configuration": settled(),
            "Code": { "RepositoryType": "S3", "Location": "http://fakecloud:4566/archives/636f64652031" },
        })
    );
}

const EFS: &str = "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-0123456789abcdef0";

#[test]
fn code_that_is_a_reference_shows_its_object() {
    let mut account = Account::new();
    let object = json!({ "S3Bucket": "bucket", "S3Key": "key", "S3ObjectVersion": "v1" });
    let mut code = object.clone();
    code["S3ObjectStorageMode"] = "REFERENCE".into();
    account.create_with("f", json!({ "Code": code }));
    account.restart();
    assert_eq!(account.read("/2015-03-31/functions/f")["Code"]["ResolvedS3Object"], object);
    code["S3ObjectStorageMode"] = "COPY".into();
    account.put("/2015-03-31/functions/f/code", &code);
    assert_eq!(account.read("/2015-03-31/functions/f")["Code"].get("ResolvedS3Object"), None);
    code["S3ObjectStorageMode"] = "REFERENCE".into();
    account.put("/2015-03-31/functions/f/code", &code);
    assert_eq!(account.read("/2015-03-31/functions/f")["Code"]["ResolvedS3Object"], object);
}

#[test]
fn every_setting_is_shown_again() {
    let mut account = Account::new();
    account.publish_layer("l", "layer");
    let settings = json!({
        "Description": "what it does",
        "Timeout": 1800,
        "MemorySize": 10240,
        "EphemeralStorage": { "Size": 10240 },
        "Architectures": ["arm64"],
        "Environment": { "Variables": { "KEY": "value" } },
        "KMSKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/k",
        "TracingConfig": { "Mode": "Active" },
        "DeadLetterConfig": { "TargetArn": "arn:aws:sqs:eu-west-1:111122223333:q" },
        "FileSystemConfigs": [{
            "Arn": "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-0123456789abcdef0",
            "LocalMountPath": "/mnt/data",
        }],
        "LoggingConfig": { "LogFormat": "JSON", "LogGroup": "mine" },
    });
    let given = with(
        settings.clone(),
        json!({
            "Layers": ["arn:aws:lambda:eu-west-1:111122223333:layer:l:1"],
            "VpcConfig": { "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"] },
            "SnapStart": { "ApplyOn": "PublishedVersions" },
            "Tags": { "team": "a" },
        }),
    );
    assert_eq!(account.create_with("f", given).status, 201);
    let shown = with(
        settings,
        json!({
            "Layers": [{ "Arn": "arn:aws:lambda:eu-west-1:111122223333:layer:l:1", "CodeSize": 5 }],
            "VpcConfig": {
                "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "VpcId": "", "Ipv6AllowedForDualStack": false,
            },
            "SnapStart": { "ApplyOn": "PublishedVersions", "OptimizationStatus": "Off" },
            "LoggingConfig": {
                "LogFormat": "JSON", "LogGroup": "mine", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
            },
        }),
    );
    let function = account.read("/2015-03-31/functions/f");
    for (key, value) in shown.as_object().unwrap() {
        assert_eq!(function["Configuration"][key], *value, "{key}");
    }
    assert_eq!(function["Tags"], json!({ "team": "a" }));
}

#[test]
fn an_image_function_has_an_image_instead_of_code() {
    let mut account = Account::new();
    let image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/repo:tag";
    let body = json!({
        "FunctionName": "f",
        "Role": "arn:aws:iam::111122223333:role/r",
        "PackageType": "Image",
        "Code": { "ImageUri": image },
        "ImageConfig": { "Command": ["app.handler"] },
    });
    assert_eq!(account.post("/2015-03-31/functions", &body).status, 201);
    let function = account.read("/2015-03-31/functions/f");
    assert_eq!(function["Code"], json!({ "RepositoryType": "ECR", "ImageUri": image, "ResolvedImageUri": image }));
    let configuration = &function["Configuration"];
    assert_eq!(configuration["ImageConfigResponse"], json!({ "ImageConfig": { "Command": ["app.handler"] } }));
    assert_eq!((&configuration["Runtime"], &configuration["CodeSha256"]), (&Value::Null, &Value::Null));
}

#[test]
fn wrong_functions_are_refused_in_the_words_of_aws() {
    let mut account = Account::new();
    account.create("taken");
    let role = "arn:aws:iam::111122223333:role/r";
    let mandatory = "Runtime and Handler are mandatory parameters for functions created with deployment packages.";
    let cases = [
        (
            json!({ "Runtime": "python2.7" }),
            invalid(
                "The runtime parameter of python2.7 is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.",
            ),
        ),
        (json!({ "Runtime": null }), invalid(mandatory)),
        (json!({ "Handler": null }), invalid(mandatory)),
        (json!({ "Code": {} }), invalid("Please provide a source for function code.")),
        (json!({ "Code": { "ZipFile": "" } }), invalid("Uploaded file must be a non-empty zip")),
        (
            json!({ "Code": { "ZipFile": "AA==", "ImageUri": "i" } }),
            invalid("Please do not provide other FunctionCode parameters when providing a ZipFile."),
        ),
        (
            json!({ "Code": { "ZipFile": "AA==", "S3Bucket": "bucket", "S3Key": "key" } }),
            invalid("Please do not provide other FunctionCode parameters when providing a ZipFile."),
        ),
        (json!({ "Code": { "S3Bucket": "bucket" } }), invalid("Please provide a source for function code.")),
        (json!({ "Code": { "S3Key": "key" } }), invalid("Please provide a source for function code.")),
        (
            json!({ "PackageType": "Image" }),
            invalid("Please don't provide ZipFile when creating a function with packageType Image."),
        ),
        (
            json!({ "PackageType": "Image", "Code": { "ImageUri": "i" } }),
            invalid(
                "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
            ),
        ),
        (
            json!({ "ImageConfig": { "Command": [] } }),
            invalid("ImageConfig is only supported for functions with packageType Image: leave it out"),
        ),
        (
            json!({ "Timeout": 1801 }),
            violated(
                "1 validation error detected: Value '1801' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 1800",
            ),
        ),
        (
            json!({ "MemorySize": 10241 }),
            violated(
                "1 validation error detected: Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 10240",
            ),
        ),
        (
            json!({ "EphemeralStorage": { "Size": 10241 } }),
            violated(
                "1 validation error detected: Value '10241' at 'ephemeralStorage.size' failed to satisfy constraint: Member must have value less than or equal to 10240",
            ),
        ),
        (
            json!({ "FunctionName": "f:1" }),
            invalid("a function is created without a qualifier: leave out ':1' of 'f:1'"),
        ),
        (
            json!({ "FunctionName": "999999999999:function:f" }),
            error(
                403,
                "AccessDeniedException",
                json!({ "Type": "User", "Message": "account 111122223333 cannot create a function in another account: 999999999999:function:f" }),
            ),
        ),
        (
            json!({ "FunctionName": "taken" }),
            error(
                409,
                "ResourceConflictException",
                json!({ "Type": "User", "message": "Function already exist: taken" }),
            ),
        ),
        (
            json!({ "Runtime": "custom" }),
            invalid(
                "the runtime custom takes a runtime of the API lambda-core (RuntimeConfig), which fakecloud does not serve: use provided.al2023 with a bootstrap of your own, or an image",
            ),
        ),
        (
            json!({ "FileSystemConfigs": [{ "Arn": EFS, "LocalMountPath": "/mnt/data", "S3FilesConfig": {} }] }),
            invalid(&format!(
                "S3FilesConfig is valid for access points of Amazon S3 Files only, and {EFS} is one of EFS: leave it out"
            )),
        ),
    ];
    let files = account.files.clone();
    for (members, refusal) in cases {
        assert_eq!(account.create_with("f", members.clone()), refusal, "{members} with role {role}");
    }
    assert_eq!(account.files, files, "a refusal changes nothing");
    assert_eq!(account.get("/2015-03-31/functions/f").status, 404);
}

#[test]
fn an_unknown_runtime_is_answered_with_those_that_are_known() {
    let mut account = Account::new();
    let refused = account.create_with("f", json!({ "Runtime": "python9" }));
    assert_eq!(refused.error.as_deref(), Some("InvalidParameterValueException"));
    let message = refused.body["message"].as_str().unwrap();
    assert!(
        message.starts_with(
            "Value python9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs20.x, "
        ) && message.ends_with("] or be a valid ARN"),
        "{message}"
    );
}

#[test]
fn a_function_that_is_not_there_is_named_by_its_arn() {
    let mut account = Account::new();
    account.create("f");
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function";
    for (target, missing) in [
        ("/2015-03-31/functions/g", format!("{arn}:g")),
        ("/2015-03-31/functions/g/configuration?Qualifier=live", format!("{arn}:g:live")),
        ("/2015-03-31/functions/f?Qualifier=1", format!("{arn}:f:1")),
        ("/2015-03-31/functions/f:01", format!("{arn}:f:01")),
        (
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A999999999999%3Afunction%3Af",
            "arn:aws:lambda:eu-west-1:999999999999:function:f".to_owned(),
        ),
    ] {
        let body = json!({ "Type": "User", "Message": format!("Function not found: {missing}") });
        assert_eq!(account.get(target), error(404, "ResourceNotFoundException", body), "{target}");
    }
    assert_eq!(account.delete("/2015-03-31/functions/g").status, 404);
}

#[test]
fn lists_end_with_a_marker_until_the_last_page() {
    let mut account = Account::new();
    for number in 0..120 {
        account.create(&format!("f{number:03}"));
    }
    let mut names = Vec::new();
    let mut sizes = Vec::new();
    let mut target = "/2015-03-31/functions/".to_owned();
    loop {
        let page = account.read(&target);
        let functions = page["Functions"].as_array().unwrap();
        sizes.push(functions.len());
        names.extend(functions.iter().map(|function| function["FunctionName"].as_str().unwrap().to_owned()));
        let Some(marker) = page.get("NextMarker") else { break };
        target = format!("/2015-03-31/functions?MaxItems=10000&Marker={}", marker.as_str().unwrap());
    }
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(names, (0..120).map(|number| format!("f{number:03}")).collect::<Vec<_>>());
    let exact = account.read("/2015-03-31/functions?MaxItems=1&Marker=ZjExOA");
    assert_eq!(exact["Functions"][0]["FunctionName"], "f119", "the marker is the name before");
    assert_eq!(exact.get("NextMarker"), None, "no page is left");
    assert_eq!(
        account.get("/2015-03-31/functions?Marker=%C3%A4"),
        invalid("Invalid value for Marker: 'ä' is no NextMarker of this list")
    );
    assert_eq!(account.read("/2015-03-31/functions?MasterRegion=ALL&FunctionVersion=ALL")["Functions"], json!([]));
}

#[test]
fn every_version_is_listed_page_by_page() {
    let mut account = Account::new();
    for name in ["a", "b", "c"] {
        account.create_with(name, json!({ "Publish": true }));
    }
    let mut arns = Vec::new();
    let mut marker = String::new();
    loop {
        let page = account.read(&format!("/2015-03-31/functions?FunctionVersion=ALL&MaxItems=2&Marker={marker}"));
        arns.extend(page["Functions"].as_array().unwrap().iter().map(|function| {
            function["FunctionArn"].as_str().unwrap().replace("arn:aws:lambda:eu-west-1:111122223333:function:", "")
        }));
        let Some(next) = page.get("NextMarker") else { break };
        next.as_str().unwrap().clone_into(&mut marker);
    }
    assert_eq!(arns, ["a:$LATEST", "a:1", "b:$LATEST", "b:1", "c:$LATEST", "c:1"]);
}

#[test]
fn versions_are_read_and_deleted_by_qualifier() {
    let mut account = Account::new();
    let created = account.create_with("f", json!({ "Publish": true }));
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    assert_eq!((&created.body["Version"], &created.body["FunctionArn"]), (&json!("1"), &json!(arn)));
    let latest = account.read("/2015-03-31/functions/f/configuration?Qualifier=%24LATEST");
    assert_eq!(latest["FunctionArn"], format!("{arn}:$LATEST"));
    assert_ne!(latest["RevisionId"], created.body["RevisionId"], "a version has a revision of its own");
    let kept = "$LATEST version cannot be deleted without deleting the function.";
    assert_eq!(account.delete("/2015-03-31/functions/f?Qualifier=%24LATEST"), invalid(kept));
    account.effects.clear();
    assert_eq!(account.delete("/2015-03-31/functions/f:1").status, 204);
    assert_eq!(account.effects, [Effect::Removed { arn: format!("{arn}:1") }]);
    assert_eq!(account.delete("/2015-03-31/functions/f:1").status, 204, "deleting is idempotent");
    assert_eq!(account.effects.len(), 1);
    assert_eq!(account.get("/2015-03-31/functions/f:1").status, 404);
    assert_eq!(account.get("/2015-03-31/functions/f").status, 200);
}

#[test]
fn a_deleted_function_leaves_nothing() {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    assert_eq!(account.lambda.archives().len(), 1);
    account.effects.clear();
    let deleted = account.delete("/2015-03-31/functions/f");
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f".to_owned();
    let removed = [Effect::Removed { arn: arn.clone() }, Effect::Removed { arn: format!("{arn}:1") }];
    assert_eq!(account.effects, removed);
    assert!(account.files.is_empty() && account.lambda.archives().is_empty());
    assert_eq!(account.create("f").status, 201);
}

#[test]
fn code_and_layers_share_one_limit() {
    let mut account = Account::new();
    account.publish_layer("l", "layer");
    let layers = json!({ "Layers": ["arn:aws:lambda:eu-west-1:111122223333:layer:l:1"] });
    account.unzipped = 262_144_000 - UNZIPPED + 1;
    let refused = account.create_with("f", layers.clone());
    assert_eq!(refused, invalid("Unzipped size must be smaller than 262144000 bytes"));
    assert_eq!(account.create("f").status, 201, "without the layer it fits");
    account.unzipped -= 1;
    assert_eq!(account.create_with("g", layers).status, 201, "exactly the limit fits");
}

#[test]
fn code_in_s3_is_asked_for_by_its_place() {
    let archive = |method, path: &str, body: Value| {
        let call = parse(&request(method, path, body.to_string())).unwrap();
        call.archive().map(|archive| match archive {
            Archive::Inline(zip) => panic!("{} bytes came inline", zip.len()),
            Archive::S3(object) => object,
        })
    };
    let object = |version: Option<&str>| {
        Some(S3Object { bucket: "bucket".to_owned(), key: "a/k".to_owned(), version: version.map(str::to_owned) })
    };
    let newest = json!({ "S3Bucket": "bucket", "S3Key": "a/k" });
    let older = json!({ "S3Bucket": "bucket", "S3Key": "a/k", "S3ObjectVersion": "1" });
    let create =
        |code: &Value| json!({ "FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/r", "Code": code });
    assert_eq!(archive(Method::POST, "/2015-03-31/functions", create(&newest)), object(None));
    assert_eq!(archive(Method::POST, "/2015-03-31/functions", create(&older)), object(Some("1")));
    assert_eq!(archive(Method::PUT, "/2015-03-31/functions/f/code", older.clone()), object(Some("1")));
    assert_eq!(archive(Method::POST, "/2018-10-31/layers/l/versions", json!({ "Content": newest })), object(None));
    assert_eq!(archive(Method::PUT, "/2015-03-31/functions/f/code", json!({})), None);
}

#[test]
fn objects_that_cannot_be_read_are_told_in_words_of_aws() {
    let object = S3Object { bucket: "b".to_owned(), key: "a/k".to_owned(), version: None };
    let refused = |code: &str, message: &str| {
        let fault = ObjectFault::Refused { code: code.to_owned(), message: message.to_owned() };
        let error = Error::object(&object, &fault);
        (error.code().status(), error.message().to_owned())
    };
    let missing =
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.";
    assert_eq!(refused("NoSuchKey", "The specified key does not exist."), (400, missing.to_owned()));
    let denied = "Your access has been denied by S3, please make sure your request credentials have permission to GetObject for b/a/k. S3 Error Code: AccessDenied. S3 Error Message: Access Denied";
    assert_eq!(refused("AccessDenied", "Access Denied"), (403, denied.to_owned()));
}

#[test]
fn archives_are_downloaded_at_the_host_that_was_called() {
    let mut account = Account::new();
    account.create("f");
    let layer = json!({ "Content": { "ZipFile": "bGF5ZXI=" } });
    assert_eq!(account.post("/2018-10-31/layers/l/versions", &layer).status, 201);
    let paths = [
        ("/2015-03-31/functions/f", "/Code/Location"),
        ("/2018-10-31/layers/l/versions/1", "/Content/Location"),
        (
            "/2018-10-31/layers?find=LayerVersion&Arn=arn:aws:lambda:eu-west-1:111122223333:layer:l:1",
            "/Content/Location",
        ),
    ];
    for (path, pointer) in paths {
        let mut location = |headers: &[(&'static str, &str)]| {
            let mut get = request(Method::GET, path, "");
            for (name, value) in headers {
                get.headers.insert(*name, value.parse().unwrap());
            }
            let answer = account.send(get);
            answer.body.pointer(pointer).unwrap().as_str().unwrap().split_once("/archives/").unwrap().0.to_owned()
        };
        assert_eq!(location(&[("host", "localhost:4566")]), "http://localhost:4566", "{path}");
        let proxied = [("host", "aws.example"), ("x-forwarded-proto", "https")];
        assert_eq!(location(&proxied), "https://aws.example", "{path}");
        assert_eq!(location(&[]), "http://fakecloud:4566", "{path}");
    }
}
