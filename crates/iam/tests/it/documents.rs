//! Which policy documents are taken.

use serde_json::{Value, json};

use crate::harness::{ALLOW, Aws, Refusal, TRUST, refused};

const SYNTAX: &str = "Syntax errors in policy.";

fn malformed(message: &str) -> Result<Value, Refusal> {
    refused(400, "MalformedPolicyDocument", message)
}

/// A document with one statement that has these members besides or instead; null removes one.
fn with(document: &str, members: Value) -> String {
    let mut document: Value = serde_json::from_str(document).unwrap();
    for (key, value) in members.as_object().unwrap() {
        document["Statement"][0][key] = value.clone();
    }
    document["Statement"][0].as_object_mut().unwrap().retain(|_, value| !value.is_null());
    document.to_string()
}

#[test]
fn documents_that_say_nothing_are_refused() {
    let prefix = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
    let cases = [
        ("no json".to_owned(), SYNTAX),
        ("[]".to_owned(), SYNTAX),
        (r#"{"Version":"2012-10-17"}"#.to_owned(), SYNTAX),
        (r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned(), SYNTAX),
        (r#"{"Version":"2012-10-17","Statement":["Allow"]}"#.to_owned(), SYNTAX),
        (ALLOW.replace("2012-10-17", "2008-10-17"), "Policy document must be version 2012-10-17 or greater."),
        (ALLOW.replace("2012-10-17", "2020-01-01"), SYNTAX),
        (ALLOW.replace("\"Version\"", "\"version\""), "Policy document must be version 2012-10-17 or greater."),
        (with(ALLOW, json!({ "Effect": "allow" })), SYNTAX),
        (with(ALLOW, json!({ "Acton": "*" })), SYNTAX),
        (with(ALLOW, json!({ "NotAction": "*" })), SYNTAX),
        (with(ALLOW, json!({ "Action": [1] })), SYNTAX),
        (with(ALLOW, json!({ "Condition": "never" })), SYNTAX),
        (with(ALLOW, json!({ "Principal": "*" })), "Policy document should not specify a principal."),
        (with(ALLOW, json!({ "Action": null })), "Policy statement must contain actions."),
        (with(ALLOW, json!({ "Resource": [] })), "Policy statement must contain resources."),
        (with(ALLOW, json!({ "Action": ["sqs:*", "publish"] })), prefix),
        (with(ALLOW, json!({ "Resource": "queue" })), "Resource queue must be in ARN format or \"*\"."),
        (
            with(ALLOW, json!({ "Sid": "a b" })),
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*",
        ),
    ];
    let mut aws = Aws::new();
    aws.create_role("r");
    for (document, message) in cases {
        let parameters = [("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", &document)];
        assert_eq!(aws.iam("PutRolePolicy", &parameters), malformed(message), "{document}");
        assert_eq!(aws.iam("CreatePolicy", &parameters[1..]), malformed(message), "{document}");
    }
    let twice = r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},
        {"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    let refusal = malformed("Statement IDs (SID) in a single policy must be unique.");
    assert_eq!(aws.iam("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", twice)]), refusal);
}

#[test]
fn documents_of_all_forms_are_taken() {
    let mut aws = Aws::new();
    let resources = json!({ "Resource": ["arn:aws:sqs:*:*:queue", "arn:aws:s3:::bucket/*"] });
    let cases = [
        with(ALLOW, json!({ "Sid": "", "Condition": { "Bool": { "aws:SecureTransport": "true" } } })),
        with(ALLOW, json!({ "Action": null, "NotAction": ["iam:*", "*"] })),
        with(ALLOW, resources),
        with(ALLOW, json!({ "Resource": null, "NotResource": "*", "Effect": "Deny" })),
        ALLOW.replace(['[', ']'], ""),
    ];
    for (number, document) in cases.iter().enumerate() {
        let parameters = [("PolicyName", &*format!("p{number}")), ("PolicyDocument", document)];
        aws.iam("CreatePolicy", &parameters).unwrap();
    }
}

#[test]
fn trust_is_about_principals() {
    let cases = [
        ("no json".to_owned(), "This policy contains invalid Json"),
        (with(TRUST, json!({ "Resource": "*" })), "Has prohibited field Resource"),
        (with(TRUST, json!({ "Principal": null })), "Missing required field Principal"),
        (with(TRUST, json!({ "Action": null })), "Missing required field Action"),
        (
            with(TRUST, json!({ "Action": "s3:GetObject" })),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
    ];
    let mut aws = Aws::new();
    aws.create_role("r");
    for (document, message) in cases {
        let role = ("RoleName", "r");
        assert_eq!(aws.iam("UpdateAssumeRolePolicy", &[role, ("PolicyDocument", &document)]), malformed(message));
        let parameters = [("RoleName", "new"), ("AssumeRolePolicyDocument", document.as_str())];
        assert_eq!(aws.iam("CreateRole", &parameters), malformed(message));
    }
    let old = TRUST
        .replace("2012-10-17", "2008-10-17")
        .replace("\"sts:AssumeRole\"", "[\"sts:AssumeRole\",\"sts:TagSession\"]");
    aws.iam("UpdateAssumeRolePolicy", &[("RoleName", "r"), ("PolicyDocument", &old)]).unwrap();
}

#[test]
fn lengths_are_those_without_white_space() {
    let mut aws = Aws::new();
    let sized = |document: &str, chars: usize| {
        let bare = with(document, json!({ "Sid": "" }));
        let sid = "s".repeat(chars - bare.chars().filter(|char| !char.is_whitespace()).count());
        format!("\n\t {}", bare.replace("\"Sid\":\"\"", &format!("\"Sid\":\"{sid}\"")))
    };
    let mut policy =
        |name, chars| aws.iam("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", &sized(ALLOW, chars))]);
    policy("fits", 6144).unwrap();
    assert_eq!(policy("long", 6145), refused(409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"));
    let mut role =
        |name, chars| aws.iam("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", &sized(TRUST, chars))]);
    role("fits", 2048).unwrap();
    assert_eq!(role("long", 2049), refused(409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"));
}
