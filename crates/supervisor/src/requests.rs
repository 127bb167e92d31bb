//! fakecloud's requests: `POST /invocation`, and the answers to it.
//!
//! | request's field | meaning |
//! | --- | --- |
//! | `X-Amzn-RequestId`, `Fakecloud-Function-Arn` | the invocation's id, and the ARN as invoked |
//! | `X-Amzn-Trace-Id`, `X-Amz-Client-Context`, `Fakecloud-Cognito-Identity`, `X-Amz-Tenant-Id` | as the caller gave them; the client context is JSON |
//! | `Fakecloud-Response-Mode: streaming` | the answer is passed on piece by piece |
//! | `X-Amz-Log-Type: Tail` | the answer has `X-Amz-Log-Result` |
//!
//! An answer has status 200, and `X-Amz-Function-Error` and `Fakecloud-Error-Type` where the function failed. A streamed
//! answer that fails half way has them as trailers, with the error in `Fakecloud-Error-Body` (base64). Any other status
//! says that the function did not run to its end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakecloud_runtime_api::{
    FunctionError, Invocation, LogTail, Outcome, PAYLOAD_BYTES_MAX, Refusal, Report, Request, ResponseMode,
};

use crate::http::{Connection, LAST_CHUNK, chunk_head, head};

/// The request that is being read or served.
#[derive(Debug)]
pub(crate) struct Serving {
    request: Request,
    body: Vec<u8>,
    /// The id of the invocation, once it runs.
    id: Option<String>,
    has_head: bool,
}

// === impl Serving ===

impl Serving {
    pub(crate) fn new(request: Request) -> Self {
        Self { request, body: Vec::new(), id: None, has_head: false }
    }

    /// Whether the invocation has begun.
    pub(crate) fn is_running(&self) -> bool {
        self.id.is_some()
    }

    pub(crate) fn push(&mut self, chunk: &Bytes) {
        if self.body.len() <= PAYLOAD_BYTES_MAX {
            self.body.extend_from_slice(chunk);
        }
    }

    /// The invocation that the request asks for.
    ///
    /// # Errors
    /// The status of the refusal.
    pub(crate) fn invocation(&mut self) -> Result<Invocation, u16> {
        if (self.request.method.as_str(), self.request.path.as_str()) != ("POST", "/invocation") {
            return Err(404);
        }
        let field = |name: &str| {
            let found = self.request.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        let id = field("X-Amzn-RequestId").ok_or(400_u16)?;
        let is_streaming = field("Fakecloud-Response-Mode").as_deref() == Some("streaming");
        let wants_tail = field("X-Amz-Log-Type").as_deref() == Some("Tail");
        self.id = Some(id.clone());
        Ok(Invocation {
            id,
            function_arn: field("Fakecloud-Function-Arn").ok_or(400_u16)?,
            trace_id: field("X-Amzn-Trace-Id"),
            client_context: field("X-Amz-Client-Context"),
            cognito_identity: field("Fakecloud-Cognito-Identity"),
            tenant_id: field("X-Amz-Tenant-Id"),
            payload: std::mem::take(&mut self.body).into(),
            response_mode: if is_streaming { ResponseMode::Streaming } else { ResponseMode::Buffered },
            log_tail: if wants_tail { LogTail::Tail } else { LogTail::None },
        })
    }

    /// Passes news of the invocation on. `true` says that the environment is free for the next request.
    pub(crate) fn tell(&mut self, connection: &mut Connection, report: Report) -> bool {
        let is_mine = |id: &String| self.id.as_ref() == Some(id);
        match report {
            Report::Head { invocation, content_type } if is_mine(&invocation) => {
                self.has_head = true;
                let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
                let fields = [("Content-Type", content_type.as_str())];
                connection.send(&head(200, &fields, None, connection.is_last()));
                false
            }
            Report::Chunk { invocation, chunk } if is_mine(&invocation) => {
                connection.send(&[&chunk_head(chunk.len())[..], &chunk, b"\r\n"].concat());
                false
            }
            Report::Ended { invocation, outcome, log_tail } if is_mine(&invocation) => {
                let is_refused = matches!(outcome, Outcome::Refused(_) | Outcome::Interrupted);
                self.end(connection, outcome, log_tail);
                is_refused
            }
            Report::Free { invocation, .. } => is_mine(&invocation),
            Report::Head { .. }
            | Report::Chunk { .. }
            | Report::Ended { .. }
            | Report::InitDone { .. }
            | Report::InitFailed { .. }
            | Report::Down => false,
        }
    }

    fn end(&mut self, connection: &mut Connection, outcome: Outcome, log_tail: Option<Bytes>) {
        let log = log_tail.map(|tail| STANDARD.encode(tail));
        let mut fields: Vec<(&str, &str)> = log.iter().map(|log| ("X-Amz-Log-Result", log.as_str())).collect();
        match outcome {
            Outcome::Success { payload, content_type } => {
                let content_type = content_type.unwrap_or_else(|| "application/json".to_owned());
                fields.push(("Content-Type", &content_type));
                connection.answer(200, &fields, &payload);
            }
            Outcome::Error(FunctionError { kind, payload }) if self.has_head => {
                let body = STANDARD.encode(&payload);
                fields.extend([("X-Amz-Function-Error", "Unhandled"), ("Fakecloud-Error-Type", &kind)]);
                fields.push(("Fakecloud-Error-Body", &body));
                end_chunked(connection, &fields);
            }
            Outcome::Error(FunctionError { kind, payload }) => {
                fields.extend([("X-Amz-Function-Error", "Unhandled"), ("Fakecloud-Error-Type", &kind)]);
                fields.push(("Content-Type", "application/json"));
                connection.answer(200, &fields, &payload);
            }
            Outcome::Streamed => end_chunked(connection, &fields),
            Outcome::Refused(Refusal::Busy) => connection.answer(429, &fields, b""),
            Outcome::Refused(Refusal::TooLarge) => connection.answer(413, &fields, b""),
            Outcome::Refused(Refusal::NotInitialized | Refusal::ShutDown) | Outcome::Interrupted => {
                connection.answer(503, &fields, b"");
            }
        }
    }
}

fn end_chunked(connection: &mut Connection, trailers: &[(&str, &str)]) {
    let mut end = LAST_CHUNK[..3].to_vec();
    for (name, value) in trailers {
        end.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    end.extend_from_slice(b"\r\n");
    connection.send(&end);
    connection.end_answer();
}
