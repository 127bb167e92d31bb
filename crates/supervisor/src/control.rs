//! The connection to fakecloud in the loop: dialled, served, lost.

use std::time::Instant;

use fakecloud_runtime_api::{Input, Report};

use crate::http::{Connection, Event};
use crate::link::{self, Dialled, Link};
use crate::poller::Interest;
use crate::requests::Serving;
use crate::supervisor::{CONTROL, Note, Supervisor, now};

/// The bytes of a streamed answer that wait for fakecloud before no more of it is read.
const PENDING_BYTES_MAX: usize = 1024 * 1024;

// === impl Supervisor ===

impl Supervisor {
    /// The initialisation is over: fakecloud hears how it ended, and the environment is at its service.
    pub(crate) fn connect(&mut self, fields: Vec<(&'static str, String)>) {
        self.init_fields = fields;
        if matches!(self.link, Link::Waiting) {
            self.dial(now().instant);
        }
    }

    fn dial(&mut self, since: Instant) {
        self.link = Link::Dialling { since };
        let notifier = self.notifier.clone();
        link::dial(self.settings.clone(), self.init_fields.clone(), move |it| notifier.tell(Note::Dialled(it)));
    }

    pub(crate) fn dialled(&mut self, dialled: Dialled) {
        let now = now().instant;
        let connection = dialled.and_then(|(stream, input)| {
            let connection = Connection::new(stream, input).map_err(|error| error.to_string())?;
            self.poller.add(&connection, CONTROL).map_err(|error| error.to_string())?;
            Ok(connection)
        });
        match connection {
            Ok(connection) => {
                self.control_interest = Interest { reads: true, writes: false };
                self.link = Link::Up(connection);
                self.serve();
            }
            Err(error) => {
                self.log.extend_from_slice(format!("fakecloud-supervisor: {error}\n").as_bytes());
                self.link = self.link.broken(now);
            }
        }
    }

    /// Dials again when it is time, and ends an environment that nobody has been connected to for too long.
    pub(crate) fn mind_the_link(&mut self, now: Instant) {
        if self.link.down_since().is_some_and(|since| now >= since + self.settings.orphan_ttl) {
            self.link = Link::Waiting;
            return self.feed(Input::Shutdown);
        }
        if let Link::Down { since, retry_at } = self.link
            && now >= retry_at
        {
            self.dial(since);
        }
    }

    pub(crate) fn link_deadline(&self) -> Option<Instant> {
        let orphaned = self.link.down_since().map(|since| since + self.settings.orphan_ttl);
        let retry = if let Link::Down { retry_at, .. } = self.link { Some(retry_at) } else { None };
        orphaned.into_iter().chain(retry).min()
    }

    pub(crate) fn control_ready(&mut self) {
        let Link::Up(connection) = &mut self.link else { return };
        connection.flush();
        let is_open = connection.read(&mut self.scratch);
        if !self.is_choked() {
            self.pump_choked();
        }
        self.serve();
        if !is_open {
            self.lose_control();
        }
    }

    /// Takes requests, one at a time.
    pub(crate) fn serve(&mut self) {
        loop {
            let Link::Up(connection) = &mut self.link else { return };
            let is_running = self.serving.as_ref().is_some_and(Serving::is_running);
            let event = if is_running { Ok(None) } else { connection.next() };
            let Ok(event) = event else { return self.lose_control() };
            let Some(event) = event else { break };
            match (event, &mut self.serving) {
                (Event::Head(head), _) => self.serving = Some(Serving::new(head.request)),
                (Event::Body(chunk), Some(serving)) => serving.push(&chunk),
                (Event::End(_), Some(serving)) => match serving.invocation() {
                    Ok(invocation) => self.feed(Input::Invoke(Box::new(invocation))),
                    Err(status) => {
                        connection.answer(status, &[], b"");
                        self.serving = None;
                    }
                },
                (Event::Body(_) | Event::End(_), None) => {}
            }
        }
        self.update_control();
    }

    /// Passes news of an invocation on to fakecloud.
    pub(crate) fn tell_fakecloud(&mut self, report: Report) {
        let (Link::Up(connection), Some(serving)) = (&mut self.link, &mut self.serving) else { return };
        let is_free = serving.tell(connection, report);
        if is_free {
            self.serving = None;
        }
        self.update_control();
    }

    fn update_control(&mut self) {
        let Link::Up(connection) = &self.link else { return };
        if connection.is_over() {
            return self.lose_control();
        }
        let interest = Interest { reads: connection.wants_more(), writes: connection.pending() > 0 };
        if interest != self.control_interest {
            self.control_interest = interest;
            let _ = self.poller.change(connection, CONTROL, interest);
        }
    }

    /// Whether fakecloud has too much to take before more of a streamed answer is read.
    pub(crate) fn is_choked(&self) -> bool {
        if let Link::Up(connection) = &self.link { connection.pending() > PENDING_BYTES_MAX } else { false }
    }

    /// The connection has broken: who waits for an answer has lost it, and the next dial is the same environment.
    fn lose_control(&mut self) {
        if let Link::Up(connection) = &self.link {
            self.poller.remove(connection);
            self.link = self.link.broken(now().instant);
            self.serving = None;
        }
    }
}
