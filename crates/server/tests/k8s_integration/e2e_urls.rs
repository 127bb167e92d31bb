//! Function URLs of functions in Pods.

use serde_json::{Value, json};

use crate::harness::{Clients, Fakecloud, Function, with_temp_ns};

/// Answers as its query string says.
const SITE_PY: &str = r#"
import base64, json

def handler(event, context):
    way = (event.get("queryStringParameters") or {}).get("way")
    if way == "image":
        image = base64.b64encode(bytes([255, 216, 255])).decode()
        return {"statusCode": 200, "headers": {"Content-Type": "image/jpeg"}, "body": image, "isBase64Encoded": True}
    if way == "cookies":
        return {"statusCode": 302, "headers": {"Location": "/next"}, "cookies": ["a=1; HttpOnly", "b=2"]}
    if way == "fail":
        raise ValueError("no")
    return event
"#;

/// Answers with the body that it got, and names who signed.
const ECHO_PY: &str = r#"
def handler(event, context):
    headers = {
        "Content-Type": "application/octet-stream",
        "Access-Control-Allow-Origin": "https://own.example",
        "X-Caller": event["requestContext"]["authorizer"]["iam"]["accountId"],
    }
    body, encoded = event["body"], event["isBase64Encoded"]
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": encoded}
"#;

const SITE_JS: &str = r#"
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const head = { statusCode: 203, headers: { "Content-Type": "text/html", "X-Path": event.rawPath }, cookies: ["a=1"] };
  stream = awslambda.HttpResponseStream.from(stream, head);
  stream.write("<p>");
  stream.write("</p>");
  stream.end();
});
"#;

#[test]
fn url_serves_what_the_function_answers() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        lambda.create_function("site", &Function::python(SITE_PY));
        let url = lambda.create_url("site", &json!({"AuthType": "NONE"}));

        let event: Value = lambda.get(&format!("{url}a/b?c=d")).unwrap().expect(200);
        assert_eq!((&event["version"], &event["rawPath"]), (&json!("2.0"), &json!("/a/b")), "{event:#}");
        assert_eq!(event["queryStringParameters"], json!({"c": "d"}), "{event:#}");
        let image = lambda.get(&format!("{url}?way=image")).unwrap();
        assert_eq!(
            (image.header("content-type"), &image.body[..]),
            (Some("image/jpeg"), &[255, 216, 255][..]),
            "{image}"
        );
        let moved = lambda.get_without_redirects(&format!("{url}?way=cookies"));
        assert_eq!((moved.status, moved.header("location")), (302, Some("/next")), "{moved}");
        assert_eq!(moved.header("set-cookie"), Some("a=1; HttpOnly"), "{moved}");
        let failed = lambda.get(&format!("{url}?way=fail")).unwrap();
        assert_eq!((failed.status, &failed.body[..]), (502, &b"Internal Server Error"[..]), "{failed}");
    });
}

#[test]
fn streaming_handler_sets_the_head_of_its_response() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        let lambda = &fakecloud.lambda;
        lambda.create_function("site", &Function::node(SITE_JS));
        let url = lambda.create_url("site", &json!({"AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"}));
        let page = lambda.get(&format!("{url}page")).unwrap();
        assert_eq!((page.status, &page.body[..]), (203, &b"<p></p>"[..]), "{page}");
        assert_eq!((page.header("content-type"), page.header("x-path")), (Some("text/html"), Some("/page")), "{page}");
        assert_eq!(page.header("set-cookie"), Some("a=1"), "{page}");
    });
}

#[test]
fn signed_requests_and_pages_of_other_origins_reach_the_function_by_both_forms_of_its_url() {
    with_temp_ns(|ns| {
        let fakecloud = Fakecloud::start(ns);
        fakecloud.lambda.create_function("echo", &Function::python(ECHO_PY));
        let printed = Clients::new(ns).python_program("function_url.py", &[&fakecloud.lambda.endpoint, "echo"]);
        let report: Value = serde_json::from_str(&printed).expect("the program prints JSON");
        let (page, own) = ("https://page.example", "https://own.example");
        let preflight =
            json!({"status": 200, "same": false, "caller": null, "origins": [page], "methods": "PUT", "exposed": null});
        let answer = |status: u16, served: bool, origins: &[&str], exposed: Option<&str>| {
            let caller = served.then_some("000000000000");
            json!({
                "status": status, "same": served, "caller": caller, "origins": origins, "methods": null, "exposed": exposed,
            })
        };
        let expected = json!({
            "preflight": preflight,
            "unsigned": answer(403, false, &[page], Some("x-caller")),
            "signed": answer(200, true, &[own, page], Some("x-caller")),
            "by_host": answer(200, true, &[own], None),
            "preflight_by_host": preflight,
        });
        assert_eq!(report, expected, "{report:#}");
    });
}
