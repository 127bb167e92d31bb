//! The server under test: the real binary, pointed at the scripted API server.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};

use crate::api::Api;

/// A running fakecloud; it dies with the test.
pub(crate) struct Server {
    process: Child,
    command: Command,
    endpoint: String,
    client: reqwest::Client,
    log: NamedTempFile,
    _kubeconfig: NamedTempFile,
    data: Option<Arc<TempDir>>,
}

/// What a process that was killed left on disk.
pub(crate) struct Remains(Arc<TempDir>);

/// What an invocation came to.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) function_error: bool,
    pub(crate) body: Value,
}

impl Server {
    /// Starts the binary and waits until it serves.
    pub(crate) async fn start(api: &Api) -> Self {
        Self::start_with(api, &[]).await
    }

    /// The same with further environment variables.
    pub(crate) async fn start_with(api: &Api, settings: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let server = Self::spawn(api, |_own_url| settings.iter().map(own).collect(), fresh_data());
        until(|| server.instance()).await;
        server
    }

    /// The same without a data directory.
    pub(crate) async fn start_without_data(api: &Api) -> Self {
        let server = Self::spawn(api, |_own_url| Vec::new(), None);
        until(|| server.instance()).await;
        server
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> &Path {
        self.data.as_ref().expect("the test gave it one").path()
    }

    /// Ends the process as `kill -9` does.
    pub(crate) fn killed(self) -> Remains {
        Remains(self.data.clone().expect("the test gave it a data directory"))
    }

    /// Starts the binary where it must refuse to serve, and returns what it logged.
    pub(crate) async fn refused(api: &Api) -> String {
        Self::refused_with(api, |_own_url| Vec::new()).await
    }

    /// The same with settings that depend on the URL where it would serve.
    pub(crate) async fn refused_with(api: &Api, settings: impl Fn(&str) -> Vec<(String, String)>) -> String {
        Self::spawn(api, settings, fresh_data()).refusal().await
    }

    async fn refusal(&mut self) -> String {
        assert_eq!(self.exit_code().await, Some(1), "{}", self.log());
        self.log()
    }

    /// The code it ends with.
    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        for _ in 0..1_000 {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it goes on");
    }

    /// Its URL.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    fn spawn(api: &Api, settings: impl Fn(&str) -> Vec<(String, String)>, data: Option<Arc<TempDir>>) -> Self {
        let log = NamedTempFile::new().unwrap();
        let kubeconfig = kubeconfig(api);
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fakecloud"));
        // The settings of whoever runs the tests are not theirs.
        let foreign = std::env::vars_os().map(|(name, _)| name);
        foreign.filter(|name| name.as_encoded_bytes().starts_with(b"AWS_")).for_each(|name| {
            command.env_remove(name);
        });
        command
            .env("KUBECONFIG", kubeconfig.path())
            .env("FAKECLOUD_LISTEN", format!("127.0.0.1:{port}"))
            .env("FAKECLOUD_K8S_SELF_URL", format!("http://fakecloud.example:{port}"))
            .envs(data.as_ref().map(|data| ("FAKECLOUD_DATA_DIR", data.path())))
            .env("FAKECLOUD_LOG", "fakecloud=debug")
            .envs(settings(&format!("http://127.0.0.1:{port}")))
            .stdin(Stdio::null())
            .stderr(log.reopen().unwrap());
        Self {
            process: command.spawn().unwrap(),
            command,
            endpoint: format!("http://127.0.0.1:{port}"),
            client: reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap(),
            log,
            _kubeconfig: kubeconfig,
            data,
        }
    }

    /// The value of the instance label of its Pods, once it serves.
    pub(crate) async fn instance(&self) -> Option<String> {
        let health = self.client.get(format!("{}/_fakecloud/health", self.endpoint)).send().await.ok()?;
        let health: Value = health.json().await.ok()?;
        health["instance"].as_str().map(str::to_owned)
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").arg(self.id().to_string()).status().unwrap();
        assert!(status.success(), "{status}");
    }

    /// The lines logged so far that contain `text`.
    pub(crate) fn logged(&self, text: &str) -> Vec<String> {
        self.log().lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    /// A call of the query protocol, signed with this access key: status and XML.
    pub(crate) async fn query(
        &self,
        service: &str,
        access_key: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> (u16, String) {
        let version = if service == "sts" { "2011-06-15" } else { "2010-05-08" };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([("Action", action), ("Version", version)]).extend_pairs(parameters);
        self.post_form(&form.finish(), &signature(access_key, service)).await
    }

    /// A form to the root of the server, with this `Authorization` unless it is empty: status and body.
    pub(crate) async fn post_form(&self, form: &str, authorization: &str) -> (u16, String) {
        let mut request = self.client.post(&self.endpoint).body(form.to_owned());
        request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// A GET of the Lambda API, signed with this access key: status and body.
    pub(crate) async fn get_signed(&self, path: &str, access_key: &str) -> (u16, String) {
        let request = self.client.get(format!("{}{path}", self.endpoint));
        let answer = request.header("authorization", signature(access_key, "lambda")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn create_function(&self, name: &str) {
        let request = json!({
            "FunctionName": name, "Runtime": "python3.12", "Handler": "app.handler",
            "Role": "arn:aws:iam::000000000000:role/any", "Code": { "ZipFile": base64_of(&zip()) },
        });
        let url = format!("{}/2015-03-31/functions", self.endpoint);
        let answer = self.client.post(url).json(&request).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }

    /// An update that new Pods must run; `patience` is how long the client waits for its answer.
    pub(crate) async fn update_environment(&self, name: &str, value: &str, patience: Duration) {
        let request = json!({ "Environment": { "Variables": { "VALUE": value } } });
        let url = format!("{}/2015-03-31/functions/{name}/configuration", self.endpoint);
        // Whether the client was patient enough is not the claim.
        drop(self.client.put(url).timeout(patience).json(&request).send().await);
    }

    /// The value that an update set, once a request says so.
    pub(crate) async fn environment(&self, name: &str) -> Value {
        let url = format!("{}/2015-03-31/functions/{name}/configuration", self.endpoint);
        let answer: Value = self.client.get(url).send().await.unwrap().json().await.unwrap();
        answer["Environment"]["Variables"]["VALUE"].clone()
    }

    /// The status and the JSON of the answer to a request with a JSON body.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.client.request(method, format!("{}{path}", self.endpoint)).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Sends a request without a body.
    pub(crate) async fn send(&self, method: Method, path: &str) -> reqwest::Response {
        self.client.request(method, format!("{}{path}", self.endpoint)).send().await.unwrap()
    }

    /// A request that the test completes.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.endpoint))
    }

    /// Invokes a function whose answer is streamed.
    pub(crate) async fn invoke_streamed(&self, name: &str, payload: Value) -> reqwest::Response {
        let url = format!("{}/2021-11-15/functions/{name}/response-streaming-invocations", self.endpoint);
        self.client.post(url).json(&payload).send().await.unwrap()
    }

    /// The answer to a POST that succeeds.
    pub(crate) async fn post(&self, path: &str) -> Value {
        let answer = self.send(Method::POST, path).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// The answer to a GET that succeeds.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Ends the process as a crash would, and starts it anew in the same data directory.
    pub(crate) async fn restart(&mut self) {
        self.start_anew();
        until(|| self.instance()).await;
    }

    /// The same where it must refuse to serve; returns what it logged.
    pub(crate) async fn restart_refused(&mut self) -> String {
        self.start_anew();
        self.refusal().await
    }

    fn start_anew(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = self.command.spawn().unwrap();
    }

    /// Invokes asynchronously, and gives the status of the answer.
    pub(crate) async fn send_event(&self, name: &str, payload: Value) -> u16 {
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.endpoint);
        let request = self.client.post(url).header("x-amz-invocation-type", "Event").json(&payload);
        request.send().await.unwrap().status().as_u16()
    }

    /// A request of the API with a JSON body, which must succeed.
    pub(crate) async fn call(&self, method: Method, path: &str, body: &Value) -> u16 {
        let url = format!("{}{path}", self.endpoint);
        let answer = self.client.request(method, url).json(body).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{path}: {}", answer.text().await.unwrap());
        status.as_u16()
    }

    /// Reserves so much concurrency for a function.
    pub(crate) async fn reserve(&self, name: &str, count: u32) {
        let url = format!("{}/2017-10-31/functions/{name}/concurrency", self.endpoint);
        let request = json!({ "ReservedConcurrentExecutions": count });
        let answer = self.client.put(url).json(&request).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }

    /// Invokes, and closes the connection before the answer comes.
    pub(crate) async fn hang_up(&self, name: &str, payload: Value, patience: Duration) {
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.endpoint);
        let answer = self.client.post(url).timeout(patience).json(&payload).send().await;
        assert!(answer.is_err_and(|error| error.is_timeout()), "an answer came before the caller hung up");
    }

    pub(crate) async fn invoke(&self, name: &str, payload: Value) -> Answer {
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.endpoint);
        let answer = self.client.post(url).json(&payload).send().await.unwrap();
        Answer {
            status: answer.status().as_u16(),
            function_error: answer.headers().contains_key("x-amz-function-error"),
            body: answer.json().await.unwrap(),
        }
    }
}

impl Remains {
    /// A new process that finds them.
    pub(crate) async fn start_again(&self, api: &Api) -> Server {
        self.start_again_with(api, &[]).await
    }

    /// The same with these settings.
    pub(crate) async fn start_again_with(&self, api: &Api, settings: &[(&str, &str)]) -> Server {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings = |_own_url: &str| settings.iter().map(own).collect();
        let server = Server::spawn(api, settings, Some(Arc::clone(&self.0)));
        until(|| server.instance()).await;
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        self.process.wait().unwrap();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

fn fresh_data() -> Option<Arc<TempDir>> {
    Some(Arc::new(tempfile::tempdir().unwrap()))
}

/// Waits until `probe` gives something; panics after a generous while.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(probe: impl Fn() -> F) -> T {
    for _ in 0..1_000 {
        if let Some(found) = probe().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not happen within 20 s");
}

fn kubeconfig(api: &Api) -> NamedTempFile {
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "users": [{ "name": "u", "user": {} }],
        "clusters": [{ "name": "c", "cluster": { "server": format!("http://{}", api.address) } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
    });
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(config.to_string().as_bytes()).unwrap();
    file
}

fn signature(access_key: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={access_key}/20260131/us-east-1/{service}/aws4_request, SignedHeaders=host, \
         Signature=00"
    )
}

fn zip() -> Vec<u8> {
    zip_of("def handler(event, context): return event")
}

/// A zip with this text in `app.py`.
pub(crate) fn zip_of(code: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("app.py", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(code.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

pub(crate) fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
