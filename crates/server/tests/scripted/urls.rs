//! Function URLs over HTTP: what reaches the function, and what comes back.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Create};
use crate::client::signature;
use crate::pod::PAUSE;
use crate::server::Server;

const CONFIG: &str = "/2021-10-31/functions/hello/url";

async fn with_url(config: Value) -> (Api, Server, String) {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function("hello").await;
    let created = server.call(Method::POST, CONFIG, &config, 201).await;
    let url = created["FunctionUrl"].as_str().unwrap();
    let path = url.find("/_fakecloud").map(|start| url[start..].to_owned()).unwrap_or_else(|| panic!("{created}"));
    (api, server, path)
}

/// Has the function answer these texts.
async fn answered(server: &Server, path: &str, pieces: Value) -> Response {
    server.request(Method::POST, path).json(&json!({ "pieces": pieces })).send().await.unwrap()
}

#[tokio::test]
async fn both_forms_of_the_url_lead_to_the_function() {
    let (_api, server, path) = with_url(json!({ "AuthType": "NONE" })).await;
    let id = path.trim_end_matches('/').rsplit('/').next().unwrap();
    let echo = json!({ "echo": true });
    let answer = server.request(Method::PUT, &format!("{path}a%20b?x=1")).header("cookie", "c=1").json(&echo);
    let answer = answer.send().await.unwrap();
    let request_id = answer.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
    assert!(answer.headers()["x-amzn-trace-id"].to_str().unwrap().starts_with("Root=1-"));
    let event: Value = answer.json().await.unwrap();
    assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/a%20b"), &json!("x=1")));
    assert_eq!((&event["cookies"], &event["body"]), (&json!(["c=1"]), &json!(echo.to_string())));
    let context = &event["requestContext"];
    assert_eq!((&context["requestId"], &context["http"]["sourceIp"]), (&json!(request_id), &json!("127.0.0.1")));
    assert_eq!((&context["http"]["method"], &context["http"]["protocol"]), (&json!("PUT"), &json!("HTTP/1.1")));

    let host = format!("{id}.lambda-url.us-east-1.localhost:4566");
    let answer = server.request(Method::POST, "/livez").header("host", &host).json(&echo).send().await.unwrap();
    let event: Value = answer.json().await.unwrap();
    assert_eq!((&event["rawPath"], &event["headers"]["host"]), (&json!("/livez"), &json!(host)));

    let listed = server.get("/_fakecloud/lambda/invocations").await;
    assert_eq!(listed["invocations"][0]["source"], "function-url");
    assert_eq!(server.get("/2015-03-31/functions").await["Functions"][0]["FunctionName"], "hello");
}

#[tokio::test]
async fn answer_of_the_function_becomes_the_response() {
    let (_api, server, path) = with_url(json!({ "AuthType": "NONE" })).await;
    let described = json!({ "statusCode": 201, "headers": { "X-Own": "1" }, "cookies": ["a=1", "b=2"], "body": "/9j/",
        "isBase64Encoded": true });
    let answer = answered(&server, &path, json!([described.to_string()])).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["x-own"]), (201, &"1".parse().unwrap()));
    assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(answer.bytes().await.unwrap(), [0xff, 0xd8, 0xff][..]);

    let error = r#"{"errorType":"KeyError","errorMessage":"no"}"#;
    let failed = answered(&server, &path, json!([error])).await;
    assert_eq!((failed.status().as_u16(), failed.text().await.unwrap().as_str()), (502, "Internal Server Error"));

    let large = server.request(Method::POST, &path).body(vec![b' '; 6_291_457]).send().await.unwrap();
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let much_too_large = server.request(Method::POST, &path).body(vec![b' '; 40 << 20]).send().await.unwrap();
    assert_eq!(much_too_large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    // Fits as a body, but not as an event.
    let escaped = server.request(Method::POST, &path).body(vec![b'"'; 6_291_456]).send().await.unwrap();
    assert_eq!(escaped.status(), StatusCode::PAYLOAD_TOO_LARGE);

    server.reserve("hello", 0).await;
    assert_eq!(answered(&server, &path, json!(["1"])).await.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn url_that_is_not_there_says_what_aws_says() {
    let (api, server, path) = with_url(json!({ "AuthType": "NONE" })).await;
    server.call(Method::DELETE, CONFIG, &Value::Null, 204).await;
    for path in [path.as_str(), "/_fakecloud/lambda/urls/0123456789abcdefghijklmnopqrstuv/any"] {
        let answer = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["x-amzn-errortype"]),
            (403, &"AccessDeniedException".parse().unwrap())
        );
        assert_eq!(answer.text().await.unwrap(), r#"{"Message":null}"#);
    }
    assert_eq!(api.creates(), 0);
}

#[tokio::test]
async fn aws_iam_wants_a_signature_of_anyone() {
    let (_api, server, path) = with_url(json!({ "AuthType": "AWS_IAM" })).await;
    let unsigned = answered(&server, &path, json!(["1"])).await;
    assert_eq!(
        (unsigned.status().as_u16(), unsigned.text().await.unwrap().as_str()),
        (403, r#"{"Message":"Forbidden"}"#)
    );
    let signature = signature("111122223333", "lambda");
    let signed = server.request(Method::POST, &path).header("authorization", signature).json(&json!({ "echo": true }));
    let event: Value = signed.send().await.unwrap().json().await.unwrap();
    assert_eq!(event["requestContext"]["accountId"], "111122223333");
    assert_eq!(event["requestContext"]["authorizer"]["iam"]["accessKey"], "111122223333");
}

#[tokio::test]
async fn cors_is_answered_for_the_function() {
    let cors = json!({ "AllowOrigins": ["https://a.example"], "AllowMethods": ["PUT"], "MaxAge": 5 });
    let (api, server, path) = with_url(json!({ "AuthType": "AWS_IAM", "Cors": cors })).await;
    let preflight = server
        .request(Method::OPTIONS, &path)
        .header("origin", "https://a.example")
        .header("access-control-request-method", "PUT")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), StatusCode::OK);
    assert_eq!(preflight.headers()["access-control-allow-methods"], "PUT");
    assert_eq!(api.creates(), 0, "the function does not see a preflight request");
    server.call(Method::PUT, CONFIG, &json!({ "AuthType": "NONE" }), 200).await;
    let pieces = json!({ "pieces": ["1"] });
    let answer =
        server.request(Method::POST, &path).header("origin", "https://a.example").json(&pieces).send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://a.example");
}

#[tokio::test]
async fn refusals_can_be_read_by_the_pages_that_are_allowed() {
    let cors = json!({ "AllowOrigins": ["https://a.example"] });
    let (api, server, path) = with_url(json!({ "AuthType": "AWS_IAM", "Cors": cors })).await;
    let asked = async |signed: bool, body: Vec<u8>| {
        let request = server.request(Method::POST, &path).header("origin", "https://a.example").body(body);
        let request =
            if signed { request.header("authorization", signature("111122223333", "lambda")) } else { request };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], "https://a.example", "{answer:?}");
        answer.status().as_u16()
    };
    assert_eq!(asked(false, Vec::new()).await, 403);
    assert_eq!(asked(true, vec![b' '; 6_291_457]).await, 413);
    api.script([Create::Forbidden("exceeded quota")]);
    assert_eq!(asked(true, Vec::new()).await, 424);
    let logged = server.logged("a request to a function URL failed");
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert!(logged[0].contains("arn:aws:lambda:us-east-1:000000000000:function:hello"), "{logged:?}");
    assert!(logged[0].contains("exceeded quota"), "{logged:?}");
    server.reserve("hello", 0).await;
    assert_eq!(asked(true, Vec::new()).await, 429);
}

#[tokio::test]
async fn streamed_answer_begins_with_its_own_head() {
    let (_api, server, path) = with_url(json!({ "AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM" })).await;
    server.invoke("hello", json!({})).await;
    let began = std::time::Instant::now();
    let head = "{\"statusCode\":203,\"headers\":{\"content-type\":\"text/html\"},\"cookies\":[\"a=1\"]}";
    let zeros = "\0".repeat(8);
    let pieces = json!([format!("{head}{zeros}<p>"), "</p>"]);
    let mut answer = answered(&server, &path, pieces).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (203, &"text/html".parse().unwrap()));
    assert_eq!(answer.headers()["set-cookie"], "a=1");
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "<p>");
    assert!(began.elapsed() < PAUSE, "{:?}", began.elapsed());
    assert_eq!(answer.text().await.unwrap(), "</p>");

    let plain = answered(&server, &path, json!(["{\"statusCode\"", ":201}"])).await;
    assert_eq!((plain.status().as_u16(), plain.text().await.unwrap().as_str()), (200, "{\"statusCode\":201}"));
    let failed = answered(&server, &path, json!([r#"{"errorType":"E","errorMessage":"m"}"#])).await;
    assert_eq!(failed.status(), StatusCode::BAD_GATEWAY);
    let cut = answered(&server, &path, json!(["text", null])).await;
    assert_eq!(cut.status(), StatusCode::OK);
    assert!(cut.bytes().await.is_err(), "an answer that ended in the middle must not look whole");
    assert_eq!(server.logged("failed after it had begun to answer").len(), 1);
}
