//! FunctionEventInvokeConfig: what is configured for asynchronous invocations.

use serde_json::{Value, json};

use crate::harness::{Account, Answer, error, invalid};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function";
const CONFIG: &str = "/2019-09-25/functions/f/event-invoke-config";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:q";

fn account() -> Account {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    account.create("g");
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "1" }));
    account
}

fn not_found(message: &str) -> Answer {
    error(404, "ResourceNotFoundException", json!({ "Type": "User", "Message": message }))
}

fn failure(arn: &str) -> Value {
    json!({ "DestinationConfig": { "OnFailure": { "Destination": arn } } })
}

#[test]
fn a_put_replaces_and_an_update_adds() {
    let mut account = account();
    let put = account.put(CONFIG, &json!({ "MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60 }));
    let expected = json!({
        "LastModified": 1_769_860_804.0,
        "FunctionArn": format!("{ARN}:f:$LATEST"),
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": { "OnSuccess": {}, "OnFailure": {} },
    });
    assert_eq!((put.status, put.body), (200, expected));
    let updated = account.post(CONFIG, &failure(QUEUE)).body;
    assert_eq!(updated["MaximumRetryAttempts"], 1);
    assert_eq!(updated["DestinationConfig"], json!({ "OnSuccess": {}, "OnFailure": { "Destination": QUEUE } }));
    account.restart();
    assert_eq!(account.read(CONFIG), updated);
    let replaced = account.put(CONFIG, &json!({ "MaximumRetryAttempts": 0 })).body;
    assert_eq!(replaced.get("MaximumEventAgeInSeconds"), None);
    assert_eq!(replaced["DestinationConfig"], json!({ "OnSuccess": {}, "OnFailure": {} }));
    assert_eq!(account.delete(CONFIG).status, 204);
    let gone = not_found(&format!("The function {ARN}:f:$LATEST doesn't have an EventInvokeConfig"));
    assert_eq!([account.get(CONFIG), account.delete(CONFIG)], [gone.clone(), gone]);
}

#[test]
fn every_version_and_alias_has_its_own() {
    let mut account = account();
    let body = json!({ "MaximumRetryAttempts": 0 });
    for query in ["", "?Qualifier=1", "?Qualifier=live"] {
        assert_eq!(account.put(&format!("{CONFIG}{query}"), &body).status, 200, "{query}");
    }
    let arns = |page: &Value| -> Vec<String> {
        let configs = page["FunctionEventInvokeConfigs"].as_array().unwrap();
        configs.iter().map(|config| config["FunctionArn"].as_str().unwrap().to_owned()).collect()
    };
    let first = account.read(&format!("{CONFIG}/list?MaxItems=2"));
    assert_eq!(arns(&first), [format!("{ARN}:f:$LATEST"), format!("{ARN}:f:1")]);
    let marker = first["NextMarker"].as_str().unwrap();
    let second = account.read(&format!("{CONFIG}/list?Marker={marker}"));
    assert_eq!((arns(&second), second.get("NextMarker")), (vec![format!("{ARN}:f:live")], None));
    account.delete("/2015-03-31/functions/f/aliases/live");
    assert_eq!(arns(&account.read(&format!("{CONFIG}/list"))).len(), 2, "it goes with its alias");
}

#[test]
fn wrong_configurations_are_refused_in_the_words_of_aws() {
    let mut account = account();
    let itself = format!("{ARN}:f");
    let missing = format!("{ARN}:missing");
    let cases = [
        (json!({}), "You must specify at least one of error handling or destination setting.".to_owned()),
        (failure(&itself), "You can't specify the function as a destination for itself.".to_owned()),
        (failure(&missing), format!("The destination ARN {missing} is invalid.")),
        (
            failure("arn:aws:kinesis:eu-west-1:111122223333:stream/s"),
            "The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination=arn:aws:kinesis:eu-west-1:111122223333:stream/s)) is invalid.".to_owned(),
        ),
        (
            json!({ "DestinationConfig": { "OnSuccess": { "Destination": "arn:aws:s3:::bucket" } } }),
            "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:s3:::bucket), onFailure=null) is invalid.".to_owned(),
        ),
    ];
    let files = account.files.clone();
    for (body, message) in cases {
        assert_eq!(account.put(CONFIG, &body), invalid(&message), "{body}");
    }
    let unknown = not_found("The function doesn't exist.");
    assert_eq!(account.put(&format!("{CONFIG}?Qualifier=2"), &failure(QUEUE)), unknown);
    assert_eq!(account.get("/2019-09-25/functions/missing/event-invoke-config/list"), unknown);
    let none = not_found(&format!("The function {ARN}:f:live doesn't have an EventInvokeConfig"));
    assert_eq!(account.post(&format!("{CONFIG}?Qualifier=live"), &failure(QUEUE)), none);
    assert_eq!(account.files, files, "a refusal changes nothing");
    for arn in [QUEUE, "arn:aws:s3:::bucket", &format!("{ARN}:g")] {
        assert_eq!(account.put(CONFIG, &failure(arn)).status, 200, "{arn}");
    }
}
