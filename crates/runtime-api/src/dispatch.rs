//! Calls of the HTTP API on their way to what they are for.

use bytes::Bytes;

use crate::calls::{Call, Purpose};
use crate::environment::Environment;
use crate::event::Api;
use crate::extensions::State;
use crate::phase::Runtime;
use crate::route::{Route, route};
use crate::words::error_kind;
use crate::{Answer, CallId, Now, Request};

/// The header in which runtimes tell the type of an error.
pub(crate) const ERROR_TYPE: &str = "Lambda-Runtime-Function-Error-Type";

impl Environment {
    pub(crate) fn dispatch(&mut self, now: Now, call: CallId, request: &Request) {
        match route(request) {
            Route::Next => self.runtime_next(now, call),
            Route::Response(id) => self.response_begins(now, call, &id, request),
            Route::InvocationError(id) => self.error_begins(call, &id, request),
            Route::InitError => self.init_error_begins(call, request, self.phase.is_init(), Runtime::Started),
            Route::RestoreNext => self.restore_next(now, call),
            Route::RestoreError => self.init_error_begins(call, request, true, Runtime::Restored),
            Route::Register => self.register_begins(call, request),
            Route::EventNext => self.event_next(now, call, request),
            Route::ExtensionInitError => self.extension_error_begins(call, request, State::InitError),
            Route::ExtensionExitError => self.extension_error_begins(call, request, State::ExitError),
            Route::Telemetry => self.subscribe_begins(call, request, Api::Telemetry),
            Route::Logs => self.subscribe_begins(call, request, Api::Logs),
            Route::WrongMethod => self.answer(call, Answer::wrong_method()),
            Route::NotFound => self.answer(call, Answer::not_found()),
        }
    }

    pub(crate) fn body(&mut self, now: Now, call: CallId, chunk: Bytes) {
        if let Some(Call::Response) = self.calls.get(call) {
            self.response_chunk(now, call, chunk);
        } else if let Some(refusal) = self.calls.collect(call, &chunk) {
            self.answer(call, refusal);
        }
    }

    pub(crate) fn end(&mut self, now: Now, call: CallId, trailers: &[(String, String)]) {
        match self.calls.get(call) {
            None | Some(Call::RuntimeWaits | Call::ExtensionWaits(_)) => {}
            Some(Call::Response) => self.response_ends(now, call, trailers),
            Some(Call::Small { .. } | Call::InitError { .. }) => self.body_is_complete(now, call),
        }
    }

    pub(crate) fn closed(&mut self, now: Now, call: CallId) {
        match self.calls.remove(call) {
            None | Some(Call::Small { .. } | Call::InitError { .. }) => {}
            Some(Call::Response) => self.response_is_cut(now),
            Some(Call::RuntimeWaits) => self.runtime_hangs_up(),
            Some(Call::ExtensionWaits(number)) => {
                if let Some(extension) = self.extensions.get_mut(number) {
                    extension.state = State::Running;
                }
            }
        }
    }

    fn body_is_complete(&mut self, now: Now, call: CallId) {
        match self.calls.remove(call) {
            Some(Call::InitError { kind, body }) => self.init_error_ends(now, call, kind, body.into()),
            Some(Call::Small { purpose, body }) => match purpose {
                Purpose::Register { name, wants_account } => {
                    self.register_ends(call, &name, wants_account, &body);
                    self.spawn_runtime_if_registered();
                }
                Purpose::Subscribe { extension, api } => self.subscribe_ends(now, call, extension, api, &body),
                Purpose::ExtensionError { extension, told, kind } => {
                    self.extension_error_ends(now, call, extension, told, &kind);
                }
            },
            None | Some(Call::Response | Call::RuntimeWaits | Call::ExtensionWaits(_)) => {}
        }
    }

    /// An error of the initialisation or of a hook. `is_time` says whether the phase allows it.
    fn init_error_begins(&mut self, call: CallId, request: &Request, is_time: bool, expected: Runtime) {
        if !is_time || self.runtime != expected || self.calls.has_init_error() {
            return self.answer(call, Answer::wrong_runtime_state(self.runtime.name(), "InitError"));
        }
        let kind = error_kind(Some(request.header(ERROR_TYPE).unwrap_or("Runtime.")));
        self.calls.open(call, Call::InitError { kind, body: Vec::new() });
    }
}
