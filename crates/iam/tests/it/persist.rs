//! What is on disk is what is answered.

use fakecloud_iam::Iam;

use crate::harness::{ALLOW, Aws, BASIC};

#[test]
fn a_restart_changes_no_answer() {
    let mut aws = Aws::new();
    aws.create_role("Role.+=,@-_1");
    aws.create_role("gone");
    let arn = aws.create_policy("Policy");
    let role = ("RoleName", "Role.+=,@-_1");
    aws.iam("AttachRolePolicy", &[role, ("PolicyArn", &arn)]).unwrap();
    aws.iam("PutRolePermissionsBoundary", &[role, ("PermissionsBoundary", BASIC)]).unwrap();
    aws.iam("PutRolePolicy", &[role, ("PolicyName", "p"), ("PolicyDocument", ALLOW)]).unwrap();
    aws.iam("TagRole", &[role, ("Tags.member.1.Key", "k")]).unwrap();
    aws.iam("CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", ALLOW)]).unwrap();
    aws.iam("DeleteRole", &[("RoleName", "gone")]).unwrap();
    let keys: Vec<&String> = aws.files.keys().collect();
    assert_eq!(keys, ["111122223333/policies/policy.json", "111122223333/roles/role.+=,@-_1.json"]);

    let answers = |aws: &mut Aws| {
        [
            aws.iam("GetRole", &[role]),
            aws.iam("GetRolePolicy", &[role, ("PolicyName", "p")]),
            aws.iam("ListAttachedRolePolicies", &[role]),
            aws.iam("ListPolicyVersions", &[("PolicyArn", &arn)]),
            aws.iam("ListRoles", &[]),
            aws.iam("GetPolicy", &[("PolicyArn", &arn)]),
        ]
    };
    let before = answers(&mut aws);
    aws.iam = Iam::restore(aws.files.clone()).unwrap();
    assert_eq!(answers(&mut aws), before);
}

#[test]
fn what_is_not_ours_is_not_read() {
    let restored = |key: &str, json: &str| {
        Iam::restore([(key.to_owned(), json.as_bytes().to_vec())]).map(drop).unwrap_err().to_string()
    };
    assert_eq!(
        restored("a/b.json", "{}"),
        "unknown key: \"a/b.json\" is not ACCOUNT/roles/NAME.json or ACCOUNT/policies/NAME.json"
    );
    assert_eq!(restored("111122223333/roles/r.json", "{"), "unreadable state in 111122223333/roles/r.json");
}

#[test]
fn a_reset_leaves_nothing() {
    let mut aws = Aws::new();
    aws.create_role("r");
    aws.create_policy("p");
    aws.iam.reset();
    assert_eq!(aws.iam("GetRole", &[("RoleName", "r")]).unwrap_err().0, 404);
    assert_eq!(aws.iam("ListPolicies", &[("Scope", "Local")]).unwrap()["Policies"], "");
}
