//! What many roles and policies cost, and how many there may be.

use fakecloud_iam::{Caller, Iam};
use serde_json::Value;

use crate::harness::{ALLOW, Aws, TRUST, refused};

/// So many policies may be attached to a role.
const ATTACHED: usize = 10;

fn aws_policy(number: usize) -> String {
    format!("arn:aws:iam::aws:policy/Policy{number:05}")
}

/// An account of so many roles, each of which has ten policies of AWS that no other has.
fn with_roles(roles: usize) -> Aws {
    let mut aws = Aws::new();
    for role in 0..roles {
        let name = format!("role-{role}");
        aws.create_role(&name);
        for policy in 0..ATTACHED {
            let arn = aws_policy(role * ATTACHED + policy);
            aws.iam("AttachRolePolicy", &[("RoleName", &name), ("PolicyArn", &arn)]).unwrap();
        }
    }
    aws
}

#[test]
fn a_page_of_policies_costs_the_same_however_many_are_used() {
    let (mut few, mut many) = (with_roles(12), with_roles(60));
    for parameters in [&[][..], &[("OnlyAttached", "true")], &[("PolicyUsageFilter", "PermissionsPolicy")]] {
        let cost = |aws: &mut Aws| {
            let mut listed = Value::Null;
            let counted = allocation_counter::measure(|| listed = aws.iam("ListPolicies", parameters).unwrap());
            assert_eq!(listed["Policies"].as_array().unwrap().len(), 100);
            counted.count_total
        };
        let (few, many) = (cost(&mut few), cost(&mut many));
        assert!(many < few + few / 20, "{parameters:?}: {few} allocations for 12 roles, {many} for 60");
    }
}

#[test]
fn pages_show_every_policy_once_in_the_order_of_their_arns() {
    let mut aws = with_roles(3);
    let own = [aws.create_policy("b"), aws.create_policy("A")];
    let (mut arns, mut marker) = (Vec::new(), None::<String>);
    loop {
        let mut parameters = vec![("MaxItems", "4")];
        parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = aws.iam("ListPolicies", &parameters).unwrap();
        let shown = page["Policies"].as_array().unwrap();
        arns.extend(shown.iter().map(|policy| policy["Arn"].as_str().unwrap().to_owned()));
        assert_eq!(page["IsTruncated"] == "true", page["Marker"].is_string());
        let Some(next) = page["Marker"].as_str() else { break };
        marker = Some(next.to_owned());
    }
    let used = (0..3 * ATTACHED).map(aws_policy);
    let for_functions = ["BasicExecution", "DynamoDBExecution", "KinesisExecution", "SQSQueueExecution"];
    let for_functions = for_functions.iter().chain(&["VPCAccessExecution"]);
    let for_functions = for_functions.map(|name| format!("arn:aws:iam::aws:policy/service-role/AWSLambda{name}Role"));
    let mut expected: Vec<String> = own.into_iter().chain(used).chain(for_functions).collect();
    expected.sort();
    assert_eq!(arns, expected);
}

#[test]
fn counts_of_uses_follow_every_change_of_a_role_and_a_restart() {
    let mut aws = Aws::new();
    let arn = aws.create_policy("p");
    let policy = ("PolicyArn", arn.as_str());
    let uses = |aws: &mut Aws| {
        let shown = aws.iam("GetPolicy", &[policy]).unwrap()["Policy"].clone();
        let count = |member: &str| shown[member].as_str().unwrap().parse().unwrap();
        (count("AttachmentCount"), count("PermissionsBoundaryUsageCount"))
    };
    for role in ["r", "s"] {
        aws.create_role(role);
        aws.iam("AttachRolePolicy", &[policy, ("RoleName", role)]).unwrap();
        aws.iam("AttachRolePolicy", &[policy, ("RoleName", role)]).unwrap();
    }
    let bounded = [("RoleName", "bounded"), ("AssumeRolePolicyDocument", TRUST), ("PermissionsBoundary", arn.as_str())];
    aws.iam("CreateRole", &bounded).unwrap();
    assert_eq!(uses(&mut aws), (2_u32, 1_u32));
    aws.iam("UpdateRole", &[("RoleName", "r"), ("Description", "another")]).unwrap();
    aws.iam = Iam::restore(aws.files.clone()).unwrap();
    assert_eq!(uses(&mut aws), (2, 1));
    aws.iam("DetachRolePolicy", &[policy, ("RoleName", "r")]).unwrap();
    assert_eq!(uses(&mut aws), (1, 1));
    aws.iam("DeleteRole", &[("RoleName", "bounded")]).unwrap();
    assert_eq!(uses(&mut aws), (1, 0));
    aws.iam("DetachRolePolicy", &[policy, ("RoleName", "s")]).unwrap();
    assert_eq!(uses(&mut aws), (0, 0));
    aws.iam("DeletePolicy", &[policy]).unwrap();
}

#[test]
fn an_account_has_a_thousand_roles_and_fifteen_hundred_policies_at_most() {
    let mut aws = Aws::new();
    (0..1000).for_each(|role| drop(aws.create_role(&format!("r{role}"))));
    let create = |name| [("RoleName", name), ("AssumeRolePolicyDocument", TRUST)];
    let full = refused(409, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000");
    assert_eq!(aws.iam("CreateRole", &create("one-more")), full);
    aws.iam("DeleteRole", &[("RoleName", "r7")]).unwrap();
    aws.iam("CreateRole", &create("one-more")).unwrap();

    (0..1500).for_each(|policy| drop(aws.create_policy(&format!("p{policy}"))));
    let create = |name| [("PolicyName", name), ("PolicyDocument", ALLOW)];
    let full = refused(409, "LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: 1500");
    assert_eq!(aws.iam("CreatePolicy", &create("one-more")), full);

    aws.caller = Caller::new("444455556666", None);
    aws.create_role("in-another-account");
}

#[test]
fn an_account_that_was_only_asked_for_is_not_kept() {
    let mut aws = Aws::new();
    let nothing = format!("{:?}", Iam::default());
    for account in 1..50 {
        aws.caller = Caller::new(&format!("{account:012}"), None);
        assert_eq!(aws.iam("GetRole", &[("RoleName", "r")]).unwrap_err().0, 404);
        aws.iam("ListRoles", &[]).unwrap();
        aws.sts("GetCallerIdentity", &[]).unwrap();
    }
    assert_eq!(format!("{:?}", aws.iam), nothing);
    aws.create_role("r");
    aws.iam("DeleteRole", &[("RoleName", "r")]).unwrap();
    assert_eq!(format!("{:?}", aws.iam), nothing);
}
