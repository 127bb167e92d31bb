//! Processes: their start and the ends that nobody asked for.

use crate::environment::Environment;
use crate::extensions::State;
use crate::lines::Lines;
use crate::phase::Runtime;
use crate::variables::{extension_variables, runtime_variables};
use crate::words::{self, Fatal};
use crate::{Action, Exit, Now, Process, Program, Role, SpawnFailure};

impl Environment {
    pub(crate) fn spawn(&mut self, role: Role, program: Program) {
        let variables = match program {
            Program::Runtime => runtime_variables(&self.config),
            Program::Extension(_) => extension_variables(&self.config),
        };
        let process = self.process(role);
        self.live.insert(process);
        self.logs.outputs.insert(process, Lines::default());
        self.actions.push_back(Action::Spawn { process, program, variables });
    }

    pub(crate) fn spawn_failed(&mut self, now: Now, process: Process, failure: &SpawnFailure) {
        let request_id = self.request_id();
        let fatal = match process.role {
            Role::Runtime => words::runtime_not_started(request_id.as_deref(), failure),
            Role::Extension(_) => words::extension_not_started(request_id.as_deref(), failure),
        };
        self.process_ended(now, process, fatal);
    }

    pub(crate) fn exited(&mut self, now: Now, process: Process, exit: Exit) {
        if !self.live.contains(&process) {
            return;
        }
        if exit == Exit::OutOfMemory {
            self.memory_peak_mb = self.memory_peak_mb.max(self.config.memory_mb);
        }
        let request_id = self.request_id();
        let fatal = match process.role {
            Role::Runtime => words::runtime_exited(request_id.as_deref(), exit),
            Role::Extension(_) => words::extension_exited(request_id.as_deref(), exit),
        };
        self.process_ended(now, process, fatal);
    }

    /// A process of an earlier generation is none of this one's.
    fn process_ended(&mut self, now: Now, process: Process, fatal: Fatal) {
        if !self.live.remove(&process) {
            return;
        }
        self.finish_output(now, process);
        self.logs.outputs.remove(&process);
        match process.role {
            Role::Runtime => self.runtime_is_gone(),
            Role::Extension(number) => {
                if let Some(extension) = self.extensions.get_mut(number) {
                    extension.state = State::Gone;
                }
            }
        }
        self.fail(now, fatal);
        self.check_ended(now);
    }

    fn runtime_is_gone(&mut self) {
        if let Runtime::Ready(call) | Runtime::Restoring(call) | Runtime::Responding(call) = self.runtime {
            self.calls.remove(call);
        }
        self.runtime = Runtime::Absent;
    }
}
