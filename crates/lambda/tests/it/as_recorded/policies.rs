//! Permissions to use functions and layer versions.

use serde_json::{Value, json};

use super::{
    FUNCTION_ARN, Recording, conflict, encoded, no_content, no_function, not_found, ok, one_violation, published,
    qualifiers_differ,
};
use crate::harness::{Account, Answer, error, invalid};

const LAYER_ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:layer:";
const BUCKET: &str = "arn:aws:s3:::bucket";

fn target(function: &str, query: &str) -> String {
    format!("/2015-03-31/functions/{}/policy{query}", encoded(function))
}

/// A statement as a request, with these members besides.
fn permission(sid: &str, principal: &str, members: Value) -> Value {
    let mut body = json!({ "StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": principal });
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn s3(sid: &str) -> Value {
    permission(sid, "s3.amazonaws.com", json!({ "SourceArn": BUCKET }))
}

/// A statement as AWS renders it, byte for byte. `rest` is its Condition, if any.
fn statement(sid: &str, principal: &str, action: &str, resource: &str, rest: &str) -> String {
    format!(
        r#"{{"Sid":"{sid}","Effect":"Allow","Principal":{principal},"Action":"lambda:{action}","Resource":"{resource}"{rest}}}"#
    )
}

fn from_bucket(sid: &str, function: &str) -> String {
    let condition = format!(r#","Condition":{{"ArnLike":{{"AWS:SourceArn":"{BUCKET}"}}}}"#);
    let resource = format!("{FUNCTION_ARN}{function}");
    statement(sid, r#"{"Service":"s3.amazonaws.com"}"#, "InvokeFunction", &resource, &condition)
}

fn of_service(sid: &str, service: &str) -> String {
    let principal = format!(r#"{{"Service":"{service}.amazonaws.com"}}"#);
    statement(sid, &principal, "InvokeFunction", &format!("{FUNCTION_ARN}f"), "")
}

fn added(statement: &str) -> Answer {
    ok(201, json!({ "Statement": statement }))
}

fn policy(statements: &[&str]) -> Answer {
    let statements = statements.join(",");
    let document = format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{statements}]}}"#);
    ok(200, json!({ "Policy": document, "RevisionId": "text" }))
}

fn no_resource() -> Answer {
    not_found("The resource you requested does not exist.")
}

fn stale(reader: &str) -> Answer {
    let message = format!(
        "The Revision Id provided does not match the latest Revision Id. Call the {reader} API to retrieve the latest \
         Revision Id"
    );
    error(412, "PreconditionFailedException", json!({ "Type": "User", "message": message }))
}

#[test]
fn statements_are_rendered_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let here = json!({ "SourceAccount": "111122223333" });
    let resource = format!("{FUNCTION_ARN}f");
    let from_here = r#","Condition":{"StringEquals":{"AWS:SourceAccount":"111122223333"}}"#;
    let user = "arn:aws:iam::111122223333:user/u";
    let plain = |sid: &str, principal: &str, rest: &str| statement(sid, principal, "InvokeFunction", &resource, rest);
    let token = "amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    let mut url = permission(
        "urlPermission",
        "*",
        json!({ "SourceArn": BUCKET, "PrincipalOrgID": "o-1234567890", "FunctionUrlAuthType": "NONE" }),
    );
    url["SourceAccount"] = "111122223333".into();
    url["Action"] = "lambda:InvokeFunctionUrl".into();
    let url_condition = format!(
        r#","Condition":{{"StringEquals":{{"AWS:SourceAccount":"111122223333","lambda:FunctionUrlAuthType":"NONE","aws:PrincipalOrgID":"o-1234567890"}},"ArnLike":{{"AWS:SourceArn":"{BUCKET}"}}}}"#
    );
    let cases = [
        (s3("s3"), from_bucket("s3", "f")),
        (permission("wildcard", "*", here.clone()), plain("wildcard", r#""*""#, from_here)),
        (
            permission("lambda", "lambda.amazonaws.com", here.clone()),
            plain("lambda", r#"{"Service":"lambda.amazonaws.com"}"#, from_here),
        ),
        (
            permission("account", "111122223333", json!({})),
            plain("account", r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, ""),
        ),
        (permission("user", user, here), plain("user", &format!(r#"{{"AWS":"{user}"}}"#), from_here)),
        (url, statement("urlPermission", r#""*""#, "InvokeFunctionUrl", &resource, &url_condition)),
        (
            permission("alexa", "*", json!({ "EventSourceToken": token })),
            plain(
                "alexa",
                r#""*""#,
                &format!(r#","Condition":{{"StringEquals":{{"lambda:EventSourceToken":"{token}"}}}}"#),
            ),
        ),
    ];
    for (body, expected) in &cases {
        said.same(body["StatementId"].as_str().unwrap(), account.post(&target("f", ""), body), added(expected));
    }
    let all: Vec<&str> = cases.iter().map(|(_, statement)| statement.as_str()).collect();
    said.same("all of them", account.get(&target("f", "")), policy(&all));
    said.end();
}

#[test]
fn permissions_are_added_and_removed_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let policy_of = target("f", "");
    let first = of_service("s3", "s3");
    let added_first = account.post(&policy_of, &permission("s3", "s3.amazonaws.com", json!({})));
    said.same("one", added_first, added(&first));
    let second = of_service("kinesis", "kinesis");
    let added_second = account.post(&policy_of, &permission("kinesis", "kinesis.amazonaws.com", json!({})));
    said.same("another", added_second, added(&second));
    said.same("both", account.get(&policy_of), policy(&[&first, &second]));
    let unknown = not_found("Statement none is not found in resource policy.");
    said.same("remove none", account.delete(&target("f", "/none")), unknown);
    said.same("remove one", account.delete(&target("f", "/kinesis")), no_content());
    let left = account.get(&policy_of);
    said.same("what is left", left.clone(), policy(&[&first]));
    assert_eq!(account.get(&policy_of), left);
    said.same("remove the other", account.delete(&target("f", "/s3")), no_content());
    said.same("nothing is left", account.get(&policy_of), no_resource());
    said.end();
}

#[test]
fn permissions_are_refused_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let add = |account: &mut Account, function: &str, qualifier: &str, body: &Value| {
        let query = if qualifier.is_empty() { String::new() } else { format!("?Qualifier={}", encoded(qualifier)) };
        account.post(&target(function, &query), body)
    };
    let wrong = one_violation("example.com", "statementId", "satisfy regular expression pattern: ([a-zA-Z0-9-_]+)");
    said.same("statement id", add(&mut account, "f", "", &s3("example.com")), wrong);
    said.same("two qualifiers", add(&mut account, "f:live", "1", &s3("s")), qualifiers_differ());
    let latest = invalid("We currently do not support adding policies for $LATEST.");
    said.same("$LATEST", add(&mut account, "f", "$LATEST", &s3("s")), latest);
    let nobody = invalid("The provided principal was invalid. Please check the principal and try again.");
    let stranger = permission("s", "invalid.nonaws.com", json!({}));
    said.same("principal", add(&mut account, "f", "", &stranger), nobody);
    said.same("get of no function", account.get(&target("none", "")), no_function("none"));
    said.same("get of no version", account.get(&target("f", "?Qualifier=42")), no_resource());
    said.same("no function", add(&mut account, "none", "", &s3("s")), no_function("none"));
    let no_policy = not_found("No policy is associated with the given resource.");
    said.same("remove from no policy", account.delete(&target("f", "/s3")), no_policy);
    let no_alias = not_found(&format!("Cannot find alias arn: {FUNCTION_ARN}f:none"));
    said.same("no alias", add(&mut account, "f", "none", &s3("s")), no_alias.clone());
    said.same("no version", add(&mut account, "f", "42", &s3("s")), no_function("f:42"));
    let odd = "invalid-qualifier-with-?-char";
    // The pattern is today's; the recording of 2024 has an older one.
    let pattern = r"satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
    said.same("odd", add(&mut account, "f", odd, &s3("s")), one_violation(odd, "qualifier", pattern));
    let dollar = "valid-with-$-but-doesnotexist";
    said.same("a dollar", add(&mut account, "f", dollar, &s3("s")), no_function(&format!("f:{dollar}")));
    account.post(&target("f", ""), &s3("s3"));
    let taken = "The statement id (s3) provided already exists. Please provide a new statement id, or remove the \
                 existing statement.";
    said.same("twice", add(&mut account, "f", "", &s3("s3")), conflict(taken));
    let no_policy = not_found(&format!("No policy found for: {FUNCTION_ARN}none"));
    said.same("remove from no function", account.delete(&target("none", "/s3")), no_policy);
    said.same("remove from no alias", account.delete(&target("f", "/s3?Qualifier=none")), no_alias);
    said.end();
}

#[test]
fn a_policy_has_the_revision_of_what_it_belongs_to_as_on_aws() {
    let (mut account, mut said) = (published(), Recording::default());
    let revision = |account: &mut Account, target: &str| -> String {
        let body = account.read(target);
        let found = body.pointer("/Configuration/RevisionId").unwrap_or_else(|| &body["RevisionId"]);
        found.as_str().unwrap().to_owned()
    };
    let alias = "/2015-03-31/functions/f/aliases/live".to_owned();
    let function = "/2015-03-31/functions/f".to_owned();
    for (query, owner) in
        [("", function.clone()), ("?Qualifier=1", format!("{function}?Qualifier=1")), ("?Qualifier=live", alias)]
    {
        let policy_of = target("f", query);
        let mut known = revision(&mut account, &owner);
        said.same("no policy yet", account.get(&policy_of), no_resource());
        let mut body = s3("s3");
        body["RevisionId"] = "00000000-0000-4000-8000-000000000000".into();
        said.same("stale", account.post(&policy_of, &body), stale("GetFunction/GetAlias"));
        let name = format!("f{}", query.replace("?Qualifier=", ":"));
        let (first, second) = (from_bucket("s3", &name), from_bucket("s3_2", &name));
        for (sid, statement) in [("s3", &first), ("s3_2", &second)] {
            let mut body = s3(sid);
            body["RevisionId"] = known.as_str().into();
            said.same("added", account.post(&policy_of, &body), added(statement));
            let now = revision(&mut account, &owner);
            assert_ne!(now, known, "a permission is a change of {name}");
            assert_eq!(revision(&mut account, &policy_of), now, "the policy of {name}");
            known = now;
        }
        said.same("gotten", account.get(&policy_of), policy(&[&first, &second]));
        let remove = |revision: &str| {
            let separator = if query.is_empty() { "?" } else { "&" };
            target("f", &format!("/s3{query}{separator}RevisionId={revision}"))
        };
        let old = "00000000-0000-4000-8000-000000000000";
        said.same("stale removal", account.delete(&remove(old)), stale("GetFunction/GetAlias"));
        said.same("removed", account.delete(&remove(&known)), no_content());
        assert_ne!(revision(&mut account, &owner), known, "so is its removal");
        said.same("the other is left", account.get(&policy_of), policy(&[&second]));
    }
    said.end();
}

#[test]
fn layer_versions_are_permitted_as_on_aws() {
    let (mut account, mut said) = (Account::new(), Recording::default());
    account.publish_layer("l", "layer");
    let layer =
        |name: &str, version: u8, rest: &str| format!("/2018-10-31/layers/{name}/versions/{version}/policy{rest}");
    let policy_of = layer("l", 1, "");
    let everyone = |sid: &str| json!({ "StatementId": sid, "Action": "lambda:GetLayerVersion", "Principal": "*" });
    let shown = |sid: &str| statement(sid, r#""*""#, "GetLayerVersion", &format!("{LAYER_ARN}l:1"), "");
    let added = |sid: &str| ok(201, json!({ "Statement": shown(sid), "RevisionId": "text" }));
    let no_policy = not_found("No policy is associated with the given resource.");
    said.same("none", account.get(&policy_of), no_policy);
    said.same("one", account.post(&policy_of, &everyone("s1")), added("s1"));
    said.same("gotten", account.get(&policy_of), policy(&[&shown("s1")]));
    said.same("another", account.post(&policy_of, &everyone("s2")), added("s2"));
    said.same("both", account.get(&policy_of), policy(&[&shown("s1"), &shown("s2")]));
    said.same("removed", account.delete(&layer("l", 1, "/s2")), no_content());
    said.same("one is left", account.get(&policy_of), policy(&[&shown("s1")]));
    let mut wrong = everyone("s3");
    wrong["Action"] = "*".into();
    let action = one_violation("*", "action", "satisfy regular expression pattern: lambda:GetLayerVersion");
    said.same("action", account.post(&policy_of, &wrong), action);
    let taken = "The statement id (s1) provided already exists. Please provide a new statement id, or remove the \
                 existing statement.";
    said.same("twice", account.post(&policy_of, &everyone("s1")), conflict(taken));
    said.same(
        "stale",
        account.post(&format!("{policy_of}?RevisionId=wrong"), &everyone("s3")),
        stale("GetLayerPolicy"),
    );
    for (name, version) in [("none", 1), ("l", 2)] {
        let missing = not_found(&format!("Layer version {LAYER_ARN}{name}:{version} does not exist."));
        let policy_of = layer(name, version, "");
        said.same("add to none", account.post(&policy_of, &everyone("s1")), missing.clone());
        said.same("get of none", account.get(&policy_of), missing.clone());
        said.same("remove from none", account.delete(&format!("{policy_of}/s1")), missing);
    }
    let unknown = not_found("Statement none is not found in resource policy.");
    said.same("remove none", account.delete(&layer("l", 1, "/none")), unknown);
    let removal = account.delete(&layer("l", 1, "/s1?RevisionId=wrong"));
    said.same("stale removal", removal, stale("GetLayerPolicy"));
    said.end();
}
