//! Requests and the events that functions get for them.

use http::{HeaderName, HeaderValue, header::HOST};

use super::*;

const JPEG: [u8; 3] = [0xff, 0xd8, 0xff];

fn request(host: &str, target: &str, headers: &[(&'static str, &str)], body: &[u8]) -> UrlRequest {
    let mut map = HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())]);
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    UrlRequest {
        address: UrlAddress::of_request(&map, path).unwrap(),
        method: Method::POST,
        query: query.map(str::to_owned),
        headers: map,
        body: Bytes::copy_from_slice(body),
        source_ip: "10.0.0.7".to_owned(),
        protocol: "HTTP/1.1".to_owned(),
        request_id: "id".to_owned(),
        trace_id: "Root=1-0-0".to_owned(),
        epoch_ms: 1_769_860_800_123,
    }
}

const HOSTED: &str = "0f.lambda-url.eu-west-1.localhost:4566";

#[test]
fn request_is_told_in_format_2() {
    let headers = [
        ("user-agent", "curl/8"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("cookie", "a=1; b=2"),
        ("cookie", "c=3"),
        ("content-type", "application/json; charset=utf-8"),
    ];
    let event = request(HOSTED, "/my/p%61th?a=1&b=x%20y&a=2", &headers, b"{\"n\":1}").event("eu-west-1", None);
    let expected = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/p%61th",
        "rawQueryString": "a=1&b=x%20y&a=2",
        "cookies": ["a=1", "b=2", "c=3"],
        "headers": {
            "content-type": "application/json; charset=utf-8",
            "cookie": "a=1; b=2; c=3",
            "host": HOSTED,
            "user-agent": "curl/8",
            "x-twice": "1,2",
            "x-amzn-trace-id": "Root=1-0-0",
            "x-forwarded-for": "10.0.0.7",
            "x-forwarded-port": "4566",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": { "a": "1,2", "b": "x y" },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "0f",
            "domainName": "0f.lambda-url.eu-west-1.localhost",
            "domainPrefix": "0f",
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "10.0.0.7",
                "userAgent": "curl/8",
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "31/Jan/2026:12:00:00 +0000",
            "timeEpoch": 1_769_860_800_123_u64,
        },
        "body": "{\"n\":1}",
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
}

#[test]
fn path_is_shown_decoded_once_and_with_single_slashes() {
    let paths =
        [("/a%20b//c/", "/a b/c/"), ("/100%2525", "/100%25"), ("/a%2F%2Fb///", "/a/b/"), ("/%C3%A9%FF", "/é\u{fffd}")];
    for (raw, shown) in paths {
        let event = request(HOSTED, raw, &[], b"").event("eu-west-1", None);
        assert_eq!((&event["rawPath"], &event["requestContext"]["http"]["path"]), (&json!(raw), &json!(shown)));
    }
}

#[test]
fn headers_of_the_connection_do_not_reach_the_event() {
    let headers = [
        ("connection", "keep-alive, X-Mine"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("te", "trailers"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("x-mine", "1"),
        ("x-other", "1"),
    ];
    let event = request(HOSTED, "/", &headers, b"").event("eu-west-1", None);
    let names: Vec<&String> = event["headers"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["host", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-other"]
    );
}

#[test]
fn bare_request_has_no_cookies_parameters_and_body() {
    let event = request("127.0.0.1:4566", "/_fakecloud/lambda/urls/0f", &[], b"").event("eu-west-1", None);
    for absent in ["cookies", "queryStringParameters", "body"] {
        assert!(event.get(absent).is_none(), "{absent}: {event:#}");
    }
    assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/"), &json!("")));
    assert_eq!(event["requestContext"]["domainName"], "0f.lambda-url.eu-west-1.127.0.0.1");
    assert_eq!(
        (&event["isBase64Encoded"], &event["requestContext"]["http"]["userAgent"]),
        (&json!(false), &Value::Null)
    );
}

#[test]
fn body_is_text_where_its_type_says_so_and_base64_elsewhere() {
    let body = |headers: &[(&'static str, &str)], bytes: &[u8]| {
        let event = request(HOSTED, "/", headers, bytes).event("eu-west-1", None);
        (event["body"].as_str().unwrap().to_owned(), event["isBase64Encoded"].as_bool().unwrap())
    };
    let text = |text: &str| (text.to_owned(), false);
    let encoded = |bytes: &[u8]| (STANDARD.encode(bytes), true);
    for kind in ["text/plain", "TEXT/html; charset=utf-8", "application/json", "application/xml"] {
        assert_eq!(body(&[("content-type", kind)], b"text"), text("text"), "{kind}");
    }
    for kind in [
        "image/jpeg",
        "application/octet-stream",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
    ] {
        assert_eq!(body(&[("content-type", kind)], b"text"), encoded(b"text"), "{kind}");
    }
    assert_eq!(body(&[], b"text"), encoded(b"text"));
    assert_eq!(body(&[("content-type", "text/plain")], &JPEG), encoded(&JPEG));
}

#[test]
fn who_signed_is_told() {
    let caller = Caller::new("AKIA1", &Scope::new("111122223333", "eu-west-1").unwrap());
    let event = request(HOSTED, "/", &[], b"").event("eu-west-1", Some(&caller));
    let context = &event["requestContext"];
    assert_eq!(context["accountId"], "111122223333");
    assert_eq!(context["authorizer"]["iam"]["accessKey"], "AKIA1");
    assert_eq!(context["authorizer"]["iam"]["userArn"], "arn:aws:iam::111122223333:root");
}
