//! What the machine says, carried out.

use fakecloud_runtime_api::{Action, Answer, CallId, Input, Report};

use crate::deliveries::deliver;
use crate::link;
use crate::supervisor::{Note, Supervisor};

// === impl Supervisor ===

impl Supervisor {
    pub(crate) fn carry_out(&mut self) {
        while let Some(action) = self.environment.poll_action() {
            match action {
                Action::Answer { call, answer } => self.answer(call, &answer),
                Action::PauseReading { call } => self.pause(call, true),
                Action::ResumeReading { call } => self.pause(call, false),
                Action::CloseConnections => {
                    self.close_connections();
                    self.processes.kill_strangers();
                }
                Action::Spawn { process, program, variables } => {
                    match self.processes.spawn(process, &program, variables, &self.programs) {
                        Ok(started) => self.listen_to(process, started),
                        Err(failure) => self.feed(Input::SpawnFailed { process, failure }),
                    }
                }
                Action::Signal { process, signal } => self.processes.signal(process, signal),
                Action::Deliver { subscriber, destination, batch } => {
                    let notifier = self.notifier.clone();
                    deliver(destination, batch, move |taken| notifier.tell(Note::Delivered { subscriber, taken }));
                }
                Action::Log { line } => {
                    self.log.extend_from_slice(&line);
                    self.log.push(b'\n');
                }
                Action::Ship { batch } => {
                    let notifier = self.notifier.clone();
                    link::ship(self.settings.clone(), batch, move |taken| notifier.tell(Note::Shipped { taken }));
                    self.is_shipping = true;
                }
                Action::Report(report) => self.report(report),
            }
        }
    }

    fn answer(&mut self, call: CallId, answer: &Answer) {
        let Some(token) = self.calls.remove(&call) else { return };
        let Some(api) = self.connections.get_mut(&token) else { return };
        let fields: Vec<(&str, &str)> = answer.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        api.connection.answer(answer.status, &fields, &answer.body);
        api.call = None;
        api.is_paused = false;
        self.update(token);
    }

    fn pause(&mut self, call: CallId, is_paused: bool) {
        let Some(token) = self.calls.get(&call).copied() else { return };
        if let Some(api) = self.connections.get_mut(&token) {
            api.is_paused = is_paused;
            self.update(token);
            if !is_paused {
                self.pump(token);
            }
        }
    }

    fn report(&mut self, report: Report) {
        match report {
            Report::InitDone { .. } => self.connect(link::init_fields(None)),
            Report::InitFailed { error, .. } => self.connect(link::init_fields(Some(&error))),
            Report::Down => self.is_down = true,
            report @ (Report::Head { .. } | Report::Chunk { .. } | Report::Ended { .. } | Report::Free { .. }) => {
                self.tell_fakecloud(report);
            }
        }
    }
}
