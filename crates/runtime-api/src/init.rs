//! The initialisation of extensions and runtime, and the restore of functions with SnapStart.

use bytes::Bytes;

use crate::config::RESTORE_MAX;
use crate::environment::Environment;
use crate::event::{Event, InitPhase, Status};
use crate::extensions::{Extensions, State};
use crate::phase::{Init, Phase, Runtime, Timer};
use crate::words::{self, Fatal};
use crate::{Answer, CallId, EXTENSIONS_MAX, FunctionError, Now, Program, Report, Role};

// === impl Environment: the beginning ===

impl Environment {
    pub(crate) fn initialize(&mut self, now: Now) {
        if self.phase == Phase::New {
            self.begin_init(now, InitPhase::Init);
        }
    }

    /// Starts the extensions and, where there is none to wait for, the runtime.
    pub(crate) fn begin_init(&mut self, now: Now, phase: InitPhase) {
        self.generation += 1;
        self.phase = Phase::Init(Init { since: now.instant, phase, runtime_done: None });
        self.runtime = Runtime::Absent;
        self.extensions = Extensions::started(&self.external);
        self.telemetry.restart();
        if phase == InitPhase::Init {
            self.timers.set(Timer::Init, now.instant + self.config.init_max());
        }
        self.tell(now, Event::InitStart { phase });
        if self.external.len() > EXTENSIONS_MAX {
            let error = FunctionError::new(
                "Extension.TooManyExtensions",
                &format!("Extension limit ({EXTENSIONS_MAX}) reached"),
            );
            return self.fail(now, Fatal::told(error));
        }
        for (number, name) in self.external.clone().into_iter().enumerate() {
            self.spawn(Role::Extension(number), Program::Extension(name));
        }
        self.spawn_runtime_if_registered();
    }

    /// The runtime starts when every external extension has registered.
    pub(crate) fn spawn_runtime_if_registered(&mut self) {
        if self.phase.is_init() && self.runtime == Runtime::Absent && self.extensions.are_registered() {
            self.runtime = Runtime::Started;
            self.spawn(Role::Runtime, Program::Runtime);
        }
    }
}

// === impl Environment: the end ===

impl Environment {
    /// The runtime has asked for its first event, or is ready for a snapshot.
    pub(crate) fn runtime_initialized(&mut self, now: Now) {
        self.tell_runtime_done(now, Status::Success);
        self.check_initialized(now);
    }

    pub(crate) fn check_initialized(&mut self, now: Now) {
        let Phase::Init(init) = &self.phase else { return };
        let is_runtime_ready = matches!(self.runtime, Runtime::Ready(_) | Runtime::Restoring(_));
        if !is_runtime_ready || !self.extensions.are_waiting() {
            return;
        }
        let init = init.clone();
        self.tell_extensions(now, None);
        let duration = now.instant.saturating_duration_since(init.since);
        self.tell(now, Event::InitReport { phase: init.phase, status: Status::Success, duration });
        self.telemetry.close();
        self.timers.stop(Timer::Init);
        if let Runtime::Restoring(call) = self.runtime {
            self.begin_restore(now, init, call);
        } else {
            self.finish_init(now, init);
        }
    }

    fn begin_restore(&mut self, now: Now, init: Init, call: CallId) {
        if init.phase == InitPhase::Init {
            self.timers.set(Timer::Init, now.instant + RESTORE_MAX);
        }
        self.phase = Phase::Restore { init, since: now.instant };
        self.tell(now, Event::RestoreStart);
        self.runtime = Runtime::Restored;
        self.answer(call, Answer::json(200, Bytes::new()));
    }

    /// The runtime has run its hooks.
    pub(crate) fn restored(&mut self, now: Now) {
        let Phase::Restore { init, since } = self.phase.clone() else { return };
        self.tell_restored(now, since, Status::Success);
        self.finish_init(now, init);
    }

    fn finish_init(&mut self, now: Now, init: Init) {
        self.timers.stop(Timer::Init);
        match init.phase {
            InitPhase::Init => {
                let duration = now.instant.saturating_duration_since(init.since);
                self.init_duration = Some(duration);
                self.phase = Phase::Idle;
                self.report(Report::InitDone { duration });
                self.begin_waiting_invocation(now);
            }
            InitPhase::Invoke => {
                self.phase = Phase::Invoke;
                self.deliver(now);
            }
        }
    }
}

// === impl Environment: failures ===

impl Environment {
    pub(crate) fn init_timed_out(&mut self, now: Now) {
        let fatal = match self.phase {
            Phase::Init(_) => words::phase_timed_out("Init", words::TIMED_OUT, self.config.init_max()),
            Phase::Restore { .. } => words::phase_timed_out("Restore", "Runtime.RestoreHookUserTimeout", RESTORE_MAX),
            Phase::New | Phase::Idle | Phase::Invoke | Phase::Ending(_) | Phase::Cold | Phase::Down => return,
        };
        self.fail(now, fatal);
    }

    /// Tells the end of an initialisation that failed. An invocation that it is a part of fails with it.
    pub(crate) fn init_failed(&mut self, now: Now, init: &Init, fatal: &Fatal) {
        let duration = now.instant.saturating_duration_since(init.since);
        if self.phase.is_init() {
            self.tell_runtime_done(now, fatal.status.clone());
            self.tell_extensions(now, Some(&fatal.error.kind));
            if init.phase == InitPhase::Init {
                self.tell_in_text(now, fatal.lines.clone());
            }
            let status = fatal.status.clone();
            self.tell(now, Event::InitReport { phase: init.phase, status, duration });
        } else if let Phase::Restore { since, .. } = self.phase {
            self.tell_restored(now, since, fatal.status.clone());
        }
        match init.phase {
            InitPhase::Init => self.report(Report::InitFailed { duration, error: fatal.error.clone() }),
            InitPhase::Invoke => self.invocation_failed(now, fatal),
        }
    }

    fn tell_runtime_done(&mut self, now: Now, status: Status) {
        let Phase::Init(init) = &mut self.phase else { return };
        if init.runtime_done.is_none() {
            init.runtime_done = Some(status.clone());
            let phase = init.phase;
            self.tell(now, Event::InitRuntimeDone { phase, status });
        }
    }

    fn tell_restored(&mut self, now: Now, since: std::time::Instant, status: Status) {
        let duration = now.instant.saturating_duration_since(since);
        self.tell(now, Event::RestoreRuntimeDone { status: status.clone() });
        self.tell(now, Event::RestoreReport { status, duration });
    }

    /// Tells the state of each extension. `failure` is the type of the error, which those that failed are told with.
    fn tell_extensions(&mut self, now: Now, failure: Option<&str>) {
        let event = |it: &crate::extensions::Extension| {
            let is_failed = matches!(it.state, State::InitError | State::ExitError | State::Gone);
            Event::Extension {
                name: it.name.clone(),
                state: it.state.name(),
                events: it.event_names(),
                error_kind: failure.filter(|_| is_failed).map(str::to_owned),
            }
        };
        let events: Vec<Event> = self.extensions.iter().map(event).collect();
        events.into_iter().for_each(|event| self.tell(now, event));
    }
}
