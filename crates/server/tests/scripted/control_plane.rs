//! Calls of the control plane, and of what tests ask beside it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::Server;

impl Server {
    /// Publishes a version and returns its number.
    pub(crate) async fn publish(&self, name: &str) -> String {
        let path = format!("/2015-03-31/functions/{name}/versions");
        let version = self.succeed(Method::POST, &path, &json!({}), 201).await;
        version["Version"].as_str().unwrap().to_owned()
    }

    /// Makes an alias, or moves it.
    pub(crate) async fn alias(&self, name: &str, alias: &str, version: &str) {
        let aliases = format!("/2015-03-31/functions/{name}/aliases");
        let one = format!("{aliases}/{alias}");
        let exists = self.send(Method::GET, &one).await.status() == 200;
        let request = json!({ "Name": alias, "FunctionVersion": version });
        match exists {
            true => self.succeed(Method::PUT, &one, &json!({ "FunctionVersion": version }), 200).await,
            false => self.succeed(Method::POST, &aliases, &request, 201).await,
        };
    }

    /// Asks for so many provisioned environments.
    pub(crate) async fn provision(&self, name: &str, qualifier: &str, count: u32) -> Value {
        let request = json!({ "ProvisionedConcurrentExecutions": count });
        self.succeed(Method::PUT, &provisioned(name, qualifier), &request, 202).await
    }

    /// What there is of them.
    pub(crate) async fn provisioned(&self, name: &str, qualifier: &str) -> Value {
        self.succeed(Method::GET, &provisioned(name, qualifier), &Value::Null, 200).await
    }

    /// Asks for none any more.
    pub(crate) async fn unprovision(&self, name: &str, qualifier: &str) {
        let answer = self.send(Method::DELETE, &provisioned(name, qualifier)).await;
        assert_eq!(answer.status(), 204);
    }

    /// Evicts what is warm of a function.
    pub(crate) async fn evict(&self, name: &str) -> Value {
        self.succeed(Method::POST, &format!("/_fakecloud/lambda/{name}/evict-container"), &Value::Null, 200).await
    }

    /// What the pool shows of a Pod.
    pub(crate) async fn instance_of(&self, pod: &str) -> Option<Value> {
        let shown = self.get("/_fakecloud/lambda/pool").await;
        shown["instances"].as_array().unwrap().iter().find(|one| one["podName"] == pod).cloned()
    }

    async fn succeed(&self, method: Method, path: &str, body: &Value, status: u16) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method, format!("{}{path}", self.endpoint()));
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let (actual, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(actual, status, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

fn provisioned(name: &str, qualifier: &str) -> String {
    format!("/2019-09-30/functions/{name}/provisioned-concurrency?Qualifier={qualifier}")
}
