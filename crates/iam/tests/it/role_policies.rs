//! What roles may do: policies of their own, and attached ones.

use serde_json::json;

use crate::harness::{ALLOW, Aws, BASIC, refused};

const ROLE: (&str, &str) = ("RoleName", "r");

#[test]
fn a_policy_of_its_own_is_shown_as_it_was_put() {
    let mut aws = Aws::new();
    aws.create_role("r");
    let name = ("PolicyName", "inline");
    let newer = ALLOW.replace("\"*\",", "\"sqs:*\",");
    for document in [ALLOW, &newer] {
        aws.iam("PutRolePolicy", &[ROLE, name, ("PolicyDocument", document)]).unwrap();
    }
    let policy = aws.iam("GetRolePolicy", &[ROLE, name]).unwrap();
    assert_eq!((&policy["RoleName"], &policy["PolicyName"]), (&json!("r"), &json!("inline")));
    assert!(policy["PolicyDocument"].as_str().unwrap().contains("sqs%3A%2A"));
    let list = aws.iam("ListRolePolicies", &[ROLE]).unwrap();
    assert_eq!(list, json!({ "PolicyNames": ["inline"], "IsTruncated": "false" }));
    aws.iam("DeleteRolePolicy", &[ROLE, name]).unwrap();
    for action in ["GetRolePolicy", "DeleteRolePolicy"] {
        let missing = refused(404, "NoSuchEntity", "The role policy with name inline cannot be found.");
        assert_eq!(aws.iam(action, &[ROLE, name]), missing);
    }
}

#[test]
fn policies_of_its_own_are_bounded_together() {
    let mut aws = Aws::new();
    aws.create_role("r");
    let document = |chars: usize| {
        let empty = ALLOW.replace("\"Allow\"", "\"Allow\",\"Sid\":\"\"");
        let id = "s".repeat(chars - empty.len());
        // White space does not count.
        format!("  {}\n", empty.replace("\"Sid\":\"\"", &format!("\"Sid\":\"{id}\"")))
    };
    let mut put = |name: &str, chars: usize| {
        aws.iam("PutRolePolicy", &[ROLE, ("PolicyName", name), ("PolicyDocument", &document(chars))])
    };
    put("a", 5000).unwrap();
    let refusal = refused(409, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role r");
    assert_eq!(put("b", 5241), refusal);
    put("b", 5240).unwrap();
    put("b", 5239).unwrap();
}

#[test]
fn policies_are_attached_once() {
    let mut aws = Aws::new();
    aws.create_role("r");
    let own = aws.create_policy("own");
    for arn in [BASIC, &own, BASIC] {
        aws.iam("AttachRolePolicy", &[ROLE, ("PolicyArn", arn)]).unwrap();
    }
    let attached = aws.iam("ListAttachedRolePolicies", &[ROLE]).unwrap();
    let expected = json!([
        { "PolicyName": "own", "PolicyArn": own },
        { "PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC },
    ]);
    assert_eq!(attached["AttachedPolicies"], expected);
    let prefixed = aws.iam("ListAttachedRolePolicies", &[ROLE, ("PathPrefix", "/service-role/")]).unwrap();
    assert_eq!(prefixed["AttachedPolicies"], json!([expected[1]]));
    aws.iam("DetachRolePolicy", &[ROLE, ("PolicyArn", BASIC)]).unwrap();
    let missing = refused(404, "NoSuchEntity", &format!("Policy {BASIC} was not found."));
    assert_eq!(aws.iam("DetachRolePolicy", &[ROLE, ("PolicyArn", BASIC)]), missing);
}

#[test]
fn what_is_not_there_is_not_attached() {
    let mut aws = Aws::new();
    aws.create_role("r");
    aws.create_policy("own");
    for arn in [
        "arn:aws:iam::111122223333:policy/other",
        "arn:aws:iam::111122223333:policy/path/own",
        "arn:aws:iam::000000000000:policy/own",
    ] {
        let message = format!("Policy {arn} does not exist or is not attachable.");
        for (action, name) in [("AttachRolePolicy", "PolicyArn"), ("PutRolePermissionsBoundary", "PermissionsBoundary")]
        {
            assert_eq!(aws.iam(action, &[ROLE, (name, arn)]), refused(404, "NoSuchEntity", &message));
        }
    }
    let arn = "arn:aws:iam::111122223333:role/r";
    let refusal = refused(400, "InvalidInput", &format!("ARN {arn} is not valid."));
    assert_eq!(aws.iam("AttachRolePolicy", &[ROLE, ("PolicyArn", arn)]), refusal);
}

#[test]
fn ten_policies_can_be_attached() {
    let mut aws = Aws::new();
    aws.create_role("r");
    let mut attach = |number: u32| {
        let arn = format!("arn:aws:iam::aws:policy/Policy{number}");
        aws.iam("AttachRolePolicy", &[ROLE, ("PolicyArn", &arn)])
    };
    for number in 1..=10 {
        attach(number).unwrap();
    }
    assert_eq!(attach(11), refused(409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"));
    attach(10).unwrap();
}
