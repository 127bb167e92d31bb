//! Accounts and regions.

use fakecloud_lambda::Scope;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{AUTHORIZATION, HOST},
};

use crate::harness::Account;

/// Account and region, or status and text of the refusal, of a request with these headers and query.
fn scope(headers: &[(HeaderName, &str)], query: Option<&str>) -> Result<String, (u16, String)> {
    let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
    Scope::of_request(&HeaderMap::from_iter(headers), query)
        .map(|scope| scope.to_string())
        .map_err(|error| (error.code().status(), error.message().to_owned()))
}

fn authorized(authorization: &str) -> Result<String, (u16, String)> {
    scope(&[(AUTHORIZATION, authorization)], None)
}

fn signed(credential: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature=00")
}

#[test]
fn the_credential_names_account_and_region() {
    let cases = [
        (signed("AKIDEXAMPLE/20260131/eu-west-1/lambda/aws4_request"), "000000000000/eu-west-1"),
        (signed("111122223333/20260131/us-gov-west-1/lambda/aws4_request"), "111122223333/us-gov-west-1"),
        (signed("key/with/slashes/20260131/eu-west-1/lambda/aws4_request"), "000000000000/eu-west-1"),
        // Without a blank after the commas, as some clients write it.
        (signed("111122223333/20260131/eu-west-1/lambda/aws4_request").replace(", ", ","), "111122223333/eu-west-1"),
    ];
    for (authorization, expected) in cases {
        assert_eq!(authorized(&authorization), Ok(expected.to_owned()), "{authorization}");
    }
    assert_eq!(scope(&[], None), Ok("000000000000/us-east-1".to_owned()));
}

#[test]
fn the_key_of_a_session_names_its_account() {
    let cases = [
        ("ASIA111122223333BAAAAAAAAAAAAAAA", "111122223333"),
        // A key that AWS gave out: its account is none of ours to know.
        ("ASIAIOSFODNN7EXAMPLE", "000000000000"),
        ("ASIA", "000000000000"),
    ];
    for (key, account) in cases {
        let authorization = signed(&format!("{key}/20260131/eu-west-1/lambda/aws4_request"));
        assert_eq!(authorized(&authorization), Ok(format!("{account}/eu-west-1")), "{key}");
    }
}

#[test]
fn a_presigned_url_names_account_and_region() {
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00\
        &X-Amz-Credential=111122223333%2F20260131%2Feu-west-1%2Flambda%2Faws4_request";
    assert_eq!(scope(&[], Some(query)), Ok("111122223333/eu-west-1".to_owned()));
    let header = signed("444455556666/20260131/eu-north-1/lambda/aws4_request");
    assert_eq!(scope(&[(AUTHORIZATION, &header)], Some(query)), Ok("444455556666/eu-north-1".to_owned()));
    assert_eq!(scope(&[], Some("X-Amz-Credential=1%2F2")).unwrap_err().0, 403);
}

#[test]
fn the_host_names_the_region_of_a_request_that_is_not_signed() {
    let cases = [
        ("lambda.eu-west-1.amazonaws.com", "eu-west-1"),
        ("LAMBDA.us-gov-west-1.amazonaws.com:443", "us-gov-west-1"),
        ("abc.lambda-url.ap-southeast-2.fakecloud.test:4566", "ap-southeast-2"),
        ("localhost:4566", "us-east-1"),
        ("127.0.0.1:4566", "us-east-1"),
        ("[::1]:4566", "us-east-1"),
        ("my-release-7.example", "us-east-1"),
        ("eu-1.example", "us-east-1"),
    ];
    for (host, region) in cases {
        assert_eq!(scope(&[(HOST, host)], None), Ok(format!("000000000000/{region}")), "{host}");
    }
    let header = signed("key/20260131/eu-north-1/lambda/aws4_request");
    let both = [(AUTHORIZATION, header.as_str()), (HOST, "lambda.eu-west-1.amazonaws.com")];
    assert_eq!(scope(&both, None), Ok("000000000000/eu-north-1".to_owned()));
}

#[test]
fn a_malformed_signature_is_refused() {
    let credential = "Credential=AKID/20260131/eu-west-1/lambda/aws4_request";
    let requires = |names: &[&str]| {
        names.iter().map(|name| format!("Authorization header requires '{name}' parameter. ")).collect::<String>()
    };
    let cases = [
        ("AWS4-HMAC-SHA256".to_owned(), requires(&["Credential", "Signature", "SignedHeaders"])),
        ("AWS4-HMAC-SHA256 Signature=00".to_owned(), requires(&["Credential", "SignedHeaders"])),
        (format!("AWS4-HMAC-SHA256 {credential}"), requires(&["Signature", "SignedHeaders"])),
        (format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature="), requires(&["Signature"])),
    ];
    for (authorization, message) in cases {
        let message = format!("{message}Authorization={authorization}");
        assert_eq!(authorized(&authorization), Err((403, message)), "{authorization}");
    }
    let form = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got";
    let cases = [
        ("AKID/eu-west-1", format!("{form} 'AKID/eu-west-1'")),
        (
            "AKID/20260131/eu-west-1/lambda/aws5_request",
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.".to_owned(),
        ),
        (
            "AKID/20260131/..%2F/lambda/aws4_request",
            "Credential should be scoped to a valid region, not '..%2F'.".to_owned(),
        ),
        (
            "/20260131/eu-west-1/lambda/aws4_request",
            "Credential has no access key: '/20260131/eu-west-1/lambda/aws4_request'".to_owned(),
        ),
        (
            "AKID//eu-west-1/lambda/aws4_request",
            "Credential has no date: 'AKID//eu-west-1/lambda/aws4_request'".to_owned(),
        ),
    ];
    for (credential, message) in cases {
        assert_eq!(authorized(&signed(credential)), Err((403, message)), "{credential}");
    }
    let cases = [
        ("AWS4-HMAC-SHA1 Credential=AKID", "AWS4-HMAC-SHA1"),
        ("AWS AKID:c2lnbmF0dXJl", "AWS"),
        ("Bearer token", "Bearer"),
        ("garbage", "garbage"),
    ];
    for (authorization, algorithm) in cases {
        let message = format!("Unsupported AWS 'algorithm': '{algorithm}' is not AWS4-HMAC-SHA256.");
        assert_eq!(authorized(authorization), Err((403, message)), "{authorization}");
    }
    assert_eq!(authorized(""), Ok("000000000000/us-east-1".to_owned()));
}

#[test]
fn scopes_share_nothing() {
    let mut account = Account::new();
    account.create("f");
    for (id, region) in [("111122223333", "us-east-1"), ("000000000000", "eu-west-1")] {
        account.scope = Scope::new(id, region).unwrap();
        assert_eq!(account.get("/2015-03-31/functions/f").status, 404, "{id} {region}");
    }
}

#[test]
fn an_arn_reaches_into_another_account() {
    let mut account = Account::new();
    account.create("f");
    account.scope = Scope::new("000000000000", "eu-west-1").unwrap();
    let target = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Af";
    assert_eq!(account.read(target)["Configuration"]["FunctionName"], "f");
}
