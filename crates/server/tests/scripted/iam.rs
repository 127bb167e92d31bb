//! IAM and STS beside Lambda, as tools that make whole stacks call them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::client::{Client, signature};
use crate::server::Server;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ALLOW: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}"#;
const BASIC: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
const OWN: &str = "arn:aws:iam::111122223333:policy/queue";

const ROLE: (&str, &str) = ("RoleName", "hello");

/// What a call must be answered with: its status, and a text in the answer.
type Step<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str);

/// Calls of IAM in order.
async fn walk(server: &Client, steps: &[Step<'_>]) {
    for (action, parameters, status, text) in steps {
        let (got, answer) = query(server, "iam", "111122223333", action, parameters).await;
        assert!(got == *status && answer.contains(text), "{action} {parameters:?}: {got} {answer}");
    }
}

/// A call of the query protocol, signed with this access key: status and XML.
async fn query(
    server: &Client,
    service: &str,
    access_key: &str,
    action: &str,
    parameters: &[(&str, &str)],
) -> (u16, String) {
    let version = if service == "sts" { "2011-06-15" } else { "2010-05-08" };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs([("Action", action), ("Version", version)]).extend_pairs(parameters);
    post_form(server, &form.finish(), Some(&signature(access_key, service))).await
}

/// A form to the root of the server, with this `Authorization`: status and body.
async fn post_form(server: &Client, form: &str, authorization: Option<&str>) -> (u16, String) {
    let mut request = server.request(Method::POST, "/").body(form.to_owned());
    request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn terraform_makes_a_function_with_its_role_and_removes_both() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let (_, identity) = query(&server, "sts", "111122223333", "GetCallerIdentity", &[]).await;
    assert!(identity.contains("<Account>111122223333</Account>"), "{identity}");
    let arn = "<Arn>arn:aws:iam::111122223333:role/hello</Arn>";
    walk(
        &server,
        &[
            ("CreateRole", &[ROLE, ("AssumeRolePolicyDocument", TRUST)], 200, arn),
            ("GetRole", &[ROLE], 200, "<MaxSessionDuration>3600</MaxSessionDuration>"),
            ("ListRolePolicies", &[ROLE], 200, "<PolicyNames/>"),
            ("ListAttachedRolePolicies", &[ROLE], 200, "<AttachedPolicies/>"),
            ("AttachRolePolicy", &[ROLE, ("PolicyArn", BASIC)], 200, "</AttachRolePolicyResponse>"),
            ("CreatePolicy", &[("PolicyName", "queue"), ("PolicyDocument", ALLOW)], 200, OWN),
            ("GetPolicy", &[("PolicyArn", OWN)], 200, "<DefaultVersionId>v1</DefaultVersionId>"),
            ("GetPolicyVersion", &[("PolicyArn", OWN), ("VersionId", "v1")], 200, "sqs%3A%2A"),
            ("AttachRolePolicy", &[ROLE, ("PolicyArn", OWN)], 200, "</AttachRolePolicyResponse>"),
            (
                "PutRolePolicy",
                &[ROLE, ("PolicyName", "own"), ("PolicyDocument", ALLOW)],
                200,
                "</PutRolePolicyResponse>",
            ),
            ("GetRolePolicy", &[ROLE, ("PolicyName", "own")], 200, "<PolicyName>own</PolicyName>"),
        ],
    )
    .await;
    server.create_function("hello").await;
    assert_eq!(server.invoke("hello", json!({})).await.status, 200);
    walk(
        &server,
        &[
            ("DeleteRole", &[ROLE], 409, "<Code>DeleteConflict</Code>"),
            ("DeletePolicy", &[("PolicyArn", OWN)], 409, "<Code>DeleteConflict</Code>"),
            ("DeleteRolePolicy", &[ROLE, ("PolicyName", "own")], 200, "</DeleteRolePolicyResponse>"),
            ("DetachRolePolicy", &[ROLE, ("PolicyArn", OWN)], 200, "</DetachRolePolicyResponse>"),
            ("DetachRolePolicy", &[ROLE, ("PolicyArn", BASIC)], 200, "</DetachRolePolicyResponse>"),
            ("ListPolicyVersions", &[("PolicyArn", OWN)], 200, "<VersionId>v1</VersionId>"),
            ("DeletePolicy", &[("PolicyArn", OWN)], 200, "</DeletePolicyResponse>"),
            ("ListInstanceProfilesForRole", &[ROLE], 200, "<InstanceProfiles/>"),
            ("DeleteRole", &[ROLE], 200, "</DeleteRoleResponse>"),
            ("GetRole", &[ROLE], 404, "<Code>NoSuchEntity</Code>"),
        ],
    )
    .await;
}

#[tokio::test]
async fn roles_and_policies_outlive_the_process_and_end_with_a_reset() {
    let api = Api::start().await;
    let mut server = Server::start(&api).await;
    let attach: Step<'_> = ("AttachRolePolicy", &[ROLE, ("PolicyArn", OWN)], 200, "");
    walk(
        &server,
        &[
            ("CreateRole", &[ROLE, ("AssumeRolePolicyDocument", TRUST)], 200, ""),
            ("CreatePolicy", &[("PolicyName", "queue"), ("PolicyDocument", ALLOW)], 200, OWN),
            attach,
            ("CreateRole", &[("RoleName", "gone"), ("AssumeRolePolicyDocument", TRUST)], 200, ""),
            ("DeleteRole", &[("RoleName", "gone")], 200, ""),
        ],
    )
    .await;
    server.create_function("hello").await;
    server.call(Method::POST, "/_fakecloud/reset/lambda", &Value::Null, 200).await;
    server.restart().await;
    assert_eq!(server.get("/2015-03-31/functions").await["Functions"], json!([]), "that reset is for functions");
    walk(
        &server,
        &[
            ("ListAttachedRolePolicies", &[ROLE], 200, OWN),
            ("GetPolicy", &[("PolicyArn", OWN)], 200, "<AttachmentCount>1</AttachmentCount>"),
            ("GetRole", &[("RoleName", "gone")], 404, ""),
        ],
    )
    .await;
    server.call(Method::POST, "/_fakecloud/reset", &Value::Null, 200).await;
    walk(&server, &[("GetRole", &[ROLE], 404, "")]).await;
    server.restart().await;
    walk(&server, &[("GetRole", &[ROLE], 404, "")]).await;
}

#[tokio::test]
async fn credentials_of_an_assumed_role_act_in_its_account() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let role = [("RoleArn", "arn:aws:iam::444455556666:role/deploy"), ("RoleSessionName", "tests")];
    let (status, assumed) = query(&server, "sts", "111122223333", "AssumeRole", &role).await;
    assert_eq!(status, 200, "{assumed}");
    let key = between(&assumed, "<AccessKeyId>", "</AccessKeyId>");
    let function =
        server.request(Method::GET, "/2015-03-31/functions/none").header("authorization", signature(key, "lambda"));
    let missing = function.send().await.unwrap().text().await.unwrap();
    assert!(missing.contains("arn:aws:lambda:us-east-1:444455556666:function:none"), "{missing}");
    let (_, identity) = query(&server, "sts", key, "GetCallerIdentity", &[]).await;
    assert!(identity.contains("<Account>444455556666</Account>"), "{identity}");
}

#[tokio::test]
async fn errors_come_in_the_protocol_of_the_service() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let (status, unknown) = query(&server, "iam", "test", "CreateUser", &[("UserName", "u")]).await;
    assert_eq!(status, 400);
    assert!(unknown.contains("<Code>InvalidAction</Code>") && unknown.contains("AttachRolePolicy"), "{unknown}");

    let malformed = "AWS4-HMAC-SHA256 Credential=AKID/20260131/eu-west-1/iam/aws4_request";
    let (status, xml) = post_form(&server, "Action=ListRoles&Version=2010-05-08", Some(malformed)).await;
    let words = "Authorization header requires 'Signature' parameter.";
    assert_eq!(status, 400);
    assert!(xml.contains("<Code>IncompleteSignature</Code>") && xml.contains("<Type>Sender</Type>"), "{xml}");
    assert!(xml.replace("&apos;", "'").contains(words), "{xml}");

    let long = format!("Action=ListRoles&Version=2010-05-08&PathPrefix=/{}", "x".repeat(2 << 20));
    let (status, xml) = post_form(&server, &long, None).await;
    assert!(status == 413 && xml.contains("<Code>RequestEntityTooLarge</Code>"), "{status} {xml}");
}

#[tokio::test]
async fn a_web_identity_needs_no_signature() {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    let form = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=tests&WebIdentityToken=e30.e30.e30\
        &RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Fdeploy";
    let (status, assumed) = post_form(&server, form, None).await;
    assert!(status == 200 && assumed.contains("<AccessKeyId>ASIA444455556666"), "{status} {assumed}");
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap();
    rest.split_once(after).unwrap().0
}
