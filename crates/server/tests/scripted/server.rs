//! The server under test: the real binary, pointed at the scripted API server.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::{NamedTempFile, TempDir};

use crate::api::Api;
use crate::client::Client;

/// A running fakecloud; it dies with the test.
pub(crate) struct Server {
    process: Child,
    command: Command,
    client: Client,
    log: NamedTempFile,
    _kubeconfig: NamedTempFile,
    data: Option<TempDir>,
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

    fn spawn(api: &Api, settings: impl Fn(&str) -> Vec<(String, String)>, data: Option<TempDir>) -> Self {
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
            client: Client::new(format!("http://127.0.0.1:{port}")),
            log,
            _kubeconfig: kubeconfig,
            data,
        }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The most memory it has had at a time.
    pub(crate) fn memory_mib_max(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() >> 10
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
}

/// A test asks the server itself.
impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
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

fn fresh_data() -> Option<TempDir> {
    Some(tempfile::tempdir().unwrap())
}

/// A server on a cluster of its own, with the function `hello`.
pub(crate) async fn with_function() -> (Api, Server) {
    let api = Api::start().await;
    let server = Server::start(&api).await;
    server.create_function("hello").await;
    (api, server)
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
