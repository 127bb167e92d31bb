//! What pages of which origins may send.

use super::*;

const CREATE: &str = "/2015-03-31/functions";
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, Signature=0";

/// Whether a request to `localhost:4566`, or another host, is refused.
fn refused(method: &str, uri: &str, headers: &[(&str, &str)]) -> bool {
    let mut request = http::Request::builder().method(method).uri(uri);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost:4566");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let pages = Pages::new("https://app.example".parse().unwrap(), ["cloud.example".to_owned()]);
    pages.refusal(&request.body(axum::body::Body::empty()).unwrap()).is_some()
}

#[test]
fn page_of_another_origin_changes_nothing() {
    for origin in ["https://evil.example", "http://localhost:3000", "http://evil.example:4566", "null"] {
        for (method, uri) in [
            ("POST", CREATE),
            ("POST", "/2015-03-31/functions/f/invocations"),
            ("POST", "/_fakecloud/reset"),
            ("POST", "/_reset"),
            ("POST", "/_fakecloud/lambda/f/evict-container"),
            ("DELETE", "/v2/app/manifests/v1"),
            ("POST", "/"),
            ("GET", "/?Action=CreateRole&Version=2010-05-08&RoleName=r"),
        ] {
            assert!(refused(method, uri, &[("origin", origin)]), "{origin} {method} {uri}");
        }
        assert!(!refused("GET", CREATE, &[("origin", origin)]), "its page cannot read the answer");
    }
    assert!(refused("POST", CREATE, &[("sec-fetch-site", "cross-site")]));
    assert!(refused("GET", "/?Action=DeleteRole", &[("sec-fetch-site", "cross-site")]));
}

#[test]
fn clients_that_are_no_pages_and_pages_of_this_server_pass() {
    assert!(!refused("POST", CREATE, &[]));
    assert!(!refused("POST", CREATE, &[("sec-fetch-site", "none")]));
    for host in ["localhost:4566", "127.0.0.1:4566", "[::1]:4566", "fakecloud", "fakecloud.ns.svc", "cloud.example"] {
        let origin = format!("http://{host}");
        assert!(!refused("POST", CREATE, &[("host", host), ("origin", &origin)]), "{host}");
    }
    assert!(!refused("POST", CREATE, &[("host", "cloud.example:443"), ("origin", "https://cloud.example")]));
    assert!(!refused("POST", CREATE, &[("origin", "https://app.example"), ("sec-fetch-site", "cross-site")]));
}

#[test]
fn signature_in_a_header_passes_and_one_in_the_address_for_s3_alone() {
    let page = ("origin", "https://other.example");
    assert!(!refused("POST", CREATE, &[page, ("authorization", SIGNED)]));
    assert!(!refused("POST", "/_fakecloud/reset", &[page, ("authorization", "Bearer token")]));
    assert!(refused("POST", "/v2/app/blobs/uploads/", &[page, ("authorization", "Basic Og==")]));
    let presigned = |path: &str, service: &str| {
        format!("{path}?X-Amz-Credential=test%2F20260101%2Fus-east-1%2F{service}%2Faws4_request&X-Amz-Signature=0")
    };
    assert!(!refused("PUT", &presigned("/bucket/key", "s3"), &[page]));
    assert!(!refused("POST", "/bucket", &[page, ("content-type", "multipart/form-data; boundary=x")]));
    assert!(refused("POST", &presigned(CREATE, "lambda"), &[page]));
    assert!(refused("POST", &presigned("/_fakecloud/reset", "s3"), &[page]));
}

#[test]
fn page_whose_name_was_bound_to_this_server_is_no_page_of_it() {
    let rebound = [("host", "evil.example:4566"), ("origin", "http://evil.example:4566")];
    assert!(refused("POST", CREATE, &rebound));
    assert!(refused("POST", CREATE, &[&rebound[..], &[("authorization", SIGNED)]].concat()));
    assert!(refused("POST", CREATE, &[&rebound[..], &[("sec-fetch-site", "same-origin")]].concat()));
}

#[test]
fn services_of_another_server_take_what_it_has_allowed() {
    let page = ("origin", "http://localhost:3000");
    let json = ("content-type", "application/json");
    let of_api = ("host", "abc.execute-api.localhost.localstack.cloud:4566");
    let sign_in = ("x-amz-target", "AWSCognitoIdentityProviderService.InitiateAuth");
    assert!(!refused("POST", "/", &[page, sign_in, ("content-type", "application/x-amz-json-1.1")]));
    assert!(!refused("POST", "/orders", &[page, of_api]), "as a function URL it is for all pages");
    assert!(!refused("POST", "/restapis/abc/dev/_user_request_/orders", &[page, json]));
    assert!(!refused("DELETE", "/restapis/abc/dev/_user_request_/orders/1", &[page]));
    for simple in ["text/plain;charset=UTF-8", "Multipart/Form-Data; boundary=x", ""] {
        assert!(
            refused("POST", "/restapis/abc/dev/_user_request_/orders", &[page, ("content-type", simple)]),
            "{simple}"
        );
    }
    let own_target = ("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.CreateRepository");
    assert!(refused("POST", "/", &[page, own_target]));
    let own_page = [of_api, ("origin", "http://abc.execute-api.localhost.localstack.cloud:4566")];
    assert!(!refused("POST", "/orders", &own_page), "nobody can bind this name anew");
}

#[test]
fn what_another_server_allows_opens_nothing_here() {
    let of_s3 = "?X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request";
    let asked = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    let of_bucket = ("host", "b.s3.localhost.localstack.cloud:4566");
    assert!(refused("OPTIONS", &format!("{CREATE}{of_s3}"), &asked));
    assert!(refused("OPTIONS", CREATE, &[&asked[..], &[of_bucket]].concat()));
    assert!(!refused("OPTIONS", &format!("/bucket/key{of_s3}"), &asked));
    assert!(!refused("OPTIONS", "/", &asked));

    let signed = [("origin", "https://evil.example"), ("authorization", SIGNED)];
    for uri in [CREATE.to_owned(), format!("{CREATE}{of_s3}"), "/".to_owned()] {
        assert!(refused("POST", &uri, &[&signed[..], &[("sec-fetch-site", "cross-site")]].concat()), "{uri}");
        assert!(
            !refused("POST", &uri, &[&signed[..], &[("sec-fetch-site", "same-origin")]].concat()),
            "a proxy of the page's"
        );
    }
}
