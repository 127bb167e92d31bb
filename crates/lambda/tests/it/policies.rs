//! Resource-based policies of functions and layer versions.

use serde_json::{Value, json};

use crate::harness::{Account, Answer, error, invalid};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";
const POLICY: &str = "/2015-03-31/functions/f/policy";
const LAYER: &str = "/2018-10-31/layers/l/versions/1/policy";
const WHOLE: &str = "/2026-07-09/resource-policy/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Af";

/// A function with a version and an alias.
fn account() -> Account {
    let mut account = Account::new();
    account.create_with("f", json!({ "Publish": true }));
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "1" }));
    account
}

fn permission(sid: &str, principal: &str) -> Value {
    json!({ "StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": principal })
}

fn not_found(message: &str) -> Answer {
    error(404, "ResourceNotFoundException", json!({ "Type": "User", "Message": message }))
}

/// The document that a GET answers.
fn document(account: &mut Account, target: &str) -> String {
    account.read(target)["Policy"].as_str().unwrap().to_owned()
}

#[test]
fn statements_are_rendered_as_aws_renders_them() {
    let mut account = account();
    let service = json!({
        "StatementId": "s3",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
        "SourceArn": "arn:aws:s3:::bucket",
        "SourceAccount": "111122223333",
    });
    let s3 = format!(
        r#"{{"Sid":"s3","Effect":"Allow","Principal":{{"Service":"s3.amazonaws.com"}},"Action":"lambda:InvokeFunction","Resource":"{ARN}","Condition":{{"StringEquals":{{"AWS:SourceAccount":"111122223333"}},"ArnLike":{{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}}}}"#
    );
    let added = account.post(POLICY, &service);
    assert_eq!((added.status, added.body), (201, json!({ "Statement": s3 })));
    account.post(POLICY, &permission("account", "444455556666"));
    let url = json!({
        "StatementId": "url",
        "Action": "lambda:InvokeFunctionUrl",
        "Principal": "*",
        "FunctionUrlAuthType": "NONE",
        "InvokedViaFunctionUrl": true,
    });
    account.post(POLICY, &url);
    let root = format!(
        r#"{{"Sid":"account","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::444455556666:root"}},"Action":"lambda:InvokeFunction","Resource":"{ARN}"}}"#
    );
    let url = format!(
        r#"{{"Sid":"url","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"{ARN}","Condition":{{"StringEquals":{{"lambda:FunctionUrlAuthType":"NONE"}},"Bool":{{"lambda:InvokedViaFunctionUrl":"true"}}}}}}"#
    );
    let whole = format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{s3},{root},{url}]}}"#);
    assert_eq!(document(&mut account, POLICY), whole);
    account.restart();
    assert_eq!(document(&mut account, POLICY), whole);
    assert_eq!(account.delete(&format!("{POLICY}/s3")).status, 204);
    let rest = format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{root},{url}]}}"#);
    assert_eq!(document(&mut account, POLICY), rest);
}

#[test]
fn versions_and_aliases_have_policies_of_their_own() {
    let mut account = account();
    let user = "arn:aws:iam::444455556666:user/u";
    assert_eq!(account.post(&format!("{POLICY}?Qualifier=live"), &permission("s", user)).status, 201);
    assert_eq!(account.post("/2015-03-31/functions/f:1/policy", &permission("s", user)).status, 201);
    assert_eq!(account.get(POLICY), not_found("The resource you requested does not exist."));
    let alias = document(&mut account, &format!("{POLICY}?Qualifier=live"));
    assert!(alias.contains(&format!(r#""Resource":"{ARN}:live""#)), "{alias}");
    account.delete("/2015-03-31/functions/f/aliases/live");
    account.delete("/2015-03-31/functions/f:1");
    account.post("/2015-03-31/functions/f/versions", &json!({}));
    account.post("/2015-03-31/functions/f/aliases", &json!({ "Name": "live", "FunctionVersion": "2" }));
    let gone = account.get(&format!("{POLICY}?Qualifier=live"));
    assert_eq!(gone, not_found("The resource you requested does not exist."), "the policy went with its alias");
}

#[test]
fn wrong_permissions_are_refused_in_the_words_of_aws() {
    let mut account = account();
    let taken = "The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.";
    account.post(POLICY, &permission("s", "*"));
    let files = account.files.clone();
    let mut url = permission("url", "*");
    url["FunctionUrlAuthType"] = "NONE".into();
    let mut stale = permission("stale", "*");
    stale["RevisionId"] = "00000000-0000-4000-8000-000000000000".into();
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    let precondition = error(412, "PreconditionFailedException", json!({ "Type": "User", "message": message }));
    let cases = [
        (
            "",
            permission("s", "*"),
            error(409, "ResourceConflictException", json!({ "Type": "User", "message": taken })),
        ),
        (
            "",
            permission("p", "nobody"),
            invalid("The provided principal was invalid. Please check the principal and try again."),
        ),
        ("", url, invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")),
        ("", stale, precondition.clone()),
        (
            "?Qualifier=%24LATEST",
            permission("p", "*"),
            invalid("We currently do not support adding policies for $LATEST."),
        ),
        ("?Qualifier=2", permission("p", "*"), not_found(&format!("Function not found: {ARN}:2"))),
        ("?Qualifier=old", permission("p", "*"), not_found(&format!("Cannot find alias arn: {ARN}:old"))),
    ];
    for (query, body, refusal) in cases {
        assert_eq!(account.post(&format!("{POLICY}{query}"), &body), refusal, "{query} {body}");
    }
    let unknown = not_found("Statement other is not found in resource policy.");
    assert_eq!(account.delete(&format!("{POLICY}/other")), unknown);
    let stale = format!("{POLICY}/s?RevisionId=00000000-0000-4000-8000-000000000000");
    assert_eq!(account.delete(&stale), precondition);
    let none = not_found("No policy is associated with the given resource.");
    assert_eq!(account.delete(&format!("{POLICY}/s?Qualifier=live")), none);
    assert_eq!(account.files, files, "a refusal changes nothing");
    let revision = account.read(POLICY)["RevisionId"].as_str().unwrap().to_owned();
    assert_eq!(account.delete(&format!("{POLICY}/s?RevisionId={revision}")).status, 204);
    assert_eq!(account.get(POLICY), not_found("The resource you requested does not exist."));
}

#[test]
fn a_policy_has_twenty_kilobytes() {
    let mut account = account();
    let mut refused = None;
    for number in 0..200 {
        let answer = account.post(POLICY, &permission(&format!("statement-{number:03}"), "s3.amazonaws.com"));
        if answer.status != 201 {
            refused = Some(answer);
            break;
        }
    }
    let shown = document(&mut account, POLICY);
    assert!(shown.len() <= 20_480, "{}", shown.len());
    // A comma and one more statement, as long as the others.
    let statement = account.post(&format!("{POLICY}?Qualifier=live"), &permission("statement-000", "s3.amazonaws.com"));
    let added = statement.body["Statement"].as_str().unwrap().len() - ":live".len() + 1;
    let message = format!("The final policy size ({}) is bigger than the limit (20480).", shown.len() + added);
    let body = json!({ "Type": "User", "message": message });
    assert_eq!(refused, Some(error(400, "PolicyLengthExceededException", body)));
}

#[test]
fn a_whole_policy_replaces_what_was_there() {
    let mut account = account();
    account.post(POLICY, &permission("s", "*"));
    let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":["lambda:InvokeFunction"],"Resource":"*"}]}"#;
    let put = account.put(WHOLE, &json!({ "Policy": text }));
    assert_eq!((put.status, &put.body["Policy"]), (200, &json!(text)));
    account.restart();
    assert_eq!(account.read(WHOLE), put.body);
    assert_eq!(account.read(POLICY), put.body, "both operations show the same policy");
    account.post(POLICY, &permission("b", "*"));
    assert!(document(&mut account, WHOLE).contains(r#""Sid":"a""#), "permissions are added to it");
    let stale = format!("{WHOLE}?RevisionId={}", put.body["RevisionId"].as_str().unwrap());
    assert_eq!(account.delete(&stale).status, 412);
    assert_eq!(account.delete(WHOLE).status, 204);
    assert_eq!(account.get(WHOLE), not_found("The resource you requested does not exist."));
    assert_eq!(account.delete(WHOLE), not_found("No policy is associated with the given resource."));
}

#[test]
fn what_is_no_policy_is_refused() {
    let mut account = account();
    let statement = r#"{"Sid":"a","Effect":"Allow","Principal":"*","Action":"*"}"#;
    let cases = [
        ("{".to_owned(), "EOF while parsing an object at line 1 column 1"),
        (r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned(), "it has no Statement"),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Principal":"*","Action":"*"}]}"#.to_owned(),
            "unknown variant `Maybe`, expected `Allow` or `Deny` at line 1 column 17",
        ),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*"}]}"#.to_owned(),
            "missing field `Principal` at line 1 column 31",
        ),
        (
            format!(r#"{{"Version":"2012-10-17","Statement":[{statement},{statement}]}}"#),
            "two statements have the Sid a",
        ),
    ];
    for (text, why) in cases {
        let refusal = invalid(&format!("The policy document is malformed: {why}"));
        assert_eq!(account.put(WHOLE, &json!({ "Policy": text })), refusal, "{text}");
    }
}

#[test]
fn layer_versions_have_policies() {
    let mut account = Account::new();
    account.publish_layer("l", "layer");
    assert_eq!(account.get(LAYER), not_found("No policy is associated with the given resource."));
    let everyone = json!({
        "StatementId": "org",
        "Action": "lambda:GetLayerVersion",
        "Principal": "*",
        "OrganizationId": "o-0123456789",
    });
    let added = account.post(LAYER, &everyone);
    let arn = "arn:aws:lambda:eu-west-1:111122223333:layer:l:1";
    let statement = format!(
        r#"{{"Sid":"org","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion","Resource":"{arn}","Condition":{{"StringEquals":{{"aws:PrincipalOrgID":"o-0123456789"}}}}}}"#
    );
    assert_eq!((added.status, &added.body["Statement"]), (201, &json!(statement)));
    account.restart();
    let policy = account.read(LAYER);
    assert_eq!(policy["Policy"], format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{statement}]}}"#));
    assert_eq!(policy["RevisionId"], added.body["RevisionId"]);
    assert_eq!(account.post(LAYER, &everyone).status, 409);
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id";
    let stale = error(412, "PreconditionFailedException", json!({ "Type": "User", "message": message }));
    assert_eq!(account.delete(&format!("{LAYER}/org?RevisionId=old")), stale);
    assert_eq!(account.delete(&format!("{LAYER}/org")).status, 204);
    assert_eq!(account.delete(&format!("{LAYER}/org")), not_found("No policy is associated with the given resource."));
    let missing = not_found("Layer version arn:aws:lambda:eu-west-1:111122223333:layer:l:2 does not exist.");
    assert_eq!(account.get("/2018-10-31/layers/l/versions/2/policy"), missing);
}

#[test]
fn a_layer_version_is_found_by_its_arn() {
    let mut account = Account::new();
    account.publish_layer("l", "layer");
    let by_arn =
        "/2018-10-31/layers?find=LayerVersion&Arn=arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Alayer%3Al%3A";
    let by_name = account.read("/2018-10-31/layers/l/versions/1");
    assert_eq!(account.read(&format!("{by_arn}1")), by_name);
    assert_eq!(account.get(&format!("{by_arn}2")), not_found("The resource you requested does not exist."));
}
