//! Function URLs of functions in Pods.

use serde_json::{Value, json};

use crate::harness::{Fakecloud, Function, with_temp_ns};

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
