//! Calls of the control plane, and of what tests ask beside it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::archive::{base64_of, zip_of};
use crate::client::Client;

impl Client {
    pub(crate) async fn create_function(&self, name: &str) {
        self.create_function_on("python3.12", name).await;
    }

    pub(crate) async fn create_function_on(&self, runtime: &str, name: &str) {
        let request = json!({
            "FunctionName": name, "Runtime": runtime, "Handler": "app.handler",
            "Role": "arn:aws:iam::000000000000:role/any",
            "Code": { "ZipFile": base64_of(&zip_of("def handler(event, context): return event")) },
        });
        self.call(Method::POST, "/2015-03-31/functions", &request, 201).await;
    }

    /// An update that new Pods must run; `patience` is how long the client waits for its answer. Returns whether that
    /// was long enough.
    pub(crate) async fn update_environment(&self, name: &str, value: &str, patience: Duration) -> bool {
        let request = json!({ "Environment": { "Variables": { "VALUE": value } } });
        let answer = self.request(Method::PUT, &configuration(name)).timeout(patience).json(&request).send().await;
        match answer {
            Ok(ref answer) => assert_eq!(answer.status(), 200, "{name}"),
            Err(ref error) => assert!(error.is_timeout(), "{error}"),
        }
        answer.is_ok()
    }

    /// The value that an update set, once a request says so.
    pub(crate) async fn environment(&self, name: &str) -> Value {
        self.get(&configuration(name)).await["Environment"]["Variables"]["VALUE"].clone()
    }

    /// Reserves so much concurrency for a function.
    pub(crate) async fn reserve(&self, name: &str, count: u32) {
        let path = format!("/2017-10-31/functions/{name}/concurrency");
        self.call(Method::PUT, &path, &json!({ "ReservedConcurrentExecutions": count }), 200).await;
    }

    /// Publishes a version and returns its number.
    pub(crate) async fn publish(&self, name: &str) -> String {
        let path = format!("/2015-03-31/functions/{name}/versions");
        let version = self.call(Method::POST, &path, &json!({}), 201).await;
        version["Version"].as_str().unwrap().to_owned()
    }

    /// Makes an alias, or moves it.
    pub(crate) async fn alias(&self, name: &str, alias: &str, version: &str) {
        let aliases = format!("/2015-03-31/functions/{name}/aliases");
        let one = format!("{aliases}/{alias}");
        let exists = self.ask(Method::GET, &one, &Value::Null).await.0 == 200;
        let request = json!({ "Name": alias, "FunctionVersion": version });
        match exists {
            true => self.call(Method::PUT, &one, &json!({ "FunctionVersion": version }), 200).await,
            false => self.call(Method::POST, &aliases, &request, 201).await,
        };
    }

    /// Asks for so many provisioned environments.
    pub(crate) async fn provision(&self, name: &str, qualifier: &str, count: u32) -> Value {
        let request = json!({ "ProvisionedConcurrentExecutions": count });
        self.call(Method::PUT, &provisioned(name, qualifier), &request, 202).await
    }

    /// What there is of them.
    pub(crate) async fn provisioned(&self, name: &str, qualifier: &str) -> Value {
        self.call(Method::GET, &provisioned(name, qualifier), &Value::Null, 200).await
    }

    /// Asks for none any more.
    pub(crate) async fn unprovision(&self, name: &str, qualifier: &str) {
        self.call(Method::DELETE, &provisioned(name, qualifier), &Value::Null, 204).await;
    }

    /// Evicts what is warm of a function.
    pub(crate) async fn evict(&self, name: &str) -> Value {
        self.call(Method::POST, &format!("/_fakecloud/lambda/{name}/evict-container"), &Value::Null, 200).await
    }

    /// What the pool shows of a Pod.
    pub(crate) async fn instance_of(&self, pod: &str) -> Option<Value> {
        let shown = self.get("/_fakecloud/lambda/pool").await;
        shown["instances"].as_array().unwrap().iter().find(|one| one["podName"] == pod).cloned()
    }
}

fn configuration(name: &str) -> String {
    format!("/2015-03-31/functions/{name}/configuration")
}

fn provisioned(name: &str, qualifier: &str) -> String {
    format!("/2019-09-30/functions/{name}/provisioned-concurrency?Qualifier={qualifier}")
}
