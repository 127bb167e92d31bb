//! The query protocol: where parameters stand, how answers and errors look.

use fakecloud_iam::{Error, ErrorCode, Service, parse};

use crate::harness::{ACCOUNT, Aws, TRUST, refusal, refused, tree};

#[test]
fn answers_have_the_form_that_clients_parse() {
    let mut aws = Aws::new();
    let answer = aws.call(Service::Sts, "GetCallerIdentity", &[]).unwrap();
    let expected = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
        <GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:root</Arn><UserId>111122223333</UserId>\
        <Account>111122223333</Account></GetCallerIdentityResult>\
        <ResponseMetadata><RequestId>the-request</RequestId></ResponseMetadata></GetCallerIdentityResponse>";
    assert_eq!(answer, expected);
    aws.create_role("r");
    let deleted = aws.call(Service::Iam, "DeleteRole", &[("RoleName", "r")]).unwrap();
    let expected = "<DeleteRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
        <ResponseMetadata><RequestId>the-request</RequestId></ResponseMetadata></DeleteRoleResponse>";
    assert_eq!(deleted, expected);
}

#[test]
fn errors_have_the_form_that_clients_parse() {
    let error = Error::new(ErrorCode::NoSuchEntity, "no <role> & \u{1}").to_response(Service::Iam, "id");
    let expected = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
        <Code>NoSuchEntity</Code><Message>no &lt;role&gt; &amp; \u{fffd}</Message></Error><RequestId>id</RequestId>\
        </ErrorResponse>";
    assert_eq!((error.status.as_u16(), error.body.as_ref()), (404, expected.as_bytes()));
    assert_eq!(error.headers["content-type"], "text/xml");
    let fault = Error::new(ErrorCode::ServiceFailure, "disk full").to_response(Service::Iam, "id");
    let fault = tree(std::str::from_utf8(&fault.body).unwrap());
    assert_eq!(fault["ErrorResponse"]["Error"]["Type"], "Receiver");
}

#[test]
fn parameters_may_stand_in_the_query() {
    let call = parse(Service::Sts, Some("Action=GetCallerIdentity&Version=2011-06-15"), b"").unwrap();
    assert_eq!((call.action(), call.service()), ("GetCallerIdentity", Service::Sts));
}

#[test]
fn an_unknown_action_is_told_what_there_is() {
    let refused = |service, query: &str| refusal(service, &parse(service, Some(query), b"").unwrap_err());
    let (status, code, message) = refused(Service::Iam, "Action=CreateUser&Version=2010-05-08");
    assert_eq!((status, code.as_str()), (400, "InvalidAction"));
    assert!(message.starts_with("Could not find operation CreateUser for version 2010-05-08. fakecloud serves"));
    assert!(message.contains("AttachRolePolicy, CreatePolicy, ") && message.ends_with("UpdateRoleDescription"));

    let (_, code, message) = refused(Service::Sts, "Action=GetCallerIdentity");
    assert_eq!(code, "InvalidAction");
    assert!(message.starts_with("Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED."));
    assert_eq!(refused(Service::Sts, "Version=2011-06-15").1, "MissingAction");
}

#[test]
fn wrong_parameters_are_told_all_at_once() {
    let mut aws = Aws::new();
    assert_eq!(
        aws.iam("CreateRole", &[("MaxSessionDuration", "60"), ("Path", "/")]),
        refused(
            400,
            "ValidationError",
            "3 validation errors detected: \
             Value null at 'roleName' failed to satisfy constraint: Member must not be null; \
             Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null; \
             Value '60' at 'maxSessionDuration' failed to satisfy constraint: \
             Member must have value greater than or equal to 3600"
        )
    );
    let long = "a".repeat(65);
    let one = |why: &str| format!("1 validation error detected: {why}");
    let cases: [(&[(&str, &str)], String); 6] = [
        (
            &[("RoleName", &long)],
            one(&format!(
                "Value '{long}' at 'roleName' failed to satisfy constraint: \
                 Member must have length less than or equal to 64"
            )),
        ),
        (
            &[("RoleName", "a b")],
            "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the \
             following: +=,.@_-"
                .to_owned(),
        ),
        (
            &[("RoleName", "r"), ("Path", "no/slash")],
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
             characters and/or / characters."
                .to_owned(),
        ),
        (
            &[("RoleName", "r"), ("MaxSessionDuration", "an hour")],
            one("Value 'an hour' at 'maxSessionDuration' failed to satisfy constraint: Member must be an integer"),
        ),
        (
            &[("RoleName", "r"), ("Tags.member.1.Key", "a"), ("Tags.member.2.Key", "")],
            one("Value '' at 'tags.2.member.key' failed to satisfy constraint: \
                 Member must have length greater than or equal to 1"),
        ),
        (
            &[("RoleName", "r"), ("PermissionsBoundary", "arn")],
            one("Value 'arn' at 'permissionsBoundary' failed to satisfy constraint: \
                 Member must have length greater than or equal to 20"),
        ),
    ];
    for (parameters, message) in cases {
        let parameters: Vec<_> = parameters.iter().copied().chain([("AssumeRolePolicyDocument", TRUST)]).collect();
        assert_eq!(aws.iam("CreateRole", &parameters), refused(400, "ValidationError", &message));
    }
    assert_eq!(aws.iam("ListRoles", &[]).unwrap()["Roles"], "", "nothing was made");
}

#[test]
fn accounts_share_nothing() {
    let mut aws = Aws::new();
    aws.create_role("r");
    aws.caller = fakecloud_iam::Caller::new("000000000000", None);
    assert_eq!(aws.iam("GetRole", &[("RoleName", "r")]).unwrap_err().0, 404);
    aws.caller = fakecloud_iam::Caller::new(ACCOUNT, None);
    aws.iam("GetRole", &[("RoleName", "r")]).unwrap();
}

#[test]
fn many_violations_are_counted_and_a_few_of_them_told() {
    let mut aws = Aws::new();
    let names: Vec<String> = (1..=500).map(|number| format!("TagKeys.member.{number}")).collect();
    let long = "!".repeat(3000);
    let keys: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "!")).collect();
    let (status, code, message) = aws.iam("UntagRole", &[keys.as_slice(), &[("RoleName", "r")]].concat()).unwrap_err();
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    assert!(message.starts_with("500 validation errors detected: "), "{message}");
    assert_eq!(message.split("; ").count(), 20);
    let shown = aws.iam("UntagRole", &[("RoleName", "r"), ("TagKeys.member.1", &long)]).unwrap_err().2;
    assert!(shown.starts_with("2 validation errors detected: ") && shown.len() < 5000, "{}", shown.len());
}

#[test]
fn parameters_are_bounded_in_number() {
    let mut aws = Aws::new();
    let names: Vec<String> = (1..=1000).map(|number| format!("p{number}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert!(aws.iam("ListRoles", &many[..998]).is_ok());
    let refused = aws.iam("ListRoles", &many).unwrap_err();
    let message = "The request has more than 1000 parameters.".to_owned();
    assert_eq!(refused, (400, "ValidationError".to_owned(), message));
}
