//! A sandbox with a clock of its own, which speaks of inputs and actions in short words.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fakecloud_runtime_api::{
    Action, Answer, CallId, Configuration, Credentials, Destination, Environment, Exit, Initialization, Input,
    Invocation, Level, LogFormat, LogShipping, LogTail, Logging, Now, Outcome, Process, Program, Report, Request,
    ResponseMode, Role, Signal, SubscriberId,
};

pub(crate) const NEXT: &str = "/2018-06-01/runtime/invocation/next";
pub(crate) const INIT_ERROR: &str = "/2018-06-01/runtime/init/error";
pub(crate) const REGISTER: &str = "/2020-01-01/extension/register";
pub(crate) const EVENT_NEXT: &str = "/2020-01-01/extension/event/next";
pub(crate) const ACCEPTED: &str = r#"answer: 202 {"status":"OK"}"#;
pub(crate) const EPOCH_MS: u64 = 1_700_000_000_000;

/// A process of the first generation.
pub(crate) const RUNTIME: Process = Process { role: Role::Runtime, generation: 1 };

/// An environment at a moment of its own time.
pub(crate) struct Sandbox {
    pub(crate) environment: Environment,
    pub(crate) now: Now,
    /// The number of the latest call.
    pub(crate) calls: u64,
    /// The answers to all calls so far.
    pub(crate) answers: BTreeMap<u64, Answer>,
    /// The variables of all processes so far.
    pub(crate) variables: BTreeMap<Process, BTreeMap<String, String>>,
    ended: BTreeSet<String>,
}

/// A function of 128 MiB and 3 s, on demand, with a text log.
pub(crate) fn configuration() -> Configuration {
    Configuration {
        function_name: "greeter".to_owned(),
        version: "$LATEST".to_owned(),
        account_id: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        handler: Some("app.handler".to_owned()),
        memory_mb: 128,
        timeout: Duration::from_secs(3),
        initialization: Initialization::OnDemand,
        logging: Logging {
            format: LogFormat::Text,
            application_level: Level::Info,
            system_level: Level::Info,
            group: "/aws/lambda/greeter".to_owned(),
            stream: "2023/11/14/[$LATEST]00".to_owned(),
            shipping: LogShipping::Off,
        },
        runtime_version: None,
        execution_env: Some("AWS_Lambda_python3.14".to_owned()),
        credentials: Credentials {
            access_key_id: "AKID".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: "token".to_owned(),
        },
        container_variables: BTreeMap::new(),
        user_variables: BTreeMap::new(),
        runtime_api: "127.0.0.1:9001".to_owned(),
        telemetry_fd: None,
        seed: 7,
    }
}

pub(crate) fn invocation(id: &str) -> Invocation {
    Invocation {
        id: id.to_owned(),
        function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:greeter".to_owned(),
        trace_id: Some("Root=1-2-3".to_owned()),
        client_context: None,
        cognito_identity: None,
        tenant_id: None,
        payload: Bytes::from_static(b"{}"),
        response_mode: ResponseMode::Buffered,
        log_tail: LogTail::None,
    }
}

pub(crate) fn response(id: &str) -> String {
    format!("/2018-06-01/runtime/invocation/{id}/response")
}

pub(crate) fn error(id: &str) -> String {
    format!("/2018-06-01/runtime/invocation/{id}/error")
}

// === impl Sandbox: making ===

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self::with(configuration(), &[])
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    pub(crate) fn with(configuration: Configuration, extensions: &[&str]) -> Self {
        let extensions = extensions.iter().map(|&name| name.to_owned()).collect();
        Self {
            environment: Environment::new(configuration, extensions),
            now: Now { instant: Instant::now(), epoch_ms: EPOCH_MS },
            calls: 0,
            answers: BTreeMap::new(),
            variables: BTreeMap::new(),
            ended: BTreeSet::new(),
        }
    }

    /// An environment without extensions whose runtime waits for an event.
    pub(crate) fn ready() -> Self {
        Self::new().initialized()
    }

    /// Initialises an environment without extensions; it took 100 ms.
    pub(crate) fn initialized(mut self) -> Self {
        self.feed(Input::Initialize);
        self.sleep(100);
        self.get(NEXT, &[]);
        self
    }

    /// An environment with an external extension for both events; everything waits. The extension's identifier comes
    /// with it.
    pub(crate) fn ready_with_extension() -> (Self, String) {
        let mut sandbox = Self::with(configuration(), &["agent"]);
        sandbox.feed(Input::Initialize);
        let identifier = sandbox.register("agent", r#"{"events":["INVOKE","SHUTDOWN"]}"#);
        sandbox.get(NEXT, &[]);
        let done = sandbox.event_next(&identifier);
        assert_eq!(done.last().expect("nothing came out"), "init done after 0 ms");
        (sandbox, identifier)
    }

    /// Initialises anew, in the next invocation or after it began, a runtime without extensions.
    pub(crate) fn busy(id: &str) -> Self {
        let mut sandbox = Self::ready();
        sandbox.invoke(invocation(id));
        sandbox
    }
}

// === impl Sandbox: inputs, each with everything that comes out ===

impl Sandbox {
    pub(crate) fn feed(&mut self, input: Input) -> Vec<String> {
        self.environment.handle(self.now, input);
        self.actions()
    }

    pub(crate) fn invoke(&mut self, invocation: Invocation) -> Vec<String> {
        self.feed(Input::Invoke(Box::new(invocation)))
    }

    /// Makes a call without a body.
    pub(crate) fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Vec<String> {
        let mut all = self.head("GET", path, headers);
        all.extend(self.end(&[]));
        all
    }

    /// Makes a call with a body in one chunk.
    pub(crate) fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<String> {
        self.send("POST", path, headers, body)
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<String> {
        let mut all = self.head(method, path, headers);
        all.extend(self.body(body.as_bytes()));
        all.extend(self.end(&[]));
        all
    }

    /// Begins a call.
    pub(crate) fn head(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<String> {
        self.calls += 1;
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request { method: method.to_owned(), path: path.to_owned(), headers };
        self.feed(Input::Call { call: CallId(self.calls), request })
    }

    /// Goes on with the latest call.
    pub(crate) fn body(&mut self, chunk: &[u8]) -> Vec<String> {
        self.feed(Input::Body { call: CallId(self.calls), chunk: Bytes::copy_from_slice(chunk) })
    }

    /// Ends the latest call.
    pub(crate) fn end(&mut self, trailers: &[(&str, &str)]) -> Vec<String> {
        let trailers = trailers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.feed(Input::End { call: CallId(self.calls), trailers })
    }

    /// Breaks the connection of a call.
    pub(crate) fn hang_up(&mut self, call: u64) -> Vec<String> {
        self.feed(Input::Closed { call: CallId(call) })
    }

    pub(crate) fn exit(&mut self, process: Process, exit: Exit) -> Vec<String> {
        self.feed(Input::Exited { process, exit })
    }

    pub(crate) fn print(&mut self, process: Process, text: &str) -> Vec<String> {
        self.feed(Input::Output { process, chunk: Bytes::copy_from_slice(text.as_bytes()) })
    }

    /// Registers an extension and gives its identifier.
    #[track_caller]
    pub(crate) fn register(&mut self, name: &str, body: &str) -> String {
        self.post(REGISTER, &[("Lambda-Extension-Name", name)], body);
        self.header("Lambda-Extension-Identifier").expect("the registration was refused")
    }

    pub(crate) fn event_next(&mut self, identifier: &str) -> Vec<String> {
        self.get(EVENT_NEXT, &[("lambda-extension-identifier", identifier)])
    }

    pub(crate) fn delivered(&mut self, subscriber: u64, taken: bool) -> Vec<String> {
        self.feed(Input::Delivered { subscriber: SubscriberId(subscriber), taken })
    }

    /// Lets time pass without a deadline being looked at.
    pub(crate) fn sleep(&mut self, milliseconds: u64) {
        self.now.instant += Duration::from_millis(milliseconds);
        self.now.epoch_ms += milliseconds;
    }

    /// Lets time pass, jumping from deadline to deadline.
    #[track_caller]
    pub(crate) fn after(&mut self, milliseconds: u64) -> Vec<String> {
        let end = self.now.instant + Duration::from_millis(milliseconds);
        let mut all = Vec::new();
        while let Some((deadline, reason)) = self.environment.poll_timeout().filter(|(it, _)| *it <= end) {
            assert!(deadline >= self.now.instant, "{reason}: a deadline in the past");
            self.advance(deadline);
            self.environment.handle_timeout(self.now);
            all.extend(self.actions());
        }
        self.advance(end);
        all
    }

    fn advance(&mut self, to: Instant) {
        let passed = to - self.now.instant;
        self.now.instant = to;
        self.now.epoch_ms += u64::try_from(passed.as_millis()).expect("few milliseconds");
    }
}

// === impl Sandbox: outputs ===

impl Sandbox {
    /// A header of the answer to the latest call.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let answer = self.answers.get(&self.calls)?;
        answer.headers.iter().find(|(it, _)| *it == name).map(|(_, value)| value.clone())
    }

    fn actions(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(action) = self.environment.poll_action() {
            all.push(self.show(action));
        }
        all
    }

    fn show(&mut self, action: Action) -> String {
        let number = |call: CallId| if call.0 == self.calls { String::new() } else { format!(" #{}", call.0) };
        match action {
            Action::Answer { call, answer } => {
                let shown = format!("answer{}: {} {}", number(call), answer.status, text(&answer.body));
                assert_eq!(self.answers.insert(call.0, answer), None, "a second answer to call {}", call.0);
                shown.trim_end().to_owned()
            }
            Action::PauseReading { call } => format!("pause{}", number(call)),
            Action::ResumeReading { call } => format!("resume{}", number(call)),
            Action::CloseConnections => "close connections".to_owned(),
            Action::Spawn { process, program, variables } => {
                assert_eq!(self.variables.insert(process, variables), None, "{process:?} starts twice");
                match program {
                    Program::Runtime => format!("spawn runtime {}", process.generation),
                    Program::Extension(name) => format!("spawn {name} {}", process.generation),
                }
            }
            Action::Signal { process: Process { role, generation }, signal } => {
                let verb = match signal {
                    Signal::Terminate => "terminate",
                    Signal::Kill => "kill",
                };
                match role {
                    Role::Runtime => format!("{verb} runtime {generation}"),
                    Role::Extension(number) => format!("{verb} extension {number} {generation}"),
                }
            }
            Action::Deliver { subscriber, destination, batch } => {
                let place = match destination {
                    Destination::Http { port, path, method } => format!("{method} {port}{path}"),
                    Destination::Tcp { port } => format!("tcp {port}"),
                };
                format!("deliver {} to {place}: {}", subscriber.0, text(&batch))
            }
            Action::Log { line } => format!("log: {}", text(&line)),
            Action::Ship { batch } => format!("ship: {:.300}", String::from_utf8_lossy(&batch)),
            Action::Report(report) => self.show_report(report),
        }
    }

    fn show_report(&mut self, report: Report) -> String {
        match report {
            Report::InitDone { duration } => format!("init done after {} ms", duration.as_millis()),
            Report::InitFailed { duration, error } => {
                format!("init failed after {} ms: {} {}", duration.as_millis(), error.kind, text(&error.payload))
            }
            Report::Head { invocation, content_type } => {
                format!("head {invocation}: {}", content_type.unwrap_or_default())
            }
            Report::Chunk { invocation, chunk } => format!("chunk {invocation}: {}", text(&chunk)),
            Report::Ended { invocation, outcome, log_tail } => {
                assert!(self.ended.insert(invocation.clone()), "{invocation} ends twice");
                let tail = log_tail.map(|tail| format!(" | {}", text(&tail))).unwrap_or_default();
                format!("ended {invocation}: {}{tail}", show_outcome(&outcome))
            }
            Report::Free { invocation, figures } => {
                format!("free {invocation}: {} ms", figures.duration.as_millis())
            }
            Report::Down => "down".to_owned(),
        }
    }
}

fn show_outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Success { payload, content_type } => {
            format!("success {} {}", content_type.as_deref().unwrap_or("-"), text(payload))
        }
        Outcome::Streamed => "streamed".to_owned(),
        Outcome::Error(error) => format!("error {} {}", error.kind, text(&error.payload)),
        Outcome::Refused(refusal) => format!("refused {refusal:?}"),
        Outcome::Interrupted => "interrupted".to_owned(),
    }
}

fn text(bytes: &[u8]) -> String {
    match bytes.len() {
        0..5_000 => String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned(),
        long => format!("{long} bytes"),
    }
}

/// What a text log has of an invocation on demand that took no time.
pub(crate) fn report_line(id: &str, figures: &str) -> String {
    format!("log: REPORT RequestId: {id}\t{figures}")
}
