//! Invocations: from the moment they are accepted until the environment is free again.

use std::time::Duration;

use crate::environment::Environment;
use crate::event::{Event, InitPhase, Status};
use crate::extensions::Interest;
use crate::phase::{Ending, Phase, Reason, Then, Timer};
use crate::running::{AnswerState, Running};
use crate::time::timestamp;
use crate::words::{self, Fatal};
use crate::{
    Figures, Initialization, Invocation, LogTail, Now, Outcome, PAYLOAD_BYTES_MAX, Refusal, Report, ResponseMode,
};

// === impl Environment: the beginning ===

impl Environment {
    pub(crate) fn invoke(&mut self, now: Now, invocation: Invocation) {
        if let Some(refusal) = self.refusal(&invocation) {
            let outcome = Outcome::Refused(refusal);
            return self.report(Report::Ended { invocation: invocation.id, outcome, log_tail: None });
        }
        let trace_id = match &invocation.trace_id {
            Some(trace_id) if !trace_id.is_empty() => trace_id.clone(),
            _ => format!("Root=1-{:08x}-{};Sampled=0", now.epoch_ms / 1_000, self.identifiers.trace()),
        };
        self.running = Some(Running::new(invocation, trace_id));
        if matches!(self.phase, Phase::Idle | Phase::Cold) {
            self.begin_waiting_invocation(now);
        }
    }

    fn refusal(&self, invocation: &Invocation) -> Option<Refusal> {
        match &self.phase {
            Phase::New => return Some(Refusal::NotInitialized),
            Phase::Down | Phase::Ending(Ending { then: Then::Down, .. }) => return Some(Refusal::ShutDown),
            Phase::Init(_)
            | Phase::Restore { .. }
            | Phase::Idle
            | Phase::Invoke
            | Phase::Ending(Ending { then: Then::Cold, .. })
            | Phase::Cold => {}
        }
        if self.running.is_some() {
            Some(Refusal::Busy)
        } else if invocation.payload.len() > PAYLOAD_BYTES_MAX {
            Some(Refusal::TooLarge)
        } else {
            None
        }
    }

    /// Starts the function's clock for the invocation that waits, where one does.
    pub(crate) fn begin_waiting_invocation(&mut self, now: Now) {
        let Some(running) = &mut self.running else { return };
        let timeout = self.config.timeout;
        running.started = Some(now.instant);
        running.deadline_ms = now.epoch_ms.saturating_add(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        self.timers.set(Timer::Invocation, now.instant + timeout);
        if running.invocation.log_tail == LogTail::Tail {
            self.logs.begin_tail();
        }
        let (request_id, trace_id) = (running.invocation.id.clone(), running.trace_id.clone());
        self.tell(now, Event::Start { request_id, trace_id });
        if self.phase == Phase::Cold {
            self.begin_init(now, InitPhase::Invoke);
        } else {
            self.phase = Phase::Invoke;
            self.deliver(now);
        }
    }

    /// Gives the event to the extensions that want it, and to the runtime.
    pub(crate) fn deliver(&mut self, now: Now) {
        let mut invoked = Vec::new();
        for (number, extension) in self.extensions.iter_mut() {
            if extension.events.contains(&Interest::Invoke) {
                extension.owed = Some(Interest::Invoke);
                invoked.push(number);
            }
        }
        invoked.into_iter().for_each(|number| self.give_event(now, number));
        self.deliver_to_runtime();
    }
}

// === impl Environment: the end ===

impl Environment {
    /// The function has answered. The caller hears of it at once unless it wants the log.
    pub(crate) fn answered(&mut self, now: Now, outcome: Outcome) {
        let Some(running) = &mut self.running else { return };
        if running.answer != AnswerState::Awaited {
            return;
        }
        if let Outcome::Error(error) = &outcome {
            running.status = Status::Error(error.kind.clone());
        }
        running.produced.last.get_or_insert(now.instant);
        running.answer = AnswerState::Held(outcome);
        if running.invocation.log_tail == LogTail::None {
            self.tell_caller();
        }
    }

    /// The runtime has asked for the next event.
    pub(crate) fn runtime_done(&mut self, now: Now) {
        self.finish_lines(now);
        self.tell_invocation_done(now);
        self.check_free(now);
    }

    pub(crate) fn check_free(&mut self, now: Now) {
        let is_done = self.running.as_ref().is_some_and(|it| it.is_runtime_done);
        if self.phase != Phase::Invoke || !is_done || !self.extensions.are_done() {
            return;
        }
        self.conclude(now);
        self.phase = Phase::Idle;
        self.free();
    }

    /// Tells that the environment takes the next invocation, if one has just ended.
    pub(crate) fn free(&mut self) {
        let Some(figures) = self.running.as_ref().and_then(|it| it.figures) else { return };
        if let Some(running) = self.running.take() {
            self.report(Report::Free { invocation: running.invocation.id, figures });
        }
    }

    pub(crate) fn invocation_timed_out(&mut self, now: Now) {
        let Some(id) = self.running.as_ref().map(|it| it.invocation.id.clone()) else { return };
        let fatal = words::timed_out(&timestamp(now.epoch_ms), &id, self.config.timeout);
        self.fail(now, fatal);
    }

    /// Ends the invocation with an error that ends the processes, too.
    pub(crate) fn invocation_failed(&mut self, now: Now, fatal: &Fatal) {
        self.finish_lines(now);
        self.tell_in_text(now, fatal.lines.clone());
        let Some(running) = &mut self.running else { return };
        let is_cut = running.is_streaming && fatal.status != Status::Timeout;
        let error = if is_cut { words::truncated(&running.invocation.id) } else { fatal.error.clone() };
        if running.answer == AnswerState::Awaited {
            running.answer = AnswerState::Held(Outcome::Error(error));
        }
        running.response = None;
        running.status = fatal.status.clone();
        self.tell_invocation_done(now);
        self.conclude(now);
    }

    /// Ends the invocation because the environment is shut down.
    pub(crate) fn interrupt(&mut self) {
        let Some(running) = &mut self.running else { return };
        if running.answer == AnswerState::Awaited {
            running.answer = AnswerState::Held(Outcome::Interrupted);
        }
        self.tell_caller();
        self.running = None;
    }

    fn tell_invocation_done(&mut self, now: Now) {
        let Some(running) = &mut self.running else { return };
        if running.is_runtime_done {
            return;
        }
        running.is_runtime_done = true;
        let event = Event::RuntimeDone {
            request_id: running.invocation.id.clone(),
            trace_id: running.trace_id.clone(),
            status: running.status.clone(),
            done: running.done(now.instant),
        };
        self.tell(now, event);
    }

    /// Writes END and REPORT, and tells the caller what it waits for.
    fn conclude(&mut self, now: Now) {
        self.timers.stop(Timer::Invocation);
        self.stop_pacing();
        let init = self.init_duration.take();
        let Some(running) = &mut self.running else { return };
        let duration = running.elapsed(now.instant);
        let is_billed = self.config.initialization == Initialization::OnDemand;
        let billed = duration + init.filter(|_| is_billed).unwrap_or_default();
        let figures = Figures {
            duration,
            billed_ms: billed_ms(billed),
            memory_mb: self.config.memory_mb,
            memory_peak_mb: self.memory_peak_mb.min(self.config.memory_mb),
            init,
        };
        running.figures = Some(figures);
        let event = Event::Report {
            request_id: running.invocation.id.clone(),
            trace_id: running.trace_id.clone(),
            status: running.status.clone(),
            figures,
        };
        self.tell(now, event);
        self.tell_caller();
    }

    /// Tells the answer that is held, where one is.
    fn tell_caller(&mut self) {
        let log_tail = self.logs.take_tail();
        let Some(running) = &mut self.running else { return };
        let AnswerState::Held(outcome) = std::mem::replace(&mut running.answer, AnswerState::Told) else { return };
        let invocation = running.invocation.id.clone();
        let outcome = match (running.invocation.response_mode, outcome) {
            (ResponseMode::Streaming, Outcome::Success { payload, content_type }) => {
                self.report(Report::Head { invocation: invocation.clone(), content_type });
                if !payload.is_empty() {
                    self.report(Report::Chunk { invocation: invocation.clone(), chunk: payload });
                }
                Outcome::Streamed
            }
            (ResponseMode::Streaming | ResponseMode::Buffered, outcome) => outcome,
        };
        self.report(Report::Ended { invocation, outcome, log_tail });
    }

    /// A fatal error: the first one is told, and everything is started anew for the next invocation.
    pub(crate) fn fail(&mut self, now: Now, fatal: Fatal) {
        match self.phase.clone() {
            Phase::Init(init) | Phase::Restore { init, .. } => self.init_failed(now, &init, &fatal),
            Phase::Invoke => self.invocation_failed(now, &fatal),
            Phase::Idle => self.tell_in_text(now, fatal.lines.clone()),
            Phase::New | Phase::Ending(_) | Phase::Cold | Phase::Down => return,
        }
        let reason = if fatal.status == Status::Timeout { Reason::Timeout } else { Reason::Failure };
        self.begin_ending(now, reason, Then::Cold);
    }
}

/// Whole milliseconds, rounded up.
fn billed_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
