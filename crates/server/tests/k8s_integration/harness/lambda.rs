//! A client of the Lambda API: plain requests, and the answers as they came.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::Agent;

use super::{Answer, Function, WAIT_MAX, eventually, zip};

/// The Lambda API at an endpoint.
#[derive(Clone)]
pub(crate) struct Lambda {
    pub(crate) endpoint: String,
    agent: Agent,
}

impl Lambda {
    pub(crate) fn new(endpoint: &str) -> Self {
        // A start that times out answers after 60 s, so this gives it time to say so.
        let config = Agent::config_builder().timeout_global(Some(WAIT_MAX * 3 / 2)).http_status_as_error(false);
        Self { endpoint: endpoint.to_owned(), agent: config.build().into() }
    }

    /// Creates a function and waits until it is active.
    pub(crate) fn create_function(&self, name: &str, function: &Function) -> Value {
        self.post("/2015-03-31/functions", &function.create_request(name)).expect(201);
        self.settled(name)
    }

    /// The answer to a create that may fail, with these members besides or instead.
    pub(crate) fn try_create_function(&self, name: &str, function: &Function, members: &Value) -> Answer {
        let mut request = function.create_request(name);
        for (member, value) in members.as_object().into_iter().flatten() {
            request[member] = value.clone();
        }
        self.post("/2015-03-31/functions", &request)
    }

    pub(crate) fn update_code(&self, name: &str, function: &Function) -> Value {
        let request = json!({"ZipFile": base64(&function.zip())});
        self.put(&format!("/2015-03-31/functions/{name}/code"), &request).expect(200);
        self.settled(name)
    }

    pub(crate) fn update_image(&self, name: &str, uri: &str) -> Value {
        self.put(&format!("/2015-03-31/functions/{name}/code"), &json!({"ImageUri": uri})).expect(200);
        self.settled(name)
    }

    pub(crate) fn update_configuration(&self, name: &str, changes: &Value) -> Value {
        self.put(&format!("/2015-03-31/functions/{name}/configuration"), changes).expect(200);
        self.settled(name)
    }

    pub(crate) fn delete_function(&self, name: &str) {
        let url = self.url(&format!("/2015-03-31/functions/{name}"));
        let answer = Answer::read(self.agent.delete(url).call().expect("fakecloud answers")).expect("a whole answer");
        assert_eq!(answer.status, 204, "{answer}");
    }

    /// Publishes a layer and returns the ARN of its version.
    pub(crate) fn publish_layer(&self, name: &str, files: &[(&str, &[u8])]) -> String {
        let request = json!({"Content": {"ZipFile": base64(&zip(files))}});
        let published = self.post(&format!("/2018-10-31/layers/{name}/versions"), &request).expect(201);
        published["LayerVersionArn"].as_str().expect("a published layer has an ARN").to_owned()
    }

    /// Invokes a function and waits for its answer.
    pub(crate) fn invoke(&self, name: &str, event: &Value) -> Answer {
        self.post(&format!("/2015-03-31/functions/{name}/invocations"), event)
    }

    /// Invokes a function for one of its tenants and waits for its answer.
    pub(crate) fn invoke_for(&self, name: &str, tenant: &str, event: &Value) -> Answer {
        let url = self.url(&format!("/2015-03-31/functions/{name}/invocations"));
        let request = self.agent.post(url).header("X-Amz-Tenant-Id", tenant);
        Answer::read(request.send(event.to_string()).expect("fakecloud answers")).expect("a whole answer")
    }

    /// Invokes a function without waiting for it.
    pub(crate) fn send_event(&self, name: &str, event: &Value) -> Answer {
        let url = self.url(&format!("/2015-03-31/functions/{name}/invocations"));
        let request = self.agent.post(url).header("X-Amz-Invocation-Type", "Event");
        Answer::read(request.send(event.to_string()).expect("fakecloud answers")).expect("a whole answer")
    }

    /// The object that `/_fakecloud/health` answers with.
    pub(crate) fn health(&self) -> Value {
        self.get("/_fakecloud/health").expect("fakecloud answers").expect(200)
    }

    /// GETs a path; an error when nobody answers.
    pub(crate) fn get(&self, path: &str) -> Result<Answer, ureq::Error> {
        Answer::read(self.agent.get(self.url(path)).call()?)
    }

    /// GETs a path, and follows no redirection.
    pub(crate) fn get_without_redirects(&self, path: &str) -> Answer {
        let request = self.agent.get(self.url(path)).config().max_redirects(0).max_redirects_will_error(false).build();
        Answer::read(request.call().expect("fakecloud answers")).expect("a whole answer")
    }

    /// Makes a function URL and returns what of it comes after the endpoint, with a slash at its end.
    pub(crate) fn create_url(&self, name: &str, config: &Value) -> String {
        let created = self.post(&format!("/2021-10-31/functions/{name}/url"), config).expect(201);
        let url = created["FunctionUrl"].as_str().expect("a function URL's configuration has the URL");
        let path = url.strip_prefix(&self.endpoint);
        path.unwrap_or_else(|| panic!("{url} does not lead to {}", self.endpoint)).to_owned()
    }

    /// Empties everything.
    pub(crate) fn reset(&self) -> Value {
        self.post("/_fakecloud/reset", &Value::Null).expect(200)
    }

    /// GETs a path with or without a bearer token.
    pub(crate) fn get_as(&self, path: &str, bearer: Option<&str>) -> Answer {
        let mut request = self.agent.get(self.url(path));
        if let Some(token) = bearer {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        Answer::read(request.call().expect("fakecloud answers")).expect("a whole answer")
    }

    /// The function's configuration once it is neither being created nor updated.
    fn settled(&self, name: &str) -> Value {
        let path = format!("/2015-03-31/functions/{name}/configuration");
        eventually("the function has settled", || {
            let configuration = self.get(&path).expect("fakecloud answers").expect(200);
            let settled = configuration["State"] == "Active" && configuration["LastUpdateStatus"] == "Successful";
            settled.then_some(configuration)
        })
    }

    /// POSTs JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let response = self.agent.post(self.url(path)).send(body.to_string());
        Answer::read(response.unwrap_or_else(|error| panic!("POST {path}: {error}"))).expect("a whole answer")
    }

    /// PUTs JSON.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        let response = self.agent.put(self.url(path)).send(body.to_string());
        Answer::read(response.unwrap_or_else(|error| panic!("PUT {path}: {error}"))).expect("a whole answer")
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.endpoint)
    }
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
