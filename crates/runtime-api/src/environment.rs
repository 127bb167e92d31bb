//! The machine's public face: inputs and time in, actions and the next deadline out.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::calls::Calls;
use crate::extensions::Extensions;
use crate::id::Identifiers;
use crate::logs::Logs;
use crate::phase::{Phase, Runtime, Timer, Timers};
use crate::running::{AnswerState, Running};
use crate::shipping::Shipping;
use crate::telemetry::Telemetry;
use crate::{Action, Answer, CallId, Configuration, Input, Now, Process, Report, Request};

/// One execution environment of a function.
///
/// After every [`handle`](Self::handle) and [`handle_timeout`](Self::handle_timeout) the shell takes all actions out with
/// [`poll_action`](Self::poll_action) and sleeps until [`poll_timeout`](Self::poll_timeout) at most. An input beats a
/// deadline of the same moment: deadlines are looked at in `handle_timeout` only.
///
/// Time only moves forward: a `now` before the latest one counts as the latest one. The same inputs at the same times give
/// the same actions.
#[derive(Debug)]
pub struct Environment {
    pub(crate) config: Configuration,
    /// The names of the executables in `/opt/extensions`.
    pub(crate) external: Vec<String>,
    pub(crate) phase: Phase,
    pub(crate) generation: u32,
    pub(crate) runtime: Runtime,
    pub(crate) extensions: Extensions,
    /// The processes that were started and have not ended.
    pub(crate) live: BTreeSet<Process>,
    /// The processes that have got SIGKILL.
    pub(crate) killed: BTreeSet<Process>,
    pub(crate) calls: Calls,
    /// The invocation that has the environment, until the environment is free again.
    pub(crate) running: Option<Running>,
    pub(crate) telemetry: Telemetry,
    pub(crate) logs: Logs,
    pub(crate) shipping: Shipping,
    pub(crate) timers: Timers,
    pub(crate) identifiers: Identifiers,
    pub(crate) memory_peak_mb: u32,
    /// The time of the initialisation at the start, until the first invocation has reported it.
    pub(crate) init_duration: Option<Duration>,
    pub(crate) actions: VecDeque<Action>,
    latest: Option<Now>,
}

// === impl Environment: the interface ===

impl Environment {
    /// An environment that has not begun. `extensions` are the names of the executables in `/opt/extensions`.
    pub fn new(configuration: Configuration, extensions: Vec<String>) -> Self {
        Self {
            identifiers: Identifiers::new(configuration.seed),
            config: configuration,
            external: extensions,
            phase: Phase::New,
            generation: 0,
            runtime: Runtime::Absent,
            extensions: Extensions::default(),
            live: BTreeSet::new(),
            killed: BTreeSet::new(),
            calls: Calls::default(),
            running: None,
            telemetry: Telemetry::default(),
            logs: Logs::default(),
            shipping: Shipping::default(),
            timers: Timers::default(),
            memory_peak_mb: 0,
            init_duration: None,
            actions: VecDeque::new(),
            latest: None,
        }
    }

    /// Takes in something that happened at `now`.
    pub fn handle(&mut self, now: Now, input: Input) {
        let now = self.advance(now);
        match input {
            Input::Initialize => self.initialize(now),
            Input::Invoke(invocation) => self.invoke(now, *invocation),
            Input::Shutdown => self.shutdown(now),
            Input::Call { call, request } => self.call(now, call, &request),
            Input::Body { call, chunk } => self.body(now, call, chunk),
            Input::End { call, trailers } => self.end(now, call, &trailers),
            Input::Closed { call } => self.closed(now, call),
            Input::SpawnFailed { process, failure } => self.spawn_failed(now, process, &failure),
            Input::Exited { process, exit } => self.exited(now, process, exit),
            Input::Output { process, chunk } => self.output(now, process, &chunk),
            Input::Record { process, text } => self.record(now, process, &text),
            Input::Delivered { subscriber, taken } => self.telemetry.delivered(subscriber, taken),
            Input::Shipped { taken } => self.shipping.shipped(taken),
            Input::MemoryPeak { mb } => self.memory_peak_mb = mb,
        }
        self.send_due(now);
    }

    /// Does what was due at `now` or before.
    pub fn handle_timeout(&mut self, now: Now) {
        let now = self.advance(now);
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Init => self.init_timed_out(now),
                Timer::Invocation => self.invocation_timed_out(now),
                Timer::Ending => self.ending_timed_out(now),
                Timer::Pace => self.resume_reading(),
            }
        }
        self.send_due(now);
    }

    /// The moment to call [`handle_timeout`](Self::handle_timeout) at, and the reason (for the log).
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let telemetry = self.telemetry.next_deadline().map(|deadline| (deadline, "a batch of telemetry is due"));
        let log =
            self.shipping.deadline(self.is_answer_awaited()).map(|deadline| (deadline, "a batch of the log is due"));
        [self.timers.next(), telemetry, log].into_iter().flatten().min_by_key(|(deadline, _)| *deadline)
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The bytes of bodies, lines and telemetry that are held at this moment. Bounded, whatever the processes do.
    pub fn held_bytes(&self) -> usize {
        let lines: usize = self.logs.outputs.values().map(crate::lines::Lines::len).sum();
        let response = self.running.as_ref().map_or(0, Running::held_bytes);
        self.calls.held_bytes() + self.telemetry.held_bytes() + self.shipping.held_bytes() + lines + response
    }

    /// The calls that wait for an answer or whose body is not complete.
    pub fn open_calls(&self) -> usize {
        self.calls.len()
    }

    /// The configuration.
    pub fn configuration(&self) -> &Configuration {
        &self.config
    }
}

// === impl Environment: what all parts need ===

impl Environment {
    pub(crate) fn answer(&mut self, call: CallId, answer: Answer) {
        self.calls.remove(call);
        self.actions.push_back(Action::Answer { call, answer });
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.actions.push_back(Action::Report(report));
    }

    /// The id of the invocation that the caller waits for, which errors name.
    pub(crate) fn request_id(&self) -> Option<String> {
        let is_begun = |it: &&Running| it.started.is_some() && it.figures.is_none();
        self.running.as_ref().filter(is_begun).map(|it| it.invocation.id.clone())
    }

    fn is_answer_awaited(&self) -> bool {
        self.running.as_ref().is_some_and(|it| it.answer != AnswerState::Told)
    }

    /// Sends the batches of telemetry and of the log that are due.
    fn send_due(&mut self, now: Now) {
        self.telemetry.send_due(now, &self.config, &mut self.actions);
        if let Some(batch) = self.shipping.batch(now, self.is_answer_awaited()) {
            self.actions.push_back(Action::Ship { batch });
        }
    }

    fn call(&mut self, now: Now, call: CallId, request: &Request) {
        if matches!(self.phase, Phase::New | Phase::Cold | Phase::Down) {
            self.answer(call, Answer::ending());
        } else if self.calls.get(call).is_some() {
            // A number is never used twice: the shell has mistaken one call for another.
        } else if self.calls.is_full() {
            self.answer(call, Answer::too_many_calls());
        } else {
            self.dispatch(now, call, request);
        }
    }

    fn advance(&mut self, now: Now) -> Now {
        let now = match self.latest {
            Some(latest) => Now { instant: now.instant.max(latest.instant), epoch_ms: now.epoch_ms },
            None => now,
        };
        self.latest = Some(now);
        now
    }
}
