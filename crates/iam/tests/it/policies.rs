//! Policies and their versions, the account's and AWS's.

use serde_json::{Value, json};

use crate::harness::{ALLOW, Aws, BASIC, Refusal, refused};

fn missing(arn: &str) -> Result<Value, Refusal> {
    refused(404, "NoSuchEntity", &format!("Policy {arn} was not found."))
}

#[test]
fn a_policy_is_shown_as_it_was_made() {
    let mut aws = Aws::new();
    let parameters = [
        ("PolicyName", "Write"),
        ("PolicyDocument", ALLOW),
        ("Path", "/a/b/"),
        ("Description", "d"),
        ("Tags.member.1.Key", "k"),
        ("Tags.member.1.Value", "v"),
    ];
    let created = aws.iam("CreatePolicy", &parameters).unwrap();
    let arn = "arn:aws:iam::111122223333:policy/a/b/Write";
    let expected = json!({
        "PolicyName": "Write",
        "PolicyId": "ANPABAAAAAAAAAAAAAAAA",
        "Arn": arn,
        "Path": "/a/b/",
        "DefaultVersionId": "v1",
        "AttachmentCount": "0",
        "PermissionsBoundaryUsageCount": "0",
        "IsAttachable": "true",
        "Description": "d",
        "CreateDate": "2026-01-31T12:00:01Z",
        "UpdateDate": "2026-01-31T12:00:01Z",
        "Tags": [{ "Key": "k", "Value": "v" }],
    });
    assert_eq!(created["Policy"], expected);
    assert_eq!(aws.iam("GetPolicy", &[("PolicyArn", arn)]).unwrap()["Policy"], expected);
    let message = "A policy called write already exists. Duplicate names are not allowed.";
    let again = aws.iam("CreatePolicy", &[("PolicyName", "write"), ("PolicyDocument", ALLOW)]);
    assert_eq!(again, refused(409, "EntityAlreadyExists", message));
}

#[test]
fn a_policy_in_use_is_not_deleted() {
    let mut aws = Aws::new();
    let arn = aws.create_policy("p");
    let policy = ("PolicyArn", arn.as_str());
    for name in ["bounded", "attached"] {
        aws.create_role(name);
    }
    aws.iam("AttachRolePolicy", &[policy, ("RoleName", "attached")]).unwrap();
    aws.iam("PutRolePermissionsBoundary", &[("PermissionsBoundary", &arn), ("RoleName", "bounded")]).unwrap();
    let shown = aws.iam("GetPolicy", &[policy]).unwrap()["Policy"].clone();
    assert_eq!((&shown["AttachmentCount"], &shown["PermissionsBoundaryUsageCount"]), (&json!("1"), &json!("1")));

    let mut users = |more: &[(&str, &str)]| {
        let parameters: Vec<_> = more.iter().copied().chain([policy]).collect();
        let list = aws.iam("ListEntitiesForPolicy", &parameters).unwrap();
        let roles = list["PolicyRoles"].as_array().cloned().unwrap_or_default();
        roles.iter().map(|role| role["RoleName"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(users(&[]), "attached bounded");
    assert_eq!(users(&[("PolicyUsageFilter", "PermissionsBoundary")]), "bounded");
    assert_eq!(users(&[("PolicyUsageFilter", "PermissionsPolicy")]), "attached");
    assert_eq!(users(&[("EntityFilter", "User")]), "");

    let conflict = refused(409, "DeleteConflict", "Cannot delete a policy attached to entities.");
    assert_eq!(aws.iam("DeletePolicy", &[policy]), conflict);
    aws.iam("DetachRolePolicy", &[policy, ("RoleName", "attached")]).unwrap();
    assert_eq!(aws.iam("DeletePolicy", &[policy]), conflict);
    aws.iam("DeleteRolePermissionsBoundary", &[("RoleName", "bounded")]).unwrap();
    aws.iam("DeletePolicy", &[policy]).unwrap();
    for action in ["GetPolicy", "DeletePolicy", "ListPolicyVersions", "ListEntitiesForPolicy", "ListPolicyTags"] {
        assert_eq!(aws.iam(action, &[policy]), missing(&arn), "{action}");
    }
}

#[test]
fn versions_are_numbered_once_and_one_is_the_default() {
    let mut aws = Aws::new();
    let arn = aws.create_policy("p");
    let policy = ("PolicyArn", arn.as_str());
    let version = |id| [policy, ("VersionId", id)];
    let document = ALLOW.replace("Allow", "Deny");
    let create = [policy, ("PolicyDocument", document.as_str())];
    let second = aws.iam("CreatePolicyVersion", &create).unwrap()["PolicyVersion"].clone();
    let expected = json!({ "VersionId": "v2", "IsDefaultVersion": "false", "CreateDate": "2026-01-31T12:00:02Z" });
    assert_eq!(second, expected);
    let third = aws.iam("CreatePolicyVersion", &[create[0], create[1], ("SetAsDefault", "true")]).unwrap();
    assert_eq!(third["PolicyVersion"]["IsDefaultVersion"], "true");
    assert_eq!(aws.iam("GetPolicy", &[policy]).unwrap()["Policy"]["DefaultVersionId"], "v3");
    let shown = aws.iam("GetPolicyVersion", &version("v3")).unwrap()["PolicyVersion"].clone();
    assert!(shown["Document"].as_str().unwrap().contains("%22Deny%22"));

    let conflict = |message: &str| refused(409, "DeleteConflict", message);
    let default = conflict("Cannot delete the default version of a policy.");
    assert_eq!(aws.iam("DeletePolicyVersion", &version("v3")), default);
    aws.iam("SetDefaultPolicyVersion", &version("v1")).unwrap();
    aws.iam("DeletePolicyVersion", &version("v3")).unwrap();
    let gone = format!("Policy {arn} version v3 does not exist or is not attachable.");
    for action in ["GetPolicyVersion", "DeletePolicyVersion", "SetDefaultPolicyVersion"] {
        assert_eq!(aws.iam(action, &version("v3")), refused(404, "NoSuchEntity", &gone), "{action}");
    }
    let list = aws.iam("ListPolicyVersions", &[policy]).unwrap();
    let ids: Vec<&Value> = list["Versions"].as_array().unwrap().iter().map(|version| &version["VersionId"]).collect();
    assert_eq!(ids, ["v2", "v1"]);
    let many = conflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The \
         default version is deleted with the policy.",
    );
    assert_eq!(aws.iam("DeletePolicy", &[policy]), many);
    let next = aws.iam("CreatePolicyVersion", &create).unwrap();
    assert_eq!(next["PolicyVersion"]["VersionId"], "v4", "no number is given twice");
}

#[test]
fn a_policy_has_five_versions_at_most() {
    let mut aws = Aws::new();
    let arn = aws.create_policy("p");
    let create = [("PolicyArn", arn.as_str()), ("PolicyDocument", ALLOW)];
    for _ in 2..=5 {
        aws.iam("CreatePolicyVersion", &create).unwrap();
    }
    let message = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                   existing version.";
    assert_eq!(aws.iam("CreatePolicyVersion", &create), refused(409, "LimitExceeded", message));
}

#[test]
fn a_version_has_the_form_of_one() {
    let mut aws = Aws::new();
    let arn = aws.create_policy("p");
    for id in ["1", "v0", "v", "vx", "v1x"] {
        let message = format!(
            "1 validation error detected: Value '{id}' at 'versionId' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"
        );
        let refusal = refused(400, "ValidationError", &message);
        assert_eq!(aws.iam("GetPolicyVersion", &[("PolicyArn", &arn), ("VersionId", id)]), refusal);
    }
}

#[test]
fn awss_policies_are_there_and_cannot_be_changed() {
    let mut aws = Aws::new();
    let policy = ("PolicyArn", BASIC);
    let shown = aws.iam("GetPolicy", &[policy]).unwrap()["Policy"].clone();
    assert_eq!(shown["PolicyName"], "AWSLambdaBasicExecutionRole");
    assert_eq!((&shown["Path"], &shown["Arn"]), (&json!("/service-role/"), &json!(BASIC)));
    assert_eq!(aws.iam("GetPolicy", &[policy]).unwrap()["Policy"], shown);
    let version = aws.iam("GetPolicyVersion", &[policy, ("VersionId", "v1")]).unwrap();
    assert!(version["PolicyVersion"]["Document"].as_str().unwrap().contains("logs%3APutLogEvents"));
    let message = format!(
        "User: arn:aws:iam::111122223333:root is not authorized to perform: iam:DeletePolicy on resource: policy {BASIC}"
    );
    assert_eq!(aws.iam("DeletePolicy", &[policy]), refused(403, "AccessDenied", &message));
}

#[test]
fn lists_tell_whose_a_policy_is() {
    let mut aws = Aws::new();
    let own = aws.create_policy("own");
    aws.create_role("r");
    let rare = "arn:aws:iam::aws:policy/AmazonRareFullAccess";
    aws.iam("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", rare)]).unwrap();
    let mut list = |parameters: &[(&str, &str)]| {
        let list = aws.iam("ListPolicies", parameters).unwrap();
        let arns = list["Policies"].as_array().cloned().unwrap_or_default();
        arns.iter().map(|policy| policy["Arn"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[("Scope", "Local")]), [own.as_str()]);
    assert_eq!(list(&[("OnlyAttached", "true")]), [rare]);
    let aws_only = list(&[("Scope", "AWS")]);
    assert!(aws_only.contains(&BASIC.to_owned()) && !aws_only.contains(&own));
    assert_eq!(list(&[]).len(), aws_only.len() + 1);
    assert_eq!(list(&[("PolicyUsageFilter", "PermissionsBoundary")]), Vec::<String>::new());
    let refusal = aws.iam("ListPolicies", &[("Scope", "Mine")]);
    let message = "1 validation error detected: Value 'Mine' at 'scope' failed to satisfy constraint: Member must \
                   satisfy enum value set: [All, AWS, Local]";
    assert_eq!(refusal, refused(400, "ValidationError", message));
}
