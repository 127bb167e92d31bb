//! Accounts and regions.

use fakecloud_lambda::Scope;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

use crate::harness::Account;

fn scope(authorization: &str) -> Result<String, (u16, String)> {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap())]);
    Scope::from_headers(&headers)
        .map(|scope| scope.to_string())
        .map_err(|error| (error.code().status(), error.message().to_owned()))
}

fn signed(credential: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature=00")
}

#[test]
fn the_credential_names_account_and_region() {
    let cases = [
        (signed("AKIDEXAMPLE/20260131/eu-west-1/lambda/aws4_request"), "000000000000/eu-west-1"),
        (signed("111122223333/20260131/us-gov-west-1/lambda/aws4_request"), "111122223333/us-gov-west-1"),
        ("Bearer token".to_owned(), "000000000000/us-east-1"),
    ];
    for (authorization, expected) in cases {
        assert_eq!(scope(&authorization), Ok(expected.to_owned()), "{authorization}");
    }
    assert_eq!(Scope::from_headers(&HeaderMap::new()).unwrap().to_string(), "000000000000/us-east-1");
}

#[test]
fn a_malformed_signature_is_refused() {
    let refused = |why: &str| Err((403, format!("the Authorization header is malformed: {why}")));
    assert_eq!(
        scope("AWS4-HMAC-SHA256 Signature=00"),
        refused("Authorization header requires 'Credential' parameter.")
    );
    let form = "Credential must have the form KEY/DATE/REGION/SERVICE/aws4_request.";
    assert_eq!(scope(&signed("AKID/eu-west-1")), refused(&format!("{form} Credential=AKID/eu-west-1")));
    let escape = "AKID/20260131/..%2F/lambda/aws4_request";
    assert_eq!(scope(&signed(escape)), refused("'..%2F' is not the name of a region."));
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
