//! The end of the processes: after a failure, so that the next invocation starts them anew, or for good.

use std::time::Duration;

use crate::environment::Environment;
use crate::extensions::{Extensions, Interest, Origin};
use crate::phase::{Ending, Phase, Reason, Runtime, Step, Then, Timer};
use crate::{Action, Now, Process, Report, Role, Signal};

/// The time that external extensions have to end.
const EXTENSIONS_MAX: Duration = Duration::from_secs(2);

/// The runtime's share of it, in front of the extensions.
const RUNTIME_MAX: Duration = Duration::from_millis(600);

/// The time that a runtime with internal extensions alone has at a shutdown.
const INTERNAL_MAX: Duration = Duration::from_millis(500);

/// The time after which a killed process counts as ended, whatever the kernel does with it.
const KILL_MAX: Duration = Duration::from_secs(2);

// === impl Environment ===

impl Environment {
    pub(crate) fn shutdown(&mut self, now: Now) {
        match &mut self.phase {
            Phase::Down => {}
            Phase::Ending(ending) => {
                ending.then = Then::Down;
                self.interrupt();
            }
            Phase::New | Phase::Cold => {
                self.interrupt();
                self.phase = Phase::Down;
                self.report(Report::Down);
            }
            Phase::Init(_) | Phase::Restore { .. } | Phase::Idle | Phase::Invoke => {
                self.interrupt();
                self.begin_ending(now, Reason::Spindown, Then::Down);
            }
        }
    }

    /// Ends all processes. Without extensions they are killed; with them the runtime gets SIGTERM, then the extensions get
    /// SHUTDOWN, and whoever is still there is killed.
    pub(crate) fn begin_ending(&mut self, now: Now, reason: Reason, then: Then) {
        for timer in [Timer::Init, Timer::Invocation, Timer::Pace] {
            self.timers.stop(timer);
        }
        self.telemetry.hurry();
        self.extensions.iter_mut().for_each(|(_, extension)| extension.owed = None);
        let step = Step::RuntimeTerminates;
        self.phase = Phase::Ending(Ending { since: now.instant, step, reason, then });
        if self.extensions.is_empty() {
            return self.kill_all(now);
        }
        let runtime = self.process(Role::Runtime);
        if !self.live.contains(&runtime) {
            return self.shut_extensions_down(now);
        }
        self.terminate(runtime);
        let only_internal = !self.extensions.has(Origin::External);
        let grace = if only_internal && reason == Reason::Spindown { INTERNAL_MAX } else { RUNTIME_MAX };
        self.timers.set(Timer::Ending, now.instant + grace);
    }

    /// Goes on where the processes that were waited for have ended.
    pub(crate) fn check_ended(&mut self, now: Now) {
        let Phase::Ending(ending) = &self.phase else { return };
        let is_extension = |it: &&Process| matches!(it.role, Role::Extension(_));
        match ending.step {
            Step::RuntimeTerminates if !self.live.contains(&self.process(Role::Runtime)) => {
                self.shut_extensions_down(now);
            }
            Step::ExtensionsShutDown if self.live.iter().filter(is_extension).count() == 0 => self.kill_all(now),
            Step::Killed if self.live.is_empty() => self.ended(now),
            Step::RuntimeTerminates | Step::ExtensionsShutDown | Step::Killed => {}
        }
    }

    pub(crate) fn ending_timed_out(&mut self, now: Now) {
        let Phase::Ending(ending) = &self.phase else { return };
        match ending.step {
            Step::RuntimeTerminates => {
                self.kill(self.process(Role::Runtime));
                self.shut_extensions_down(now);
            }
            Step::ExtensionsShutDown => self.kill_all(now),
            Step::Killed => self.ended(now),
        }
    }

    /// Gives SHUTDOWN to the extensions that want it, and kills the others.
    fn shut_extensions_down(&mut self, now: Now) {
        let Phase::Ending(ending) = &mut self.phase else { return };
        ending.step = Step::ExtensionsShutDown;
        let deadline = ending.since + EXTENSIONS_MAX;
        let mut told = Vec::new();
        let mut killed = Vec::new();
        let generation = self.generation;
        for (number, extension) in self.extensions.iter_mut() {
            let process = Process { role: Role::Extension(number), generation };
            if extension.origin == Origin::Internal || !self.live.contains(&process) {
                continue;
            }
            if extension.events.contains(&Interest::Shutdown) {
                extension.owed = Some(Interest::Shutdown);
                told.push(number);
            } else {
                killed.push(process);
            }
        }
        killed.into_iter().for_each(|process| self.kill(process));
        if told.is_empty() {
            return self.kill_all(now);
        }
        self.timers.set(Timer::Ending, deadline.max(now.instant));
        told.into_iter().for_each(|number| self.give_event(now, number));
    }

    fn kill_all(&mut self, now: Now) {
        if let Phase::Ending(ending) = &mut self.phase {
            ending.step = Step::Killed;
        }
        let live: Vec<Process> = self.live.iter().copied().collect();
        live.into_iter().for_each(|process| self.kill(process));
        self.timers.set(Timer::Ending, now.instant + KILL_MAX);
        self.check_ended(now);
    }

    /// Every process has ended. Nothing of this generation is heeded from here on.
    fn ended(&mut self, now: Now) {
        let Phase::Ending(Ending { then, .. }) = self.phase else { return };
        self.timers.stop(Timer::Ending);
        self.finish_lines(now);
        self.live.clear();
        self.killed.clear();
        self.logs.outputs.clear();
        self.calls.clear();
        self.actions.push_back(Action::CloseConnections);
        self.runtime = Runtime::Absent;
        self.extensions = Extensions::default();
        self.telemetry.send_due(now, &self.config, &mut self.actions);
        self.telemetry.restart();
        match then {
            Then::Down => {
                self.phase = Phase::Down;
                self.shipping.hurry();
                self.report(Report::Down);
            }
            Then::Cold => {
                self.phase = Phase::Cold;
                self.free();
                self.begin_waiting_invocation(now);
            }
        }
    }

    pub(crate) fn process(&self, role: Role) -> Process {
        Process { role, generation: self.generation }
    }

    fn terminate(&mut self, process: Process) {
        self.actions.push_back(Action::Signal { process, signal: Signal::Terminate });
    }

    /// Nothing is killed twice.
    fn kill(&mut self, process: Process) {
        if self.killed.insert(process) {
            self.actions.push_back(Action::Signal { process, signal: Signal::Kill });
        }
    }
}
