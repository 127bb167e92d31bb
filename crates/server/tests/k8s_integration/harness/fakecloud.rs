//! fakecloud as a process on this host, the binary that cargo built.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::sync::Mutex;

use super::settings::settings;
use super::{Lambda, Namespace, Pod, eventually, unique};

/// A fakecloud that serves.
pub(crate) struct Fakecloud<'ns> {
    /// Its API.
    pub(crate) lambda: Lambda,
    /// Its instance id, as its Pods are labelled with.
    pub(crate) instance: String,
    namespace: &'ns Namespace,
    process: Rc<Process>,
    environment: Vec<(String, String)>,
    port: u16,
}

/// How much fakecloud logs, `FAKECLOUD_LOG`.
#[derive(Clone, Copy)]
pub(crate) enum LogLevel {
    /// What helps to understand a test that fails.
    Debug,
    /// All that fakecloud and its libraries ever log.
    Trace,
}

/// A process and where its output goes; the namespace keeps it until the end of the test.
pub(crate) struct Process {
    child: Mutex<Child>,
    log: PathBuf,
}

// === impl Fakecloud ===

impl<'ns> Fakecloud<'ns> {
    /// Starts fakecloud as the cluster's administrator and waits until it serves.
    pub(crate) fn start(namespace: &'ns Namespace) -> Self {
        Self::start_with(namespace, LogLevel::Debug, &[])
    }

    /// The same with settings more.
    pub(crate) fn start_with(namespace: &'ns Namespace, level: LogLevel, settings: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut environment = environment(namespace, port, level);
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self::serve(namespace, port, environment)
    }

    /// The same with its registry where the node's containerd speaks plain HTTP, on a loopback address.
    pub(crate) fn start_with_registry(namespace: &'ns Namespace) -> Self {
        Self::start_with_registry_and(namespace, |_registry| Vec::new())
    }

    /// The same with settings more, which may depend on the registry's address.
    pub(crate) fn start_with_registry_and(
        namespace: &'ns Namespace,
        settings: impl FnOnce(&str) -> Vec<(&'static str, String)>,
    ) -> Self {
        let port = free_port();
        let registry = format!("127.0.0.1:{port}");
        let mut environment = environment(namespace, port, LogLevel::Debug);
        environment.extend(settings(&registry).into_iter().map(|(name, value)| (name.to_owned(), value)));
        environment.push(("FAKECLOUD_K8S_ECR_URL".to_owned(), registry));
        Self::serve(namespace, port, environment)
    }

    fn serve(namespace: &'ns Namespace, port: u16, environment: Vec<(String, String)>) -> Self {
        let process = Process::spawn(namespace, &environment);
        let lambda = Lambda::new(&format!("http://127.0.0.1:{port}"));
        eventually("fakecloud serves", || {
            if let Some(status) = process.try_wait() {
                panic!("fakecloud ended instead of serving: {status}\n{}", process.log());
            }
            lambda.get("/readyz").ok().filter(|answer| answer.status == 200)
        });
        let instance = lambda.health()["instance"].as_str().expect("an instance has an id").to_owned();
        Self { lambda, instance, namespace, process, environment, port }
    }

    /// Starts fakecloud, waits until it ended with exit code 1, and returns what it said.
    pub(crate) fn refuse_to_start(namespace: &Namespace, settings: &[(&str, &str)]) -> String {
        let mut environment = environment(namespace, free_port(), LogLevel::Debug);
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let process = Process::spawn(namespace, &environment);
        let status = eventually("fakecloud ends", || process.try_wait());
        assert_eq!(status.code(), Some(1), "{}", process.log());
        process.log()
    }

    /// Its registry, for clients on this host.
    pub(crate) fn registry(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The Pods of this instance that nobody has deleted.
    pub(crate) fn pods(&self) -> Vec<Pod> {
        let mut pods = self.namespace.pods();
        pods.retain(|pod| pod.label("fakecloud-instance") == self.instance);
        pods
    }

    /// All it has logged.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill9(&self) {
        self.process.kill9();
    }

    /// Ends the process as Kubernetes would, and waits for it.
    pub(crate) fn terminate(&self) -> ExitStatus {
        self.process.signal("TERM");
        eventually("fakecloud ends after SIGTERM", || self.process.try_wait())
    }

    /// Starts another process with the same settings, for the place of this one, which has ended.
    pub(crate) fn restart(self) -> Self {
        Self::serve(self.namespace, self.port, self.environment)
    }
}

// === impl LogLevel ===

impl LogLevel {
    fn setting(self) -> String {
        match self {
            Self::Debug => "info,fakecloud=debug".to_owned(),
            Self::Trace => "trace".to_owned(),
        }
    }
}

// === impl Process ===

impl Process {
    /// Starts fakecloud with nothing in its environment but these variables and where to find the cluster.
    fn spawn(namespace: &Namespace, environment: &[(String, String)]) -> Rc<Self> {
        let log = namespace.dir().join(format!("fakecloud-{}.log", unique()));
        let output = File::create(&log).expect("the namespace's directory is there");
        let child = Command::new(env!("CARGO_BIN_EXE_fakecloud"))
            .env_clear()
            .envs(["PATH", "HOME", "KUBECONFIG"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file has a second handle"))
            .stderr(output)
            .spawn()
            .expect("cargo built the binary");
        let process = Rc::new(Self { child: Mutex::new(child), log });
        namespace.adopt(Rc::clone(&process));
        process
    }

    pub(super) fn id(&self) -> u32 {
        self.child().id()
    }

    pub(super) fn log(&self) -> String {
        let bytes = fs::read(&self.log).expect("the log was created with the process");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Returns once the process is gone; one that has ended before is left alone.
    pub(super) fn kill9(&self) {
        let mut child = self.child();
        child.kill().expect("an own child can be killed");
        child.wait().expect("an own child can be waited for");
    }

    fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        let status = Command::new("kill").args(["-s", signal, &id]).status().expect("kill is on PATH");
        assert!(status.success(), "cannot send SIG{signal} to {id}: {status}");
    }

    fn try_wait(&self) -> Option<ExitStatus> {
        self.child().try_wait().expect("an own child can be waited for")
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().expect("nobody panics with the lock")
    }
}

fn environment(namespace: &Namespace, port: u16, level: LogLevel) -> Vec<(String, String)> {
    let data = namespace.dir().join(format!("data-{}", unique()));
    [
        ("FAKECLOUD_LISTEN", format!("0.0.0.0:{port}")),
        ("FAKECLOUD_LOG", level.setting()),
        ("FAKECLOUD_DATA_DIR", data.display().to_string()),
        ("FAKECLOUD_LAMBDA_BACKEND", "k8s".to_owned()),
        ("FAKECLOUD_K8S_NAMESPACE", namespace.name.clone()),
        ("FAKECLOUD_K8S_SELF_URL", format!("http://{}:{port}", settings().host)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").expect("this host has free ports");
    listener.local_addr().expect("a listener has an address").port()
}
