//! FunctionUrlConfig as a record.

use serde_json::{Value, json};

use fakecloud_lambda::{Request, UrlAddress};
use http::{HeaderMap, Method, header::HOST};

use crate::harness::{Account, Answer, error, request, violated};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";
const URL: &str = "/2021-10-31/functions/f/url";

fn account() -> Account {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "1" }));
    account
}

fn not_found(message: &str) -> Answer {
    error(404, "ResourceNotFoundException", json!({ "Type": "User", "Message": message }))
}

#[test]
fn a_url_is_made_changed_and_deleted() {
    let mut account = account();
    let cors = json!({ "AllowOrigins": ["*"], "MaxAge": 5 });
    let created = account.post(URL, &json!({ "AuthType": "NONE", "Cors": cors }));
    let mut expected = json!({
        "FunctionUrl": "https://00000000000000000000000000000003.lambda-url.eu-west-1.on.aws/",
        "FunctionArn": ARN,
        "AuthType": "NONE",
        "Cors": cors,
        "CreationTime": "2026-01-31T12:00:03.000Z",
    });
    assert_eq!((created.status, &created.body), (201, &expected));
    expected["InvokeMode"] = "BUFFERED".into();
    expected["LastModifiedTime"] = expected["CreationTime"].clone();
    assert_eq!(account.read(URL), expected);
    let updated = account.put(URL, &json!({ "AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM" }));
    expected["AuthType"] = "AWS_IAM".into();
    expected["InvokeMode"] = "RESPONSE_STREAM".into();
    expected["LastModifiedTime"] = "2026-01-31T12:00:05.000Z".into();
    assert_eq!((updated.status, &updated.body), (200, &expected));
    account.restart();
    assert_eq!(account.read(URL), expected);
    assert_eq!(account.delete(URL).status, 204);
    let gone = not_found("The resource you requested does not exist.");
    assert_eq!(
        [account.get(URL), account.delete(URL), account.put(URL, &json!({}))],
        [gone.clone(), gone.clone(), gone]
    );
}

#[test]
fn an_alias_has_a_url_of_its_own() {
    let mut account = account();
    for query in ["", "?Qualifier=live"] {
        assert_eq!(account.post(&format!("{URL}{query}"), &json!({ "AuthType": "NONE" })).status, 201);
    }
    let list = account.read("/2021-10-31/functions/f/urls");
    let arns: Vec<&Value> =
        list["FunctionUrlConfigs"].as_array().unwrap().iter().map(|url| &url["FunctionArn"]).collect();
    assert_eq!(arns, [ARN, &format!("{ARN}:live")]);
    let first = account.read("/2021-10-31/functions/f/urls?MaxItems=1");
    assert_eq!(first["FunctionUrlConfigs"].as_array().unwrap().len(), 1);
    let next = format!("/2021-10-31/functions/f/urls?Marker={}", first["NextMarker"].as_str().unwrap());
    assert_eq!(account.read(&next)["FunctionUrlConfigs"][0]["FunctionArn"], format!("{ARN}:live"));
}

#[test]
fn wrong_urls_are_refused_in_the_words_of_aws() {
    let mut account = account();
    let body = json!({ "AuthType": "NONE" });
    account.post(URL, &body);
    let exists = format!(
        "Failed to create function url config for [functionArn = {ARN}]. Error message:  FunctionUrlConfig exists for this Lambda function"
    );
    let conflict = error(409, "ResourceConflictException", json!({ "Type": "User", "message": exists }));
    assert_eq!(account.post(URL, &body), conflict);
    assert_eq!(account.post(&format!("{URL}?Qualifier=old"), &body), not_found("Function does not exist"));
    assert_eq!(account.post("/2021-10-31/functions/g/url", &body), not_found("Function does not exist"));
    let number = "1 validation error detected: Value '1' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)";
    assert_eq!(account.post(&format!("{URL}?Qualifier=1"), &body), violated(number));
}

fn headers(host: &str) -> HeaderMap {
    HeaderMap::from_iter([(HOST, host.parse().unwrap())])
}

#[test]
fn the_url_in_answers_leads_to_where_the_client_asked() {
    let mut account = account();
    let ask = |account: &mut Account, method: Method, target: &str| {
        let body = if method == Method::GET { String::new() } else { json!({ "AuthType": "NONE" }).to_string() };
        account.send(Request { headers: headers("127.0.0.1:4566"), ..request(method, target, body) }).body
    };
    let id = "00000000000000000000000000000003";
    let expected = format!("http://127.0.0.1:4566/_fakecloud/lambda/urls/{id}/");
    for method in [Method::POST, Method::GET, Method::PUT] {
        assert_eq!(ask(&mut account, method.clone(), URL)["FunctionUrl"], expected, "{method}");
    }
    let listed = ask(&mut account, Method::GET, "/2021-10-31/functions/f/urls");
    assert_eq!(listed["FunctionUrlConfigs"][0]["FunctionUrl"], expected);
}

#[test]
fn a_url_is_found_by_its_id_as_long_as_it_is_there() {
    let mut account = account();
    account.post(&format!("{URL}?Qualifier=live"), &json!({ "AuthType": "NONE" }));
    let id = "00000000000000000000000000000003";
    let found = |account: &Account, host: &str| {
        let address = UrlAddress::of_request(&headers(host), "/").unwrap();
        account.lambda.url_at(&address).is_some()
    };
    let host = format!("{id}.lambda-url.eu-west-1.localhost:4566");
    assert!(found(&account, &host));
    assert!(!found(&account, &format!("{id}.lambda-url.us-east-1.localhost:4566")), "it is in another region");
    assert!(!found(&account, "0.lambda-url.eu-west-1.localhost:4566"));
    account.restart();
    assert!(found(&account, &host));
    account.delete("/2015-03-31/functions/f/aliases/live");
    assert!(!found(&account, &host), "it went with its alias");
    account.post(URL, &json!({ "AuthType": "NONE" }));
    let id = account.read(URL)["FunctionUrl"].as_str().unwrap()[8..40].to_owned();
    let host = format!("{id}.lambda-url.eu-west-1.localhost");
    assert!(found(&account, &host));
    account.delete("/2015-03-31/functions/f");
    assert!(!found(&account, &host), "it went with its function");
}
