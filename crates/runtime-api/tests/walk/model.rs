//! The model: what an outsider knows, and the steps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fakecloud_runtime_api::{
    CallId, Environment, Exit, Input, Invocation, LogTail, Now, Process, ResponseMode, SpawnFailure, SubscriberId,
};

use super::set_up::configuration;
use super::steps::{SetUp, Step};

pub(crate) struct Model {
    pub(super) environment: Environment,
    pub(super) now: Now,
    /// The path's id of each call that is neither answered nor gone.
    pub(super) open: BTreeMap<CallId, String>,
    pub(super) last_call: u64,
    /// The processes that run, and those that ended.
    pub(super) live: BTreeSet<Process>,
    pub(super) dead: Vec<Process>,
    /// The names of the extensions that may register, and the identifiers of those that have.
    pub(super) external: Vec<String>,
    pub(super) identifiers: Vec<String>,
    pub(super) under_way: BTreeSet<SubscriberId>,
    pub(super) is_shipping: bool,
    /// Invocations by number, and what has come of each.
    pub(super) invocations: BTreeMap<String, Seen>,
    /// The invocation whose event the runtime has.
    pub(super) event: Option<String>,
    pub(super) is_down: bool,
    pub(crate) log: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) is_streaming: bool,
    pub(super) has_head: bool,
    pub(super) is_delivered: bool,
    pub(super) is_ended: bool,
    pub(super) is_refused: bool,
    pub(super) is_free: bool,
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
