//! Who calls, and temporary credentials.

use fakecloud_iam::Caller;
use serde_json::json;

use crate::harness::{ACCOUNT, Aws, refused};

const ROLE: (&str, &str) = ("RoleArn", "arn:aws:iam::444455556666:role/path/reader");
const SESSION: (&str, &str) = ("RoleSessionName", "tests");

#[test]
fn an_assumed_role_is_who_calls() {
    let mut aws = Aws::new();
    let assumed = aws.sts("AssumeRole", &[ROLE, SESSION]).unwrap();
    let arn = "arn:aws:sts::444455556666:assumed-role/reader/tests";
    assert_eq!(assumed["AssumedRoleUser"]["Arn"], arn);
    let credentials = &assumed["Credentials"];
    assert_eq!(credentials["AccessKeyId"], "ASIA444455556666BAAAAAAAAAAAAAAA");
    assert_eq!(credentials["SecretAccessKey"].as_str().unwrap().len(), 40);
    assert_eq!(credentials["Expiration"], "2026-01-31T13:00:01Z");

    aws.caller = Caller::new("444455556666", credentials["SessionToken"].as_str());
    let identity = aws.sts("GetCallerIdentity", &[]).unwrap();
    let user_id = &assumed["AssumedRoleUser"]["AssumedRoleId"];
    assert_eq!(identity, json!({ "Arn": arn, "UserId": user_id, "Account": "444455556666" }));
    let key = [("AccessKeyId", credentials["AccessKeyId"].as_str().unwrap())];
    assert_eq!(aws.sts("GetAccessKeyInfo", &key).unwrap(), json!({ "Account": "444455556666" }));
    let refusal = refused(400, "ValidationError", "Must specify userName when calling with non-User credentials");
    assert_eq!(aws.iam("GetUser", &[]), refusal);
}

#[test]
fn a_session_of_a_role_of_the_account_has_its_id_and_its_limit() {
    let mut aws = Aws::new();
    let role = aws.create_role("r");
    let arn = ("RoleArn", role["Arn"].as_str().unwrap());
    let assumed = aws.sts("AssumeRole", &[arn, SESSION, ("DurationSeconds", "3600")]).unwrap();
    let id = format!("{}:tests", role["RoleId"].as_str().unwrap());
    assert_eq!(assumed["AssumedRoleUser"]["AssumedRoleId"], id);
    let refusal = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    assert_eq!(
        aws.sts("AssumeRole", &[arn, SESSION, ("DurationSeconds", "3601")]),
        refused(400, "ValidationError", refusal)
    );
}

#[test]
fn what_is_no_role_is_not_assumed() {
    let mut aws = Aws::new();
    for arn in ["arn:aws:iam::444455556666:user/somebody", "arn:aws:iam::4444:role/reader", "0123456789012345678901"] {
        let message = format!("{arn} is invalid: it is not the ARN of a role");
        assert_eq!(aws.sts("AssumeRole", &[("RoleArn", arn), SESSION]), refused(400, "ValidationError", &message));
    }
    let message = "2 validation errors detected: Value 'a' at 'roleSessionName' failed to satisfy constraint: Member \
                   must have length greater than or equal to 2; Value '899' at 'durationSeconds' failed to satisfy \
                   constraint: Member must have value greater than or equal to 900";
    let parameters = [ROLE, ("RoleSessionName", "a"), ("DurationSeconds", "899")];
    assert_eq!(aws.sts("AssumeRole", &parameters), refused(400, "ValidationError", message));
}

#[test]
fn a_web_identity_is_told_by_its_token() {
    let mut aws = Aws::new();
    // {"sub":"repo:me","iss":"https://issuer.example","aud":"sts.amazonaws.com"}
    let claims = "eyJzdWIiOiJyZXBvOm1lIiwiaXNzIjoiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZSIsImF1ZCI6InN0cy5hbWF6b25hd3MuY29tIn0";
    let token = format!("eyJhbGciOiJub25lIn0.{claims}.c2ln");
    let assumed = aws.sts("AssumeRoleWithWebIdentity", &[ROLE, SESSION, ("WebIdentityToken", &token)]).unwrap();
    assert_eq!(assumed["SubjectFromWebIdentityToken"], "repo:me");
    assert_eq!(assumed["Provider"], "https://issuer.example");
    assert_eq!(assumed["Audience"], "sts.amazonaws.com");
    let refusal = aws.sts("AssumeRoleWithWebIdentity", &[ROLE, SESSION, ("WebIdentityToken", "opaque")]).unwrap_err();
    assert_eq!((refusal.0, refusal.1.as_str()), (400, "InvalidIdentityToken"));
}

#[test]
fn a_session_of_a_user_stays_who_it_was() {
    let mut aws = Aws::new();
    let before = aws.sts("GetCallerIdentity", &[]).unwrap();
    let credentials = aws.sts("GetSessionToken", &[]).unwrap()["Credentials"].clone();
    assert_eq!(credentials["Expiration"], "2026-02-01T00:00:02Z");
    aws.caller = Caller::new(ACCOUNT, credentials["SessionToken"].as_str());
    assert_eq!(aws.sts("GetCallerIdentity", &[]).unwrap(), before);
    aws.caller = Caller::new(ACCOUNT, Some("of somebody else"));
    assert_eq!(aws.sts("GetCallerIdentity", &[]).unwrap(), before);
}

#[test]
fn the_root_user_is_the_only_one() {
    let mut aws = Aws::new();
    assert_eq!(aws.iam("GetUser", &[]).unwrap()["User"]["Arn"], "arn:aws:iam::111122223333:root");
    let missing = refused(404, "NoSuchEntity", "The user with name me cannot be found.");
    assert_eq!(aws.iam("GetUser", &[("UserName", "me")]), missing);
}
