//! Roles, from their making to their end.

use serde_json::{Value, json};

use crate::harness::{ALLOW, Aws, BASIC, TRUST, refused};

fn missing(name: &str) -> Result<Value, crate::harness::Refusal> {
    refused(404, "NoSuchEntity", &format!("The role with name {name} cannot be found."))
}

#[test]
fn a_role_is_shown_as_it_was_made() {
    let mut aws = Aws::new();
    let parameters = [
        ("RoleName", "Hello-role_1"),
        (
            "AssumeRolePolicyDocument",
            "{ \"Statement\": { \"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"sts:AssumeRole\" } }",
        ),
        ("Path", "/service-role/"),
        ("Description", "<b> & \r\n é"),
        ("MaxSessionDuration", "7200"),
        ("PermissionsBoundary", BASIC),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "a b"),
        ("Tags.member.2.Key", "empty"),
        ("Tags.member.2.Value", ""),
    ];
    let created = aws.iam("CreateRole", &parameters).unwrap();
    let expected = json!({
        "Path": "/service-role/",
        "RoleName": "Hello-role_1",
        "RoleId": "AROABAAAAAAAAAAAAAAAA",
        "Arn": "arn:aws:iam::111122223333:role/service-role/Hello-role_1",
        "CreateDate": "2026-01-31T12:00:01Z",
        "AssumeRolePolicyDocument": "%7B%20%22Statement%22%3A%20%7B%20%22Effect%22%3A%20%22Allow%22%2C%20%22Principal\
            %22%3A%20%22%2A%22%2C%20%22Action%22%3A%20%22sts%3AAssumeRole%22%20%7D%20%7D",
        "Description": "<b> & \r\n é",
        "MaxSessionDuration": "7200",
        "PermissionsBoundary": { "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": BASIC },
        "Tags": [{ "Key": "team", "Value": "a b" }, { "Key": "empty", "Value": "" }],
    });
    assert_eq!(created["Role"], expected);
    assert_eq!(aws.iam("GetRole", &[("RoleName", "Hello-role_1")]).unwrap()["Role"], expected);
}

#[test]
fn a_name_is_taken_whatever_its_case() {
    let mut aws = Aws::new();
    aws.create_role("Name");
    assert_eq!(
        aws.iam("CreateRole", &[("RoleName", "nAME"), ("AssumeRolePolicyDocument", TRUST)]),
        refused(409, "EntityAlreadyExists", "Role with name nAME already exists.")
    );
    assert_eq!(aws.iam("GetRole", &[("RoleName", "name")]), missing("name"));
}

#[test]
fn updates_change_what_they_name() {
    let mut aws = Aws::new();
    aws.create_role("r");
    let trust = TRUST.replace("lambda", "edgelambda");
    for (action, parameters) in [
        ("UpdateRole", [("Description", "new"), ("MaxSessionDuration", "43200")].as_slice()),
        ("UpdateAssumeRolePolicy", &[("PolicyDocument", trust.as_str())]),
        ("PutRolePermissionsBoundary", &[("PermissionsBoundary", BASIC)]),
    ] {
        let parameters: Vec<_> = parameters.iter().copied().chain([("RoleName", "r")]).collect();
        aws.iam(action, &parameters).unwrap();
    }
    let role = aws.iam("GetRole", &[("RoleName", "r")]).unwrap()["Role"].clone();
    assert_eq!((&role["Description"], &role["MaxSessionDuration"]), (&json!("new"), &json!("43200")));
    assert!(role["AssumeRolePolicyDocument"].as_str().unwrap().contains("edgelambda"));
    assert_eq!(role["PermissionsBoundary"]["PermissionsBoundaryArn"], BASIC);

    aws.iam("UpdateRole", &[("RoleName", "r"), ("MaxSessionDuration", "3600")]).unwrap();
    aws.iam("DeleteRolePermissionsBoundary", &[("RoleName", "r")]).unwrap();
    let described = aws.iam("UpdateRoleDescription", &[("RoleName", "r"), ("Description", "newer")]).unwrap();
    assert_eq!(described["Role"]["Description"], "newer");
    assert_eq!(described["Role"]["MaxSessionDuration"], "3600");
    assert_eq!(described["Role"]["PermissionsBoundary"], Value::Null);
}

#[test]
fn a_role_with_policies_is_not_deleted() {
    let mut aws = Aws::new();
    aws.create_role("r");
    let role = ("RoleName", "r");
    aws.iam("AttachRolePolicy", &[role, ("PolicyArn", BASIC)]).unwrap();
    aws.iam("PutRolePolicy", &[role, ("PolicyName", "p"), ("PolicyDocument", ALLOW)]).unwrap();
    let conflict = |message: &str| refused(409, "DeleteConflict", message);
    assert_eq!(aws.iam("DeleteRole", &[role]), conflict("Cannot delete entity, must detach all policies first."));
    aws.iam("DetachRolePolicy", &[role, ("PolicyArn", BASIC)]).unwrap();
    assert_eq!(aws.iam("DeleteRole", &[role]), conflict("Cannot delete entity, must delete policies first."));
    aws.iam("DeleteRolePolicy", &[role, ("PolicyName", "p")]).unwrap();
    aws.iam("DeleteRole", &[role]).unwrap();
    for action in
        ["GetRole", "DeleteRole", "UpdateRole", "ListRoleTags", "ListRolePolicies", "ListAttachedRolePolicies"]
    {
        assert_eq!(aws.iam(action, &[role]), missing("r"), "{action}");
    }
    assert_eq!(aws.iam("ListInstanceProfilesForRole", &[role]), missing("r"));
}

#[test]
fn lists_come_in_pages() {
    let mut aws = Aws::new();
    for name in ["c", "a", "B"] {
        aws.create_role(name);
    }
    let path = ("Path", "/x/");
    aws.iam("CreateRole", &[("RoleName", "d"), ("AssumeRolePolicyDocument", TRUST), path]).unwrap();
    let names = |list: &Value| {
        let roles = list["Roles"].as_array().unwrap();
        roles.iter().map(|role| role["RoleName"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let first = aws.iam("ListRoles", &[("MaxItems", "3")]).unwrap();
    assert_eq!((names(&first).as_str(), &first["IsTruncated"]), ("B a c", &json!("true")));
    let second = aws.iam("ListRoles", &[("Marker", first["Marker"].as_str().unwrap())]).unwrap();
    assert_eq!(
        (names(&second).as_str(), &second["IsTruncated"], &second["Marker"]),
        ("d", &json!("false"), &Value::Null)
    );
    assert_eq!(names(&aws.iam("ListRoles", &[("PathPrefix", "/x")]).unwrap()), "d");
    let refusal = aws.iam("ListRoles", &[("Marker", "!")]).unwrap_err();
    assert_eq!((refusal.0, refusal.1.as_str()), (400, "ValidationError"));
    for max in ["0", "1001"] {
        assert_eq!(aws.iam("ListRoles", &[("MaxItems", max)]).unwrap_err().1, "ValidationError");
    }
}

#[test]
fn terraform_hears_that_there_are_no_instance_profiles() {
    let mut aws = Aws::new();
    aws.create_role("r");
    let profiles = aws.iam("ListInstanceProfilesForRole", &[("RoleName", "r")]).unwrap();
    assert_eq!(profiles, json!({ "InstanceProfiles": "", "IsTruncated": "false" }));
}
