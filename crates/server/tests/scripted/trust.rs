//! Who is believed and who is let in: proxies, web pages, operators.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::server::Server;

const URL: &str = "/2021-10-31/functions/hello/url";
const PROXIED: [(&str, &str); 4] = [
    ("x-forwarded-for", "1.1.1.1, 203.0.113.9"),
    ("x-forwarded-host", "aws.example"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-port", "8443"),
];

async fn with_settings(settings: &[(&str, &str)]) -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start_with(&api, settings).await;
    server.create_function("hello").await;
    (api, server)
}

/// The answer to a request with these headers: its status, its policy for pages, and its JSON or text.
async fn ask(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> (u16, String, Value) {
    let mut request = server.request(method, path).json(&body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let policy = answer.headers().get("content-security-policy").map(|policy| policy.to_str().unwrap().to_owned());
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    (status, policy.unwrap_or_default(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The path of the function's URL, below the API's own host.
async fn url_of(server: &Server) -> String {
    let created = server.call(Method::POST, URL, &json!({ "AuthType": "NONE" }), 201).await;
    let url = created["FunctionUrl"].as_str().unwrap();
    url[url.find("/_fakecloud").unwrap()..].to_owned()
}

#[tokio::test]
async fn page_of_another_origin_changes_nothing_but_reaches_functions_by_their_urls() {
    let (_api, server) = with_settings(&[]).await;
    let path = url_of(&server).await;
    let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    for path in ["/2015-03-31/functions/hello/invocations", "/_fakecloud/reset", "/_reset", "/v2/app/blobs/uploads/"] {
        for headers in [&foreign[..1], &foreign[1..]] {
            let (status, _, answer) = ask(&server, Method::POST, path, headers, json!({})).await;
            assert_eq!(status, 403, "{path}");
            assert!(answer["message"].as_str().unwrap().contains("FAKECLOUD_ALLOWED_ORIGINS"), "{answer}");
        }
    }
    let echo = json!({ "echo": true });
    let (status, policy, event) = ask(&server, Method::POST, &path, &foreign, echo.clone()).await;
    assert_eq!((status, &event["requestContext"]["http"]["sourceIp"]), (200, &json!("127.0.0.1")));
    assert!(policy.starts_with("sandbox") && !policy.contains("same-origin"), "{policy}");
    let host = format!("{}.lambda-url.us-east-1.localhost", path.trim_end_matches('/').rsplit('/').next().unwrap());
    let (status, policy, _) = ask(&server, Method::POST, "/", &[("host", &host), foreign[0]], echo).await;
    assert_eq!((status, policy.as_str()), (200, ""));
}

#[tokio::test]
async fn nobody_but_a_trusted_proxy_says_who_asks_and_how() {
    for (trusted, client, origin) in
        [("", "127.0.0.1", None), ("127.0.0.0/8", "203.0.113.9", Some("https://aws.example:8443"))]
    {
        let (_api, server) = with_settings(&[("FAKECLOUD_TRUSTED_PROXIES", trusted)]).await;
        let origin = origin.unwrap_or_else(|| server.endpoint());
        let path = url_of(&server).await;
        let (_, _, event) = ask(&server, Method::POST, &path, &PROXIED, json!({ "echo": true })).await;
        assert_eq!(event["requestContext"]["http"]["sourceIp"], client);

        let (_, _, got) = ask(&server, Method::GET, "/2015-03-31/functions/hello", &PROXIED, json!({})).await;
        let location = got["Code"]["Location"].as_str().unwrap();
        assert!(location.starts_with(&format!("{origin}/")), "{location}");
        let (_, _, got) = ask(&server, Method::GET, URL, &PROXIED, json!({})).await;
        let url = got["FunctionUrl"].as_str().unwrap();
        let beyond_the_domain = origin.trim_start_matches("https://");
        assert!(url.starts_with(&origin[..5]) && url.contains(beyond_the_domain), "{url}");
        let target = ("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.CreateRepository");
        let headers = [&PROXIED[..], &[target]].concat();
        let (_, _, made) = ask(&server, Method::POST, "/", &headers, json!({ "repositoryName": "app" })).await;
        let uri = made["repository"]["repositoryUri"].as_str().unwrap();
        let authority = origin.split_once("://").unwrap().1;
        assert!(uri.starts_with(authority), "{uri}");
    }
}

#[tokio::test]
async fn admin_token_guards_what_is_for_operators_and_nothing_else() {
    let (api, server) = with_settings(&[("FAKECLOUD_ADMIN_TOKEN", "s3cret")]).await;
    let (right, wrong) = (("authorization", "Bearer s3cret"), ("authorization", "Bearer s3cre"));
    let guarded = [
        (Method::GET, "/_fakecloud/lambda/pool"),
        (Method::GET, "/_fakecloud/lambda/warm-containers"),
        (Method::GET, "/_fakecloud/lambda/invocations"),
        (Method::POST, "/_fakecloud/lambda/hello/evict-container"),
        (Method::POST, "/_fakecloud/reset/lambda"),
        (Method::POST, "/_fakecloud/reset"),
        (Method::POST, "/_reset"),
    ];
    for (method, path) in &guarded {
        for headers in [&[][..], &[wrong]] {
            let (status, _, answer) = ask(&server, method.clone(), path, headers, json!({})).await;
            assert_eq!(status, 401, "{path}");
            assert!(answer["message"].as_str().unwrap().contains("FAKECLOUD_ADMIN_TOKEN"), "{answer}");
        }
    }
    let function = server.get("/2015-03-31/functions/hello").await;
    let location = function["Code"]["Location"].as_str().unwrap().strip_prefix(server.endpoint()).unwrap();
    let path = url_of(&server).await;
    for (path, expected) in [
        ("/_fakecloud/health", 200),
        ("/_fakecloud/tls/ca.crt", 200),
        ("/_fakecloud/lambda/_internal/code/unknown", 401),
        (location, 200),
        (path.as_str(), 200),
        ("/livez", 200),
    ] {
        let answer = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{path}");
        assert!(!answer.headers().contains_key("www-authenticate"), "{path}");
    }
    for (method, path) in guarded {
        let (status, _, answer) = ask(&server, method, path, &[right], json!({})).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }
    assert_eq!(api.pods(), [""; 0], "it was reset");
}
