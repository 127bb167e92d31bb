//! The promises: what must be true of every action, and of the environment after every step.

use fakecloud_runtime_api::{Action, Answer, CALLS_MAX, CallId, Input, Outcome, Report, Role};

use super::model::{Model, Seen};

/// The bodies of one answer and of every small call, a line of each process, and the queues of all subscribers.
const HELD_BYTES_MAX: usize = 6_291_556 + 6_291_556 + CALLS_MAX * 64 * 1024 + 12 * 256 * 1024 + 22 * 4 * 1024 * 1024;

// === impl Model: promises ===

impl Model {
    pub(super) fn feed(&mut self, input: Input) {
        self.environment.handle(self.now, input);
        self.check_actions();
    }

    pub(super) fn check_actions(&mut self) {
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
