//! Calls of the runtime: the next event, the answer to it, and errors.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::answers::header_value;
use crate::calls::Call;
use crate::dispatch::ERROR_TYPE;
use crate::environment::Environment;
use crate::input::header;
use crate::phase::{Phase, Runtime};
use crate::running::{Body, Produced, Response, ResponseKind};
use crate::words::{self, Fatal, error_kind};
use crate::{
    Answer, CallId, FunctionError, Initialization, Now, Outcome, PAYLOAD_BYTES_MAX, Report, Request, ResponseMode,
    STREAM_BYTES_MAX,
};

/// The header in which a runtime says how it answers.
const RESPONSE_MODE: &str = "Lambda-Runtime-Function-Response-Mode";

/// The trailer with the error, in base64, of an answer that failed half way.
const ERROR_BODY: &str = "Lambda-Runtime-Function-Error-Body";

// === impl Environment: events ===

impl Environment {
    pub(crate) fn runtime_next(&mut self, now: Now, call: CallId) {
        let may_wait = matches!(
            (&self.phase, self.runtime),
            (Phase::Init(_), Runtime::Started | Runtime::Away)
                | (Phase::Restore { .. }, Runtime::Restored | Runtime::Away)
                | (Phase::Idle, Runtime::Away)
                | (Phase::Invoke, Runtime::Away | Runtime::Responded)
        );
        if !may_wait {
            return self.answer(call, Answer::wrong_runtime_state(self.runtime.name(), "Ready"));
        }
        let has_responded = self.runtime == Runtime::Responded;
        self.runtime = Runtime::Ready(call);
        self.calls.open(call, Call::RuntimeWaits);
        match self.phase {
            Phase::Init(_) => self.runtime_initialized(now),
            Phase::Restore { .. } => self.restored(now),
            Phase::Invoke if has_responded => self.runtime_done(now),
            Phase::Invoke => self.deliver_to_runtime(),
            Phase::New | Phase::Idle | Phase::Ending(_) | Phase::Cold | Phase::Down => {}
        }
    }

    pub(crate) fn restore_next(&mut self, now: Now, call: CallId) {
        if self.config.initialization != Initialization::SnapStart {
            return self.answer(call, Answer::not_found());
        }
        if !self.phase.is_init() || self.runtime != Runtime::Started {
            return self.answer(call, Answer::wrong_runtime_state(self.runtime.name(), "Restoring"));
        }
        self.runtime = Runtime::Restoring(call);
        self.calls.open(call, Call::RuntimeWaits);
        self.runtime_initialized(now);
    }

    /// The connection of a waiting runtime is gone: the runtime has to ask again.
    pub(crate) fn runtime_hangs_up(&mut self) {
        if let Runtime::Ready(_) = self.runtime {
            self.runtime = Runtime::Away;
        } else if let Runtime::Restoring(_) = self.runtime {
            self.runtime = Runtime::Started;
        }
    }

    /// Gives the runtime the event, if it waits for one.
    pub(crate) fn deliver_to_runtime(&mut self) {
        let (Runtime::Ready(call), Some(running)) = (self.runtime, &mut self.running) else { return };
        if running.is_delivered {
            return;
        }
        running.is_delivered = true;
        let invocation = &mut running.invocation;
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("Lambda-Runtime-Aws-Request-Id", header_value(&invocation.id)),
            ("Lambda-Runtime-Deadline-Ms", running.deadline_ms.to_string()),
            ("Lambda-Runtime-Invoked-Function-Arn", header_value(&invocation.function_arn)),
            ("Lambda-Runtime-Trace-Id", header_value(&running.trace_id)),
        ];
        for (name, value) in [
            ("Lambda-Runtime-Client-Context", &invocation.client_context),
            ("Lambda-Runtime-Cognito-Identity", &invocation.cognito_identity),
            ("Lambda-Runtime-Aws-Tenant-Id", &invocation.tenant_id),
        ] {
            headers.extend(value.as_ref().map(|value| (name, header_value(value))));
        }
        let body = std::mem::take(&mut invocation.payload);
        self.runtime = Runtime::Running;
        self.answer(call, Answer { status: 200, headers, body });
    }
}

// === impl Environment: answers ===

impl Environment {
    pub(crate) fn response_begins(&mut self, now: Now, call: CallId, id: &str, request: &Request) {
        if let Err(refusal) = self.may_respond(id) {
            return self.answer(call, refusal);
        }
        let Some(running) = &mut self.running else { return };
        let kind = match (request.header(RESPONSE_MODE), running.invocation.response_mode) {
            (None, _) | (Some("streaming"), ResponseMode::Buffered) => ResponseKind::Buffered,
            (Some("streaming"), ResponseMode::Streaming) => ResponseKind::Streamed,
            (Some(_), _) => {
                self.runtime = Runtime::Responded;
                let answer = Answer::error(400, "InvalidFunctionResponseMode", "Invalid function response mode");
                self.answer(call, answer);
                return self.answered(now, Outcome::Error(words::invalid_response_mode(id)));
            }
        };
        let content_type = request.header("Content-Type").map(header_value);
        running.is_streaming = kind == ResponseKind::Streamed;
        running.response = Some(Response { kind, content_type: content_type.clone(), body: Body::default() });
        let head = running.is_streaming.then(|| Report::Head { invocation: id.to_owned(), content_type });
        head.into_iter().for_each(|head| self.report(head));
        self.runtime = Runtime::Responding(call);
        self.calls.open(call, Call::Response);
    }

    pub(crate) fn error_begins(&mut self, call: CallId, id: &str, request: &Request) {
        if let Err(refusal) = self.may_respond(id) {
            return self.answer(call, refusal);
        }
        let Some(running) = &mut self.running else { return };
        let kind = ResponseKind::Error(error_kind(request.header(ERROR_TYPE)));
        running.response = Some(Response { kind, content_type: None, body: Body::default() });
        self.runtime = Runtime::Responding(call);
        self.calls.open(call, Call::Response);
    }

    /// # Errors
    /// The runtime has no event, has answered it, or has another one.
    fn may_respond(&self, id: &str) -> Result<(), Answer> {
        if self.phase != Phase::Invoke || self.runtime != Runtime::Running {
            return Err(Answer::wrong_runtime_state(self.runtime.name(), "InvocationResponse"));
        }
        match &self.running {
            Some(running) if running.invocation.id == id => Ok(()),
            _ => Err(Answer::invalid_request_id()),
        }
    }

    pub(crate) fn response_chunk(&mut self, now: Now, call: CallId, chunk: Bytes) {
        let Some(running) = &mut self.running else { return };
        let Some(response) = &mut running.response else { return };
        running.produced.bytes += chunk.len() as u64;
        running.produced.first.get_or_insert(now.instant);
        if response.kind != ResponseKind::Streamed {
            if response.body.len() + chunk.len() > PAYLOAD_BYTES_MAX {
                return self.response_is_over(
                    now,
                    call,
                    Answer::payload_too_large(),
                    Outcome::Error(words::too_large()),
                );
            }
            return response.body.push(chunk);
        }
        if running.produced.bytes > STREAM_BYTES_MAX {
            let error = words::stream_too_large(STREAM_BYTES_MAX);
            return self.response_is_over(now, call, Answer::too_large(STREAM_BYTES_MAX), Outcome::Error(error));
        }
        if !chunk.is_empty() {
            let invocation = running.invocation.id.clone();
            self.report(Report::Chunk { invocation, chunk });
        }
        self.pace(now, call);
    }

    pub(crate) fn response_ends(&mut self, now: Now, call: CallId, trailers: &[(String, String)]) {
        let Some(running) = &mut self.running else { return };
        let Some(response) = running.response.take() else { return };
        let outcome = match (response.kind, header(trailers, ERROR_TYPE)) {
            (ResponseKind::Error(kind), _) => Outcome::Error(FunctionError::told(kind, response.body.take())),
            (ResponseKind::Buffered | ResponseKind::Streamed, Some(kind)) => {
                Outcome::Error(FunctionError::told(error_kind(Some(kind)), error_body(trailers)))
            }
            (ResponseKind::Streamed, None) => Outcome::Streamed,
            (ResponseKind::Buffered, None) => {
                Outcome::Success { payload: response.body.take(), content_type: response.content_type }
            }
        };
        self.response_is_over(now, call, Answer::accepted(), outcome);
    }

    /// The body of an answer is cut off. The caller of a streamed answer has a part of it already; any other answer the
    /// runtime may bring again.
    pub(crate) fn response_is_cut(&mut self, now: Now) {
        self.runtime = Runtime::Running;
        let Some(running) = &mut self.running else { return };
        running.response = None;
        if running.is_streaming {
            self.runtime = Runtime::Responded;
            let error = words::truncated(&running.invocation.id);
            self.answered(now, Outcome::Error(error));
        } else {
            running.produced = Produced::default();
        }
    }

    fn response_is_over(&mut self, now: Now, call: CallId, answer: Answer, outcome: Outcome) {
        self.runtime = Runtime::Responded;
        if let Some(running) = &mut self.running {
            running.response = None;
            running.produced.first.get_or_insert(now.instant);
            running.produced.last = Some(now.instant);
        }
        self.stop_pacing();
        // The caller is served before the runtime.
        self.answered(now, outcome);
        self.answer(call, answer);
    }
}

// === impl Environment: errors of the initialisation ===

impl Environment {
    pub(crate) fn init_error_ends(&mut self, now: Now, call: CallId, kind: String, body: Bytes) {
        if !matches!(self.runtime, Runtime::Started | Runtime::Restored) {
            return self.answer(call, Answer::wrong_runtime_state(self.runtime.name(), "InitError"));
        }
        self.runtime = Runtime::Failed;
        self.answer(call, Answer::accepted());
        self.fail(now, Fatal::told(FunctionError::told(kind, body)));
    }
}

/// The error that a streamed answer ends with; a body that is no base64 counts as it is.
fn error_body(trailers: &[(String, String)]) -> Bytes {
    let text = header(trailers, ERROR_BODY).unwrap_or_default();
    STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec()).into()
}
