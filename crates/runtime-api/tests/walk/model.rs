//! The model: what must be true of every action, and of the environment after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fakecloud_runtime_api::{
    Action, Answer, CALLS_MAX, CallId, Configuration, Credentials, Environment, Exit, Initialization, Input,
    Invocation, Level, LogFormat, LogShipping, LogTail, Logging, Now, Outcome, Process, Report, Request, ResponseMode,
    Role, SpawnFailure, SubscriberId,
};

use super::steps::{SetUp, Step};

/// The bodies of one answer and of every small call, a line of each process, and the queues of all subscribers.
const HELD_BYTES_MAX: usize = 6_291_556 + 6_291_556 + CALLS_MAX * 64 * 1024 + 12 * 256 * 1024 + 22 * 4 * 1024 * 1024;

const TIMEOUT: Duration = Duration::from_secs(3);

const PATHS: [(&str, &str); 15] = [
    ("GET", "/2018-06-01/runtime/invocation/next"),
    ("POST", "/2018-06-01/runtime/invocation/ID/response"),
    ("POST", "/2018-06-01/runtime/invocation/ID/error"),
    ("POST", "/2018-06-01/runtime/init/error"),
    ("GET", "/2018-06-01/runtime/restore/next"),
    ("POST", "/2018-06-01/runtime/restore/error"),
    ("POST", "/2020-01-01/extension/register"),
    ("GET", "/2020-01-01/extension/event/next"),
    ("POST", "/2020-01-01/extension/init/error"),
    ("POST", "/2020-01-01/extension/exit/error"),
    ("PUT", "/2022-07-01/telemetry"),
    ("PUT", "/2020-08-15/logs"),
    ("DELETE", "/2018-06-01/runtime/invocation/next"),
    ("GET", "/2018-06-01/runtime/invocation/ID/response"),
    ("POST", "/"),
];

const SUBSCRIPTION: &str = r#"{"types":["platform","function","extension"],"buffering":{"timeoutMs":25},"destination":{"protocol":"TCP","port":8080}}"#;

pub(crate) struct Model {
    environment: Environment,
    now: Now,
    /// The path's id of each call that is neither answered nor gone.
    open: BTreeMap<CallId, String>,
    last_call: u64,
    /// The processes that run, and those that ended.
    live: BTreeSet<Process>,
    dead: Vec<Process>,
    /// The names of the extensions that may register, and the identifiers of those that have.
    external: Vec<String>,
    identifiers: Vec<String>,
    under_way: BTreeSet<SubscriberId>,
    is_shipping: bool,
    /// Invocations by number, and what has come of each.
    invocations: BTreeMap<String, Seen>,
    /// The invocation whose event the runtime has.
    event: Option<String>,
    is_down: bool,
    pub(crate) log: Vec<String>,
}

#[derive(Debug, Default)]
struct Seen {
    is_streaming: bool,
    has_head: bool,
    is_delivered: bool,
    is_ended: bool,
    is_refused: bool,
    is_free: bool,
}

// === impl Model: making and ending ===

impl Model {
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    pub(crate) fn new(set_up: SetUp) -> Self {
        Self::at(Instant::now(), set_up)
    }

    pub(crate) fn at(instant: Instant, set_up: SetUp) -> Self {
        let external: Vec<String> = (0..set_up.extensions).map(|number| format!("agent-{number}")).collect();
        let mut model = Self {
            environment: Environment::new(configuration(set_up), external.clone()),
            now: Now { instant, epoch_ms: 1_700_000_000_000 },
            open: BTreeMap::new(),
            last_call: 0,
            live: BTreeSet::new(),
            dead: Vec::new(),
            external,
            identifiers: Vec::new(),
            under_way: BTreeSet::new(),
            is_shipping: false,
            invocations: BTreeMap::new(),
            event: None,
            is_down: false,
            log: Vec::new(),
        };
        model.feed(Input::Initialize);
        model
    }

    /// The model's time.
    pub(crate) fn instant(&self) -> Instant {
        self.now.instant
    }

    /// Runs from deadline to deadline until there is none.
    pub(crate) fn let_time_pass(&mut self) {
        for _ in 0..10_000 {
            if self.environment.poll_timeout().is_none() {
                return;
            }
            self.step(Step::SleepUntilDeadline);
        }
        panic!("deadlines never end");
    }

    pub(crate) fn shut_down(&mut self) {
        self.feed(Input::Shutdown);
    }

    pub(crate) fn assert_nothing_runs(&self) {
        let running: Vec<_> = self.invocations.iter().filter(|(_, it)| !it.is_ended).collect();
        assert!(running.is_empty(), "{running:?} have no end");
    }

    pub(crate) fn assert_down(&self) {
        assert!(self.is_down, "a shutdown has no end");
    }

    /// Plays runtime and extensions as they should be, from whatever state, and expects success.
    pub(crate) fn serve_honestly(&mut self) {
        if self.is_down || self.external.len() > 10 {
            return;
        }
        // Whoever misbehaved until now is ended, as an operator would do it.
        for process in self.live.clone() {
            self.feed(Input::Exited { process, exit: Exit::Status(1) });
        }
        self.let_time_pass();
        self.step(Step::Invoke { is_streaming: false, wants_tail: false });
        let id = format!("i{}", self.invocations.len());
        for _ in 0..20 {
            self.step(Step::BehaveAsExtensions);
            self.step(Step::Behave);
        }
        let seen = &self.invocations[&id];
        assert!(seen.is_delivered && seen.is_ended && seen.is_free, "{id}: {seen:?}\n{}", self.log.join("\n"));
        assert!(self.log.iter().any(|it| it.contains(&format!("{id:?}")) && it.contains("Success")), "{id} failed");
    }
}

// === impl Model: steps ===

impl Model {
    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Invoke { is_streaming, wants_tail } => self.invoke(is_streaming, wants_tail),
            Step::Behave => self.behave(),
            Step::BehaveAsExtensions => self.behave_as_extensions(),
            Step::Call { path, id, headers } => self.call_anything(path, id, headers),
            Step::Body { pick, bytes } => {
                if let Some((call, id)) = self.pick_call(pick) {
                    let chunk = Bytes::from(format!("{id};").repeat(bytes / (id.len() + 1)));
                    self.feed(Input::Body { call, chunk });
                }
            }
            Step::End { pick, with_error } => {
                if let Some((call, _)) = self.pick_call(pick) {
                    let name = "Lambda-Runtime-Function-Error-Type".to_owned();
                    let trailers = if with_error { vec![(name, "Function.Broke".to_owned())] } else { Vec::new() };
                    self.feed(Input::End { call, trailers });
                }
            }
            Step::HangUp { pick } => {
                if let Some((call, _)) = self.pick_call(pick) {
                    self.open.remove(&call);
                    self.feed(Input::Closed { call });
                }
            }
            Step::Exit { pick, exit } => {
                if let Some(process) = self.pick_process(pick) {
                    self.ended(process);
                    self.feed(Input::Exited { process, exit });
                }
            }
            Step::FailSpawn { pick } => {
                if let Some(process) = self.pick_process(pick) {
                    self.ended(process);
                    let failure = SpawnFailure::NoBootstrap { candidates: vec!["/opt/bootstrap".to_owned()] };
                    self.feed(Input::SpawnFailed { process, failure });
                }
            }
            Step::Print { pick, text } => {
                if let Some(process) = self.pick_process(pick) {
                    let texts = ["a\nb", "\n", "{\"level\":\"DEBUG\"}\n", "\u{0}\n\n", "no end"];
                    let chunk = Bytes::from_static(texts[text % texts.len()].as_bytes());
                    self.feed(Input::Output { process, chunk });
                }
            }
            Step::Deliver { pick, taken } if pick.is_multiple_of(3) => {
                self.is_shipping = false;
                self.feed(Input::Shipped { taken });
            }
            Step::Deliver { pick, taken } => {
                let subscriber = self.under_way.iter().nth(pick % self.under_way.len().max(1)).copied();
                if let Some(subscriber) = subscriber {
                    self.under_way.remove(&subscriber);
                    self.feed(Input::Delivered { subscriber, taken });
                }
            }
            Step::Shutdown => self.shut_down(),
            Step::Sleep { milliseconds } => self.advance(self.now.instant + Duration::from_millis(milliseconds)),
            Step::SleepUntilDeadline => {
                if let Some((deadline, _)) = self.environment.poll_timeout() {
                    self.advance(deadline.max(self.now.instant));
                }
            }
        }
    }

    fn invoke(&mut self, is_streaming: bool, wants_tail: bool) {
        let id = format!("i{}", self.invocations.len() + 1);
        self.invocations.insert(id.clone(), Seen { is_streaming, ..Seen::default() });
        let invocation = Invocation {
            id,
            function_arn: "arn".to_owned(),
            trace_id: None,
            client_context: None,
            cognito_identity: None,
            tenant_id: None,
            payload: Bytes::from_static(b"{}"),
            response_mode: if is_streaming { ResponseMode::Streaming } else { ResponseMode::Buffered },
            log_tail: if wants_tail { LogTail::Tail } else { LogTail::None },
        };
        self.feed(Input::Invoke(Box::new(invocation)));
    }

    /// The runtime does what is right: it answers the event that it has, and asks for the next.
    fn behave(&mut self) {
        if let Some(id) = self.event.take() {
            let call = self.call("POST", &format!("/2018-06-01/runtime/invocation/{id}/response"), &id, Vec::new());
            self.feed(Input::Body { call, chunk: Bytes::from(format!("{id};")) });
            self.feed(Input::End { call, trailers: Vec::new() });
        }
        self.call("GET", "/2018-06-01/runtime/invocation/next", "", Vec::new());
    }

    fn behave_as_extensions(&mut self) {
        for name in self.external.clone() {
            let header = ("Lambda-Extension-Name".to_owned(), name);
            let call = self.call("POST", "/2020-01-01/extension/register", "", vec![header]);
            let chunk = Bytes::from_static(br#"{"events":["INVOKE","SHUTDOWN"]}"#);
            self.feed(Input::Body { call, chunk });
            self.feed(Input::End { call, trailers: Vec::new() });
        }
        for identifier in self.identifiers.clone() {
            let header = ("Lambda-Extension-Identifier".to_owned(), identifier);
            self.call("GET", "/2020-01-01/extension/event/next", "", vec![header]);
        }
    }

    fn call_anything(&mut self, path: usize, id: usize, headers: u8) {
        let (method, path) = PATHS[path % PATHS.len()];
        let id = self.invocations.keys().nth(id % (self.invocations.len() + 1)).cloned().unwrap_or_default();
        let mut fields = Vec::new();
        let mut field = |bit: u8, name: &str, value: &str| {
            if headers & bit != 0 {
                fields.push((name.to_owned(), value.to_owned()));
            }
        };
        let identifier = self.identifiers.last().cloned().unwrap_or_default();
        field(1, "Lambda-Extension-Identifier", &identifier);
        field(2, "Lambda-Extension-Name", "inside");
        field(4, "Lambda-Extension-Function-Error-Type", "Extension.Broke");
        field(8, "Lambda-Runtime-Function-Error-Type", "Runtime.Broke");
        field(16, "Lambda-Runtime-Function-Response-Mode", if headers & 32 == 0 { "streaming" } else { "odd" });
        let call = self.call(method, &path.replace("ID", &id), &id, fields);
        if path.ends_with("telemetry") || path.ends_with("logs") {
            self.feed(Input::Body { call, chunk: Bytes::from_static(SUBSCRIPTION.as_bytes()) });
            self.feed(Input::End { call, trailers: Vec::new() });
        }
    }

    fn call(&mut self, method: &str, path: &str, id: &str, headers: Vec<(String, String)>) -> CallId {
        self.last_call += 1;
        let call = CallId(self.last_call);
        self.open.insert(call, id.to_owned());
        let request = Request { method: method.to_owned(), path: path.to_owned(), headers };
        self.feed(Input::Call { call, request });
        call
    }

    fn pick_call(&self, pick: usize) -> Option<(CallId, String)> {
        self.open.iter().nth(pick % self.open.len().max(1)).map(|(call, id)| (*call, id.clone()))
    }

    /// A process that runs or, now and then, one that has ended.
    fn pick_process(&self, pick: usize) -> Option<Process> {
        if pick.is_multiple_of(5) {
            self.dead.get(pick % self.dead.len().max(1)).copied()
        } else {
            self.live.iter().nth(pick % self.live.len().max(1)).copied()
        }
    }

    fn ended(&mut self, process: Process) {
        if self.live.remove(&process) {
            self.dead.push(process);
        }
    }

    fn advance(&mut self, to: Instant) {
        self.now.epoch_ms += u64::try_from((to - self.now.instant).as_millis()).expect("few milliseconds");
        self.now.instant = to;
        self.environment.handle_timeout(self.now);
        self.check_actions();
        let overdue = self.environment.poll_timeout().filter(|(deadline, _)| *deadline <= to);
        assert_eq!(overdue, None, "a deadline was not looked at");
    }
}

// === impl Model: promises ===

impl Model {
    fn feed(&mut self, input: Input) {
        self.environment.handle(self.now, input);
        self.check_actions();
    }

    fn check_actions(&mut self) {
        while let Some(action) = self.environment.poll_action() {
            self.log.push(shown(&action));
            self.check(action);
        }
        assert!(self.environment.held_bytes() <= HELD_BYTES_MAX, "{} bytes are held", self.environment.held_bytes());
        assert!(self.environment.open_calls() <= CALLS_MAX);
        let awaited: Vec<_> = self.invocations.iter().filter(|(_, it)| !it.is_ended).collect();
        assert!(awaited.len() <= 1, "{awaited:?} run at the same time");
        let is_armed = self.environment.poll_timeout().is_some();
        assert!(awaited.is_empty() || is_armed, "{awaited:?} is awaited and no deadline is set");
    }

    fn check(&mut self, action: Action) {
        match action {
            Action::Answer { call, answer } => self.check_answer(call, &answer),
            Action::PauseReading { call } | Action::ResumeReading { call } => {
                assert!(self.open.contains_key(&call), "{call:?} is not open");
            }
            Action::CloseConnections => {
                self.open.clear();
                self.identifiers.clear();
            }
            Action::Spawn { process, .. } => {
                assert!(!self.dead.contains(&process), "{process:?} starts twice");
                assert!(self.live.insert(process), "{process:?} starts twice");
                if process.role == Role::Runtime {
                    self.event = None;
                }
            }
            Action::Signal { process, .. } => {
                let is_known = self.live.contains(&process) || self.dead.contains(&process);
                assert!(is_known, "{process:?} never started");
            }
            Action::Deliver { subscriber, batch, .. } => {
                assert!(self.under_way.insert(subscriber), "two batches are under way");
                assert!(!batch.is_empty());
            }
            Action::Log { .. } => {}
            Action::Ship { .. } => {
                assert!(!self.is_shipping, "two batches of the log are under way");
                self.is_shipping = true;
            }
            Action::Report(report) => self.check_report(report),
        }
    }

    fn check_answer(&mut self, call: CallId, answer: &Answer) {
        assert!(self.open.remove(&call).is_some(), "{call:?} is not open, or is answered twice");
        let header = |name: &str| answer.headers.iter().find(|(it, _)| *it == name).map(|(_, value)| value.clone());
        if let Some(id) = header("Lambda-Runtime-Aws-Request-Id") {
            let seen = self.invocations.get_mut(&id).expect("an event that nobody sent");
            assert!(!seen.is_delivered && !seen.is_ended, "{id} runs twice, or behind its end");
            seen.is_delivered = true;
            self.event = Some(id);
        }
        if let Some(identifier) = header("Lambda-Extension-Identifier") {
            self.identifiers.push(identifier);
        }
    }

    fn check_report(&mut self, report: Report) {
        match report {
            Report::InitDone { .. } | Report::InitFailed { .. } => {}
            Report::Head { invocation, .. } => {
                let seen = self.running(&invocation);
                assert!(seen.is_streaming && !seen.has_head, "{invocation} has two heads, or needs none");
                seen.has_head = true;
            }
            Report::Chunk { invocation, chunk } => {
                assert!(self.running(&invocation).has_head, "a piece without a head");
                assert_is_of(&invocation, &chunk);
            }
            Report::Ended { invocation, outcome, .. } => {
                let seen = self.running(&invocation);
                seen.is_ended = true;
                match outcome {
                    Outcome::Success { payload, .. } => {
                        assert!(!seen.is_streaming, "the whole answer of a stream");
                        assert_is_of(&invocation, &payload);
                    }
                    Outcome::Streamed => assert!(seen.has_head, "a stream without a head"),
                    Outcome::Refused(_) => seen.is_refused = true,
                    Outcome::Error(_) | Outcome::Interrupted => {}
                }
            }
            Report::Free { invocation, .. } => {
                let seen = self.invocations.get_mut(&invocation).expect("an invocation that nobody sent");
                assert!(seen.is_ended && !seen.is_refused && !seen.is_free, "{invocation} is free too early or twice");
                seen.is_free = true;
            }
            Report::Down => {
                assert!(!self.is_down, "down twice");
                self.is_down = true;
            }
        }
    }

    fn running(&mut self, id: &str) -> &mut Seen {
        let seen = self.invocations.get_mut(id).expect("an invocation that nobody sent");
        assert!(!seen.is_ended, "{id} goes on behind its end");
        seen
    }
}

/// An action for the log. Of long answers only the length matters.
fn shown(action: &Action) -> String {
    if let Action::Report(Report::Chunk { invocation, chunk }) = action {
        return format!("Chunk {invocation} {}", chunk.len());
    }
    if let Action::Report(Report::Ended { invocation, outcome: Outcome::Success { payload, .. }, log_tail }) = action {
        return format!("Ended {invocation:?} Success {} {log_tail:?}", payload.len());
    }
    format!("{action:?}")
}

/// An answer has only what was brought as the answer to this invocation.
fn assert_is_of(id: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).expect("the model writes text");
    assert!(text.split_terminator(';').all(|part| part == id), "{id} is answered with {text:.50}");
}

fn configuration(set_up: SetUp) -> Configuration {
    Configuration {
        function_name: "f".to_owned(),
        version: "1".to_owned(),
        account_id: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        handler: None,
        memory_mb: 128,
        timeout: TIMEOUT,
        initialization: if set_up.is_snap_start { Initialization::SnapStart } else { Initialization::OnDemand },
        logging: Logging {
            format: if set_up.is_json { LogFormat::Json } else { LogFormat::Text },
            application_level: Level::Info,
            system_level: Level::Debug,
            group: "g".to_owned(),
            stream: "s".to_owned(),
            shipping: if set_up.is_json { LogShipping::Batches } else { LogShipping::Off },
        },
        runtime_version: None,
        execution_env: None,
        credentials: Credentials {
            access_key_id: String::new(),
            secret_access_key: String::new(),
            session_token: String::new(),
        },
        container_variables: BTreeMap::new(),
        user_variables: BTreeMap::new(),
        runtime_api: "127.0.0.1:9001".to_owned(),
        telemetry_fd: None,
        seed: 7,
    }
}
