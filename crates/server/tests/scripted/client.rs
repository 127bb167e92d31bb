//! A client of the server under test.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

/// Sends requests to one server, also after it was started anew; clones share their connections.
#[derive(Clone)]
pub(crate) struct Client {
    endpoint: String,
    http: reqwest::Client,
}

/// What an invocation came to.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) function_error: bool,
    pub(crate) body: Value,
}

// === impl Client ===

impl Client {
    pub(crate) fn new(endpoint: String) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { endpoint, http }
    }

    /// The server's URL.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A request that the test completes.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.endpoint))
    }

    /// The status and the JSON of the answer to a request with this JSON, or with no body if it is null. An answer
    /// without a body is null, too.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        let text = if text.is_empty() { "null" } else { &text };
        (status, serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {status} {error}: {text}")))
    }

    /// The same where the answer must have this status.
    pub(crate) async fn call(&self, method: Method, path: &str, body: &Value, status: u16) -> Value {
        let (actual, answer) = self.ask(method, path, body).await;
        assert_eq!(actual, status, "{path}: {answer}");
        answer
    }

    /// What is at a path.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, &Value::Null, 200).await
    }

    /// The number of invocations that are listed, those that run or wait included.
    pub(crate) async fn listed_invocations(&self) -> usize {
        self.get("/_fakecloud/lambda/invocations").await["invocations"].as_array().unwrap().len()
    }

    /// The status and the error of the latest invocation.
    pub(crate) async fn latest_invocation(&self) -> (String, Value) {
        let listed = self.get("/_fakecloud/lambda/invocations").await;
        let latest = listed["invocations"].as_array().unwrap().last().unwrap();
        (latest["status"].as_str().unwrap().to_owned(), latest["error"].clone())
    }

    /// The value of the instance label of the server's Pods, once it serves.
    pub(crate) async fn instance(&self) -> Option<String> {
        let health = self.request(Method::GET, "/_fakecloud/health").send().await.ok()?;
        let health: Value = health.json().await.ok()?;
        health["instance"].as_str().map(str::to_owned)
    }

    pub(crate) async fn invoke(&self, name: &str, payload: Value) -> Answer {
        let answer = self.invocation(name).json(&payload).send().await.unwrap();
        Answer {
            status: answer.status().as_u16(),
            function_error: answer.headers().contains_key("x-amz-function-error"),
            body: answer.json().await.unwrap(),
        }
    }

    /// Invokes asynchronously, and gives the status of the answer.
    pub(crate) async fn send_event(&self, name: &str, payload: Value) -> u16 {
        let request = self.invocation(name).header("x-amz-invocation-type", "Event").json(&payload);
        request.send().await.unwrap().status().as_u16()
    }

    /// Invokes, and closes the connection before the answer comes.
    pub(crate) async fn hang_up(&self, name: &str, payload: Value, patience: Duration) {
        let answer = self.invocation(name).timeout(patience).json(&payload).send().await;
        assert!(answer.is_err_and(|error| error.is_timeout()), "an answer came before the caller hung up");
    }

    /// Invokes a function whose answer is streamed.
    pub(crate) async fn invoke_streamed(&self, name: &str, payload: Value) -> Response {
        let path = format!("/2021-11-15/functions/{name}/response-streaming-invocations");
        self.request(Method::POST, &path).json(&payload).send().await.unwrap()
    }

    /// An invocation that the test completes.
    pub(crate) fn invocation(&self, name: &str) -> RequestBuilder {
        self.request(Method::POST, &format!("/2015-03-31/functions/{name}/invocations"))
    }
}

/// An `Authorization` of whoever has this access key.
pub(crate) fn signature(access_key: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={access_key}/20260131/us-east-1/{service}/aws4_request, SignedHeaders=host, \
         Signature=00"
    )
}
