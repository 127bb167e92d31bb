//! The phases of an environment and of its runtime.

use std::time::Instant;

use crate::event::{InitPhase, Status};
use crate::{CallId, Now};

/// The phase of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing has begun.
    New,
    /// Runtime and extensions initialise.
    Init(Init),
    /// The runtime runs its hooks after a restore.
    Restore { init: Init, since: Instant },
    /// The environment waits for an invocation.
    Idle,
    /// An invocation runs.
    Invoke,
    /// The processes are being ended.
    Ending(Ending),
    /// No process is there. The next invocation begins with an initialisation.
    Cold,
    /// Every process has ended for good.
    Down,
}

/// An initialisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Init {
    pub(crate) since: Instant,
    pub(crate) phase: InitPhase,
    /// The status of the runtime's part, once it is told.
    pub(crate) runtime_done: Option<Status>,
}

/// The end of the processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) since: Instant,
    pub(crate) step: Step,
    pub(crate) reason: Reason,
    pub(crate) then: Then,
}

/// A step of the processes' end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The runtime has got SIGTERM.
    RuntimeTerminates,
    /// The extensions have got SHUTDOWN.
    ExtensionsShutDown,
    /// Everything has got SIGKILL.
    Killed,
}

/// The reason that extensions get with SHUTDOWN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Spindown,
    Timeout,
    Failure,
}

/// The phase behind the processes' end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Cold,
    Down,
}

/// The state of the runtime, as its calls show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// There is no process.
    Absent,
    /// The process has not asked for an event.
    Started,
    /// The runtime waits for the restore.
    Restoring(CallId),
    /// The runtime runs its hooks after the restore.
    Restored,
    /// The runtime waits for an event.
    Ready(CallId),
    /// The runtime waited for an event, and its connection is gone. It has to ask again.
    Away,
    /// The runtime has an event.
    Running,
    /// The runtime brings its answer.
    Responding(CallId),
    /// The runtime has answered.
    Responded,
    /// The runtime has told an error of its initialisation.
    Failed,
}

/// The named deadlines of an environment.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    deadlines: [Option<Instant>; Timer::ALL.len()],
}

/// A named deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The end of the time for the initialisation or the restore that no invocation waits for.
    Init,
    /// The end of the function's time.
    Invocation,
    /// The end of a step of the processes' end.
    Ending,
    /// The moment from which on more of a streamed answer is read.
    Pace,
}

// === impl Phase ===

impl Phase {
    pub(crate) fn is_init(&self) -> bool {
        matches!(self, Self::Init(_))
    }

    /// The reason that extensions get with SHUTDOWN.
    pub(crate) fn ending_reason(&self) -> Reason {
        if let Self::Ending(ending) = self { ending.reason } else { Reason::Spindown }
    }
}

// === impl Reason ===

impl Reason {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Spindown => "spindown",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
        }
    }
}

// === impl Runtime ===

impl Runtime {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Absent => "Exited",
            Self::Started => "Started",
            Self::Restoring(_) | Self::Restored => "Restoring",
            Self::Ready(_) | Self::Away => "Ready",
            Self::Running => "Running",
            Self::Responding(_) => "InvocationResponse",
            Self::Responded => "ResponseSent",
            Self::Failed => "InitError",
        }
    }
}

// === impl Timers ===

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, deadline: Instant) {
        self.deadlines[timer as usize] = Some(deadline);
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.deadlines[timer as usize] = None;
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.deadlines[timer as usize].is_some()
    }

    /// The first deadline that has come, which is stopped.
    pub(crate) fn pop_due(&mut self, now: Now) -> Option<Timer> {
        let is_due = |timer: &Timer| self.deadlines[*timer as usize].is_some_and(|it| it <= now.instant);
        let due = Timer::ALL.into_iter().filter(is_due).min_by_key(|timer| self.deadlines[*timer as usize])?;
        self.stop(due);
        Some(due)
    }

    /// The next deadline and its name.
    pub(crate) fn next(&self) -> Option<(Instant, &'static str)> {
        let named = |timer: Timer| self.deadlines[timer as usize].map(|deadline| (deadline, timer.name()));
        Timer::ALL.into_iter().filter_map(named).min_by_key(|(deadline, _)| *deadline)
    }
}

// === impl Timer ===

impl Timer {
    const ALL: [Self; 4] = [Self::Init, Self::Invocation, Self::Ending, Self::Pace];

    fn name(self) -> &'static str {
        match self {
            Self::Init => "the initialisation's time is over",
            Self::Invocation => "the function's time is over",
            Self::Ending => "processes had their time to end",
            Self::Pace => "more of a streamed answer is read",
        }
    }
}
