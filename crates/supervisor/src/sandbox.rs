//! The connections of the function's processes.

use fakecloud_runtime_api::{CallId, Input};

use crate::http::{Connection, Event};
use crate::poller::Interest;
use crate::supervisor::Supervisor;

/// The most connections at a time. A connection too many is closed.
const CONNECTIONS_MAX: usize = 512;

/// A connection of the function's processes.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) connection: Connection,
    /// The call that has no whole answer.
    pub(crate) call: Option<CallId>,
    /// Whether the call asks for the next event.
    is_next: bool,
    /// Whether the call's body is not read for now: it is ahead of its pace.
    pub(crate) is_paused: bool,
    /// Whether the call's body is not read for now: fakecloud has not taken what came before.
    is_choked: bool,
    interest: Interest,
}

// === impl Supervisor ===

impl Supervisor {
    pub(crate) fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            if self.connections.len() >= CONNECTIONS_MAX {
                continue;
            }
            let Ok(connection) = Connection::new(stream, Vec::new()) else { continue };
            let token = self.token();
            if self.poller.add(&connection, token).is_ok() {
                let interest = Interest { reads: true, writes: false };
                self.connections.insert(
                    token,
                    Api { connection, call: None, is_next: false, is_paused: false, is_choked: false, interest },
                );
            }
        }
    }

    /// Closes all connections, and those that nobody has accepted.
    pub(crate) fn close_connections(&mut self) {
        self.calls.clear();
        self.connections.clear();
        while self.listener.accept().is_ok() {}
    }

    pub(crate) fn connection_ready(&mut self, token: u64) {
        let Some(api) = self.connections.get_mut(&token) else { return };
        let has_to_write = api.connection.pending() > 0;
        api.connection.flush();
        // Whoever is not listened to is heard only when the connection is gone.
        let is_deaf = api.is_paused || api.is_choked;
        let is_open = is_deaf && has_to_write || api.connection.read(&mut self.scratch);
        self.pump(token);
        if !is_open {
            self.close(token);
        }
    }

    /// Hands what has come to the machine.
    pub(crate) fn pump(&mut self, token: u64) {
        loop {
            let is_choked = self.is_choked();
            let Some(api) = self.connections.get_mut(&token) else { return };
            api.is_choked = is_choked && api.connection.is_in_body();
            if api.is_paused || api.is_choked {
                break;
            }
            let Ok(event) = api.connection.next() else { return self.close(token) };
            let Some(event) = event else { break };
            match (event, api.call) {
                (Event::Head(head), _) => {
                    self.last_call += 1;
                    let call = CallId(self.last_call);
                    api.call = Some(call);
                    self.calls.insert(call, token);
                    // A call for the next event ends the invocation: whatever was written before it belongs to that one.
                    api.is_next = head.request.path.ends_with("/next");
                    if api.is_next {
                        self.drain_pipes();
                        self.tell_memory();
                    }
                    self.feed(Input::Call { call, request: head.request });
                }
                (Event::Body(chunk), Some(call)) => self.feed(Input::Body { call, chunk }),
                (Event::End(trailers), Some(call)) => {
                    if !api.is_next {
                        self.drain_pipes();
                    }
                    self.feed(Input::End { call, trailers });
                }
                (Event::Body(_) | Event::End(_), None) => {}
            }
        }
        self.update(token);
    }

    /// Goes on with the bodies that waited for fakecloud.
    pub(crate) fn pump_choked(&mut self) {
        let choked = self.connections.iter().filter(|(_, it)| it.is_choked).map(|(token, _)| *token);
        choked.collect::<Vec<u64>>().into_iter().for_each(|token| self.pump(token));
    }

    /// Waits for what a connection needs next, or forgets it.
    pub(crate) fn update(&mut self, token: u64) {
        let Some(api) = self.connections.get_mut(&token) else { return };
        if api.connection.is_over() {
            return self.close(token);
        }
        let reads = !api.is_paused && !api.is_choked && api.connection.wants_more();
        let interest = Interest { reads, writes: api.connection.pending() > 0 };
        if interest != api.interest {
            api.interest = interest;
            let _ = self.poller.change(&api.connection, token, interest);
        }
    }

    fn close(&mut self, token: u64) {
        let Some(api) = self.connections.remove(&token) else { return };
        self.poller.remove(&api.connection);
        if let Some(call) = api.call {
            self.calls.remove(&call);
            self.feed(Input::Closed { call });
        }
    }

    fn tell_memory(&mut self) {
        if let Some(mb) = self.memory.peak_mb() {
            self.feed(Input::MemoryPeak { mb });
        }
    }
}
